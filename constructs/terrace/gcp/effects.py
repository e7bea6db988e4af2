"""What changes of Google Cloud resources do to what uses them."""

from collections.abc import Mapping
from datetime import date

from terrace.capabilities.effects import CREATED_FIRST, REPLACED, Effect, EffectTable, KnownEffect

_READ = date(2026, 12, 1)
_MAJOR = "Cloud SQL documentation, 'Upgrade the database major version in-place'"
_SQL = "OneUptime, 'How to Resize a Cloud SQL Instance Without Downtime', 17 February 2026"
_FLAGS = "Cloud SQL documentation, 'Configure database flags'"
_SCALING = "GKE documentation, 'About cluster autoscaling' and 'Resize a cluster'"
_NODES = "GKE API, projects.locations.clusters.nodePools.update; google provider 7.45, google_container_node_pool"
_GKE_BACKUP = "Backup for GKE documentation, 'Manage backup plans'"
_SQL_API = "Cloud SQL Admin API, Settings"
_DELETE = "GKE documentation, 'Add and manage node pools', on deleting a node pool"
_LABELS = "Cloud KMS documentation, 'Labeling keys', on labels of all resources"


def _known(effect: Effect, detail: str, source: str) -> KnownEffect:
    return KnownEffect(effect, detail, source, _READ)


_BOUNDS = _known("none", "the number of nodes changes only where the bounds exclude it", _SCALING)
_RESIZE = _known("restart", "nodes that are removed are drained, and their pods restart", _SCALING)
_UPGRADE = _known("restart", "nodes are drained and made again a few at a time; their pods restart", _NODES)
_ZONES = _known("restart", "nodes of a new zone are added, and those of a removed one are drained", _SCALING)
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

_MONITORING = "Cloud Monitoring API, alertPolicies, dashboards, services and serviceLevelObjectives: patch"
_WATCH = _known("none", "later evaluations and panels use the new settings", _MONITORING)
_DELETION = _known("none", "affects a deletion only", "google provider 7.45, google_sql_database_instance")
_ZONE = _known(
    "downtime",
    "the new zone has other name servers: its names do not resolve until the parent domain names these",
    "Cloud DNS documentation, 'Update name servers'; google provider 7.45, google_dns_managed_zone",
)
_CERTIFICATE = _known(
    "downtime",
    "connections have no valid certificate until the new one is issued, which needs the new domain's records",
    "Certificate Manager documentation, 'DNS authorizations'; google provider 7.45: domains cannot change",
)

EFFECTS: EffectTable = {
    "*": {
        "effective_labels": _LABEL,
        "labels": _LABEL,
        "node_config.resource_labels": _LABEL,
        "resource_labels": _LABEL,
        "terraform_labels": _LABEL,
        "user_labels": _LABEL,
    },
    "google_artifact_registry_repository": {
        "cleanup_policies": _known(
            "none", "later runs delete by the new policies", "Artifact Registry documentation, 'Cleanup policies'"
        ),
    },
    "google_backup_dr_backup_plan": {
        "backup_rules": _known(
            "none", "applies to later backups", "Backup and DR documentation, 'Update a backup plan'"
        ),
    },
    "google_billing_budget": {
        "*": _known("none", "affects later notifications", "Cloud Billing Budget API, budgets.patch"),
    },
    "google_certificate_manager_certificate": {REPLACED: _CERTIFICATE},
    "google_certificate_manager_certificate_map_entry": {REPLACED: _CERTIFICATE},
    "google_certificate_manager_dns_authorization": {REPLACED: _CERTIFICATE},
    "google_cloud_scheduler_job": {
        "*": _known("none", "affects later runs only", "Cloud Scheduler API, jobs.patch"),
    },
    "google_compute_external_vpn_gateway": {
        REPLACED: _known(
            "downtime",
            "the link's tunnels are made again and are down until the device at the new address is configured",
            "google provider 7.45, google_compute_external_vpn_gateway: its addresses cannot change",
        ),
    },
    "google_compute_firewall": {
        "*": _known(
            "downtime",
            "traffic that the new rule does not allow stops; all other connections stay",
            "VPC documentation, 'VPC firewall rules', on connection tracking",
        ),
    },
    "google_compute_security_policy": {
        "rule": _known(
            "none",
            "propagates within minutes; requests are evaluated by the old or the new rules until then",
            "Cloud Armor documentation, 'Security policy overview'",
        ),
    },
    "google_compute_subnetwork": {
        "log_config": _known("none", "later records have the new interval", "VPC documentation, 'Use VPC Flow Logs'"),
    },
    "google_container_cluster": {
        "master_authorized_networks_config": _known(
            "downtime",
            "addresses outside the new ranges lose the public endpoint; the cluster runs on",
            "GKE documentation, 'Authorized networks'",
        ),
    },
    "google_container_node_pool": {
        CREATED_FIRST: _MOVED,
        REPLACED: _GONE,
        "autoscaling.total_max_node_count": _BOUNDS,
        "autoscaling.total_min_node_count": _BOUNDS,
        "node_config.disk_size_gb": _UPGRADE,
        "node_config.machine_type": _UPGRADE,
        "node_count": _RESIZE,
        "node_locations": _ZONES,
    },
    "google_dns_managed_zone": {REPLACED: _ZONE},
    "google_dns_record_set": {
        REPLACED: _known(
            "restart", "the old name no longer resolves, once caches have expired", "google provider 7.45"
        ),
    },
    "google_gke_backup_backup_plan": {
        "backup_schedule": _known("none", "affects later backups", _GKE_BACKUP),
        "retention_policy": _known("none", "affects later backups", _GKE_BACKUP),
    },
    "google_kms_crypto_key": {
        "rotation_period": _known(
            "none", "affects later rotations; old versions stay", "Cloud KMS documentation, 'Key rotation'"
        ),
    },
    "google_logging_project_bucket_config": {
        "retention_days": _known(
            "none",
            "records that are older than a shorter retention are deleted within days",
            "Cloud Logging documentation, 'Configure log buckets', on custom retention",
        ),
    },
    "google_memorystore_instance": {
        "node_type": _known(
            "restart",
            "the instance stays available; connections break as in a maintenance",
            "Memorystore for Valkey documentation, 'About scaling instance capacity'",
        ),
    },
    "google_monitoring_alert_policy": {"*": _WATCH},
    "google_monitoring_custom_service": {"*": _WATCH},
    "google_monitoring_dashboard": {"*": _WATCH},
    "google_monitoring_slo": {"*": _WATCH},
    "google_secret_manager_secret": {
        "version_destroy_ttl": _known(
            "none", "affects later destructions of versions", "Secret Manager API, Secret.versionDestroyTtl"
        ),
    },
    "google_sql_database_instance": {
        "settings.backup_configuration.backup_retention_settings": _known(
            "none", "affects how long backups are kept", _SQL_API
        ),
        "settings.backup_configuration.start_time": _known("none", "affects later backups only", _SQL_API),
        "database_version": _known("downtime", "the instance is upgraded in place, which takes minutes", _MAJOR),
        "settings.database_flags": _known("restart", "the instance may restart", _FLAGS),
        "settings.disk_autoresize_limit": _known("none", "affects later growth only", _SQL_API),
        "settings.disk_size": _known("none", "storage grows while the instance runs", _SQL),
        "settings.final_backup_config": _DELETION,
        "settings.maintenance_window": _known("none", "affects later maintenance only", _SQL_API),
        "settings.retain_backups_on_delete": _DELETION,
        "settings.tier": _known("downtime", "the instance restarts on the new machine type", _SQL),
        "settings.user_labels": _LABEL,
    },
    "google_storage_bucket": {
        "lifecycle_rule": _known(
            "none",
            "applies to the objects that exist, too, within a day",
            "Cloud Storage documentation, 'Object Lifecycle Management'",
        ),
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
