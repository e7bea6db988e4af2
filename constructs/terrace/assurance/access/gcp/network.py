"""The paths that a stack on Google Cloud allows.

The only machines are the nodes, so firewall rules decide on what reaches them and what they reach. Endpoints of the
database, the cache and the control plane have no firewall rules of their own. Source: VPC documentation.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from terrace.assurance.access.gcp import firewall
from terrace.assurance.access.gcp.firewall import ANYWHERE, Rule, ports_of
from terrace.assurance.access.model import ALL_PORTS, Path, Unknown
from terrace.assurance.access.ranges import Ranges
from terrace.assurance.checks import Subject
from terrace.assurance.view import Reference, Resource, at
from terrace.gcp import names
from terrace.gcp.ranges import GOOGLE_APIS, LOAD_BALANCERS, layout

_GATEWAY = "default-internet-gateway"
_ROUTES = (ANYWHERE, GOOGLE_APIS)
"""The routes of the network: outward by NAT, and to Google's APIs."""
_PROXIES = ("google_compute_target_https_proxy", "google_compute_target_http_proxy")
_POSTGRES, _CONNECTOR, _API = (5432, 5432), (3307, 3307), (443, 443)
_JOINED = {
    "google_compute_network_peering": "peer_network",
    "google_service_networking_connection": "service",
    "google_network_connectivity_spoke": "hub",
    "google_compute_shared_vpc_service_project": "service_project",
    "google_compute_interconnect_attachment": "interconnect",
    "google_compute_vpn_gateway": "name",
    "google_compute_service_attachment": "name",
    "google_compute_packet_mirroring": "name",
    "google_vpc_access_connector": "name",
}
"""What joins the network to another one, and the attribute that names the other side."""
TYPES = firewall.TYPES | {
    *_JOINED, "google_compute_route", "google_compute_router", "google_compute_router_peer",
    "google_compute_forwarding_rule", "google_compute_global_forwarding_rule", "google_container_cluster",
    "google_sql_database_instance", "google_memorystore_instance", "google_compute_network",
    "google_managed_kafka_cluster",
}  # fmt: skip
"""The types that are read here."""


def ranges(stack: Subject) -> Ranges:
    """The ranges of each party, from the environment and from what Google publishes."""
    own = layout(str(stack.environment.network.cidr))
    data = (own.data, own.recovery)
    parties: Mapping[str, tuple[str, ...]] = {
        "control": (own.control,),
        "nodes": (own.nodes, own.pods),
        "endpoints": (GOOGLE_APIS,),
        "database": data,
        "cache": data,
        "streams": (own.data,),
        "entry": LOAD_BALANCERS,
    }
    return Ranges(parties, stack.environment)


def paths(stack: Subject) -> Iterator[Path | Unknown]:
    """Every path, and what could not be read. Raises ContractError for a range that the layout does not support."""
    known = ranges(stack)
    yield from _of_machines(stack, known)
    yield from _routes(stack)
    yield from _joined(stack)
    yield from _advertised(stack, known)
    yield from _entries(stack)
    yield from _control_plane(stack, known)
    yield from _data_services(stack, known)
    yield from _subnet_of_streams(stack)


def _of_machines(stack: Subject, known: Ranges) -> Iterator[Path | Unknown]:
    rules = []
    for rule in firewall.allowed(stack):
        if isinstance(rule, Unknown):
            yield rule
        else:
            rules.append(rule)
    outward = [path for rule in rules if not rule.inbound for path in _of_rule(rule, known)]
    to_internet = _has_route_outward(stack)
    for path in (path for rule in rules if rule.inbound for path in _of_rule(rule, known)):
        # Traffic between nodes needs a rule on both sides
        if path.source != "nodes" or path.destination != "nodes" or any(other.covers(path) for other in outward):
            yield path
    for path in outward:
        if path.destination != "nodes" and (to_internet or path.destination != "internet"):
            yield path


def _of_rule(rule: Rule, known: Ranges) -> Iterator[Path]:
    peers = [name for cidr in rule.ranges for name in _names(known, cidr)] + list(rule.named)
    for machine in rule.machines or ("nodes",):
        for peer in dict.fromkeys(peers):
            source, destination = (peer, machine) if rule.inbound else (machine, peer)
            for protocol, ports in rule.traffic:
                yield Path(source, destination, protocol, ports, (rule.by,))


def _names(known: Ranges, cidr: str) -> tuple[str, ...]:
    try:
        return known.names(cidr)
    except ValueError:
        return (f"unknown {cidr}",)


def _has_route_outward(stack: Subject) -> bool:
    kept = any(not one.get("delete_default_routes_on_create") for one in stack.view.all("google_compute_network"))
    return kept or any(
        one.get("dest_range") == ANYWHERE and _GATEWAY in str(one.get("next_hop_gateway"))
        for one in stack.view.all("google_compute_route")
    )


def _routes(stack: Subject) -> Iterator[Path | Unknown]:
    for route in stack.view.all("google_compute_route"):
        hops = {key: value for key, value in route.attributes.items() if key.startswith("next_hop") and value}
        declared = route.get("dest_range") in _ROUTES and set(hops) == {"next_hop_gateway"}
        if not declared or not str(hops["next_hop_gateway"]).endswith(_GATEWAY):
            hop = ", ".join(str(value) for value in hops.values()) or "nothing"
            yield Path("nodes", f"unknown route of {route.get('dest_range')} to {hop}", "all", ALL_PORTS, (str(route),))
    for network in stack.view.all("google_compute_network"):
        if network.path != "network/vpc":
            yield Unknown("a network beside the environment's own", str(network))


def _joined(stack: Subject) -> Iterator[Path]:
    """Other networks. Their machines reach the endpoints in this one, which no firewall rule protects."""
    for type, attribute in _JOINED.items():
        for resource in stack.view.all(type):
            other = stack.view.text(resource.get(attribute))
            yield Path(f"unknown network {other}", "database", "all", ALL_PORTS, (str(resource),))


def _advertised(stack: Subject, known: Ranges) -> Iterator[Path]:
    """What the routers announce over a hybrid link. Firewall rules protect only the nodes."""
    if not stack.view.all("google_compute_vpn_tunnel"):
        return
    routers = [(str(one), at(one.attributes, "bgp", {})) for one in stack.view.all("google_compute_router")]
    # a session in the mode DEFAULT announces what its router announces
    sessions = [
        (str(one), one.attributes)
        for one in stack.view.all("google_compute_router_peer")
        if one.get("advertise_mode") == "CUSTOM"
    ]
    for by, settings in (*routers, *sessions):
        announced = [str(one.get("range")) for one in _list(settings, "advertised_ip_ranges")]
        all_subnets = at(settings, "advertise_mode", "DEFAULT") == "DEFAULT" or at(settings, "advertised_groups")
        announced += list(_subnet_ranges(stack)) if all_subnets else []
        for name in dict.fromkeys(name for cidr in announced for name in _names(known, cidr)):
            if name != "nodes":
                yield Path("on-premises", name, "all", ALL_PORTS, (by,))


def _subnet_ranges(stack: Subject) -> Iterator[str]:
    for subnet in stack.view.all("google_compute_subnetwork"):
        yield str(subnet.get("ip_cidr_range"))
        yield from (str(one.get("ip_cidr_range")) for one in subnet.blocks("secondary_ip_range"))


def _list(settings: Any, key: str) -> list[Any]:
    found = at(settings, key, [])
    return found if isinstance(found, list) else [found]


def _entries(stack: Subject) -> Iterator[Path | Unknown]:
    """Load balancers: the entry is what ends at a proxy of the stack, behind which is the firewall (NET-6)."""
    for type in ("google_compute_global_forwarding_rule", "google_compute_forwarding_rule"):
        for rule in stack.view.all(type):
            by, scheme = (str(rule),), str(rule.attributes.get("load_balancing_scheme", "EXTERNAL"))
            ports = _listened(rule)
            proxy = rule.get("target")
            if scheme.startswith("EXTERNAL"):
                at_entry = isinstance(proxy, Reference) and proxy.type in _PROXIES and stack.view.target(proxy)
                for each in ports:
                    yield Path("internet", "entry" if at_entry else "nodes", "tcp", each, by)
            elif proxy is not None:
                yield Path("nodes", f"unknown {stack.view.text(proxy)}", "all", ALL_PORTS, by)
            else:
                yield Unknown("an internal load balancer", str(rule))


def _listened(rule: Resource) -> list[tuple[int, int]]:
    written = [str(one) for one in rule.get("ports", [])] or [str(rule.get("port_range", "0-65535"))]
    return [ALL_PORTS if rule.get("all_ports") else ports_of(one) or ALL_PORTS for one in written]


def _control_plane(stack: Subject, known: Ranges) -> Iterator[Path]:
    for cluster in stack.view.all("google_container_cluster"):
        by, endpoints = (str(cluster),), "control_plane_endpoints_config"
        callers = "master_authorized_networks_config"
        if cluster.get(f"{endpoints}.dns_endpoint_config.allow_external_traffic"):
            yield Path("internet", "control", "tcp", _API, by)
        if not cluster.get(f"{endpoints}.ip_endpoints_config.enabled", True):
            continue
        if cluster.get(f"{callers}.gcp_public_cidrs_access_enabled"):
            yield Path("cloud google", "control", "tcp", _API, by)
        cidrs = [str(one.get("cidr_block")) for one in cluster.blocks(f"{callers}.cidr_blocks")]
        for name in dict.fromkeys(name for cidr in cidrs or [ANYWHERE] for name in _names(known, cidr)):
            yield Path(name, "control", "tcp", _API, by)


def _data_services(stack: Subject, known: Ranges) -> Iterator[Path]:
    """Addresses of the database and the cache outside the network, and projects and networks with an endpoint."""
    own = names.account(stack.target)
    for server in stack.view.all("google_sql_database_instance"):
        by, settings = (str(server),), "settings.ip_configuration"
        if server.get(f"{settings}.ipv4_enabled", True):
            yield Path("internet", "database", "tcp", _CONNECTOR, by)  # Cloud SQL's connectors need no range
        for block in server.blocks(f"{settings}.authorized_networks"):
            for name in _names(known, str(block.get("value"))):
                yield Path(name, "database", "tcp", _POSTGRES, by)
        if network := server.get(f"{settings}.private_network"):
            yield Path(f"unknown network {stack.view.text(network)}", "database", "tcp", _POSTGRES, by)
        for config in server.blocks(f"{settings}.psc_config"):
            joined = [*(config.get("allowed_consumer_projects") or [])]
            for connection in _list(config, "psc_auto_connections"):
                joined += [
                    connection.get("consumer_service_project_id"),
                    _other_network(stack, connection, "consumer_network"),
                ]
            for project in dict.fromkeys(str(one) for one in joined if one and one != own):
                yield Path(f"unknown project {project}", "database", "tcp", _POSTGRES, by)
    for cache in stack.view.all("google_memorystore_instance"):
        for endpoint in cache.blocks("desired_auto_created_endpoints"):
            joined = [endpoint.get("project_id"), _other_network(stack, endpoint, "network")]
            for project in dict.fromkeys(str(one) for one in joined if one and one != own):
                yield Path(f"unknown project {project}", "cache", "tcp", ALL_PORTS, (str(cache),))


def _subnet_of_streams(stack: Subject) -> Iterator[Path]:
    """Subnets of other networks in which the streams have an endpoint."""
    for cluster in stack.view.all("google_managed_kafka_cluster"):
        for one in cluster.blocks("gcp_config.access_config.network_configs"):
            subnet = stack.view.target(one.get("subnet"))
            if subnet is None or subnet.path != "network/data":
                yield Path(
                    f"unknown network of {subnet or one.get('subnet')}", "streams", "tcp", ALL_PORTS, (str(cluster),)
                )


def _other_network(stack: Subject, block: Mapping[str, Any], key: str) -> str | None:
    """The network of a connection if it is not the environment's own."""
    value = block.get(key)
    target = stack.view.target(value)
    return None if target is not None and target.path == "network/vpc" else str(value)
