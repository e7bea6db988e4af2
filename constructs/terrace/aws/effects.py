"""What changes of AWS resources do to what uses them."""

from collections.abc import Mapping
from datetime import date

from terrace.capabilities.effects import CREATED_FIRST, REPLACED, Effect, EffectTable, KnownEffect

_READ = date(2026, 12, 1)
_RDS = "Amazon RDS User Guide, 'Settings for DB instances'"
_ELASTICACHE = "Amazon ElastiCache User Guide, 'Scaling replica nodes (Cluster Mode Disabled)'"
_EKS = "Amazon EKS API Reference, UpdateClusterVersion and UpdateNodegroupVersion"
_SCALING = "Amazon EKS API Reference, UpdateNodegroupConfig, and User Guide, 'Update a managed node group'"
_REPLACE = "AWS provider 5.100, aws_eks_node_group; Amazon EKS User Guide, 'Delete a managed node group'"
_CLUSTER = "Amazon EKS API Reference, UpdateClusterConfig: the cluster continues to function during the update"
_FAILOVER = "Amazon ElastiCache User Guide, 'Minimizing downtime in ElastiCache by using Multi-AZ'"
_REPLICAS = "Amazon ElastiCache User Guide, 'Changing the number of replicas'"
_GROUP = "Amazon ElastiCache API Reference, ModifyReplicationGroup and DeleteReplicationGroup"
_BALANCER = "Elastic Load Balancing API Reference, ModifyLoadBalancerAttributes and ModifyListener"
_KEYS = "AWS KMS Developer Guide, 'Rotate AWS KMS keys' and 'Deleting AWS KMS keys'"
_ZONE = "Amazon Route 53 Developer Guide, 'Name servers for a hosted zone'"
_SECRETS = "AWS Secrets Manager API Reference, ReplicateSecretToRegions, RotateSecret and DeleteSecret"
_ENDPOINT = "Amazon EC2 API Reference, ModifyVpcEndpoint"
_TAGS = "Amazon CloudWatch API Reference, TagResource: tags are strings without a meaning to AWS"


def _known(effect: Effect, detail: str, source: str) -> KnownEffect:
    return KnownEffect(effect, detail, source, _READ)


_LABEL = _known("none", "tags are labels", _TAGS)
_BOUNDS = _known("none", "the number of nodes changes only where the bounds exclude it", _SCALING)
_RESIZE = _known("restart", "nodes that are removed are drained, and their pods restart", _SCALING)
_GONE = _known(
    "downtime",
    "its nodes are drained and deleted before the new ones are made: its pods wait for minutes, the longer the more "
    "nodes it has. To avoid it, add a pool with the new settings, apply, and then remove this one",
    _REPLACE,
)
_MOVED = _known(
    "restart", "its new nodes are made first; then the old ones are drained, and their pods restart", _REPLACE
)
_DRAIN = _known("restart", "nodes are drained and replaced a few at a time; their pods restart", _EKS)
_POLICY = _known(
    "downtime",
    "requests that the new policy does not allow are refused; all others go on",
    "AWS IAM User Guide, 'Policy evaluation logic': policies are evaluated on each request",
)
_RULE = _known(
    "downtime",
    "traffic that the new rule does not allow stops; all other connections stay",
    "Amazon VPC User Guide, 'Security group rules' and 'Network ACL rules'",
)
_ALARM = _known(
    "none",
    "the alarm is evaluated again with its new settings",
    "Amazon CloudWatch API Reference, PutMetricAlarm: a call overwrites the alarm's configuration",
)
_SUBSCRIBER = _known(
    "none",
    "messages go to the new address once its owner has confirmed it",
    "Amazon SNS Developer Guide, 'Confirming a subscription'",
)
_ENTRY = _known(
    "none",
    "the former role has no access to the cluster any more; the new one has",
    "Amazon EKS User Guide, 'Grant IAM users access to Kubernetes with EKS access entries'",
)

EFFECTS: EffectTable = {
    "*": {"tags": _LABEL, "tags_all": _LABEL},
    "aws_acm_certificate": {
        REPLACED: _known(
            "none",
            "the new certificate is valid and in use before the old one is deleted",
            "AWS provider 5.100, aws_acm_certificate, on create_before_destroy",
        ),
    },
    "aws_acm_certificate_validation": {
        REPLACED: _known(
            "none", "only waits until a certificate is valid", "AWS provider 5.100, aws_acm_certificate_validation"
        ),
    },
    "aws_backup_plan": {
        "*": _known("none", "applies to later backups", "AWS Backup Developer Guide, 'Update a backup plan'"),
    },
    "aws_backup_report_plan": {
        "*": _known("none", "affects later reports", "AWS Backup API Reference, UpdateReportPlan"),
    },
    "aws_backup_vault_lock_configuration": {
        REPLACED: _known(
            "none",
            "the lock is removed and set again; recovery points stay",
            "AWS Backup Developer Guide, 'AWS Backup Vault Lock'",
        ),
    },
    "aws_budgets_budget": {
        "*": _known("none", "affects later notifications", "AWS Budgets API Reference, UpdateBudget"),
    },
    "aws_cloudtrail": {
        "advanced_event_selector": _known(
            "none", "affects later events", "AWS CloudTrail API Reference, PutEventSelectors"
        ),
        "insight_selector": _known(
            "none", "the trail keeps recording", "AWS CloudTrail API Reference, PutInsightSelectors"
        ),
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
    "aws_config_configuration_recorder": {
        "recording_mode": _known(
            "none", "applies to later recordings", "AWS Config API Reference, PutConfigurationRecorder"
        ),
    },
    "aws_customer_gateway": {
        REPLACED: _known(
            "downtime",
            "a link has the address and number of its device for life: its tunnels are down until the device is "
            "configured for the new one",
            "AWS Site-to-Site VPN User Guide, 'Change the customer gateway'",
        ),
    },
    "aws_db_event_subscription": {
        "*": _known("none", "affects later notifications", "Amazon RDS API Reference, ModifyEventSubscription"),
    },
    "aws_db_instance": {
        "allocated_storage": _known("none", "storage grows while the database runs, perhaps more slowly", _RDS),
        "auto_minor_version_upgrade": _known("none", "affects later upgrades only", _RDS),
        "backup_retention_period": _known("none", "no outage between values above zero", _RDS),
        "backup_window": _known("none", "affects later backups only", _RDS),
        "copy_tags_to_snapshot": _known("none", "affects later snapshots only", _RDS),
        "delete_automated_backups": _known("none", "affects a deletion only", _RDS),
        "deletion_protection": _known("none", "affects a deletion only", _RDS),
        "engine_version": _known("downtime", "the database is unavailable during the upgrade", _RDS),
        "final_snapshot_identifier": _known("none", "affects a deletion only", _RDS),
        "instance_class": _known("downtime", "the database is unavailable while its instance changes", _RDS),
        "iops": _known("none", "changes while the database runs, perhaps more slowly", _RDS),
        "maintenance_window": _known("none", "affects later maintenance only", _RDS),
        "max_allocated_storage": _known("none", "affects later growth only", _RDS),
        "monitoring_interval": _known("none", "changes while the database runs", _RDS),
        "multi_az": _known("none", "the standby is made while the database runs, perhaps more slowly", _RDS),
        "performance_insights_retention_period": _known("none", "changes while the database runs", _RDS),
        "port": _known("restart", "the database restarts at once, and clients need the new port", _RDS),
        "skip_final_snapshot": _known("none", "affects a deletion only", _RDS),
    },
    "aws_db_parameter_group": {
        "parameter": _known(
            "none",
            "dynamic parameters apply while the database runs, static ones when it restarts next",
            "Amazon RDS User Guide, 'Parameter groups for RDS', on static and dynamic parameters",
        ),
    },
    "aws_ecr_lifecycle_policy": {
        REPLACED: _known("none", "images expire by the new rules", "Amazon ECR API Reference, PutLifecyclePolicy"),
    },
    "aws_ecr_registry_scanning_configuration": {
        "*": _known("none", "affects later scans", "Amazon ECR API Reference, PutRegistryScanningConfiguration"),
    },
    "aws_eks_access_entry": {REPLACED: _ENTRY},
    "aws_eks_access_policy_association": {REPLACED: _ENTRY},
    "aws_eks_addon": {
        "configuration_values": _known(
            "restart",
            "the add-on's own pods restart, a few at a time",
            "Amazon EKS User Guide, 'Update an Amazon EKS add-on'",
        ),
    },
    "aws_eks_cluster": {
        "version": _known("none", "the cluster continues to function; nodes change separately", _EKS),
        "vpc_config.public_access_cidrs": _known(
            "downtime", "addresses outside the new ranges lose the public endpoint; the cluster runs on", _CLUSTER
        ),
        "zonal_shift_config": _known("none", "the cluster continues to function", _CLUSTER),
    },
    "aws_eks_node_group": {
        CREATED_FIRST: _MOVED,
        REPLACED: _GONE,
        "labels": _known("none", "nodes get the labels while they run", _SCALING),
        "launch_template": _DRAIN,
        "release_version": _DRAIN,
        "scaling_config.desired_size": _RESIZE,
        "scaling_config.max_size": _BOUNDS,
        "scaling_config.min_size": _BOUNDS,
        "taint": _known("none", "pods that run stay; new ones need the toleration", _SCALING),
        "version": _DRAIN,
    },
    "aws_eks_pod_identity_association": {
        REPLACED: _known(
            "restart",
            "pods in the former namespace lose the role; those in the new one get it when they start",
            "Amazon EKS User Guide, 'Learn how EKS Pod Identity grants pods access to AWS services'",
        ),
    },
    "aws_elasticache_replication_group": {
        "automatic_failover_enabled": _known("none", "changes while the cache runs", _FAILOVER),
        "final_snapshot_identifier": _known("none", "affects a deletion only", _GROUP),
        "multi_az_enabled": _known("none", "changes while the cache runs", _FAILOVER),
        "node_type": _known("restart", "the new nodes take over from the old ones; data is copied", _ELASTICACHE),
        "num_cache_clusters": _known("none", "replicas are added and removed while the cache runs", _REPLICAS),
        "snapshot_retention_limit": _known("none", "affects how long snapshots are kept", _GROUP),
    },
    "aws_elasticache_user": {
        "authentication_mode.passwords": _known(
            "none", "users authenticate with IAM and have no password", "AWS provider 5.100, aws_elasticache_user"
        ),
    },
    "aws_elasticache_user_group": {
        "user_ids": _known(
            "restart",
            "connections of a removed user end; those of other users stay",
            "Amazon ElastiCache API Reference, ModifyUserGroup",
        ),
    },
    "aws_flow_log": {
        REPLACED: _known(
            "none",
            "traffic of the minutes between is not recorded",
            "Amazon VPC User Guide, 'Work with flow logs': a flow log's configuration cannot change",
        ),
    },
    "aws_iam_policy": {"policy": _POLICY},
    "aws_iam_role": {"assume_role_policy": _POLICY},
    "aws_iam_role_policy": {"policy": _POLICY},
    "aws_kms_key": {
        "deletion_window_in_days": _known("none", "affects a deletion only", _KEYS),
        "rotation_period_in_days": _known("none", "affects later rotations; old key material stays", _KEYS),
    },
    "aws_launch_template": {
        "*": _known(
            "none",
            "a new version; the node groups that use it change separately",
            "Amazon EC2 User Guide, 'Modify a launch template (manage launch template versions)'",
        ),
    },
    "aws_lb": {
        "enable_deletion_protection": _known("none", "affects a deletion only", _BALANCER),
    },
    "aws_lb_listener": {
        "certificate_arn": _known("none", "later connections get the new certificate", _BALANCER),
    },
    "aws_network_acl": {"egress": _RULE, "ingress": _RULE, "subnet_ids": _RULE},
    "aws_route53_record": {
        REPLACED: _known("restart", "the old name no longer resolves, once caches have expired", _ZONE),
    },
    "aws_route53_zone": {
        REPLACED: _known(
            "downtime",
            "the new zone has other name servers: its names do not resolve until the parent domain names these",
            _ZONE,
        ),
    },
    "aws_s3_bucket_lifecycle_configuration": {
        "rule": _known(
            "none",
            "applies to the objects that exist, too, from the next daily run",
            "Amazon S3 User Guide, 'Setting an S3 Lifecycle configuration on a bucket'",
        ),
    },
    "aws_s3_bucket_object_lock_configuration": {
        "rule": _known(
            "none",
            "applies to new objects; those that exist keep their lock",
            "Amazon S3 User Guide, 'Locking objects with Object Lock', on default retention",
        ),
    },
    "aws_scheduler_schedule": {
        "*": _known("none", "affects later runs", "Amazon EventBridge Scheduler API Reference, UpdateSchedule"),
    },
    "aws_secretsmanager_secret": {
        "recovery_window_in_days": _known("none", "affects a deletion only", _SECRETS),
        "replica": _known("none", "the secret stays readable while it is copied", _SECRETS),
    },
    "aws_secretsmanager_secret_policy": {"policy": _POLICY},
    "aws_secretsmanager_secret_rotation": {
        "rotation_rules": _known("none", "affects later rotations", _SECRETS),
    },
    "aws_sns_topic_subscription": {REPLACED: _SUBSCRIBER, "*": _SUBSCRIBER},
    "aws_vpc_endpoint": {
        "route_table_ids": _known("none", "traffic takes the endpoint in the added route tables", _ENDPOINT),
        "subnet_ids": _known("none", "the interfaces of other zones stay", _ENDPOINT),
    },
    "aws_vpc_security_group_egress_rule": {"*": _RULE},
    "aws_vpc_security_group_ingress_rule": {"*": _RULE},
    "aws_vpn_connection": {
        "customer_gateway_id": _known(
            "downtime",
            "the tunnels are down until the device at the new address is configured",
            "AWS Site-to-Site VPN User Guide, 'Change the customer gateway'",
        ),
    },
    "aws_wafv2_web_acl": {
        "rule": _known(
            "none",
            "propagates within minutes; requests are evaluated by the old or the new rules until then",
            "AWS WAF Developer Guide, 'Deploying your AWS WAF protections', on temporary inconsistencies",
        ),
    },
}

WITHOUT_EFFECT: Mapping[str, str] = {}
"""Settings that change nothing on AWS: setting to the reason, and what has the effect."""
