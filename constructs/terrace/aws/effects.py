"""What changes of AWS resources do to what uses them."""

from collections.abc import Mapping
from datetime import date

from terrace.capabilities.effects import CREATED_FIRST, REPLACED, Effect, EffectTable, KnownEffect

_READ = date(2026, 12, 1)
_RDS = "Amazon RDS User Guide, 'Settings for DB instances', and API Reference, ModifyDBInstance"
_DELETE = "Amazon RDS API Reference, DeleteDBInstance"
_CACHE = "Amazon ElastiCache API Reference"
_CACHE_USERS = "Amazon ElastiCache User Guide, 'Role-Based Access Control (RBAC)'"
_FAILOVER = "AWS CloudFormation User Guide, AWS::ElastiCache::ReplicationGroup: the update requires no interruption"
_EKS = "Amazon EKS API Reference"
_GUIDE = "Amazon EKS User Guide"
_DRAINED = f"{_EKS}, UpdateNodegroupVersion, and {_GUIDE}, 'Understand each phase of node updates'"
_SCALING = f"{_GUIDE}, 'Update a managed node group for your cluster', on NodegroupScalingConfig"
_REPLACE = f"AWS provider, aws_eks_node_group; {_GUIDE}, 'Delete a managed node group from your cluster'"
_MSK = "Amazon MSK Developer Guide"
_SECRETS = "AWS Secrets Manager API Reference"
_ZONE = "Amazon Route 53 Developer Guide"
_TRACKING = "Amazon EC2 User Guide, 'Amazon EC2 security group connection tracking'"
_LINK = "AWS Site-to-Site VPN User Guide, 'AWS Site-to-Site VPN tunnel endpoint replacements'"
_TAGS = "Amazon CloudWatch API Reference, TagResource: tags are strings without a meaning to AWS"


def _known(effect: Effect, detail: str, source: str) -> KnownEffect:
    return KnownEffect(effect, detail, source, _READ)


_LABEL = _known("none", "tags are labels", _TAGS)
_BOUNDS = _known("none", "the number of nodes changes with the desired size only", f"{_EKS}, NodegroupScalingConfig")
_RESIZE = _known(
    "restart",
    "nodes that are removed end at once, without regard to disruption budgets; their pods restart on other nodes",
    f"{_SCALING}; {_EKS}, NodegroupScalingConfig, desiredSize",
)
_GONE = _known(
    "downtime",
    "its nodes are drained and deleted before the new ones are made: its pods wait for minutes, the longer the more "
    "nodes it has. To avoid it, add a pool with the new settings, apply, and then remove this one",
    _REPLACE,
)
_MOVED = _known("restart", "its new nodes are made first; then old ones are drained, and their pods restart", _REPLACE)
_DRAIN = _known("restart", "new nodes start, old ones are drained a few at a time; their pods restart", _DRAINED)
_POLICY = _known(
    "downtime",
    "requests that the new policy does not allow are refused; all others go on",
    "AWS IAM User Guide, 'Policy evaluation logic': AWS evaluates all policies that apply to a request",
)
_TRUST = _known(
    "downtime", "who is not in the new policy can no longer assume the role", "AWS STS API Reference, AssumeRole"
)
_RULE = _known(
    "downtime",
    "traffic that the new rule does not allow stops; tracked connections stay until they time out",
    f"{_TRACKING}, and Amazon VPC User Guide, 'Security group rules'",
)
_ACL = _known(
    "downtime",
    "traffic that the new rules do not allow stops, that of open connections too; a changed rule is first deleted",
    f"{_TRACKING}, on network ACLs; AWS provider, aws_network_acl",
)
_ALARM = _known(
    "none", "its state stays; it is evaluated with its new settings", "Amazon CloudWatch API Reference, PutMetricAlarm"
)
_SUBSCRIBER = _known(
    "downtime",
    "the former address gets no messages any more, and the new one gets them once its owner has confirmed it",
    "Amazon SNS API Reference, Subscribe and ConfirmSubscription",
)
_GATEWAY = _known(
    "downtime",
    "a link has the address and number of its device for life: its tunnels are down until the device is "
    "configured for the new one",
    f"{_LINK}, on the customer gateway; AWS provider, aws_customer_gateway",
)
_ENTRY = _known(
    "downtime",
    "requests of the former role to the cluster are refused; the new one has access when the entry is made",
    f"{_EKS}, DeleteAccessEntry and DisassociateAccessPolicy; {_GUIDE}, 'Delete access entries'",
)

EFFECTS: EffectTable = {
    "*": {"tags": _LABEL, "tags_all": _LABEL},
    "aws_acm_certificate": {
        CREATED_FIRST: _known(
            "none",
            "the new certificate is valid and in use before the old one is deleted",
            "AWS provider, aws_acm_certificate, on create_before_destroy; ACM API Reference, DeleteCertificate",
        ),
    },
    "aws_acm_certificate_validation": {
        REPLACED: _known(
            "none", "only waits for a certificate", "AWS provider, aws_acm_certificate_validation: no entity of AWS"
        ),
    },
    "aws_backup_plan": {
        "*": _known("none", "applies to later backups", "AMS Advanced Change Type Reference, 'Backup Plan | Update'"),
    },
    "aws_backup_report_plan": {
        "*": _known("none", "affects later reports", "AWS Backup API Reference, UpdateReportPlan"),
    },
    "aws_backup_selection": {
        REPLACED: _known(
            "none",
            "later backups are of the new selection; none begins between the two",
            "AWS Backup API Reference, DeleteBackupSelection and CreateBackupSelection",
        ),
    },
    "aws_backup_vault_lock_configuration": {
        REPLACED: _known(
            "none",
            "the lock is removed and set again; recovery points stay, and could be deleted in between",
            "AWS Backup API Reference, PutBackupVaultLockConfiguration and DeleteBackupVaultLockConfiguration",
        ),
    },
    "aws_budgets_budget": {
        "*": _known(
            "none",
            "affects later notifications; the spend is calculated anew",
            "AWS Budgets API Reference, UpdateBudget",
        ),
    },
    "aws_cloudtrail": {
        "advanced_event_selector": _known(
            "none", "affects later events", "AWS CloudTrail API Reference, PutEventSelectors"
        ),
        "insight_selector": _known("none", "affects later events", "AWS CloudTrail API Reference, PutInsightSelectors"),
    },
    "aws_cloudwatch_composite_alarm": {
        "*": _known("none", "later evaluations use the new rule", "Amazon CloudWatch API Reference, PutCompositeAlarm"),
    },
    "aws_cloudwatch_dashboard": {
        "*": _known("none", "shows the new panels", "Amazon CloudWatch API Reference, PutDashboard"),
    },
    "aws_cloudwatch_log_group": {
        "retention_in_days": _known(
            "none",
            "events that are older than a shorter retention are deleted within days",
            "Amazon CloudWatch Logs API Reference, PutRetentionPolicy",
        ),
    },
    "aws_cloudwatch_metric_alarm": {"*": _ALARM},
    "aws_config_config_rule": {
        "*": _known("none", "affects later evaluations", "AWS Config Developer Guide, 'Updating AWS Config Rules'"),
    },
    "aws_config_configuration_recorder": {
        "recording_mode": _known(
            "none", "applies to later recordings", "AWS Config API Reference, RecordingMode, recordingFrequency"
        ),
    },
    "aws_customer_gateway": {CREATED_FIRST: _GATEWAY, REPLACED: _GATEWAY},
    "aws_db_event_subscription": {
        "*": _known("none", "affects later notifications", "Amazon RDS API Reference, ModifyEventSubscription"),
    },
    "aws_db_instance": {
        "allocated_storage": _known(
            "none", "storage grows while the database runs, perhaps more slowly", f"{_RDS}, AllocatedStorage"
        ),
        "auto_minor_version_upgrade": _known(
            "none",
            "nothing at once; a later upgrade in a maintenance window makes the database unavailable",
            f"{_RDS}, AutoMinorVersionUpgrade",
        ),
        "backup_retention_period": _known(
            "none",
            "no outage between values above zero; backups that are older than a shorter period are deleted",
            f"{_RDS}, BackupRetentionPeriod",
        ),
        "backup_window": _known("none", "affects later backups only", f"{_RDS}, PreferredBackupWindow"),
        "copy_tags_to_snapshot": _known("none", "affects later snapshots only", f"{_RDS}, CopyTagsToSnapshot"),
        "delete_automated_backups": _known("none", "affects a deletion only", f"{_DELETE}, DeleteAutomatedBackups"),
        "deletion_protection": _known("none", "affects a deletion only", f"{_RDS}, DeletionProtection"),
        "engine_version": _known(
            "downtime", "the database is unavailable during the upgrade", f"{_RDS}, EngineVersion"
        ),
        "final_snapshot_identifier": _known("none", "affects a deletion only", f"{_DELETE}, FinalDBSnapshotIdentifier"),
        "instance_class": _known(
            "downtime", "the database is unavailable while its instance changes", f"{_RDS}, DBInstanceClass"
        ),
        "iops": _known("none", "changes while the database runs, perhaps more slowly", f"{_RDS}, Iops"),
        "maintenance_window": _known(
            "downtime",
            "changes that are pending are made at once if the new window includes the time of the apply; else nothing",
            f"{_RDS}, PreferredMaintenanceWindow",
        ),
        "max_allocated_storage": _known("none", "affects later growth only", f"{_RDS}, MaxAllocatedStorage"),
        "monitoring_interval": _known("none", "changes while the database runs", f"{_RDS}, MonitoringInterval"),
        "multi_az": _known(
            "none", "the standby is made while the database runs, perhaps more slowly", f"{_RDS}, MultiAZ"
        ),
        "performance_insights_retention_period": _known(
            "none", "changes while the database runs", f"{_RDS}, PerformanceInsightsRetentionPeriod"
        ),
        "port": _known(
            "downtime",
            "it restarts at once, and clients are cut off until they have the new port",
            f"{_RDS}, DBPortNumber",
        ),
        "skip_final_snapshot": _known("none", "affects a deletion only", f"{_DELETE}, SkipFinalSnapshot"),
    },
    "aws_db_parameter_group": {
        "parameter": _known(
            "none",
            "dynamic parameters apply while the database runs, static ones when it restarts next",
            "Amazon RDS API Reference, ModifyDBParameterGroup, on the application methods, and ResetDBParameterGroup",
        ),
    },
    "aws_ecr_lifecycle_policy": {
        REPLACED: _known(
            "none",
            "images expire by the new rules within 24 hours",
            "Amazon ECR User Guide, 'Creating a lifecycle policy for a repository'",
        ),
    },
    "aws_ecr_registry_scanning_configuration": {
        "*": _known("none", "affects later scans", "Amazon ECR API Reference, PutRegistryScanningConfiguration"),
    },
    "aws_eks_access_entry": {REPLACED: _ENTRY},
    "aws_eks_access_policy_association": {REPLACED: _ENTRY},
    "aws_eks_addon": {
        "configuration_values": _known(
            "restart",
            "the add-on's own pods restart, a few at a time, if their template changes",
            f"{_GUIDE}, 'Determine fields you can customize for Amazon EKS add-ons', on server-side apply; Kubernetes "
            "documentation, 'Perform a Rolling Update on a DaemonSet'",
        ),
    },
    "aws_eks_cluster": {
        "version": _known(
            "none",
            "the cluster continues to function; clients of its API reconnect; nodes change separately",
            f"{_EKS}, UpdateClusterVersion, and {_GUIDE}, 'Update existing cluster to new Kubernetes version'",
        ),
        "vpc_config.public_access_cidrs": _known(
            "downtime",
            "addresses outside the new ranges lose the public endpoint; the cluster runs on",
            f"{_EKS}, UpdateClusterConfig and VpcConfigRequest, publicAccessCidrs",
        ),
        "zonal_shift_config": _known("none", "the cluster runs on", f"{_EKS}, UpdateClusterConfig, zonalShiftConfig"),
    },
    "aws_eks_node_group": {
        CREATED_FIRST: _MOVED,
        REPLACED: _GONE,
        "labels": _known("none", "nodes get the labels while they run", f"{_EKS}, UpdateNodegroupConfig"),
        "launch_template": _DRAIN,
        "release_version": _DRAIN,
        "scaling_config.desired_size": _RESIZE,
        "scaling_config.max_size": _BOUNDS,
        "scaling_config.min_size": _BOUNDS,
        "taint": _known(
            "none",
            "pods that run stay, as all taints of pools are NoSchedule; new ones need the toleration",
            f"{_EKS}, UpdateNodegroupConfig; Kubernetes documentation, 'Taints and Tolerations', on NoSchedule",
        ),
        "version": _DRAIN,
    },
    "aws_eks_pod_identity_association": {
        REPLACED: _known(
            "downtime",
            "pods in the former namespace lose the role when their session ends; those in the new one start with it",
            f"{_EKS}, DeletePodIdentityAssociation and CreatePodIdentityAssociation",
        ),
    },
    "aws_elasticache_replication_group": {
        "automatic_failover_enabled": _known("none", "the cache runs on", f"{_FAILOVER}, AutomaticFailoverEnabled"),
        "final_snapshot_identifier": _known(
            "none", "affects a deletion only", f"{_CACHE}, DeleteReplicationGroup, FinalSnapshotIdentifier"
        ),
        "multi_az_enabled": _known("none", "the cache runs on", f"{_FAILOVER}, MultiAZEnabled"),
        "node_type": _known(
            "restart",
            "the new nodes take over from the old ones, and connections end; data is copied",
            "Amazon ElastiCache User Guide, 'Scaling replica nodes for Valkey or Redis OSS (Cluster Mode Disabled)'",
        ),
        "num_cache_clusters": _known(
            "none",
            "the cache runs on while replicas change",
            f"{_CACHE}, IncreaseReplicaCount and DecreaseReplicaCount",
        ),
        "snapshot_retention_limit": _known(
            "none", "affects how long snapshots are kept", f"{_CACHE}, ModifyReplicationGroup, SnapshotRetentionLimit"
        ),
    },
    "aws_elasticache_user": {
        "authentication_mode.passwords": _known(
            "none", "open connections stay; users here have no password", f"{_CACHE_USERS}, on modifying a password"
        ),
    },
    "aws_elasticache_user_group": {
        "user_ids": _known(
            "restart", "connections of a removed user end; others stay", f"{_CACHE_USERS}, on removing users"
        ),
    },
    "aws_flow_log": {
        REPLACED: _known(
            "none", "traffic of the minutes between is not recorded", "Amazon VPC User Guide, 'Flow log limitations'"
        ),
    },
    "aws_iam_policy": {"policy": _POLICY},
    "aws_iam_role": {"assume_role_policy": _TRUST},
    "aws_iam_role_policy": {"policy": _POLICY},
    "aws_kms_key": {
        "deletion_window_in_days": _known(
            "none", "affects a deletion only", "AWS KMS API Reference, ScheduleKeyDeletion"
        ),
        "policy": _POLICY,
        "rotation_period_in_days": _known(
            "none",
            "affects later rotations; old key material stays",
            "AWS KMS API Reference, EnableKeyRotation, and Developer Guide, 'Rotate AWS KMS keys'",
        ),
    },
    "aws_launch_template": {
        "*": _known(
            "none", "a new version; pools change separately", "Amazon EC2 API Reference, CreateLaunchTemplateVersion"
        ),
    },
    "aws_lb": {
        "enable_deletion_protection": _known(
            "none", "affects a deletion only", "Elastic Load Balancing API Reference, LoadBalancerAttribute"
        ),
    },
    "aws_lb_listener": {
        "certificate_arn": _known(
            "none",
            "requests in flight go on; later ones get the new certificate",
            "User Guide for Application Load Balancers, 'Certificate renewal'",
        ),
    },
    "aws_msk_cluster": {
        "broker_node_group_info.instance_type": _known(
            "restart",
            "brokers are changed one by one, and their clients connect again",
            f"{_MSK}, 'Update broker size'",
        ),
        "broker_node_group_info.storage_info": _known(
            "none",
            "volumes stay available while they grow; they cannot shrink, nor grow again for six hours",
            f"{_MSK}, 'Scale up Amazon MSK Standard broker storage'",
        ),
        "configuration_info": _known(
            "restart",
            "brokers restart one by one, and their clients connect again",
            f"{_MSK}, 'Update the configuration of an Amazon MSK cluster'",
        ),
        "number_of_broker_nodes": _known(
            "none",
            "partitions stay where they are until they are reassigned",
            f"{_MSK}, 'Expand the number of brokers in an Amazon MSK cluster'",
        ),
    },
    "aws_msk_configuration": {
        "server_properties": _known(
            "none",
            "a new revision is made; the cluster's configuration_info takes it",
            "Amazon MSK API Reference, UpdateConfiguration",
        ),
    },
    "aws_network_acl": {"egress": _ACL, "ingress": _ACL, "subnet_ids": _ACL},
    "aws_route53_record": {
        REPLACED: _known(
            "downtime",
            "the old name no longer resolves; resolvers that asked in between keep that answer for up to 15 minutes",
            f"{_ZONE}, 'NS and SOA records that Amazon Route 53 creates for a public hosted zone', on negative caching",
        ),
    },
    "aws_route53_zone": {
        REPLACED: _known(
            "downtime",
            "the new zone has other name servers: its names do not resolve until the parent domain names these",
            f"{_ZONE}, 'Deleting a public hosted zone': a new zone requires new name servers at the registration",
        ),
    },
    "aws_s3_bucket_lifecycle_configuration": {
        "rule": _known(
            "none",
            "applies to the objects that exist, too: those that are older than a shorter period are removed",
            "Amazon S3 User Guide, 'Setting an S3 Lifecycle configuration on a bucket'",
        ),
    },
    "aws_s3_bucket_object_lock_configuration": {
        "rule": _known(
            "none",
            "applies to new objects; old ones keep theirs",
            "Amazon S3 API Reference, PutObjectLockConfiguration",
        ),
    },
    "aws_scheduler_schedule": {
        "*": _known("none", "affects later runs", "Amazon EventBridge Scheduler API Reference, UpdateSchedule"),
    },
    "aws_secretsmanager_secret": {
        "force_overwrite_replica_secret": _known(
            "none", "affects later copies only", f"{_SECRETS}, ReplicateSecretToRegions"
        ),
        "recovery_window_in_days": _known("none", "affects a deletion only", f"{_SECRETS}, DeleteSecret"),
        "replica": _known(
            "none",
            "the secret stays readable; the copy in a region that is removed is deleted at once",
            f"{_SECRETS}, ReplicateSecretToRegions and RemoveRegionsFromReplication",
        ),
    },
    "aws_secretsmanager_secret_policy": {"policy": _POLICY},
    "aws_secretsmanager_secret_rotation": {
        "rotation_rules": _known(
            "none",
            "affects later rotations, as rotate_immediately is false; one that was scheduled may still occur",
            f"{_SECRETS}, RotateSecret, RotationRules and RotateImmediately",
        ),
    },
    "aws_sns_topic_subscription": {REPLACED: _SUBSCRIBER},
    "aws_vpc_endpoint": {
        "route_table_ids": _known(
            "restart",
            "open connections to the service end where routes change, and can be opened again at once",
            "AWS PrivateLink Guide, 'Gateway endpoints for Amazon S3': an endpoint disconnects open TCP connections",
        ),
        "subnet_ids": _known(
            "restart",
            "connections to the interface of a removed subnet end; others stay",
            "Amazon EC2 API Reference, ModifyVpcEndpoint, RemoveSubnetIds",
        ),
    },
    "aws_vpc_security_group_egress_rule": {"*": _RULE},
    "aws_vpc_security_group_ingress_rule": {"*": _RULE},
    "aws_vpn_connection": {
        "customer_gateway_id": _known(
            "downtime",
            "both tunnels are replaced and are down until the device at the new address is configured",
            f"{_LINK}, and Amazon EC2 API Reference, ModifyVpnConnection",
        ),
    },
    "aws_wafv2_web_acl": {
        "rule": _known(
            "downtime",
            "requests that the new rules block are refused; all others go on. The rules propagate within minutes",
            "AWS WAF API Reference, UpdateWebACL and RuleAction, and Developer Guide, 'Using rule actions in AWS WAF'",
        ),
    },
}

WITHOUT_EFFECT: Mapping[str, str] = {}
"""Settings that change nothing on AWS: setting to the reason, and what has the effect."""
