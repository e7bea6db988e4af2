"""Checks of the VPC (NET-1 to NET-5, NET-8), and the VPN link (NET-7)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.evaluation import NotRequired, Observation, at_least, check, empty, equal, includes
from terrace.calls import Absent
from terrace.capabilities.existing import SubnetKind
from terrace.gcp import names
from terrace.live.gcp import cluster, logs
from terrace.live.gcp.checks import Deployment, named

ESSENTIAL = ("googleapis-com", "pkg-dev", "gcr-io")
"""The domains that nodes and workloads need; `private_paths: full` has more."""
CONNECTED = {"database": "google-cloud-sql", "cache": "gcp-memorystore"}
_EVERYWHERE = ("0.0.0.0/0", "::/0")
_RESTRICTED = "199.36.153."
_INTERVALS = {60: "INTERVAL_1_MIN", 600: "INTERVAL_10_MIN"}
_BY_GKE = ("gke-", "k8s-")
"""Names of the rules that GKE creates for its cluster."""


def vpc(deployment: Deployment) -> dict[str, Any]:
    """The network. Raises Absent."""
    return deployment.call("compute", "networks.get", project=_home(deployment), network=deployment.network)


def _home(deployment: Deployment) -> str:
    """The project of the network."""
    existing = deployment.target.existing.network
    return existing.id.split("/")[1] if existing else _project(deployment)


def _subnet(deployment: Deployment, kind: SubnetKind) -> str:
    """The name of a subnet of a kind: nodes, data or control."""
    existing = deployment.target.existing.network
    return named(existing.subnets[kind][0]) if existing else f"{deployment.prefix}-{kind}"


def subnets(deployment: Deployment) -> list[dict[str, Any]]:
    """The network's subnets, in both regions; of an existing network, those that the environment names."""
    regions = [region for region in (deployment.target.region, deployment.target.recovery_region) if region]
    existing = deployment.target.existing.network
    wanted = {named(id) for ids in existing.subnets.values() for id in ids} if existing else ()
    return [
        subnet
        for region in regions
        for subnet in deployment.pages("compute", "subnetworks.list", "items", project=_home(deployment), region=region)
        if named(subnet.get("network")) == deployment.network and (not existing or subnet["name"] in wanted)
    ]


def firewalls(deployment: Deployment) -> list[dict[str, Any]]:
    """All firewall rules of the network."""
    found = deployment.pages("compute", "firewalls.list", "items", project=_home(deployment))
    return [rule for rule in found if named(rule.get("network")) == deployment.network]


def private_zone(deployment: Deployment, name: str) -> Iterator[Observation]:
    """Whether a DNS zone is private to the network. Raises Absent."""
    project = _project(deployment) if name.startswith(f"{deployment.prefix}-") else _home(deployment)
    zone = deployment.call("dns", "managedZones.get", project=project, managedZone=name)
    inside = [named(one.get("networkUrl")) for one in zone.get("privateVisibilityConfig", {}).get("networks", [])]
    good = zone.get("visibility") == "private" and inside == [deployment.network]
    fact = f"visibility = {zone.get('visibility')} in {', '.join(inside) or 'no network'}"
    yield Observation(f"zone {name}", fact, good, f"private in {deployment.network}")


def _project(deployment: Deployment) -> str:
    return names.account(deployment.target)


def _path_zone(deployment: Deployment, domain: str) -> str:
    """The name of the private zone of one of Google's domains, such as googleapis-com. Raises Absent."""
    if not deployment.target.existing.network:
        return f"{deployment.prefix}-{domain}"
    for zone in deployment.pages("dns", "managedZones.list", "managedZones", project=_home(deployment)):
        networks = zone.get("privateVisibilityConfig", {}).get("networks", [])
        inside = deployment.network in [named(one.get("networkUrl")) for one in networks]
        if inside and zone.get("dnsName") == f"{domain.replace('-', '.')}.":
            return str(zone["name"])
    raise Absent(f"a private zone of {domain.replace('-', '.')} in {deployment.network}")


def _connection(deployment: Deployment, name: str, kind: str) -> dict[str, Any]:
    """The service connection policy of a service in the network. Raises Absent."""
    policies = "projects.locations.serviceConnectionPolicies"
    if not deployment.target.existing.network:
        full = f"{deployment.place}/serviceConnectionPolicies/{deployment.prefix}-{name}"
        return deployment.call("networkconnectivity", f"{policies}.get", name=full)
    parent = f"projects/{_home(deployment)}/locations/{deployment.target.region}"
    for policy in deployment.pages(
        "networkconnectivity", f"{policies}.list", "serviceConnectionPolicies", parent=parent
    ):
        if named(policy.get("network")) == deployment.network and policy.get("serviceClass") == kind:
            found: dict[str, Any] = policy
            return found
    raise Absent(f"a service connection policy for {kind} in {deployment.network}")


def _gateways(deployment: Deployment) -> list[dict[str, Any]]:
    """The NAT gateways of the network; of an existing one, those that serve the nodes."""
    if not deployment.target.existing.network:
        return list(_router(deployment).get("nats", []))
    where = {"project": _home(deployment), "region": deployment.target.region}
    routers = deployment.pages("compute", "routers.list", "items", **where)
    gateways = [
        nat for one in routers if named(one.get("network")) == deployment.network for nat in one.get("nats", [])
    ]
    return [one for one in gateways if _subnet(deployment, "nodes") in _served(one)]


def _served(gateway: dict[str, Any]) -> list[str]:
    return [named(one.get("name")) for one in gateway.get("subnetworks", [])]


def _router(deployment: Deployment) -> dict[str, Any]:
    return deployment.call(
        "compute",
        "routers.get",
        project=_project(deployment),
        region=deployment.target.region,
        router=deployment.prefix,
    )


@check("NET-1")
def private_subnets(deployment: Deployment) -> Iterator[Observation]:
    resource = f"network {deployment.prefix}"
    automatic = vpc(deployment).get("autoCreateSubnetworks", True)
    yield equal(resource, "autoCreateSubnetworks", automatic, False)
    expected = [_subnet(deployment, "nodes"), _subnet(deployment, "data")]
    yield includes(resource, "subnets", [str(one["name"]) for one in subnets(deployment)], expected)
    for name, pool in cluster.pools(deployment):
        yield includes(f"pool {name}", "zones", pool.get("locations", []), deployment.target.zones)
        private = pool.get("networkConfig", {}).get("enablePrivateNodes", False)
        yield equal(f"pool {name}", "enablePrivateNodes", private, True)
    if deployment.environment.cluster is None:
        return
    subnet = named(cluster.cluster(deployment).get("subnetwork"))
    yield equal(f"cluster {deployment.prefix}", "subnetwork", subnet, _subnet(deployment, "nodes"))


@check("NET-2")
def egress_by_nat(deployment: Deployment) -> Iterator[Observation]:
    expected = len(deployment.target.zones) if deployment.environment.network.egress.nat == "per_zone" else 1
    gateways = _gateways(deployment)
    yield at_least(f"router {deployment.prefix}", "NAT gateways", len(gateways), 1)
    for gateway in gateways:
        resource = f"NAT {gateway.get('name')}"
        yield equal(resource, "natIpAllocateOption", gateway.get("natIpAllocateOption"), "MANUAL_ONLY")
        yield at_least(resource, "fixed addresses", len(gateway.get("natIps", [])), expected)
        yield equal(resource, "subnets", _served(gateway), [_subnet(deployment, "nodes")])
    if deployment.target.existing.network:
        return  # the owner names its routes
    ways = [
        str(route["name"])
        for route in deployment.pages("compute", "routes.list", "items", project=_project(deployment))
        if named(route.get("network")) == deployment.prefix
        and route.get("destRange") == "0.0.0.0/0"
        and route.get("name") != f"{deployment.prefix}-nat"
    ]
    yield empty(f"network {deployment.prefix}", "other routes to the internet", ways)
    for zone in deployment.target.zones:
        for machine in deployment.pages("compute", "instances.list", "items", project=_project(deployment), zone=zone):
            cards = machine.get("networkInterfaces", [])
            if any(named(card.get("network")) == deployment.prefix for card in cards):
                public = [access.get("natIP") for card in cards for access in card.get("accessConfigs", [])]
                yield equal(f"machine {machine['name']}", "public addresses", public, [])


@check("NET-3")
def private_paths(deployment: Deployment) -> Iterator[Observation]:
    for subnet in subnets(deployment):
        if subnet.get("purpose", "PRIVATE") == "PRIVATE":
            private = subnet.get("privateIpGoogleAccess", False)
            yield equal(f"subnet {subnet['name']}", "privateIpGoogleAccess", private, True)
    for domain in ESSENTIAL:
        zone = _path_zone(deployment, domain)
        yield from private_zone(deployment, zone)
        records = deployment.pages(
            "dns", "resourceRecordSets.list", "rrsets", project=_home(deployment), managedZone=zone
        )
        addresses = [str(one) for record in records if record["type"] == "A" for one in record.get("rrdatas", [])]
        inside = bool(addresses) and all(address.startswith(_RESTRICTED) for address in addresses)
        yield Observation(f"zone {zone}", f"addresses = {', '.join(addresses) or 'none'}", inside, f"{_RESTRICTED}*")
    for name, kind in CONNECTED.items():
        if name in deployment.environment.left_out:
            continue
        policy = _connection(deployment, name, kind)
        resource = f"service connection policy {deployment.prefix}-{name}"
        yield equal(resource, "serviceClass", policy.get("serviceClass"), kind)
        inside_of = [named(one) for one in policy.get("pscConfig", {}).get("subnetworks", [])]
        yield equal(resource, "subnets", inside_of, [_subnet(deployment, "data")])


@check("NET-4")
def default_deny(deployment: Deployment) -> Iterator[Observation]:
    rules = [rule for rule in firewalls(deployment) if not str(rule["name"]).startswith(_BY_GKE)]
    for direction, place in (("INGRESS", "sourceRanges"), ("EGRESS", "destinationRanges")):
        refusals = [
            rule
            for rule in rules
            if rule.get("direction") == direction
            and rule.get(place) == ["0.0.0.0/0"]
            and [one.get("IPProtocol") for one in rule.get("denied", [])] == ["all"]
            and not rule.get("disabled")
            and not rule.get("targetServiceAccounts")
            and not rule.get("targetTags")
        ]
        yield at_least(
            f"network {deployment.prefix}", f"rules that deny all {direction.lower()} traffic", len(refusals), 1
        )
    away = {str(one.cidr): str(one.port) for one in deployment.environment.network.egress.destinations.values()}
    for rule in rules:
        resource, purpose = f"firewall {rule['name']}", str(rule.get("description") or "").strip()
        yield Observation(resource, f"purpose: {purpose or 'none'}", len(purpose) >= 8, "a purpose")
        if rule.get("allowed"):
            yield _narrow(rule, resource, away)


def _narrow(rule: dict[str, Any], resource: str, away: dict[str, str]) -> Observation:
    inward = rule.get("direction") == "INGRESS"
    places = [str(one) for one in rule.get("sourceRanges" if inward else "destinationRanges", [])]
    ports = [str(port) for one in rule["allowed"] for port in one.get("ports") or ["all"]]
    wide = [place for place in places if place in _EVERYWHERE]
    good = not wide if inward else all(ports == [away.get(place)] for place in wide)
    owned = bool(rule.get("targetServiceAccounts") or rule.get("targetTags"))
    fact = f"{'from' if inward else 'to'} {', '.join(places)} ports {', '.join(ports)}"
    return Observation(resource, fact, good and owned, "a flow that the environment declares, with a target")


@check("NET-5")
def flow_logs(deployment: Deployment) -> Iterator[Observation]:
    interval = _INTERVALS[deployment.environment.network.flow_log_interval_seconds]
    found = [one for one in subnets(deployment) if one.get("purpose", "PRIVATE") == "PRIVATE"]
    yield at_least(f"network {deployment.prefix}", "subnets", len(found), 1)
    for subnet in found:
        resource, log = f"subnet {subnet['name']}", subnet.get("logConfig", {})
        # Compute omits its defaults: enabled, every five seconds, half of the flows
        yield equal(resource, "flow log", bool(log) and log.get("enable", True), True)
        every = log.get("aggregationInterval", "INTERVAL_5_SEC")
        often = every in (interval, "INTERVAL_1_MIN", "INTERVAL_30_SEC", "INTERVAL_5_SEC")
        yield Observation(resource, f"aggregationInterval = {every}", often, interval)
        yield equal(resource, "flowSampling", float(log.get("flowSampling", 0.5)), 1.0)
    if deployment.target.existing.network:
        return  # the owner keeps them elsewhere
    yield logs.kept(deployment, "flow", deployment.environment.observability.retention_days)
    yield from logs.filled(deployment, "flow", "vpc_flows")


@check("NET-7")
def link(deployment: Deployment) -> Iterator[Observation]:
    spec = deployment.environment.network.hybrid
    if spec is None:
        raise NotRequired("network.hybrid is not set")
    where = {"project": _project(deployment), "region": deployment.target.region}
    gateway = deployment.call("compute", "vpnGateways.get", vpnGateway=deployment.prefix, **where)
    resource = f"VPN gateway {deployment.prefix}"
    yield equal(resource, "network", named(gateway.get("network")), deployment.prefix)
    tunnels = [
        one
        for one in deployment.pages("compute", "vpnTunnels.list", "items", **where)
        if named(one.get("vpnGateway")) == deployment.prefix
    ]
    yield at_least(resource, "tunnels", len(tunnels), 2)
    for tunnel in tunnels:
        peer = deployment.call(
            "compute",
            "externalVpnGateways.get",
            project=_project(deployment),
            externalVpnGateway=named(tunnel.get("peerExternalGateway")),
        )
        addresses = [str(one.get("ipAddress")) for one in peer.get("interfaces", [])]
        yield equal(f"tunnel {tunnel['name']}", "peer", addresses, [str(spec.peer_address)])
        yield equal(f"tunnel {tunnel['name']}", "ikeVersion", tunnel.get("ikeVersion"), 2)
    sessions = [str(one.get("peerAsn")) for one in _router(deployment).get("bgpPeers", [])]
    yield at_least(f"router {deployment.prefix}", "sessions", len(sessions), 2)
    yield equal(f"router {deployment.prefix}", "peerAsn", sorted(set(sessions)), [str(spec.peer_asn)])


def _query_policy(deployment: Deployment) -> dict[str, Any]:
    """The network's DNS policy. Raises Absent."""
    if not deployment.target.existing.network:
        return deployment.call("dns", "policies.get", project=_project(deployment), policy=deployment.prefix)
    for policy in deployment.pages("dns", "policies.list", "policies", project=_home(deployment)):
        if deployment.network in [named(one.get("networkUrl")) for one in policy.get("networks", [])]:
            found: dict[str, Any] = policy
            return found
    raise Absent(f"a DNS policy of {deployment.network}")


@check("NET-8")
def queries_logged(deployment: Deployment) -> Iterator[Observation]:
    policy = _query_policy(deployment)
    resource = f"DNS policy {deployment.prefix}"
    yield equal(resource, "enableLogging", bool(policy.get("enableLogging")), True)
    networks = [named(one.get("networkUrl")) for one in policy.get("networks", [])]
    expected = includes if deployment.target.existing.network else equal
    yield expected(resource, "networks", networks, [deployment.network])
    if deployment.environment.network.entry is None:
        return
    name = names.dns_zone(deployment.target)
    zone = deployment.call("dns", "managedZones.get", project=_project(deployment), managedZone=name)
    logged = bool(zone.get("cloudLoggingConfig", {}).get("enableLogging"))
    yield equal(f"zone {name}", "enableLogging", logged, True)
