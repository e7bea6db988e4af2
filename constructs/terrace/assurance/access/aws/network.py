"""The paths of a stack on AWS: security groups, routes, the Kubernetes API's endpoint, load balancers, node access."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from terrace.assurance.access.aws import routes
from terrace.assurance.access.aws.parties import Groups, names_of
from terrace.assurance.access.model import ALL_PORTS, Path, Protocol, Unknown
from terrace.assurance.checks import Subject
from terrace.assurance.view import Resource, blocks
from terrace.aws.flows import GROUPS, flows

_PROTOCOLS: dict[str, Protocol] = {
    "tcp": "tcp", "6": "tcp", "udp": "udp", "17": "udp", "icmp": "icmp", "1": "icmp", "icmpv6": "icmp", "58": "icmp",
    "-1": "all", "all": "all",
}  # fmt: skip


def flow_paths(stack: Subject) -> tuple[Path, ...]:
    """The traffic between parties that the foundation needs."""
    return tuple(
        Path(flow.source, flow.into, flow.protocol, (flow.first_port, flow.last_port))
        for flow in flows(stack.environment.parties_left_out).values()
    )


@dataclass(frozen=True)
class _Rule:
    """One rule of a group for one peer. `inward` is whether the group receives."""

    inward: bool
    party: str
    peer: str
    protocol: Protocol
    ports: tuple[int, int]
    by: tuple[str, ...]

    @property
    def path(self) -> Path:
        source, destination = (self.peer, self.party) if self.inward else (self.party, self.peer)
        return Path(source, destination, self.protocol, self.ports, self.by)


def paths(stack: Subject) -> Iterator[Path | Unknown]:
    """Every path that the stack opens, and what could open one and is not understood.

    A rule on one side is a path, because the other side often allows more than needed. A flow between parties that the
    foundation declares exists only if both sides allow it, so that a missing half is a missing path.
    """
    groups, needed = Groups(stack), flow_paths(stack)
    rules: list[_Rule] = []
    for found in _rules(stack, groups):
        if isinstance(found, Unknown):
            yield found
        else:
            rules.append(found)
    sides = {inward: [rule.path for rule in rules if rule.inward is inward] for inward in (True, False)}
    for rule in rules:
        path = rule.path
        if rule.peer in GROUPS and not _any_covers(sides[not rule.inward], path) and _any_covers(needed, path):
            continue
        if path in _of_endpoint(stack):
            continue  # the endpoint's own list of ranges decides, see _api
        if rule.inward and (rule.peer, rule.party) == ("internet", "entry"):
            yield from _into_entry(stack, groups, path)
        else:
            yield path
    yield from _api(stack)
    yield from _load_balancers(stack, groups)
    yield from _remote_access(stack, groups)
    yield from routes.paths(stack)


def _any_covers(ones: Any, path: Path) -> bool:
    return any(one.covers(path) for one in ones)


def _rules(stack: Subject, groups: Groups) -> Iterator[_Rule | Unknown]:
    """The rules of all kinds."""
    for type, inward in (("aws_vpc_security_group_ingress_rule", True), ("aws_vpc_security_group_egress_rule", False)):
        for rule in stack.view.all(type):
            yield from _of_rule(stack, groups, rule, rule.attributes, rule.get("security_group_id"), inward)
    for rule in stack.view.all("aws_security_group_rule"):
        inward = rule.get("type") != "egress"
        yield from _of_rule(stack, groups, rule, rule.attributes, rule.get("security_group_id"), inward)
    for type in ("aws_security_group", "aws_default_security_group"):
        for group in stack.view.all(type):
            for name in ("ingress", "egress"):
                for block in blocks(group.attributes, name):
                    yield from _of_rule(stack, groups, group, block, group, name == "ingress")


def _of_rule(
    stack: Subject, groups: Groups, resource: Resource, rule: dict[str, Any], group: object, inward: bool
) -> Iterator[_Rule | Unknown]:
    protocol = _PROTOCOLS.get(str(rule.get("ip_protocol") or rule.get("protocol") or "-1").lower(), "all")
    ports = _ports(rule, protocol)
    peers = list(_peers(stack, groups, rule, group, resource))
    if not peers:
        yield Unknown(f"a rule of {groups.title(group)} without a peer", str(resource))
    for party, attached in groups.parties(group):
        for peer in peers:
            if isinstance(peer, Unknown):
                yield peer
            else:
                yield _Rule(inward, party, peer, protocol, ports, (*attached, str(resource)))


def _ports(rule: dict[str, Any], protocol: Protocol) -> tuple[int, int]:
    first, last = rule.get("from_port"), rule.get("to_port")
    if protocol not in ("tcp", "udp") or not isinstance(first, int) or not isinstance(last, int) or first < 0:
        return ALL_PORTS
    return first, last


def _peers(
    stack: Subject, groups: Groups, rule: dict[str, Any], group: object, resource: Resource
) -> Iterator[str | Unknown]:
    """The names of a rule's other side."""
    for name in ("cidr_ipv4", "cidr_ipv6", "cidr_blocks", "ipv6_cidr_blocks"):
        for cidr in _listed(rule.get(name)):
            yield from names_of(stack, cidr, str(resource))
    for name in ("prefix_list_id", "prefix_list_ids"):
        for value in _listed(rule.get(name)):
            yield from _prefix_list(stack, value, str(resource))
    for name in ("referenced_security_group_id", "source_security_group_id", "security_groups"):
        for value in _listed(rule.get(name)):
            yield from (party for party, _ in groups.parties(value))
    if rule.get("self"):
        yield from (party for party, _ in groups.parties(group))


def _prefix_list(stack: Subject, value: object, by: str) -> Iterator[str | Unknown]:
    """The names of a prefix list's ranges; those of AWS are a service's."""
    target = stack.view.target(value)
    if target is not None and target.type == "aws_vpc_endpoint":
        yield f"cloud {str(target.get('service_name')).rpartition('.')[2]}"
        return
    if target is None or target.type != "aws_ec2_managed_prefix_list":
        yield f"unknown prefix list {value}"
        return
    entries = [block.get("cidr") for block in target.blocks("entry")]
    for one in stack.view.pointing("aws_ec2_managed_prefix_list_entry", "prefix_list_id", target):
        entries.append(one.get("cidr"))
    for cidr in entries:
        yield from names_of(stack, cidr, by)


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value in (None, "") else [value]


def _of_endpoint(stack: Subject) -> set[Path]:
    """The paths into the Kubernetes API that its public endpoint decides on."""
    ranges = stack.environment.api_ranges
    return {Path(f"range {name}", "control", "tcp", (443, 443)) for name in ranges}


def _api(stack: Subject) -> Iterator[Path | Unknown]:
    """Who reaches the Kubernetes API by its public endpoint, which no security group filters. Without ranges it is open
    to everyone. Source: Amazon EKS User Guide, "Cluster API server endpoint"."""
    for cluster in stack.view.all("aws_eks_cluster"):
        if cluster.get("vpc_config.endpoint_public_access", True):
            for cidr in cluster.get("vpc_config.public_access_cidrs") or ["0.0.0.0/0"]:
                for name in names_of(stack, cidr, str(cluster)):
                    yield (
                        name if isinstance(name, Unknown) else Path(name, "control", "tcp", (443, 443), (str(cluster),))
                    )


def _into_entry(stack: Subject, groups: Groups, path: Path) -> Iterator[Path]:
    """The way from the internet through a public load balancer; a path that the environment does not declare exists by
    the rule alone."""
    if path.ports not in ((443, 443), (80, 80)) or path.protocol != "tcp":
        yield path
        return
    for balancer in stack.view.all("aws_lb"):
        in_entry = any(party == "entry" for value in _groups_of(balancer) for party, _ in groups.parties(value))
        listeners = stack.view.pointing("aws_lb_listener", "load_balancer_arn", balancer)
        ports = {one.get("port"): one for one in listeners}
        route = routes.to_internet(stack, balancer)
        if in_entry and not balancer.get("internal") and path.ports[0] in ports and route:
            by = (str(route), str(balancer), str(ports[path.ports[0]]), *path.by)
            yield Path(path.source, path.destination, path.protocol, path.ports, by)
            return


def _groups_of(balancer: Resource) -> list[Any]:
    return _listed(balancer.get("security_groups"))


def _load_balancers(stack: Subject, groups: Groups) -> Iterator[Path]:
    """Public load balancers that are not in the group of the public entry."""
    for type in ("aws_lb", "aws_alb", "aws_elb"):
        for balancer in stack.view.all(type):
            if balancer.get("internal"):
                continue
            attached = [party for value in _groups_of(balancer) for party, _ in groups.parties(value)]
            for party in attached or [f"unknown load balancer {balancer}"]:
                if party != "entry":
                    yield Path("internet", party, "all", ALL_PORTS, (str(balancer),))


def _remote_access(stack: Subject, groups: Groups) -> Iterator[Path]:
    """SSH to nodes; with a key and no group it is open to everyone. Source: Amazon EKS API, RemoteAccessConfig."""
    for pool in stack.view.all("aws_eks_node_group"):
        for access in pool.blocks("remote_access"):
            allowed = _listed(access.get("source_security_group_ids"))
            sources = [party for value in allowed for party, _ in groups.parties(value)] or ["internet"]
            for source in sources:
                yield Path(source, "nodes", "tcp", (22, 22), (str(pool),))
