"""Breaks of the guarantees about the network, its entry, keys and secrets."""

from terrace.aws import names
from terrace.live.aws import network
from tests.live.aws.breaks import breaks
from tests.live.aws.site import Site, document


@breaks("NET-1")
def node_subnet_assigns_public_addresses(site: Site) -> None:
    subnet = network.subnets(site.deployment, "nodes")[0]["SubnetId"]
    site.client("ec2").modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})


@breaks("NET-2")
def nodes_route_to_the_internet_gateway(site: Site) -> None:
    subnet = network.subnets(site.deployment, "nodes")[0]["SubnetId"]
    tables = network.in_vpc(site.deployment, "describe_route_tables", "RouteTables")
    table = next(t for t in tables if any(link.get("SubnetId") == subnet for link in t["Associations"]))
    gateways = network.in_vpc(
        site.deployment, "describe_internet_gateways", "InternetGateways", filter_name="attachment.vpc-id"
    )
    site.client("ec2").replace_route(
        RouteTableId=table["RouteTableId"],
        DestinationCidrBlock="0.0.0.0/0",
        GatewayId=gateways[0]["InternetGatewayId"],
    )


@breaks("NET-3")
def kms_endpoint_is_deleted(site: Site) -> None:
    endpoints = network.in_vpc(site.deployment, "describe_vpc_endpoints", "VpcEndpoints")
    ids = [endpoint["VpcEndpointId"] for endpoint in endpoints if endpoint["ServiceName"].endswith(".kms")]
    site.client("ec2").delete_vpc_endpoints(VpcEndpointIds=ids)


@breaks("NET-4")
def database_is_open_to_every_address(site: Site) -> None:
    site.allow(
        site.security_group("database"), 5432, IpRanges=[{"CidrIp": "0.0.0.0/0", "Description": "for debugging"}]
    )


@breaks("NET-5")
def only_rejected_flows_are_logged(site: Site) -> None:
    ec2 = site.client("ec2")
    log = ec2.describe_flow_logs(Filters=[{"Name": "resource-id", "Values": [site.vpc]}])["FlowLogs"][0]
    ec2.delete_flow_logs(FlowLogIds=[log["FlowLogId"]])
    ec2.create_flow_logs(
        ResourceIds=[site.vpc],
        ResourceType="VPC",
        TrafficType="REJECT",
        LogDestinationType=log["LogDestinationType"],
        LogDestination=log["LogDestination"],
        DeliverLogsPermissionArn=log["DeliverLogsPermissionArn"],
        MaxAggregationInterval=log["MaxAggregationInterval"],
    )


@breaks("NET-6")
def firewall_only_counts(site: Site) -> None:
    waf = site.client("wafv2")
    summary = next(acl for acl in waf.list_web_acls(Scope="REGIONAL")["WebACLs"] if acl["Name"] == site.prefix)
    where = {"Name": summary["Name"], "Scope": "REGIONAL", "Id": summary["Id"]}
    answer = waf.get_web_acl(**where)
    acl = answer["WebACL"]
    counting = [
        {**rule, "OverrideAction": {"Count": {}}} if "OverrideAction" in rule else rule for rule in acl["Rules"]
    ]
    waf.update_web_acl(
        **where,
        LockToken=answer["LockToken"],
        DefaultAction=acl["DefaultAction"],
        VisibilityConfig=acl["VisibilityConfig"],
        Rules=counting,
    )


@breaks("NET-7")
def vpn_connection_is_deleted(site: Site) -> None:
    ec2 = site.client("ec2")
    connections = ec2.describe_vpn_connections(Filters=[{"Name": "tag:Name", "Values": [site.prefix]}])
    ec2.delete_vpn_connection(VpnConnectionId=connections["VpnConnections"][0]["VpnConnectionId"])


@breaks("KEY-1")
def key_is_not_rotated(site: Site) -> None:
    site.client("kms").disable_key_rotation(KeyId=site.key("lake"))


@breaks("KEY-2")
def key_is_scheduled_for_deletion(site: Site) -> None:
    site.client("kms").schedule_key_deletion(KeyId=site.key("logs").rpartition("/")[2], PendingWindowInDays=7)


@breaks("KEY-3")
def every_identity_of_the_account_may_use_a_key(site: Site) -> None:
    anyone = {"Effect": "Allow", "Principal": {"AWS": names.root(site.target)}, "Action": "kms:*", "Resource": "*"}
    site.client("kms").put_key_policy(KeyId=site.key("database"), PolicyName="default", Policy=document(anyone))


@breaks("SEC-1")
def secret_has_another_key(site: Site) -> None:
    site.client("secretsmanager").update_secret(SecretId=f"{site.prefix}/airflow/app", KmsKeyId=site.key("logs"))


@breaks("SEC-2")
def admin_password_rotates_every_400_days(site: Site) -> None:
    server = site.client("rds").describe_db_instances(DBInstanceIdentifier=site.prefix)["DBInstances"][0]
    site.client("secretsmanager").rotate_secret(
        SecretId=server["MasterUserSecret"]["SecretArn"],
        RotationRules={"AutomaticallyAfterDays": 400},
        RotateImmediately=False,
    )


@breaks("SEC-3")
def secret_has_no_resource_policy(site: Site) -> None:
    site.client("secretsmanager").delete_resource_policy(SecretId=f"{site.prefix}/airflow/app")


@breaks("SEC-4")
def secret_names_no_rotating_team(site: Site) -> None:
    site.client("secretsmanager").untag_resource(SecretId=f"{site.prefix}/airflow/app", TagKeys=["rotated-by"])


@breaks("NET-8")
def log_of_dns_queries_is_kept_for_a_day(site: Site) -> None:
    site.client("logs").put_retention_policy(logGroupName=names.dns_log_group(site.target), retentionInDays=1)
