"""Paths on Azure: security rules in the order of their priority, and every other resource that opens the network."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_network, summarize_address_range
from typing import Any

from terrace.assurance.access.azure.resources import Resources
from terrace.assurance.access.azure.rules import Peer, Rule, default_rules, left_open, rule
from terrace.assurance.access.model import ALL_PORTS, Path
from terrace.assurance.access.ranges import Ranges
from terrace.assurance.checks import Subject
from terrace.assurance.view import Resource
from terrace.azure.flows import GROUPS
from terrace.azure.ranges import POD_RANGE, layout
from terrace.environment.schema import Environment

_SHARED = ip_network("100.64.0.0/10")
"""Address space that no network routes, RFC 6598: the pods'."""
_GUARDS = "azurerm_subnet_network_security_group_association"
_UNGUARDED = "GatewaySubnet"
"""The VPN gateway's subnet, which supports no security group: VPN Gateway FAQ."""
_HTTPS = (443, 443)


def parties(environment: Environment) -> Mapping[str, tuple[str, ...]]:
    """The ranges of each party, from the environment; those of pods besides the nodes' own."""
    network = ip_network(environment.network.cidr)
    ranges = layout(environment.network.cidr)
    found = {party: [ranges[party], *([POD_RANGE] if party == "nodes" else [])] for party in GROUPS}
    return {
        party: tuple(cidr for cidr in cidrs if _inside(cidr, network) or _inside(cidr, _SHARED))
        for party, cidrs in found.items()
    }


def _is_of(group: Resource, party: str) -> bool:
    return group.path.endswith(f"/{party}-group")


def _inside(cidr: str, other: Any) -> bool:
    return bool(ip_network(cidr).subnet_of(other))


def read(stack: Subject, resources: Resources) -> tuple[list[Path], list[Path]]:
    """The open paths, and those that only one of two security groups allows."""
    reader = _Reader(stack, resources, Ranges(parties(stack.environment), stack.environment))
    found = reader.security_groups()
    one_sided = [path for path in found if not reader.is_open(path, found)]
    inside = [path for path in found if path not in one_sided]
    opened = [edge.path for edge in inside]
    return [*opened, *reader.beside_rules()], [edge.path for edge in one_sided if not edge.default]


@dataclass(frozen=True)
class _Edge:
    """A path that a security group allows on one side of it; `default` by a rule that Azure itself has."""

    path: Path
    inbound: bool
    default: bool


class _Reader:
    def __init__(self, stack: Subject, resources: Resources, ranges: Ranges) -> None:
        self._stack, self._resources, self._ranges = stack, resources, ranges
        self._network = stack.environment.network.cidr
        self._everything = (
            *ranges.names(self._network),
            *(["on-premises"] if stack.environment.network.hybrid else []),
        )

    def security_groups(self) -> list[_Edge]:
        """What each security group allows to and from its subnets, and subnets without one."""
        guards: dict[str, list[Resource]] = {}
        for guard in self._stack.view.all(_GUARDS):
            subnet = self._resources.at(guard.get("subnet_id"))
            if subnet is not None:
                guards.setdefault(subnet.address, []).append(guard)
        found = list(
            self._unused({guard.get("network_security_group_id") for many in guards.values() for guard in many})
        )
        for subnet in self._stack.view.all("azurerm_subnet"):
            linked = guards.get(subnet.address, [])
            if not linked and subnet.get("name") != _UNGUARDED:
                found += self._unguarded(subnet, subnet)
            for one in linked:
                found += self._guarded(subnet, one)
        return found

    def _unguarded(self, subnet: Resource, by: Resource) -> Iterator[_Edge]:
        """All traffic of a subnet whose security group is missing or outside the stack."""
        for party in self._of(subnet):
            for name in ("internet", *self._everything):
                yield _Edge(Path(name, party, "all", ALL_PORTS, (str(by),)), True, False)
                yield _Edge(Path(party, name, "all", ALL_PORTS, (str(by),)), False, False)

    def _guarded(self, subnet: Resource, guard: Resource) -> Iterator[_Edge]:
        group = self._resources.at(guard.get("network_security_group_id"))
        if group is None:
            yield from self._unguarded(subnet, guard)
            return
        for party in self._of(subnet):
            cidrs = self._ranges.parties.get(party, tuple(subnet.get("address_prefixes") or []))
            # a group that is not the party's own is at fault itself
            yield from self._opened(group, party, cidrs, () if _is_of(group, party) else (str(guard),))

    def _unused(self, linked: set[object]) -> Iterator[_Edge]:
        """The rules of a party's group that no subnet has at the moment; it is the party's again when it is linked."""
        used = {group.address for id in linked if (group := self._resources.at(id)) is not None}
        for group in self._stack.view.all("azurerm_network_security_group"):
            for party, cidrs in self._ranges.parties.items():
                if group.address not in used and _is_of(group, party):
                    yield from (edge for edge in self._opened(group, party, cidrs, ()) if not edge.default)

    def _opened(self, group: Resource, party: str, cidrs: Iterable[str], link: tuple[str, ...]) -> Iterator[_Edge]:
        """What a security group allows to and from a party's ranges."""
        rules, network = self._rules(group), ip_network(self._network)
        ranges = [ip_network(cidr) for cidr in cidrs]
        for inbound in (True, False):
            for one, ports in left_open(rules, inbound, ranges, network):
                for name in dict.fromkeys(name for peer in one.peers for name in self._names(peer)):
                    source, into = (name, party) if inbound else (party, name)
                    yield _Edge(Path(source, into, one.protocol, ports, (one.by, *link)), inbound, one.default)

    def _rules(self, group: Resource) -> list[Rule]:
        """The rules of a security group: its own, inline and Azure's."""
        found = []
        for one in self._stack.view.all("azurerm_network_security_rule"):
            name = one.get("network_security_group_name")
            above = self._stack.view.target(name)
            if above == group or (above is None and name == group.get("name")):
                found.append(rule(one.attributes, str(one)))
        found += [rule(block, str(group)) for block in group.blocks("security_rule")]
        return [*found, *default_rules(str(group))]

    def _of(self, subnet: Resource) -> tuple[str, ...]:
        """The parties of a subnet, by its ranges."""
        prefixes = [str(prefix) for prefix in subnet.get("address_prefixes") or []]
        return tuple(dict.fromkeys(name for prefix in prefixes for name in self._ranges.names(prefix)))

    def _names(self, peer: Peer) -> tuple[str, ...]:
        """What is at the other end of a rule."""
        if peer.text == "*":
            return ("internet", *self._everything)
        if peer.network is not None and peer.network.prefixlen == 0:
            return ("internet", *self._everything)
        if peer.network is not None:
            return self._ranges.names(str(peer.network))
        if peer.text == "Internet":
            return ("internet",)
        if peer.text == "VirtualNetwork":
            return self._everything
        return (peer.text if peer.text.startswith("unknown ") else f"cloud {peer.text.partition('.')[0]}",)

    def is_open(self, edge: _Edge, found: Iterable[_Edge]) -> bool:
        """Whether both ends allow it: between two parties, each has a security group of its own."""
        path = edge.path
        if path.source not in GROUPS or path.destination not in GROUPS:
            return True
        return any(
            other.inbound != edge.inbound
            and (other.path.source, other.path.destination) == (path.source, path.destination)
            and (other.path.protocol in (path.protocol, "all"))
            and other.path.ports[0] <= path.ports[0]
            and path.ports[1] <= other.path.ports[1]
            for other in found
        )

    def beside_rules(self) -> Iterator[Path]:
        """Paths by other resources than security rules."""
        yield from self._routes()
        yield from self._links()
        yield from self._endpoints()
        yield from self._services()

    def _routes(self) -> Iterator[Path]:
        """Routes that replace Azure's own; the environment declares none."""
        tables = {str(one): one for one in self._stack.view.all("azurerm_route_table")}
        routed: dict[str, list[str]] = {}
        for link in self._stack.view.all("azurerm_subnet_route_table_association"):
            table = self._resources.at(link.get("route_table_id"))
            subnet = self._resources.at(link.get("subnet_id"))
            routed.setdefault(str(table), []).extend(self._of(subnet) if subnet is not None else ["unknown subnet"])
        routes = [(name, block, name) for name, table in tables.items() for block in table.blocks("route")]
        for one in self._stack.view.all("azurerm_route"):
            table = self._stack.view.target(one.get("route_table_name"))
            routes.append((str(table), one.attributes, str(one)))
        for name, route, by in routes:
            hop = f"{route.get('next_hop_type')} {route.get('next_hop_in_ip_address') or ''}".strip()
            for source in routed.get(name, ["unknown subnet"]):
                to = "internet" if hop == "Internet" else f"unknown next hop {hop} of {route.get('address_prefix')}"
                yield Path(source, to, "all", ALL_PORTS, (by,))

    def _links(self) -> Iterator[Path]:
        """Networks that are linked to the stack's."""
        here = f"range {self._network}"
        for peering in self._stack.view.all("azurerm_virtual_network_peering"):
            remote = peering.get("remote_virtual_network_id")
            yield Path(f"unknown network {remote}", here, "all", ALL_PORTS, (str(peering),))
        for device in self._stack.view.all("azurerm_local_network_gateway"):
            for cidr in device.get("address_space") or []:
                name = self._ranges.names(str(cidr))[-1]
                if name != "on-premises":
                    yield Path(name, here, "all", ALL_PORTS, (str(device),))
        for gateway in self._stack.view.all("azurerm_virtual_network_gateway"):
            for clients in gateway.blocks("vpn_client_configuration"):
                yield Path(
                    f"unknown VPN clients {clients.get('address_space')}", here, "all", ALL_PORTS, (str(gateway),)
                )
        for subnet in self._stack.view.all("azurerm_subnet"):
            for party in self._of(subnet):
                for service in subnet.get("service_endpoints") or []:
                    yield Path(party, f"cloud {service}", "tcp", _HTTPS, (str(subnet),))
                if subnet.get("private_endpoint_network_policies", "Disabled") not in (
                    "Enabled",
                    "NetworkSecurityGroupEnabled",
                ):
                    yield Path(here, party, "all", ALL_PORTS, (str(subnet),))

    def _endpoints(self) -> Iterator[Path]:
        """Private endpoints of services outside the stack."""
        for endpoint in self._stack.view.all("azurerm_private_endpoint"):
            for connection in endpoint.blocks("private_service_connection"):
                service = connection.get("private_connection_resource_id") or connection.get(
                    "private_connection_resource_alias"
                )
                if self._resources.at(service) is None:
                    yield Path("endpoints", f"unknown service {service}", "all", ALL_PORTS, (str(endpoint),))

    def _services(self) -> Iterator[Path]:
        """Ranges and networks that the services' own firewalls let in."""
        for type, block in (
            ("azurerm_storage_account", "network_rules"),
            ("azurerm_storage_account_network_rules", ""),
            ("azurerm_key_vault", "network_acls"),
        ):
            for service in self._stack.view.all(type):
                for rules in service.blocks(block) if block else [service.attributes]:
                    public = not block or service.get("public_network_access_enabled", True)
                    for source in self._let_in(rules, public=bool(public)):
                        yield Path(source, "endpoints", "tcp", _HTTPS, (str(service),))
        for one in self._stack.view.all("azurerm_postgresql_flexible_server_firewall_rule"):
            for source in self._span(one.get("start_ip_address"), one.get("end_ip_address")):
                yield Path(source, "database", "tcp", (5432, 5432), (str(one),))

    def _let_in(self, rules: Mapping[str, Any], *, public: bool) -> Iterator[str]:
        if public and rules.get("default_action", "Allow") != "Deny":
            yield "internet"
        for cidr in rules.get("ip_rules") or []:
            yield from self._ranges.names(str(cidr))
        for subnet in rules.get("virtual_network_subnet_ids") or []:
            known = self._resources.at(subnet)
            yield from self._of(known) if known is not None else [f"unknown subnet {subnet}"]
        for trusted in rules.get("private_link_access") or []:
            yield f"unknown resource {trusted.get('endpoint_resource_id')}"

    def _span(self, first: object, last: object) -> Iterator[str]:
        try:
            spans = summarize_address_range(IPv4Address(str(first)), IPv4Address(str(last)))
        except ValueError:
            yield f"unknown addresses {first} to {last}"
            return
        if (first, last) == ("0.0.0.0", "0.0.0.0"):
            yield "cloud AzureCloud"
            return
        yield from dict.fromkeys(name for span in spans for name in self._ranges.names(str(span)))
