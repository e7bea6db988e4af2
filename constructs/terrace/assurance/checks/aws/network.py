"""The VPC (NET-1 to NET-5)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.aws import lookup
from terrace.assurance.checks.aws.lookup import condition, statements
from terrace.assurance.evaluation import Observation, at_least, at_most, check, empty, equal, includes
from terrace.assurance.view import Resource, flag
from terrace.aws import names

_ESSENTIAL = ("ecr.api", "ecr.dkr", "secretsmanager", "sts", "kms", "logs", "eks-auth")
"""The endpoints that nodes and workloads need."""
_FULL = (*_ESSENTIAL, "ec2", "eks", "elasticloadbalancing", "autoscaling", "monitoring", "rds", "sns", "sqs", "ssm")
_EVERYWHERE = ("0.0.0.0/0", "::/0")
_IN, _OUT = "aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule"


def _default_routes(stack: Subject, subnet: Resource) -> list[Resource]:
    """The targets of the default routes in a subnet's route table."""
    targets: list[Resource] = []
    for link in stack.view.pointing("aws_route_table_association", "subnet_id", subnet):
        table = stack.view.target(link.get("route_table_id"))
        if table is None:
            continue
        for route in stack.view.pointing("aws_route", "route_table_id", table):
            if route.get("destination_cidr_block", route.get("destination_ipv6_cidr_block")) in _EVERYWHERE:
                targets += [
                    target
                    for name in ("nat_gateway_id", "gateway_id")
                    if (target := stack.view.target(route.get(name)))
                ]
        targets += [table for inline in table.blocks("route") if inline.get("cidr_block") in _EVERYWHERE]
    return targets


def _private_resources(stack: Subject) -> Iterator[tuple[Resource, list[Resource]]]:
    """The resources that have to be in private subnets, each with its subnets."""
    for type, name in (
        ("aws_eks_node_group", "subnet_ids"),
        ("aws_db_subnet_group", "subnet_ids"),
        ("aws_elasticache_subnet_group", "subnet_ids"),
    ):
        for resource in stack.all(type):
            yield resource, lookup.subnets(stack, resource, name)


@check("NET-1")
def private_subnets(stack: Subject) -> Iterator[Observation]:
    for resource, subnets in _private_resources(stack):
        zones = [str(subnet.get("availability_zone")) for subnet in subnets]
        yield includes(str(resource), "zones of the subnets", zones, stack.target.zones)
        for subnet in subnets:
            yield equal(str(subnet), "map_public_ip_on_launch", bool(subnet.get("map_public_ip_on_launch")), False)
            vpc = stack.view.target(subnet.get("vpc_id"))
            yield equal(str(subnet), "network", str(vpc), "network/vpc")


@check("NET-2")
def egress_by_nat(stack: Subject) -> Iterator[Observation]:
    expected = len(stack.target.zones) if stack.environment.network.egress.nat == "per_zone" else 1
    gateways = stack.all("aws_nat_gateway")
    yield at_least("network", "NAT gateways", len(gateways), expected)
    addresses = [stack.view.target(gateway.get("allocation_id")) for gateway in gateways]
    for gateway, address in zip(gateways, addresses, strict=True):
        is_elastic_ip = address is not None and address.type == "aws_eip"
        yield Observation(
            str(gateway), f"allocation_id = {address or 'unset'}", is_elastic_ip, "an aws_eip of the stack"
        )
    zones = {str(gateway): _zone(stack, gateway) for gateway in gateways}
    yield at_least("network", "zones with a NAT gateway", len(set(zones.values())), expected)
    for resource, subnets in _private_resources(stack):
        is_node_group = resource.type == "aws_eks_node_group"
        for subnet in subnets:
            targets = _default_routes(stack, subnet)
            ok = all(target.type == "aws_nat_gateway" for target in targets) and bool(targets) == is_node_group
            fact = f"default route to {', '.join(map(str, targets)) or 'nothing'}"
            yield Observation(str(subnet), fact, ok, "a NAT gateway" if is_node_group else "no default route")
    yield empty("network", "other public addresses", [str(a) for a in stack.all("aws_eip") if a not in addresses])
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
    endpoints = {
        str(endpoint.get("service_name")).removeprefix(prefix): endpoint for endpoint in stack.all("aws_vpc_endpoint")
    }
    expected = _FULL if stack.environment.network.private_paths == "full" else _ESSENTIAL
    yield includes("network", "VPC endpoints", endpoints, ["s3", *expected])
    account = names.account(stack.target)
    for service, endpoint in sorted(endpoints.items()):
        if endpoint.get("vpc_endpoint_type") == "Interface":
            yield equal(str(endpoint), "private_dns_enabled", endpoint.get("private_dns_enabled"), True)
            groups = [str(stack.view.target(group)) for group in endpoint.get("security_group_ids", [])]
            yield equal(str(endpoint), "security groups", groups, ["network/openings/endpoints-group"])
        if service == "s3":
            tables = {str(stack.view.target(table)) for table in endpoint.get("route_table_ids", [])}
            yield includes(str(endpoint), "route tables", tables, sorted(_node_tables(stack)))
        rules = statements(endpoint.get("policy") or {})
        own = bool(rules) and all(
            account in (*condition(rule, "StringEquals", "aws:PrincipalAccount"),
                        *condition(rule, "StringEquals", "aws:ResourceAccount"))
            or rule.get("Effect") == "Deny" or _reads_only(rule)
            for rule in rules
        )  # fmt: skip
        yield Observation(
            str(endpoint), f"policy allows {'this account only' if own else 'other accounts'}", own, "this account only"
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
        yield equal(str(default), "rules", len(own), 0)
    for group in stack.all("aws_security_group"):
        inline = [*group.blocks("ingress"), *group.blocks("egress")]
        yield equal(str(group), "inline rules", len(inline), 0)
    spec = stack.environment.network
    egress_ports = {str(destination.cidr): destination.port for destination in spec.egress.destinations.values()}
    peer_cidrs = set(spec.hybrid.peer_cidrs) if spec.hybrid else set()
    api_cidrs = {*peer_cidrs, *stack.environment.cluster.api_access.public_from.values()}
    for type in (_IN, _OUT):
        for rule in stack.all(type):
            description = str(rule.get("description") or "").strip()
            yield Observation(
                str(rule),
                f"description = {description or 'unset'}",
                len(description) >= 8,
                "a purpose of at least 8 characters",
            )
            yield equal(str(rule), "allows every protocol", str(rule.get("ip_protocol")) in ("-1", "all"), False)
            cidr = rule.get("cidr_ipv4") or rule.get("cidr_ipv6")
            if cidr is None:
                continue  # the rule refers to a security group or a prefix list
            ports = (rule.get("from_port"), rule.get("to_port"))
            group_name = str(stack.view.target(rule.get("security_group_id")))
            if type == _OUT:
                ok = ports == (egress_ports.get(cidr), egress_ports.get(cidr)) or cidr in peer_cidrs
            else:
                entry = group_name == "network/openings/entry-group" and cidr in _EVERYWHERE
                control = group_name == "network/openings/control-group" and cidr in api_cidrs
                ok = (entry and ports in ((80, 80), (443, 443))) or (control and ports == (443, 443))
            fact = f"{'to' if type == _OUT else 'from'} {cidr} ports {ports[0]}-{ports[1]} of {group_name}"
            yield Observation(str(rule), fact, ok, "a flow that the environment declares, or the public entry")


@check("NET-5")
def flow_logs(stack: Subject) -> Iterator[Observation]:
    vpc = stack.one("aws_vpc", "network/vpc")
    logs = stack.view.pointing("aws_flow_log", "vpc_id", vpc)
    yield at_least(str(vpc), "flow logs", len(logs), 1)
    for log in logs:
        yield equal(str(log), "traffic_type", log.get("traffic_type"), "ALL")
        interval = stack.environment.network.flow_log_interval_seconds
        yield at_most(str(log), "max_aggregation_interval", log.get("max_aggregation_interval"), interval)
        expected = names.log_group_arn(stack.target, "flow")
        yield equal(str(log), "log_destination", log.get("log_destination"), expected)
    yield lookup.retained(stack, "flow", stack.environment.observability.retention_days)
