"""The VPN to on-premises (NET-7)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.gcp.lookup import path_of
from terrace.assurance.evaluation import NotRequired, Observation, at_least, check, equal


@check("NET-7")
def vpn_connection(stack: Subject) -> Iterator[Observation]:
    spec = stack.environment.network.hybrid
    if spec is None:
        raise NotRequired("network.hybrid is not set")
    gateway = stack.view.only("google_compute_ha_vpn_gateway")
    yield equal(str(gateway), "network", path_of(stack, gateway.get("network")), "network/vpc")
    tunnels = stack.view.pointing("google_compute_vpn_tunnel", "vpn_gateway", gateway)
    yield at_least(str(gateway), "tunnels", len(tunnels), 2)
    for tunnel in stack.all("google_compute_vpn_tunnel"):
        peer = stack.view.target(tunnel.get("peer_external_gateway"))
        addresses = [str(one.get("ip_address")) for one in peer.blocks("interface")] if peer else []
        yield equal(str(peer or tunnel), "peer address", addresses, [str(spec.peer_address)])
        yield equal(str(tunnel), "ike_version", tunnel.get("ike_version"), 2)
    sessions = stack.all("google_compute_router_peer")
    yield at_least("hybrid", "BGP sessions", len(sessions), 2)
    for session in sessions:
        yield equal(str(session), "peer_asn", session.get("peer_asn"), spec.peer_asn)
