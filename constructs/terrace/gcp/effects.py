"""What changes of Google Cloud resources do to what uses them."""

from collections.abc import Mapping
from datetime import date

from terrace.capabilities.effects import CREATED_FIRST, REPLACED, Effect, EffectTable, KnownEffect

_READ = date(2026, 12, 1)
_MAJOR = "Cloud SQL for PostgreSQL documentation, 'Upgrade the database major version in-place'"
_TIER = "Cloud SQL Admin API v1, Settings.tier: a change restarts the instance; Cloud SQL, 'Availability in Cloud SQL'"
_DISK = "google provider 7.45, google_sql_database_instance, settings.disk_size: a running instance's can be increased"
_FLAGS = "Cloud SQL for PostgreSQL documentation, 'Configure database flags': the database might be restarted"
_SCALING = "GKE documentation, 'About GKE cluster autoscaling'; kubernetes/autoscaler, issue 2288, a maintainer on GKE"
_SIZE = "gcloud reference, container clusters resize: nodes that are removed are drained"
_LOCATIONS = "GKE API v1, UpdateNodePoolRequest.locations; gcloud reference, container clusters resize"
_NODES = (
    "GKE API v1, UpdateNodePoolRequest: an upgrade migrates the nodes; GKE documentation, 'Node upgrade strategies'"
)
_GKE_BACKUP = "google provider 7.45, google_gke_backup_backup_plan: existing backups are not affected"
_SQL_API = "Cloud SQL Admin API v1, Settings and BackupConfiguration"
_DELETE = "gcloud reference, container node-pools delete: all nodes are drained; google provider 7.45"
_LABELS = "Cloud KMS documentation, 'Labeling keys'; on clusters GKE, 'Create and manage cluster labels'"


def _known(effect: Effect, detail: str, source: str) -> KnownEffect:
    return KnownEffect(effect, detail, source, _READ)


_BOUNDS = _known("none", "limits what the autoscaler adds and removes later; a node that is in use stays", _SCALING)
_RESIZE = _known("restart", "nodes that are removed are drained, and their pods restart", _SIZE)
_UPGRADE = _known("restart", "nodes are drained and made again a few at a time; their pods restart", _NODES)
_ZONES = _known("restart", "nodes of a new zone are added, and those of a removed one are drained", _LOCATIONS)
_MOVED = _known(
    "restart", "its new nodes are made first; then the old ones are drained, and their pods restart", _DELETE
)
_GONE = _known(
    "downtime",
    "its nodes are drained and deleted before the new ones are made: its pods wait for minutes, the longer the more "
    "nodes it has. To avoid it, add a pool with the new settings, apply, and then remove this one",
    _DELETE,
)
_LABEL = _known("none", "labels are labels", _LABELS)

_RIGHT = _known(
    "downtime",
    "who had the right loses it; if the same right is given again, requests are refused for a moment",
    "google provider 7.45, google_project_iam_member and its like: every argument forces a new one",
)
_SQL_DELETION = _known(
    "none",
    "affects a deletion only",
    "google provider 7.45, google_sql_database_instance: deletion_policy, deletion_protection and "
    "settings.deletion_protection_enabled",
)
_STANDBY = _known(
    "downtime",
    "the standby is made or removed; the instance may restart",
    "Cloud SQL for PostgreSQL documentation, 'Enable and disable high availability': nothing there says that "
    "connections survive",
)
_MONITORING = "Cloud Monitoring API v3, alertPolicies.patch; google provider 7.45: the others are updated in place, too"
_WATCH = _known("none", "later evaluations and panels use the new settings", _MONITORING)
_DELETION = _known(
    "none", "affects a deletion only", "Cloud SQL Admin API v1, Settings.finalBackupConfig and retainBackupsOnDelete"
)
_ZONE = _known(
    "downtime",
    "its names do not resolve until its records are made again and, if it is public, the parent domain names the new "
    "zone's name servers",
    "Cloud DNS API v1, ManagedZone.nameServers: defined by the server; google provider 7.45, google_dns_managed_zone",
)
_CERTIFICATE = _known(
    "downtime",
    "connections have no valid certificate until the new one is issued, which needs the new domain's records",
    "Certificate Manager API v1, ManagedCertificate.domains and dnsAuthorizations: immutable; google provider 7.45",
)

EFFECTS: EffectTable = {
    "*": {
        "effective_labels": _LABEL,
        "labels": _LABEL,
        "resource_labels": _LABEL,
        "terraform_labels": _LABEL,
        "user_labels": _LABEL,
    },
    "google_artifact_registry_repository": {
        "cleanup_policies": _known(
            "none",
            "later runs delete by the new policies",
            "Artifact Registry documentation, 'Configure cleanup policies' and 'Cleanup policy overview'",
        ),
    },
    "google_backup_dr_backup_plan": {
        "backup_rules": _known(
            "none",
            "affects when backups are made and how long they are kept",
            "Backup and DR documentation, 'Edit and manage backup plans for vaulted resources'; API, backupPlans.patch",
        ),
        REPLACED: _known(
            "none",
            "no backup is made until the new plan is bound; backups that exist stay in the vault",
            "google provider 7.45, google_backup_dr_backup_plan: log_retention_days forces a new one; Backup and DR "
            "documentation, 'Backup vaults': backups belong to the vault, and cannot be deleted before their time",
        ),
    },
    "google_backup_dr_backup_plan_association": {
        REPLACED: _known(
            "none",
            "no backup is made until the resource is bound to the new plan; backups that exist stay in the vault",
            "Backup and DR API v1, BackupPlanAssociation; documentation, 'Backup vaults'",
        ),
    },
    "google_billing_budget": {
        "*": _known(
            "none",
            "affects later notifications",
            "Cloud Billing documentation, 'Get started with the Cloud Billing Budget API', on alerts-only budgets",
        ),
        REPLACED: _known(
            "none",
            "notifications of the other billing account begin anew",
            "google provider 7.45, google_billing_budget: another billing account forces a new one",
        ),
    },
    "google_certificate_manager_certificate": {REPLACED: _CERTIFICATE},
    "google_certificate_manager_certificate_map_entry": {REPLACED: _CERTIFICATE},
    "google_certificate_manager_dns_authorization": {REPLACED: _CERTIFICATE},
    "google_cloud_scheduler_job": {
        "*": _known("none", "affects later runs only", "Cloud Scheduler API v1, jobs.patch"),
    },
    "google_compute_external_vpn_gateway": {
        REPLACED: _known(
            "downtime",
            "the link's tunnels are made again and are down until the device at the new address is configured",
            "google provider 7.45, google_compute_external_vpn_gateway: another address forces a new one",
        ),
    },
    "google_compute_firewall": {
        "*": _known(
            "downtime",
            "traffic that the new rule does not allow is blocked; all other traffic goes on",
            "google provider 7.45, google_compute_firewall: traffic is blocked unless a rule allows it",
        ),
    },
    "google_compute_network": {
        "routing_mode": _known(
            "downtime",
            "with global routing, routes of the other region are exchanged, too; without it, they are withdrawn, and "
            "what uses them stops",
            "Cloud Router documentation, 'Set routing and best path selection modes'",
        ),
    },
    "google_compute_router_peer": {
        "peer_asn": _known(
            "downtime",
            "the session is refused, and on-premises routes are gone, until the other router has the new number",
            "RFC 4271, section 6.2: a router refuses a peer of another autonomous system",
        ),
    },
    "google_compute_security_policy": {
        "rule": _known(
            "downtime",
            "requests that the new rules refuse are denied; all others go on",
            "Cloud Armor documentation, 'Security policy overview': rules allow, deny or limit requests",
        ),
    },
    "google_compute_subnetwork": {
        "log_config": _known(
            "none",
            "later records have the new settings",
            "Compute Engine API v1, SubnetworkLogConfig; google provider 7.45: updated in place",
        ),
    },
    "google_compute_vpn_tunnel": {
        REPLACED: _known(
            "downtime",
            "the tunnel is down until it is made again; the other one goes on unless it is replaced too",
            "google provider 7.45, google_compute_vpn_tunnel: another gateway forces a new one",
        ),
    },
    "google_container_cluster": {
        "deletion_protection": _known(
            "none", "affects a deletion only", "google provider 7.45, google_container_cluster, deletion_protection"
        ),
        "master_authorized_networks_config": _known(
            "downtime",
            "addresses outside the new ranges lose the control plane's endpoint; the cluster runs on",
            "GKE documentation, 'Add authorized networks for control plane access'",
        ),
        "min_master_version": _known(
            "downtime",
            "workloads run on; the API of a zonal cluster is unavailable meanwhile, that of a regional one is not",
            "GKE documentation, 'Standard cluster upgrades', on cluster upgrades",
        ),
    },
    "google_container_node_pool": {
        CREATED_FIRST: _MOVED,
        REPLACED: _GONE,
        "autoscaling.total_max_node_count": _BOUNDS,
        "autoscaling.total_min_node_count": _BOUNDS,
        "node_config.disk_size_gb": _UPGRADE,
        "node_config.machine_type": _UPGRADE,
        "node_config.resource_labels": _known(
            "restart",
            "nodes are made again a few at a time with the new labels; their pods restart",
            "gcloud reference, container node-pools, --labels: an update recreates the nodes",
        ),
        "node_count": _RESIZE,
        "node_locations": _ZONES,
    },
    "google_dns_managed_zone": {REPLACED: _ZONE},
    "google_dns_managed_zone_iam_member": {REPLACED: _RIGHT},
    "google_dns_record_set": {
        REPLACED: _known(
            "downtime",
            "the old name no longer resolves, once caches have expired",
            "google provider 7.45, google_dns_record_set: another name or zone forces a new one",
        ),
    },
    "google_gke_backup_backup_plan": {
        "backup_schedule": _known("none", "affects later backups", _GKE_BACKUP),
        "retention_policy": _known("none", "affects later backups", _GKE_BACKUP),
    },
    "google_iam_deny_policy": {
        "rules": _known(
            "downtime",
            "what the new rules deny is refused, also to those who are no longer excepted; all else goes on",
            "IAM API v2, DenyRule.deniedPermissions and exceptionPrincipals",
        ),
    },
    "google_iam_workload_identity_pool": {
        "description": _known("none", "a description is text", "IAM API v1, WorkloadIdentityPool.description"),
        REPLACED: _known(
            "downtime",
            "the pipelines cannot sign in until the new pool and its provider exist",
            "google provider 7.45, google_iam_workload_identity_pool: another id forces a new one",
        ),
    },
    "google_iam_workload_identity_pool_provider": {
        "attribute_condition": _known(
            "downtime",
            "jobs whose tokens do not meet the new condition cannot sign in; all others can",
            "IAM API v1, WorkloadIdentityPoolProvider.attributeCondition",
        ),
    },
    "google_kms_crypto_key": {
        "rotation_period": _known(
            "none", "affects later rotations; old versions stay", "Cloud KMS documentation, 'Rotate a key'"
        ),
    },
    "google_logging_project_bucket_config": {
        "retention_days": _known(
            "none",
            "records that are older than a shorter retention are deleted",
            "Cloud Logging API v2, LogBucket.retentionDays: logs are deleted automatically after this time",
        ),
    },
    "google_managed_kafka_acl": {
        "acl_entries": _known(
            "downtime",
            "requests that the new entries do not allow are refused; all others go on",
            "Apache Kafka documentation, 'Authorization and ACLs'",
        ),
    },
    "google_managed_kafka_cluster": {
        "capacity_config": _known(
            "restart",
            "brokers may restart one by one, and their clients try again",
            "Managed Service for Apache Kafka documentation, 'Update a cluster'",
        ),
    },
    "google_managed_kafka_topic": {
        "configs": _known(
            "none",
            "events that are older than a shorter retention are removed",
            "Apache Kafka documentation, 'Topic Configs'",
        ),
        "partition_count": _known(
            "none",
            "events stay where they are; those with a key may go to another partition from now on",
            "Apache Kafka documentation, 'Modifying topics'",
        ),
    },
    "google_memorystore_instance": {
        "automated_backup_config.retention": _known(
            "none",
            "affects how long automated backups are kept",
            "Memorystore for Valkey API v1, AutomatedBackupConfig.retention",
        ),
        "node_type": _known(
            "restart",
            "the instance stays available; clients connect again to the nodes that replace the old ones",
            "Memorystore for Valkey, 'About scaling instance capacity' and 'High availability and replicas'",
        ),
        "replica_count": _known(
            "restart",
            "the instance stays available; clients of a replica that is removed connect again",
            "Memorystore for Valkey, 'About maintenance', on updates that clients are to be tested with",
        ),
    },
    "google_monitoring_alert_policy": {"*": _WATCH},
    "google_monitoring_custom_service": {"*": _WATCH},
    "google_monitoring_dashboard": {"*": _WATCH},
    "google_monitoring_notification_channel": {
        "labels": _known(
            "none",
            "alerts go to the new address",
            "Cloud Monitoring API v3, NotificationChannel.labels: they configure the channel, unlike userLabels",
        ),
        "type": _known(
            "none",
            "alerts go to the new kind of address",
            "google provider: the type is updated in place; Cloud Monitoring API v3, notificationChannels.patch",
        ),
    },
    "google_monitoring_slo": {"*": _WATCH},
    "google_org_policy_policy": {
        "spec": _known(
            "none",
            "what exists stays; later requests that the new policy denies are refused",
            "Resource Manager documentation, 'Restricting resource locations': the constraint is not retroactive",
        ),
    },
    "google_project_iam_custom_role": {
        "permissions": _known(
            "downtime",
            "requests that the new permissions do not allow are refused; all others go on",
            "IAM documentation, 'Create and manage custom roles': the role grants the permissions that it lists",
        ),
    },
    "google_project_iam_member": {REPLACED: _RIGHT},
    "google_scc_v2_project_notification_config": {
        "streaming_config": _known(
            "none",
            "later findings are notified by the new filter",
            "Security Command Center API v2, NotificationConfig.streamingConfig",
        ),
    },
    "google_secret_manager_secret": {
        "version_destroy_ttl": _known(
            "none",
            "affects later destructions of versions",
            "Secret Manager documentation, 'Delay destruction of secret versions'",
        ),
    },
    "google_service_account_iam_member": {REPLACED: _RIGHT},
    "google_sql_database_instance": {
        "deletion_policy": _SQL_DELETION,
        "deletion_protection": _SQL_DELETION,
        "settings.deletion_protection_enabled": _SQL_DELETION,
        "settings.availability_type": _STANDBY,
        "settings.location_preference.secondary_zone": _STANDBY,
        "settings.backup_configuration.backup_retention_settings": _known(
            "none", "affects how long backups are kept", _SQL_API
        ),
        "settings.backup_configuration.location": _known("none", "affects later backups only", _SQL_API),
        "settings.backup_configuration.transaction_log_retention_days": _known(
            "none", "affects how far back the instance can be restored", _SQL_API
        ),
        "settings.edition": _known(
            "downtime",
            "the instance moves to other machines and storage; its other settings follow with the next apply",
            "Cloud SQL documentation, 'Upgrade overview': the infrastructure changes, and a downgrade needs downtime; "
            "google provider: it reads the instance after the edition's change, and sends the others as it read them",
        ),
        "settings.backup_configuration.start_time": _known("none", "affects later backups only", _SQL_API),
        "database_version": _known("downtime", "the instance is unavailable while it is upgraded in place", _MAJOR),
        "settings.database_flags": _known("restart", "the instance may restart", _FLAGS),
        "settings.disk_autoresize_limit": _known("none", "affects later growth only", _SQL_API),
        "settings.disk_size": _known("none", "storage grows while the instance runs", _DISK),
        "settings.final_backup_config": _DELETION,
        "settings.maintenance_window": _known("none", "affects later maintenance only", _SQL_API),
        "settings.retain_backups_on_delete": _DELETION,
        "settings.tier": _known("downtime", "the instance restarts on the new machine type", _TIER),
        "settings.user_labels": _LABEL,
    },
    "google_sql_user": {REPLACED: _RIGHT},
    "google_storage_bucket": {
        "retention_policy.is_locked": _known(
            "none",
            "for good: the retention of a locked bucket cannot be shortened or removed",
            "google provider 7.45, google_storage_bucket, is_locked: irreversible",
        ),
        "retention_policy.retention_period": _known(
            "none",
            "affects how long objects cannot be deleted or overwritten",
            "google provider 7.45, google_storage_bucket, retention_period",
        ),
        "lifecycle_rule": _known(
            "none",
            "applies to the objects that exist, too, within a day",
            "Cloud Storage documentation, 'Manage object lifecycles': to all current and future objects",
        ),
    },
    "google_storage_bucket_iam_member": {REPLACED: _RIGHT},
    "google_storage_transfer_job": {
        "schedule": _known("none", "affects later runs", "Storage Transfer API v1, Schedule.repeatInterval"),
    },
}

WITHOUT_EFFECT: Mapping[str, str] = {
    "backup.archive_after_days": "backup vaults have one storage tier; lower backup.retention_days to store less",
    "backup.lock": "vaults enforce a minimum retention at either setting; a permanent lock could never be extended",
    "cluster.service_cidr": "services have a range of the network, which network.cidr sets",
    "database.insights_days": "Query Insights keeps a week, or a month in Enterprise Plus",
    "registry.scanning": "Artifact Analysis scans an image when it is pushed and whenever a new vulnerability is known",
    "secrets.database_rotation_days": "the database has no password: access is by IAM tokens",
}
"""Settings that change nothing on Google Cloud: setting to the reason, and what has the effect. Sources: Google Cloud
documentation: Backup and DR, "Backup vaults"; GKE, "VPC-native clusters"; Cloud SQL, "Query insights"; Artifact
Analysis, "Container scanning overview"."""
