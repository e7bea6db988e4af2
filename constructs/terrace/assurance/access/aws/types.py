"""The types of resources that the model of AWS knows. Any other one may open a path or grant a right: it is unknown."""

from collections.abc import Iterator

from terrace.assurance.access.model import Unknown
from terrace.assurance.checks import Subject

_READ = """
    aws_alb aws_db_instance aws_default_route_table aws_default_security_group aws_ec2_managed_prefix_list
    aws_ec2_managed_prefix_list_entry aws_ecr_repository aws_ecr_repository_policy aws_eks_access_entry
    aws_eks_access_policy_association aws_eks_addon aws_eks_cluster aws_eks_node_group aws_eks_pod_identity_association
    aws_elasticache_replication_group aws_elasticache_user aws_elb aws_iam_policy aws_iam_policy_attachment aws_iam_role
    aws_iam_role_policy aws_iam_role_policy_attachment aws_iam_user aws_iam_user_policy
    aws_iam_user_policy_attachment aws_kms_key aws_kms_key_policy aws_launch_template aws_lb
    aws_lb_listener aws_main_route_table_association aws_route aws_route_table aws_route_table_association aws_s3_bucket
    aws_s3_bucket_policy aws_secretsmanager_secret aws_secretsmanager_secret_policy aws_security_group
    aws_security_group_rule aws_sns_topic aws_sns_topic_policy aws_subnet aws_vpc aws_vpc_endpoint
    aws_vpc_security_group_egress_rule aws_vpc_security_group_ingress_rule aws_vpn_gateway_route_propagation
    aws_backup_vault aws_backup_vault_policy aws_msk_cluster
"""
"""Types that the readers follow."""
_CHECKED = """
    aws_default_network_acl aws_eip aws_iam_access_key aws_iam_openid_connect_provider
    aws_iam_user_login_profile aws_network_acl aws_network_acl_rule aws_sns_topic_subscription
    aws_wafv2_web_acl aws_ecr_replication_configuration aws_s3_bucket_replication_configuration
    aws_s3_account_public_access_block aws_s3_bucket_ownership_controls aws_s3_bucket_public_access_block
    aws_ebs_snapshot_block_public_access
"""
"""Types that can open something, each by a check of its own."""
_HARMLESS = """
    aws_accessanalyzer_analyzer aws_acm_certificate aws_acm_certificate_validation aws_backup_plan
    aws_backup_report_plan aws_backup_selection aws_backup_vault_lock_configuration aws_backup_vault_notifications
    aws_budgets_budget aws_ce_anomaly_monitor aws_cloudtrail aws_cloudwatch_composite_alarm
    aws_cloudwatch_dashboard aws_cloudwatch_event_rule aws_cloudwatch_event_target aws_cloudwatch_log_group
    aws_cloudwatch_log_metric_filter aws_cloudwatch_metric_alarm aws_cloudwatch_query_definition
    aws_config_config_rule aws_config_configuration_recorder aws_config_configuration_recorder_status
    aws_config_delivery_channel aws_customer_gateway aws_db_event_subscription
    aws_db_instance_automated_backups_replication aws_db_parameter_group aws_db_subnet_group
    aws_ebs_default_kms_key aws_ebs_encryption_by_default aws_ec2_instance_metadata_defaults
    aws_ecr_lifecycle_policy aws_ecr_registry_scanning_configuration aws_elasticache_parameter_group
    aws_elasticache_subnet_group aws_elasticache_user_group aws_flow_log aws_guardduty_detector
    aws_guardduty_detector_feature aws_iam_account_password_policy aws_iam_service_linked_role aws_internet_gateway
    aws_kms_alias aws_lb_target_group aws_macie2_account aws_macie2_classification_job aws_nat_gateway
    aws_resourcegroups_group aws_route53_record aws_route53_resolver_query_log_config
    aws_route53_resolver_query_log_config_association aws_route53_zone aws_s3_bucket_lifecycle_configuration
    aws_s3_bucket_logging aws_s3_bucket_metric aws_s3_bucket_notification aws_s3_bucket_object_lock_configuration
    aws_s3_bucket_server_side_encryption_configuration aws_s3_bucket_versioning aws_scheduler_schedule
    aws_scheduler_schedule_group aws_secretsmanager_secret_rotation aws_secretsmanager_secret_version
    aws_securityhub_account aws_securityhub_standards_subscription aws_vpn_connection aws_vpn_connection_route
    aws_vpn_gateway aws_wafv2_web_acl_association aws_wafv2_web_acl_logging_configuration aws_msk_configuration
"""
"""Types of the foundation that neither open a path nor grant a right."""
KNOWN = frozenset(f"{_READ} {_CHECKED} {_HARMLESS}".split())


def unknown(stack: Subject) -> Iterator[Unknown]:
    """The resources of other types; those of other providers are not about the cloud."""
    for resource in stack.view:
        if resource.type.startswith("aws_") and resource.type not in KNOWN:
            text = f"{resource.type} may open a path or grant a right; the model does not read it"
            yield Unknown(text, str(resource), resource.type)
