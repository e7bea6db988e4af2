"""The VPC (NET-1 to NET-5)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance import access
from terrace.assurance.checks import Subject
from terrace.assurance.checks.aws import lookup
from terrace.assurance.checks.aws.lookup import condition, statements
from terrace.assurance.evaluation import Observation, at_least, at_most, check, empty, equal, includes
from terrace.assurance.view import Resource, flag
from terrace.aws import names
from terrace.calls import Absent

_ESSENTIAL = ("ecr.api", "ecr.dkr", "secretsmanager", "sts", "kms", "logs", "eks-auth")
"""The endpoints that nodes and workloads need."""
_FULL = (*_ESSENTIAL, "ec2", "eks", "elasticloadbalancing", "autoscaling", "monitoring", "rds", "sns", "sqs", "ssm")
_OF_NODES = ("aws_eks_node_group", "aws_vpc")
"""Types of _private_resources whose subnets are of nodes, which have egress."""
_EVERYWHERE = ("0.0.0.0/0", "::/0")


def _default_routes(stack: Subject, subnet: Resource) -> list[tuple[Resource, Resource]]:
    """(route, target) of the default routes in a subnet's route table; of an inline route, the table twice."""
    targets: list[tuple[Resource, Resource]] = []
    for link in stack.view.pointing("aws_route_table_association", "subnet_id", subnet):
        table = stack.view.target(link.get("route_table_id"))
        if table is None:
            continue
        for route in stack.view.pointing("aws_route", "route_table_id", table):
            if route.get("destination_cidr_block", route.get("destination_ipv6_cidr_block")) in _EVERYWHERE:
                targets += [
                    (route, target)
                    for name in ("nat_gateway_id", "gateway_id")
                    if (target := stack.view.target(route.get(name)))
                ]
        targets += [(table, table) for inline in table.blocks("route") if inline.get("cidr_block") in _EVERYWHERE]
    return targets


def _private_resources(stack: Subject) -> Iterator[tuple[Resource, list[Resource]]]:
    """The resources that have to be in private subnets, each with its subnets."""
    if stack.environment.cluster is None:
        nodes = [one for one in stack.all("aws_subnet") if one.path.startswith("network/nodes-")]
        yield stack.view.only("aws_vpc"), nodes
    for of, type, name in (
        ("cluster", "aws_eks_node_group", "subnet_ids"),
        ("database", "aws_db_subnet_group", "subnet_ids"),
        ("cache", "aws_elasticache_subnet_group", "subnet_ids"),
    ):
        if of in stack.environment.left_out:
            continue
        for resource in stack.all(type):
            yield resource, lookup.subnets(stack, resource, name)


@check("NET-1")
def private_subnets(stack: Subject) -> Iterator[Observation]:
    stack.own("network")
    for resource, subnets in _private_resources(stack):
        zones = [str(subnet.get("availability_zone")) for subnet in subnets]
        yield includes(str(resource), "zones of the subnets", zones, stack.target.zones)
        for subnet in subnets:
            yield equal(str(subnet), "map_public_ip_on_launch", bool(subnet.get("map_public_ip_on_launch")), False)
            vpc = stack.view.target(subnet.get("vpc_id"))
            yield equal(str(subnet), "network", str(vpc), "network/vpc")


@check("NET-2")
def egress_by_nat(stack: Subject) -> Iterator[Observation]:
    stack.own("network")
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
        is_node_group = resource.type in _OF_NODES
        for subnet in subnets:
            routes = _default_routes(stack, subnet)
            wrong = [route for route, target in routes if target.type != "aws_nat_gateway" or not is_node_group]
            ok = not wrong and bool(routes) == is_node_group
            fact = f"default route of {subnet} to {', '.join(str(target) for _, target in routes) or 'nothing'}"
            required = "a NAT gateway" if is_node_group else "no default route"
            yield Observation(str(wrong[0] if wrong else subnet), fact, ok, required)
    yield empty("network", "other public addresses", [str(a) for a in stack.all("aws_eip") if a not in addresses])
    for template in stack.all("aws_launch_template", or_none=stack.environment.cluster is None):
        public = [
            card for card in template.blocks("network_interfaces") if flag(card.get("associate_public_ip_address"))
        ]
        yield equal(str(template), "associates public addresses", bool(public), False)


def _zone(stack: Subject, gateway: Resource) -> str:
    subnet = stack.view.target(gateway.get("subnet_id"))
    return str(subnet.get("availability_zone")) if subnet else ""


@check("NET-3")
def private_paths(stack: Subject) -> Iterator[Observation]:
    stack.own("network")
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
    for resource, subnets in _private_resources(stack):
        for subnet in subnets if resource.type in _OF_NODES else ():
            for link in stack.view.pointing("aws_route_table_association", "subnet_id", subnet):
                tables.add(str(stack.view.target(link.get("route_table_id"))))
    return tables


@check("NET-4")
def default_deny(stack: Subject) -> Iterator[Observation]:
    stack.own("network")
    # access.aws.network reads the rules of all groups
    default_group = stack.view.only("aws_default_security_group")
    yield equal(str(default_group), "network", str(stack.view.target(default_group.get("vpc_id"))), "network/vpc")
    default = stack.view.only("aws_default_network_acl")
    yield equal(str(default), "rules", len([*default.blocks("ingress"), *default.blocks("egress")]), 0)
    for type in ("aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule"):
        for rule in stack.all(type):
            description = str(rule.get("description") or "").strip()
            fact, ok = f"description = {description or 'unset'}", len(description) >= 8
            yield Observation(str(rule), fact, ok, "a purpose of at least 8 characters")


@check("NET-4")
def access_lists(stack: Subject) -> Iterator[Observation]:
    """Network ACLs have the rules that follow from the environment. Replies arrive on any port from 1024 up."""
    stack.own("network")
    for access_list in stack.all("aws_network_acl"):
        subnets = lookup.subnets(stack, access_list, "subnet_ids")
        kinds = sorted({subnet.path.removeprefix("network/").partition("-")[0] for subnet in subnets})
        expected = _expected_rules(stack, kinds)
        rules = [
            (access_list, _access_rule(block, side)) for side in ("in", "out") for block in _side(access_list, side)
        ]
        for one in stack.view.pointing("aws_network_acl_rule", "network_acl_id", access_list):
            if one.get("rule_action") != "deny":
                rules.append((one, _access_rule(one.attributes, "out" if one.get("egress") else "in")))
        for resource, rule in rules:
            fact = f"allows {' '.join(map(str, rule))} in subnets of {', '.join(kinds) or 'nothing'}"
            yield Observation(str(resource), fact, rule in expected, "a rule that the environment needs")


_AccessRule = tuple[str, str, str, int, int]
"""Side, protocol, range, first and last port."""


def _expected_rules(stack: Subject, kinds: list[str]) -> set[_AccessRule]:
    """The rules that the subnets of these kinds need."""
    cidr, spec = str(stack.environment.network.cidr), stack.environment
    everywhere = _EVERYWHERE[0]
    if kinds == ["data"]:
        return {("in", "tcp", cidr, 1024, 65535), ("out", "tcp", cidr, 1024, 65535)}
    common: set[_AccessRule] = {
        ("in", "all", cidr, 0, 0), ("in", "tcp", everywhere, 1024, 65535), ("out", "all", everywhere, 0, 0),
    }  # fmt: skip
    if kinds == ["public"]:
        return common | {("in", "tcp", everywhere, port, port) for port in ((80, 443) if spec.network.entry else ())}
    callers = [*spec.api_ranges.values()]
    callers += spec.network.hybrid.peer_cidrs if spec.network.hybrid and spec.cluster else []
    return common | {("in", "tcp", str(one), 443, 443) for one in callers} if "data" not in kinds else set()


def _side(access_list: Resource, side: str) -> list[dict[str, Any]]:
    blocks = access_list.blocks("ingress" if side == "in" else "egress")
    return [block for block in blocks if block.get("action") != "deny"]


def _access_rule(written: dict[str, Any], side: str) -> _AccessRule:
    protocol = {"6": "tcp", "-1": "all", "17": "udp"}.get(str(written.get("protocol")), str(written.get("protocol")))
    cidr = str(written.get("cidr_block") or written.get("ipv6_cidr_block"))
    return side, protocol, cidr, int(written.get("from_port") or 0), int(written.get("to_port") or 0)


@check("NET-5")
def flow_logs(stack: Subject) -> Iterator[Observation]:
    stack.own("network")
    vpc = stack.one("aws_vpc", "network/vpc")
    logs = stack.view.pointing("aws_flow_log", "vpc_id", vpc)
    yield at_least(str(vpc), "flow logs", len(logs), 1)
    for log in logs:
        yield equal(str(log), "traffic_type", log.get("traffic_type"), "ALL")
        interval = stack.environment.network.flow_log_interval_seconds
        yield at_most(str(log), "max_aggregation_interval", log.get("max_aggregation_interval"), interval)
        expected = names.log_group_arn(stack.target, "flow")
        yield equal(str(log), "log_destination", log.get("log_destination"), expected)
        yield from lookup.unnarrowed(log, "log_format")
    yield lookup.retained(stack, "flow", stack.environment.observability.retention_days)


@check("NET-8")
def dns_queries_logged(stack: Subject) -> Iterator[Observation]:
    stack.own("network")
    vpc = stack.one("aws_vpc", "network/vpc")
    group = stack.one("aws_cloudwatch_log_group", "observability/dns-log")
    name = names.dns_log_group(stack.target)
    yield equal(str(group), "name", group.get("name"), name)
    days = stack.environment.observability.retention_days
    yield at_least(str(group), "retention_in_days", group.get("retention_in_days"), days)
    links = stack.view.pointing("aws_route53_resolver_query_log_config_association", "resource_id", vpc)
    yield equal(str(vpc), "query log configurations", len(links), 1)
    for link in links:
        config = stack.view.target(link.get("resolver_query_log_config_id"))
        if config is None:
            raise Absent(f"{link} has no aws_route53_resolver_query_log_config in the stack")
        expected = names.arn(stack.target, "logs", f"log-group:{name}")
        yield equal(str(config), "destination_arn", config.get("destination_arn"), expected)


@check("NET-4")
def declared_only(stack: Subject) -> Iterator[Observation]:
    stack.own("network")
    return access.observations(stack, "NET-4")
