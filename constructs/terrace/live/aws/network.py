"""Checks of the VPC (NET-1 to NET-5, NET-8), and the VPN link (NET-7)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.checks.aws.lookup import condition, statements
from terrace.assurance.evaluation import NotRequired, Observation, at_least, at_most, check, empty, equal, includes
from terrace.aws import names
from terrace.live.aws import logs
from terrace.live.aws.checks import Deployment
from terrace.live.aws.session import Absent

ESSENTIAL = ("ecr.api", "ecr.dkr", "secretsmanager", "sts", "kms", "logs", "eks-auth")
"""The endpoints that nodes and workloads need; `private_paths: full` has more."""
_EVERYWHERE = "0.0.0.0/0"


def vpc(deployment: Deployment) -> str:
    """The id of the deployment's VPC, or of the existing one. Raises Absent."""
    if deployment.target.existing.network:
        return deployment.target.existing.network.id
    found = deployment.pages("ec2", "describe_vpcs", "Vpcs", Filters=[_named(deployment.prefix)])
    if len(found) != 1:
        raise Absent(f"{len(found)} networks are named {deployment.prefix}", where="ec2:describe_vpcs")
    return str(found[0]["VpcId"])


def own_vpc(deployment: Deployment) -> str:
    """The id of the VPC of the deployment's own. Raises Absent."""
    if deployment.target.existing.network:
        raise Absent("the network is existing")
    return vpc(deployment)


def _named(name: str) -> dict[str, Any]:
    return {"Name": "tag:Name", "Values": [name]}


def in_vpc(deployment: Deployment, operation: str, field: str, filter_name: str = "vpc-id") -> list[dict[str, Any]]:
    """The entries of an EC2 listing that are in the VPC."""
    return deployment.pages("ec2", operation, field, Filters=[{"Name": filter_name, "Values": [vpc(deployment)]}])


def name_of(entry: dict[str, Any]) -> str:
    """An entry's Name tag, or an empty string."""
    return next((str(tag["Value"]) for tag in entry.get("Tags", []) if tag["Key"] == "Name"), "")


def subnets(deployment: Deployment, role: str = "") -> list[dict[str, Any]]:
    """The VPC's subnets, or those of a role (public, nodes, data, control); of an existing one, the named ones."""
    found = in_vpc(deployment, "describe_subnets", "Subnets")
    if existing := deployment.target.existing.network:
        kind = "entry" if role == "public" else role
        ids = {id for name, named in existing.subnets.items() if kind in ("", name) for id in named}
        return [subnet for subnet in found if subnet["SubnetId"] in ids]
    return [subnet for subnet in found if name_of(subnet).startswith(f"{deployment.prefix}-{role}")]


def _routes(deployment: Deployment, role: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The name of each subnet of a role, and its default route (empty: none)."""
    tables = in_vpc(deployment, "describe_route_tables", "RouteTables")
    for subnet in subnets(deployment, role):
        for table in tables:
            if any(link.get("SubnetId") == subnet["SubnetId"] for link in table.get("Associations", [])):
                ways = [route for route in table["Routes"] if route.get("DestinationCidrBlock") == _EVERYWHERE]
                yield name_of(subnet) or subnet["SubnetId"], ways[0] if ways else {}


@check("NET-1")
def private_subnets(deployment: Deployment) -> Iterator[Observation]:
    for role in ("nodes", "data"):
        zones = [subnet["AvailabilityZone"] for subnet in subnets(deployment, role)]
        yield includes(f"subnets {deployment.prefix}-{role}", "zones", zones, deployment.target.zones)
    for subnet in subnets(deployment):
        yield equal(
            name_of(subnet) or subnet["SubnetId"], "MapPublicIpOnLaunch", subnet.get("MapPublicIpOnLaunch"), False
        )


@check("NET-2")
def egress_by_nat(deployment: Deployment) -> Iterator[Observation]:
    expected = len(deployment.target.zones) if deployment.environment.network.egress.nat == "per_zone" else 1
    gateways = [
        gateway
        for gateway in in_vpc(deployment, "describe_nat_gateways", "NatGateways")
        if gateway.get("State") == "available"
    ]
    yield at_least(f"network {deployment.prefix}", "NAT gateways", len(gateways), expected)
    for gateway in gateways:
        address: dict[str, Any] = next(iter(gateway.get("NatGatewayAddresses", [])), {})
        fixed = bool(address.get("AllocationId"))
        yield Observation(gateway["NatGatewayId"], f"address {address.get('PublicIp')}", fixed, "an Elastic IP address")
    for name, way in _routes(deployment, "nodes"):
        yield Observation(name, f"default route to {_way(way)}", "NatGatewayId" in way, "NAT")
    for role in ("data", "control"):
        for name, way in _routes(deployment, role):
            yield Observation(name, f"default route to {_way(way)}", not way, "none")
    for reservation in in_vpc(deployment, "describe_instances", "Reservations"):
        for instance in reservation.get("Instances", []):
            yield equal(instance["InstanceId"], "PublicIpAddress", instance.get("PublicIpAddress"), None)


def _way(route: dict[str, Any]) -> str:
    return next(
        (str(route[key]) for key in ("NatGatewayId", "GatewayId", "TransitGatewayId") if route.get(key)), "none"
    )


@check("NET-3")
def private_paths(deployment: Deployment) -> Iterator[Observation]:
    found = in_vpc(deployment, "describe_vpc_endpoints", "VpcEndpoints")
    usable = {
        str(endpoint["ServiceName"]).rpartition(f"{deployment.target.region}.")[2]: endpoint
        for endpoint in found
        if str(endpoint.get("State", "")).lower() == "available"
    }
    yield includes(f"network {deployment.prefix}", "endpoints", usable, ["s3", *ESSENTIAL])
    for service, endpoint in sorted(usable.items()):
        resource = f"endpoint {service}"
        if endpoint.get("VpcEndpointType") == "Interface":
            yield equal(resource, "PrivateDnsEnabled", endpoint.get("PrivateDnsEnabled"), True)
        account = names.account(deployment.target)
        rules = statements(endpoint["PolicyDocument"]) if endpoint.get("PolicyDocument") else []
        own = any(
            account in condition(rule, "StringEquals", key)
            for rule in rules
            for key in ("aws:PrincipalAccount", "aws:ResourceAccount")
        )
        yield Observation(
            resource, f"policy allows {'this account only' if own else 'every account'}", own, "this account only"
        )


@check("NET-4")
def default_deny(deployment: Deployment) -> Iterator[Observation]:
    groups = in_vpc(deployment, "describe_security_groups", "SecurityGroups")
    rules = deployment.pages(
        "ec2",
        "describe_security_group_rules",
        "SecurityGroupRules",
        Filters=[{"Name": "group-id", "Values": [group["GroupId"] for group in groups]}],
    )
    ports = {place.port for place in deployment.environment.network.egress.destinations.values()}
    network = deployment.target.existing.network
    existing = {id: party for party, id in network.groups.items()} if network else {}
    for group in groups:
        name, own = group["GroupName"], [rule for rule in rules if rule["GroupId"] == group["GroupId"]]
        resource = f"security group {name}"
        if name == "default":
            yield empty(resource, "rules", [rule["SecurityGroupRuleId"] for rule in own])
            continue
        if group["GroupId"] not in existing if network else not name.startswith(f"{deployment.prefix}-"):
            continue  # of others in an existing network; EKS creates one, which no node has
        yield empty(
            resource, "rules without a description", [_shown(rule) for rule in own if not rule.get("Description")]
        )
        wide = [
            rule
            for rule in own
            if _EVERYWHERE in (rule.get("CidrIpv4"), rule.get("CidrIpv6")) or rule.get("CidrIpv6") == "::/0"
        ]
        entry = existing.get(group["GroupId"]) == "entry" or name == f"{deployment.prefix}-entry"
        allowed_in, allowed_out = ({80, 443} if entry else set()), ({443} | ports)
        bad = [
            _shown(rule)
            for rule in wide
            if rule.get("FromPort") != rule.get("ToPort")
            or rule.get("FromPort") not in (allowed_out if rule["IsEgress"] else allowed_in)
        ]
        yield empty(resource, "rules open to every address", bad)


def _shown(rule: dict[str, Any]) -> str:
    direction = "to" if rule["IsEgress"] else "from"
    place = (
        rule.get("CidrIpv4") or rule.get("CidrIpv6") or rule.get("ReferencedGroupInfo", {}).get("GroupId") or "a list"
    )
    return f"{direction} {place} {rule.get('IpProtocol')} {rule.get('FromPort')}-{rule.get('ToPort')}"


@check("NET-5")
def flow_logs(deployment: Deployment) -> Iterator[Observation]:
    found = deployment.pages(
        "ec2", "describe_flow_logs", "FlowLogs", Filters=[{"Name": "resource-id", "Values": [vpc(deployment)]}]
    )
    yield at_least(f"network {deployment.prefix}", "flow logs", len(found), 1)
    interval = deployment.environment.network.flow_log_interval_seconds
    for log in found:
        yield equal(log["FlowLogId"], "TrafficType", log.get("TrafficType"), "ALL")
        yield equal(log["FlowLogId"], "FlowLogStatus", log.get("FlowLogStatus"), "ACTIVE")
        yield at_most(log["FlowLogId"], "MaxAggregationInterval", log.get("MaxAggregationInterval"), interval)
        if deployment.target.existing.network:
            continue  # the owner keeps them elsewhere
        # by name or by ARN, as it was created
        group = log.get("LogGroupName") or str(log.get("LogDestination", "")).removesuffix(":*").rpartition(":")[2]
        yield equal(log["FlowLogId"], "log group", group, names.log_group(deployment.target, "flow"))
    if not deployment.target.existing.network:
        yield logs.kept(deployment, "flow", deployment.environment.observability.retention_days)


@check("NET-8")
def dns_queries_logged(deployment: Deployment) -> Iterator[Observation]:
    of_vpc = [{"Name": "ResourceId", "Values": [vpc(deployment)]}]
    links = deployment.pages(
        "route53resolver",
        "list_resolver_query_log_config_associations",
        "ResolverQueryLogConfigAssociations",
        Filters=of_vpc,
    )
    expected = at_least if deployment.target.existing.network else equal
    yield expected(f"network {deployment.prefix}", "logs of DNS queries", len(links), 1)
    group = names.dns_log_group(deployment.target)
    for link in links:
        yield equal(link["Id"], "Status", link.get("Status"), "ACTIVE")
        if deployment.target.existing.network:
            continue  # the owner keeps them elsewhere
        config = deployment.call(
            "route53resolver",
            "get_resolver_query_log_config",
            ResolverQueryLogConfigId=link["ResolverQueryLogConfigId"],
        )["ResolverQueryLogConfig"]
        destination = str(config.get("DestinationArn")).removesuffix(":*")
        yield equal(
            link["Id"], "DestinationArn", destination, names.arn(deployment.target, "logs", f"log-group:{group}")
        )
    if deployment.target.existing.network:
        return
    found = deployment.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=group)
    retention = [entry.get("retentionInDays") for entry in found if entry["logGroupName"] == group]
    days = deployment.environment.observability.retention_days
    yield at_least(group, "retentionInDays", retention[0] if retention else None, days)


@check("NET-7")
def link(deployment: Deployment) -> Iterator[Observation]:
    spec = deployment.environment.network.hybrid
    if spec is None:
        raise NotRequired("network.hybrid is not set")
    found = deployment.pages("ec2", "describe_vpn_connections", "VpnConnections", Filters=[_named(deployment.prefix)])
    live = [connection for connection in found if connection.get("State") in ("available", "pending")]
    yield equal(f"network {deployment.prefix}", "VPN connections", len(live), 1)
    for connection in live:
        peer = deployment.call(
            "ec2", "describe_customer_gateways", CustomerGatewayIds=[connection["CustomerGatewayId"]]
        )["CustomerGateways"][0]
        yield equal(connection["VpnConnectionId"], "peer", peer.get("IpAddress"), str(spec.peer_address))
        routes = [
            route["DestinationCidrBlock"] for route in connection.get("Routes", []) if route.get("State") != "deleted"
        ]
        yield includes(connection["VpnConnectionId"], "routes", routes, spec.peer_cidrs)
