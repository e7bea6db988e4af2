"""The paths that routes open: to the internet, to other networks and to on-premises."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from terrace.assurance.access.aws.parties import names_of
from terrace.assurance.access.model import ALL_PORTS, Path, Unknown
from terrace.assurance.checks import Subject
from terrace.assurance.view import Resource, blocks

_DESTINATIONS = (
    "destination_cidr_block", "destination_ipv6_cidr_block", "cidr_block", "ipv6_cidr_block",
    "destination_prefix_list_id",
)  # fmt: skip
_TARGETS = (
    "gateway_id", "nat_gateway_id", "egress_only_gateway_id", "transit_gateway_id", "vpc_peering_connection_id",
    "network_interface_id", "instance_id", "vpc_endpoint_id", "carrier_gateway_id", "local_gateway_id",
    "core_network_arn",
)  # fmt: skip
_PUBLIC = frozenset({"entry"})
"""Parties with a route to the internet in both directions (NET-6)."""
_OUTWARD = frozenset({"entry", "nodes"})
"""Parties with a route to the internet through NAT (NET-2); security groups decide what they may reach."""
_LINKED = frozenset({"control", "endpoints", "nodes"})
"""Parties with routes to on-premises (NET-7)."""


@dataclass(frozen=True)
class _Route:
    """One route of a table: its destination, the attribute that names its target, and the target."""

    destination: object
    kind: str
    target: object
    resource: Resource


def paths(stack: Subject) -> Iterator[Path | Unknown]:
    """The paths of all routes; a route to where its subnets' parties may go opens none."""
    for table in _tables(stack):
        subnets = _subnets(stack, table)
        for route in _routes(stack, table):
            yield from _of_route(stack, route, subnets)
        for resource, gateway in _propagations(stack, table):
            yield from _linked(stack, resource, gateway, "on-premises", subnets)


def to_internet(stack: Subject, balancer: Resource) -> Resource | None:
    """The route by which a load balancer's subnets reach the internet."""
    own = {str(stack.view.target(value)) for value in balancer.get("subnets") or []}
    for table in _tables(stack):
        if own & {str(subnet) for subnet, _, _ in _subnets(stack, table)}:
            for route in _routes(stack, table):
                if _is_internet(stack, route):
                    return route.resource
    return None


def _tables(stack: Subject) -> list[Resource]:
    return [*stack.view.all("aws_route_table"), *stack.view.all("aws_default_route_table")]


def _subnets(stack: Subject, table: Resource) -> list[tuple[Resource, Resource, tuple[str, ...]]]:
    """The subnets of a table, each with what associates it and its parties."""
    found = []
    for link in stack.view.pointing("aws_route_table_association", "route_table_id", table):
        subnet = stack.view.target(link.get("subnet_id"))
        if subnet is not None:
            found.append((subnet, link, _parties(stack, subnet)))
    if _is_main(stack, table):
        associated = {
            str(stack.view.target(link.get("subnet_id"))) for link in stack.view.all("aws_route_table_association")
        }
        for subnet in stack.view.all("aws_subnet"):
            if str(subnet) not in associated:
                found.append((subnet, table, _parties(stack, subnet)))
    return found


def _is_main(stack: Subject, table: Resource) -> bool:
    replaced = [
        stack.view.target(one.get("route_table_id")) for one in stack.view.all("aws_main_route_table_association")
    ]
    return table in replaced if replaced else table.type == "aws_default_route_table"


def _parties(stack: Subject, subnet: Resource) -> tuple[str, ...]:
    return tuple(str(name) for name in names_of(stack, subnet.get("cidr_block"), str(subnet)))


def _routes(stack: Subject, table: Resource) -> Iterator[_Route]:
    for route in stack.view.pointing("aws_route", "route_table_id", table):
        yield _read(route.attributes, route)
    for block in blocks(table.attributes, "route"):
        yield _read(block, table)


def _read(written: dict[str, Any], resource: Resource) -> _Route:
    destination = next((written[name] for name in _DESTINATIONS if written.get(name)), None)
    kind = next((name for name in _TARGETS if written.get(name)), "")
    return _Route(destination, kind, written.get(kind), resource)


def _is_internet(stack: Subject, route: _Route) -> bool:
    """Whether a route's target is an internet gateway; a gateway outside the stack may be one."""
    target = stack.view.target(route.target)
    if route.kind != "gateway_id" or route.target == "local":
        return False
    return target is None or target.type == "aws_internet_gateway"


def _of_route(
    stack: Subject, route: _Route, subnets: list[tuple[Resource, Resource, tuple[str, ...]]]
) -> Iterator[Path | Unknown]:
    if not route.kind:
        yield Unknown(f"a route to {route.destination} without a target", str(route.resource))
    elif _is_internet(stack, route):
        for party, by in _affected(subnets, route.resource, _PUBLIC):
            yield Path("internet", party, "all", ALL_PORTS, by)
        if not subnets and route.resource.type == "aws_default_route_table":
            yield Path("internet", "unknown main route table", "all", ALL_PORTS, (str(route.resource),))
    elif route.kind in ("nat_gateway_id", "egress_only_gateway_id"):
        for party, by in _affected(subnets, route.resource, _OUTWARD):
            yield Path(party, "internet", "all", ALL_PORTS, by)
    elif route.target != "local":
        for name in names_of(stack, route.destination, str(route.resource)):
            if isinstance(name, Unknown):
                yield name
            else:
                yield from _linked(stack, route.resource, route.target, name, subnets)


def _linked(
    stack: Subject,
    resource: Resource,
    gateway: object,
    name: str,
    subnets: list[tuple[Resource, Resource, tuple[str, ...]]],
) -> Iterator[Path]:
    """The paths from a network behind a gateway. Only the declared link leads to on-premises, for some parties."""
    target = stack.view.target(gateway)
    declared = stack.environment.network.hybrid is not None and name == "on-premises"
    expected = _LINKED if declared and target is not None and target.type == "aws_vpn_gateway" else frozenset[str]()
    for party, by in _affected(subnets, resource, expected):
        yield Path(name, party, "all", ALL_PORTS, by)


def _affected(
    subnets: list[tuple[Resource, Resource, tuple[str, ...]]], route: Resource, expected: frozenset[str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The parties that should not have a route, and by what they have it. The last resource is the association if the
    table is right for other subnets, else the route."""
    wrong = [(link, party) for _, link, parties in subnets for party in parties if party not in expected]
    right = any(party in expected for _, _, parties in subnets for party in parties)
    for link, party in wrong:
        yield party, (str(route), str(link)) if right else (str(link), str(route))


def _propagations(stack: Subject, table: Resource) -> Iterator[tuple[Resource, object]]:
    for one in stack.view.pointing("aws_vpn_gateway_route_propagation", "route_table_id", table):
        yield one, one.get("vpn_gateway_id")
    for gateway in table.get("propagating_vgws") or []:
        yield table, gateway
