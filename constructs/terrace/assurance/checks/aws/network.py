"""The VPC (NET-1 to NET-5)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.aws import lookup
from terrace.assurance.checks.aws.lookup import condition, statements
from terrace.assurance.evaluation import Observation, at_least, at_most, check, empty, equal, includes
from terrace.assurance.view import Resource, flag
from terrace.aws import names

_ESSENTIAL = ("ecr.api", "ecr.dkr", "secretsmanager", "sts", "kms", "logs", "eks-auth")
"""What nodes and workloads need to run."""
_FULL = (*_ESSENTIAL, "ec2", "eks", "elasticloadbalancing", "autoscaling", "monitoring", "rds", "sns", "sqs", "ssm")
_EVERYWHERE = ("0.0.0.0/0", "::/0")
_IN, _OUT = "aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule"


def _way_out(stack: Subject, subnet: Resource) -> list[Resource]:
    """What the routes to everywhere of a subnet's table lead to."""
    ways: list[Resource] = []
    for link in stack.view.pointing("aws_route_table_association", "subnet_id", subnet):
        table = stack.view.target(link.get("route_table_id"))
        if table is None:
            continue
        for route in stack.view.pointing("aws_route", "route_table_id", table):
            if route.get("destination_cidr_block", route.get("destination_ipv6_cidr_block")) in _EVERYWHERE:
                ways += [
                    way for name in ("nat_gateway_id", "gateway_id") if (way := stack.view.target(route.get(name)))
                ]
        ways += [table for inline in table.blocks("route") if inline.get("cidr_block") in _EVERYWHERE]
    return ways


def _users(stack: Subject) -> Iterator[tuple[Resource, list[Resource]]]:
    """What runs in private subnets, and which ones it names."""
    for type, name in (
        ("aws_eks_node_group", "subnet_ids"),
        ("aws_db_subnet_group", "subnet_ids"),
        ("aws_elasticache_subnet_group", "subnet_ids"),
    ):
        for resource in stack.all(type):
            yield resource, lookup.subnets(stack, resource, name)


@check("NET-1")
def private_subnets(stack: Subject) -> Iterator[Observation]:
    for resource, used in _users(stack):
        zones = [str(subnet.get("availability_zone")) for subnet in used]
        yield includes(str(resource), "zones of its subnets", zones, stack.target.zones)
        for subnet in used:
            yield equal(str(subnet), "map_public_ip_on_launch", bool(subnet.get("map_public_ip_on_launch")), False)
            vpc = stack.view.target(subnet.get("vpc_id"))
            yield equal(str(subnet), "network", str(vpc), "network/vpc")


@check("NET-2")
def egress_by_nat(stack: Subject) -> Iterator[Observation]:
    wanted = len(stack.target.zones) if stack.environment.network.egress.nat == "per_zone" else 1
    gateways = stack.all("aws_nat_gateway")
    yield at_least("network", "NAT gateways", len(gateways), wanted)
    addresses = [stack.view.target(gateway.get("allocation_id")) for gateway in gateways]
    for gateway, address in zip(gateways, addresses, strict=True):
        fixed = address is not None and address.type == "aws_eip"
        yield Observation(str(gateway), f"address {address or 'unset'}", fixed, "a fixed one")
    zones = {str(gateway): _zone(stack, gateway) for gateway in gateways}
    yield at_least("network", "zones with a NAT gateway", len(set(zones.values())), wanted)
    for resource, used in _users(stack):
        nodes = resource.type == "aws_eks_node_group"
        for subnet in used:
            ways = _way_out(stack, subnet)
            good = all(way.type == "aws_nat_gateway" for way in ways) and bool(ways) == nodes
            fact = f"leaves by {', '.join(map(str, ways)) or 'no way'}"
            yield Observation(str(subnet), fact, good, "NAT" if nodes else "no way out")
    yield empty("network", "addresses of others", [str(a) for a in stack.all("aws_eip") if a not in addresses])
    for template in stack.all("aws_launch_template"):
        public = [
            card for card in template.blocks("network_interfaces") if flag(card.get("associate_public_ip_address"))
        ]
        yield equal(str(template), "associates public addresses", bool(public), False)


def _zone(stack: Subject, gateway: Resource) -> str:
    subnet = stack.view.target(gateway.get("subnet_id"))
    return str(subnet.get("availability_zone")) if subnet else ""


@check("NET-3")
def private_paths(stack: Subject) -> Iterator[Observation]:
    prefix = f"com.amazonaws.{stack.target.region}."
    paths = {str(path.get("service_name")).removeprefix(prefix): path for path in stack.all("aws_vpc_endpoint")}
    wanted = _FULL if stack.environment.network.private_paths == "full" else _ESSENTIAL
    yield includes("network", "private paths", paths, ["s3", *wanted])
    account = names.account(stack.target)
    for service, path in sorted(paths.items()):
        if path.get("vpc_endpoint_type") == "Interface":
            yield equal(str(path), "private_dns_enabled", path.get("private_dns_enabled"), True)
            groups = [str(stack.view.target(group)) for group in path.get("security_group_ids", [])]
            yield equal(str(path), "groups", groups, ["network/openings/endpoints-group"])
        if service == "s3":
            tables = {str(stack.view.target(table)) for table in path.get("route_table_ids", [])}
            yield includes(str(path), "route tables", tables, sorted(_node_tables(stack)))
        rules = statements(path.get("policy") or {})
        own = bool(rules) and all(
            account in (*condition(rule, "StringEquals", "aws:PrincipalAccount"),
                        *condition(rule, "StringEquals", "aws:ResourceAccount"))
            or rule.get("Effect") == "Deny" or _reads_only(rule)
            for rule in rules
        )  # fmt: skip
        yield Observation(
            str(path), f"policy {'for this account' if own else 'for everybody'}", own, "for this account"
        )


def _reads_only(rule: dict[str, object]) -> bool:
    actions = rule.get("Action")
    return actions == "s3:GetObject" or actions == ["s3:GetObject"]


def _node_tables(stack: Subject) -> set[str]:
    tables = set()
    for group in stack.all("aws_eks_node_group"):
        for subnet in lookup.subnets(stack, group, "subnet_ids"):
            for link in stack.view.pointing("aws_route_table_association", "subnet_id", subnet):
                tables.add(str(stack.view.target(link.get("route_table_id"))))
    return tables


@check("NET-4")
def default_deny(stack: Subject) -> Iterator[Observation]:
    for type in ("aws_default_security_group", "aws_default_network_acl"):
        default = stack.view.only(type)
        own = [*default.blocks("ingress"), *default.blocks("egress")]
        yield equal(str(default), "openings", len(own), 0)
    for group in stack.all("aws_security_group"):
        inline = [*group.blocks("ingress"), *group.blocks("egress")]
        yield equal(str(group), "openings without a name", len(inline), 0)
    spec = stack.environment.network
    away = {str(place.cidr): place.port for place in spec.egress.destinations.values()}
    known = set(spec.hybrid.peer_cidrs) if spec.hybrid else set()
    api = {*known, *stack.environment.cluster.api_access.public_from.values()}
    for type in (_IN, _OUT):
        for rule in stack.all(type):
            told = str(rule.get("description") or "").strip()
            yield Observation(str(rule), f"purpose: {told or 'none'}", len(told) >= 8, "a purpose")
            yield equal(str(rule), "opens every protocol", str(rule.get("ip_protocol")) in ("-1", "all"), False)
            place = rule.get("cidr_ipv4") or rule.get("cidr_ipv6")
            if place is None:
                continue  # from a group or a prefix list, not from a range
            ports = (rule.get("from_port"), rule.get("to_port"))
            of = str(stack.view.target(rule.get("security_group_id")))
            if type == _OUT:
                good = ports == (away.get(place), away.get(place)) or place in known
            else:
                entry = of == "network/openings/entry-group" and place in _EVERYWHERE
                control = of == "network/openings/control-group" and place in api
                good = (entry and ports in ((80, 80), (443, 443))) or (control and ports == (443, 443))
            fact = f"{'to' if type == _OUT else 'from'} {place} ports {ports[0]}-{ports[1]} of {of}"
            yield Observation(str(rule), fact, good, "what the environment names, or the public entry")


@check("NET-5")
def flow_logs(stack: Subject) -> Iterator[Observation]:
    vpc = stack.one("aws_vpc", "network/vpc")
    found = stack.view.pointing("aws_flow_log", "vpc_id", vpc)
    yield at_least(str(vpc), "flow logs", len(found), 1)
    for log in found:
        yield equal(str(log), "traffic_type", log.get("traffic_type"), "ALL")
        interval = stack.environment.network.flow_log_interval_seconds
        yield at_most(str(log), "max_aggregation_interval", log.get("max_aggregation_interval"), interval)
        wanted = names.log_group_arn(stack.target, "flow")
        yield equal(str(log), "log_destination", log.get("log_destination"), wanted)
    yield lookup.kept(stack, "flow", stack.environment.observability.retention_days)
