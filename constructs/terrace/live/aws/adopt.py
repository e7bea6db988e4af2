"""Import ids of resources that exist and are in no state, because an apply was killed.

By type: a name that is unique in the account gives the id without a call (`BY_NAME`). EC2's resources have no names but
the deployment's tags and a unique `Name` (`BY_TAG`). Others are listed and matched by name (`adopt_listing.py`), and
`OVERWRITTEN` ones need no adoption. A test ensures that each type of the foundation is in exactly one of the four.

Source of the ids: the "Import" section of each resource's page in the AWS provider's documentation, 5.100.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from terrace.capabilities.adoption import Candidate
from terrace.errors import TerraceError
from terrace.live.aws.adopt_listing import BY_LISTING, Account

# Attributes as planned; {account}, {region} and {partition} are the provider's.
BY_NAME = {
    "aws_accessanalyzer_analyzer": "{analyzer_name}",
    "aws_athena_workgroup": "{name}",
    "aws_backup_report_plan": "{name}",
    "aws_backup_vault": "{name}",
    "aws_budgets_budget": "{account}:{name}",
    "aws_cloudtrail": "arn:{partition}:cloudtrail:{region}:{account}:trail/{name}",
    "aws_cloudwatch_log_group": "{name}",
    "aws_db_event_subscription": "{name}",
    "aws_db_instance": "{identifier}",
    "aws_db_parameter_group": "{name}",
    "aws_db_subnet_group": "{name}",
    "aws_dynamodb_table": "{name}",
    "aws_ecr_repository": "{name}",
    "aws_eks_access_entry": "{cluster_name}:{principal_arn}",
    "aws_eks_addon": "{cluster_name}:{addon_name}",
    "aws_eks_cluster": "{name}",
    "aws_eks_node_group": "{cluster_name}:{node_group_name}",
    "aws_elasticache_parameter_group": "{name}",
    "aws_elasticache_replication_group": "{replication_group_id}",
    "aws_elasticache_subnet_group": "{name}",
    "aws_elasticache_user": "{user_id}",
    "aws_elasticache_user_group": "{user_group_id}",
    "aws_glue_catalog_database": "{account}:{name}",
    "aws_iam_instance_profile": "{name}",
    "aws_iam_openid_connect_provider": "arn:{partition}:iam::{account}:oidc-provider/{url}",
    "aws_iam_policy": "arn:{partition}:iam::{account}:policy{path}{name}",
    "aws_iam_role": "{name}",
    "aws_kms_alias": "{name}",
    "aws_macie2_account": "{account}",
    "aws_resourcegroups_group": "{name}",
    "aws_route": "{route_table_id}_{destination_cidr_block}",
    "aws_route53_record": "{zone_id}_{name}_{type}",
    "aws_route_table_association": "{subnet_id}/{route_table_id}",
    "aws_s3_bucket": "{bucket}",
    "aws_scheduler_schedule": "{group_name}/{name}",
    "aws_scheduler_schedule_group": "{name}",
    "aws_securityhub_account": "{account}",
    "aws_sns_topic": "arn:{partition}:sns:{region}:{account}:{name}",
    "aws_ssm_parameter": "{name}",
}


# Type to the resource type in EC2's DescribeTags.
class Tagged(NamedTuple):
    """A kind of EC2 resources: as in its tags, and how EC2 describes those with some ids."""

    kind: str
    operation: str
    ids: str
    field: str


BY_TAG = {
    "aws_customer_gateway": Tagged(
        "customer-gateway", "describe_customer_gateways", "CustomerGatewayIds", "CustomerGateways"
    ),
    "aws_ebs_volume": Tagged("volume", "describe_volumes", "VolumeIds", "Volumes"),
    "aws_egress_only_internet_gateway": Tagged(
        "egress-only-internet-gateway",
        "describe_egress_only_internet_gateways",
        "EgressOnlyInternetGatewayIds",
        "EgressOnlyInternetGateways",
    ),
    "aws_eip": Tagged("elastic-ip", "describe_addresses", "AllocationIds", "Addresses"),
    "aws_flow_log": Tagged("vpc-flow-log", "describe_flow_logs", "FlowLogIds", "FlowLogs"),
    "aws_internet_gateway": Tagged(
        "internet-gateway", "describe_internet_gateways", "InternetGatewayIds", "InternetGateways"
    ),
    "aws_nat_gateway": Tagged("natgateway", "describe_nat_gateways", "NatGatewayIds", "NatGateways"),
    "aws_network_acl": Tagged("network-acl", "describe_network_acls", "NetworkAclIds", "NetworkAcls"),
    "aws_route_table": Tagged("route-table", "describe_route_tables", "RouteTableIds", "RouteTables"),
    "aws_security_group": Tagged("security-group", "describe_security_groups", "GroupIds", "SecurityGroups"),
    "aws_subnet": Tagged("subnet", "describe_subnets", "SubnetIds", "Subnets"),
    "aws_vpc": Tagged("vpc", "describe_vpcs", "VpcIds", "Vpcs"),
    "aws_vpc_dhcp_options": Tagged("dhcp-options", "describe_dhcp_options", "DhcpOptionsIds", "DhcpOptions"),
    "aws_vpc_endpoint": Tagged("vpc-endpoint", "describe_vpc_endpoints", "VpcEndpointIds", "VpcEndpoints"),
    "aws_vpn_connection": Tagged("vpn-connection", "describe_vpn_connections", "VpnConnectionIds", "VpnConnections"),
    "aws_vpn_gateway": Tagged("vpn-gateway", "describe_vpn_gateways", "VpnGatewayIds", "VpnGateways"),
}


# Creating these again is harmless: the service overwrites the existing one, or responds that nothing changes.
OVERWRITTEN = frozenset(
    {
        # one setting of a resource that is adopted
        "aws_backup_vault_lock_configuration",
        "aws_backup_vault_notifications",
        "aws_backup_vault_policy",
        "aws_ecr_lifecycle_policy",
        "aws_ecr_repository_policy",
        "aws_eks_access_policy_association",
        "aws_guardduty_detector_feature",
        "aws_iam_role_policy",
        "aws_iam_role_policy_attachment",
        "aws_s3_bucket_lifecycle_configuration",
        "aws_s3_bucket_logging",
        "aws_s3_bucket_metric",
        "aws_s3_bucket_notification",
        "aws_s3_bucket_object_lock_configuration",
        "aws_s3_bucket_ownership_controls",
        "aws_s3_bucket_policy",
        "aws_s3_bucket_public_access_block",
        "aws_s3_bucket_replication_configuration",
        "aws_s3_bucket_server_side_encryption_configuration",
        "aws_s3_bucket_versioning",
        "aws_secretsmanager_secret_policy",
        "aws_secretsmanager_secret_rotation",
        "aws_secretsmanager_secret_version",  # one more version, which becomes the current one
        "aws_sns_topic_policy",
        "aws_sns_topic_subscription",  # Subscribe returns the subscription of the same end point
        "aws_vpn_connection_route",
        "aws_vpn_gateway_route_propagation",
        "aws_wafv2_web_acl_association",
        "aws_wafv2_web_acl_logging_configuration",
        # put by name
        "aws_cloudwatch_composite_alarm",
        "aws_cloudwatch_dashboard",
        "aws_cloudwatch_event_rule",
        "aws_cloudwatch_event_target",
        "aws_cloudwatch_log_metric_filter",
        "aws_cloudwatch_metric_alarm",
        "aws_config_config_rule",
        "aws_config_configuration_recorder",
        "aws_config_configuration_recorder_status",
        "aws_config_delivery_channel",
        "aws_securityhub_standards_subscription",
        # settings of the account, or of what AWS creates in a VPC
        "aws_default_network_acl",
        "aws_default_route_table",
        "aws_default_security_group",
        "aws_ebs_default_kms_key",
        "aws_ebs_encryption_by_default",
        "aws_ebs_snapshot_block_public_access",
        "aws_ec2_instance_metadata_defaults",
        "aws_ecr_registry_scanning_configuration",
        "aws_ecr_replication_configuration",
        "aws_iam_account_password_policy",
        "aws_s3_account_public_access_block",
        # nothing in the cloud: the provider waits
        "aws_acm_certificate_validation",
    }
)


def find(candidates: Sequence[Candidate], *, environment: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Import ids of the candidates that exist, or may exist: those whose name gives the id are not read.

    Raises TerraceError when AWS cannot be read, or when two resources match one candidate.
    """
    account = Account(environment, variables)
    found = {}
    for candidate in candidates:
        try:
            identity = _identity(account, candidate)
        except ClientError as error:
            if _is_absent(error):
                continue
            raise TerraceError(f"could not read whether it exists: {error}", where=candidate.address) from error
        except BotoCoreError as error:
            raise TerraceError(f"could not read whether it exists: {error}", where=candidate.address) from error
        if identity:
            found[candidate.address] = identity
    return found


def _identity(account: Account, candidate: Candidate) -> str | None:
    values = candidate.values
    if template := BY_NAME.get(candidate.type):
        return _filled(account, template, candidate)
    if tagged := BY_TAG.get(candidate.type):
        name = ({**(values.get("tags") or {}), **(values.get("tags_all") or {})}).get("Name")
        if not name:
            return None
        alive = [i for i in account.tagged(candidate.region, tagged.kind, name) if _alive(account, candidate, i)]
        if len(alive) > 1:
            raise TerraceError(
                f"{len(alive)} resources have the Name {name}: {', '.join(alive)}",
                where=candidate.address,
                hint="delete all but one",
            )
        return alive[0] if alive else None
    listing = BY_LISTING.get(candidate.type)
    return listing(account, candidate.region, values) if listing else None


def _filled(account: Account, template: str, candidate: Candidate) -> str | None:
    """The template with the planned values; None if one of them is known after the apply only."""
    values = {name: value for name, value in candidate.values.items() if value not in (None, "")}
    values.setdefault("path", "/")
    if candidate.type == "aws_iam_openid_connect_provider" and "url" in values:
        values["url"] = str(values["url"]).removeprefix("https://")
    if candidate.type == "aws_sns_topic" and not values.get("name"):
        return None
    if "{account}" in template:
        values |= account.identity
    if candidate.region:
        values["region"] = candidate.region
    try:
        return template.format_map(values)
    except KeyError:
        return None


def _alive(account: Account, candidate: Candidate, identity: str) -> bool:
    """Whether a tagged resource still exists; EC2 lists deleted ones, and their tags, for a while."""
    tagged = BY_TAG[candidate.type]
    describe = getattr(account.client("ec2", candidate.region), tagged.operation)
    try:
        described = describe(**{tagged.ids: [identity]})[tagged.field]
    except ClientError as error:
        if _is_absent(error):
            return False
        raise
    return any(one.get("State") not in ("deleted", "deleting") for one in described)


def _is_absent(error: ClientError) -> bool:
    code = str(error.response.get("Error", {}).get("Code", ""))
    return "NotFound" in code or "NoSuch" in code or "NonExist" in code or code == "404"
