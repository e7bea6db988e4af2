"""Refusals of Compute Engine's networks, firewalls, routers and tunnels."""

import ipaddress
from collections.abc import Iterator
from itertools import combinations

from terrace.emulator.gcp.call import Call, last
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.quirks import refuses

LINK_LOCAL = ipaddress.ip_network("169.254.0.0/16")


def ranges(subnetwork: Json) -> list[str]:
    """Every range of a subnetwork, the primary one first."""
    secondary = [each.get("ipCidrRange", "") for each in subnetwork.get("secondaryIpRanges", ())]
    return [each for each in (subnetwork.get("ipCidrRange", ""), *secondary) if each]


@refuses("compute", "subnetworks")
def valid_range(subnetwork: Json, call: Call) -> Iterator[str]:
    """Source: VPC documentation, "Subnets", valid IPv4 ranges: host bits are zero, /29 is the smallest."""
    for text in ranges(subnetwork):
        try:
            network = ipaddress.ip_network(text)
        except ValueError:
            yield f"Invalid value for field 'resource.ipCidrRange': '{text}'. Invalid CIDR range."
            continue
        if not 4 <= network.prefixlen <= 29:
            yield f"Invalid value for field 'resource.ipCidrRange': '{text}'. The prefix length must be 4 to 29."


@refuses("compute", "subnetworks")
def overlapping_ranges(subnetwork: Json, call: Call) -> Iterator[str]:
    """Source: VPC documentation, "Subnets": ranges of a network do not overlap."""
    others = [
        (body["name"], each)
        for key, body in call.store.resources()
        if "/subnetworks/" in key and body["name"] != subnetwork["name"]
        if last(body.get("network")) == last(subnetwork.get("network"))
        for each in ranges(body)
    ]
    own = [(subnetwork["name"], each) for each in ranges(subnetwork)]
    for (_, own_range), (name, other) in [*combinations(own, 2), *((a, b) for a in own for b in others)]:
        if ipaddress.ip_network(own_range).overlaps(ipaddress.ip_network(other)):
            yield f"Invalid IPCidrRange: {own_range} conflicts with existing subnetwork '{name}' ({other})."


@refuses("compute", "firewalls")
def direction(firewall: Json, call: Call) -> Iterator[str]:
    """Source: Compute Engine API, firewalls: sources only with INGRESS; not tags and accounts together."""
    sources = [each for each in ("sourceRanges", "sourceTags", "sourceServiceAccounts") if firewall.get(each)]
    if firewall.get("direction") == "EGRESS" and sources:
        yield f"Invalid value for field 'resource.{sources[0]}': egress rules cannot have sources."
    for side in ("source", "target"):
        if firewall.get(f"{side}ServiceAccounts") and (firewall.get("sourceTags") or firewall.get("targetTags")):
            yield "Service accounts and tags cannot be used in the same firewall rule."


@refuses("compute", "firewalls")
def allows_or_denies(firewall: Json, call: Call) -> Iterator[str]:
    """Source: Compute Engine API, firewalls: either `allowed` or `denied`; priority 0 to 65535."""
    if bool(firewall.get("allowed")) == bool(firewall.get("denied")):
        yield "Exactly one of 'allowed' and 'denied' must be specified."
    if not 0 <= int(firewall.get("priority", 1000)) <= 65535:
        yield f"Invalid value for field 'resource.priority': '{firewall['priority']}'. Must be 0 to 65535."


@refuses("compute", "routes")
def one_next_hop(route: Json, call: Call) -> Iterator[str]:
    """Source: Compute Engine API, routes.insert: exactly one next hop."""
    hops = [field for field in route if field.startswith("nextHop") and route[field] and field != "nextHopNetwork"]
    if len(hops) != 1:
        yield f"Exactly one next hop must be specified, not {len(hops)}."


@refuses("compute", "routers")
def nat_addresses(router: Json, call: Call) -> Iterator[str]:
    """Source: Compute Engine API, routers, nats: addresses with MANUAL_ONLY, not with AUTO_ONLY."""
    for nat in router.get("nats", ()):
        manual, addresses = nat.get("natIpAllocateOption") == "MANUAL_ONLY", nat.get("natIps")
        if manual and not (addresses or nat.get("initialNatIps")):
            yield f"NAT '{nat.get('name')}': natIps must be given when natIpAllocateOption is MANUAL_ONLY."
        if not manual and addresses:
            yield f"NAT '{nat.get('name')}': natIps cannot be given when natIpAllocateOption is AUTO_ONLY."


@refuses("compute", "routers")
def nat_ports(router: Json, call: Call) -> Iterator[str]:
    """Source: Cloud NAT documentation, "IP addresses and ports": dynamic allocation excludes endpoint-independent
    mapping and needs powers of two."""
    for nat in router.get("nats", ()):
        if not nat.get("enableDynamicPortAllocation"):
            continue
        if nat.get("enableEndpointIndependentMapping"):
            yield "Dynamic port allocation and endpoint-independent mapping cannot both be enabled."
        numbers = [int(nat[field]) for field in ("minPortsPerVm", "maxPortsPerVm") if nat.get(field)]
        if any(number & (number - 1) or number < 32 for number in numbers):
            yield "minPortsPerVm and maxPortsPerVm must be powers of two from 32 on."
        elif len(numbers) == 2 and numbers[0] >= numbers[1]:
            yield "maxPortsPerVm must be greater than minPortsPerVm."


@refuses("compute", "routers")
def private_asn(router: Json, call: Call) -> Iterator[str]:
    """Source: Compute Engine API, routers, bgp.asn: private by RFC 6996, or 16550 for Partner Interconnect."""
    asn = int((router.get("bgp") or {}).get("asn", 64512))
    if not (64512 <= asn <= 65534 or 4_200_000_000 <= asn <= 4_294_967_294 or asn == 16550):
        yield f"Invalid value for field 'resource.bgp.asn': '{asn}'. The ASN must be a private one."


@refuses("compute", "routers")
def bgp_peers(router: Json, call: Call) -> Iterator[str]:
    """Source: Compute Engine API, routers, bgpPeers: on an interface of the router, with a link-local address."""
    interfaces = {each.get("name"): each for each in router.get("interfaces", ())}
    for peer in router.get("bgpPeers", ()):
        if peer.get("interfaceName") not in interfaces:
            yield f"BGP peer '{peer.get('name')}' names interface '{peer.get('interfaceName')}', which does not exist."
        address = peer.get("peerIpAddress")
        if address and ":" not in address and ipaddress.ip_address(address) not in LINK_LOCAL:
            yield f"Invalid value for field 'resource.bgpPeers.peerIpAddress': '{address}'. Must be link-local."


@refuses("compute", "vpnTunnels")
def key_exchange(tunnel: Json, call: Call) -> Iterator[str]:
    """Source: Cloud VPN documentation, "Supported IKE ciphers": version 1 or 2; HA VPN routes by BGP."""
    if int(tunnel.get("ikeVersion", 2)) not in (1, 2):
        yield f"Invalid value for field 'resource.ikeVersion': '{tunnel['ikeVersion']}'. Must be 1 or 2."
    if tunnel.get("vpnGateway") and not tunnel.get("router"):
        yield "Required field 'resource.router' not specified: tunnels of an HA VPN gateway use dynamic routing."


@refuses("compute", "forwardingRules")
def google_apis_name(rule: Json, call: Call) -> Iterator[str]:
    """Source: VPC documentation, "Access Google APIs through endpoints": 1 to 20 lower-case letters and digits."""
    name = str(rule.get("name", ""))
    if rule.get("target") in ("all-apis", "vpc-sc") and not (name.isalnum() and name.islower() and len(name) <= 20):
        yield f"Invalid value for field 'resource.name': '{name}'. For Google APIs: [a-z][a-z0-9]{{0,19}}."


@refuses("compute", "networks")
def packet_size(network: Json, call: Call) -> Iterator[str]:
    """Source: Compute Engine API, networks, mtu: 1300 to 8896."""
    if not 1300 <= int(network.get("mtu", 1460)) <= 8896:
        yield f"Invalid value for field 'resource.mtu': '{network['mtu']}'. Must be 1300 to 8896."
