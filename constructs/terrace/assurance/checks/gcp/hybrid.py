"""The VPN to on-premises (NET-7)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.gcp.lookup import named
from terrace.assurance.evaluation import NotRequired, Observation, at_least, check, equal


@check("NET-7")
def link(stack: Subject) -> Iterator[Observation]:
    spec = stack.environment.network.hybrid
    if spec is None:
        raise NotRequired("no link is asked for (network.hybrid)")
    gateway = stack.view.only("google_compute_ha_vpn_gateway")
    yield equal(str(gateway), "network", named(stack, gateway.get("network")), "network/vpc")
    tunnels = stack.view.pointing("google_compute_vpn_tunnel", "vpn_gateway", gateway)
    yield at_least(str(gateway), "tunnels", len(tunnels), 2)
    for tunnel in tunnels:
        peer = stack.view.target(tunnel.get("peer_external_gateway"))
        addresses = [str(one.get("ip_address")) for one in peer.blocks("interface")] if peer else []
        yield equal(str(tunnel), "peer", addresses, [str(spec.peer_address)])
        yield equal(str(tunnel), "ike_version", tunnel.get("ike_version"), 2)
    sessions = stack.all("google_compute_router_peer")
    yield at_least("hybrid", "sessions", len(sessions), 2)
    for session in sessions:
        yield equal(str(session), "peer_asn", session.get("peer_asn"), spec.peer_asn)
