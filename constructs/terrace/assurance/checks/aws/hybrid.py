"""The VPN to on-premises (NET-7)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.evaluation import NotRequired, Observation, check, equal, includes


@check("NET-7")
def link(stack: Subject) -> Iterator[Observation]:
    spec = stack.environment.network.hybrid
    if spec is None:
        raise NotRequired("no link is asked for (network.hybrid)")
    connection = stack.view.only("aws_vpn_connection")
    peer = stack.view.target(connection.get("customer_gateway_id"))
    yield equal(str(connection), "peer", peer and peer.get("ip_address"), str(spec.peer_address))
    gateway = stack.view.target(connection.get("vpn_gateway_id"))
    vpc = stack.view.target(gateway.get("vpc_id")) if gateway else None
    yield equal(str(connection), "network", str(vpc), "network/vpc")
    routes = [
        str(route.get("destination_cidr_block"))
        for route in stack.view.pointing("aws_vpn_connection_route", "vpn_connection_id", connection)
    ]
    yield includes(str(connection), "routes", routes, spec.peer_cidrs)
    if gateway:
        tables = stack.view.pointing("aws_vpn_gateway_route_propagation", "vpn_gateway_id", gateway)
        reached = {str(stack.view.target(table.get("route_table_id"))) for table in tables}
        nodes = [str(one) for one in stack.all("aws_route_table") if one.path.startswith("network/nodes")]
        yield includes(str(gateway), "propagates to", reached, nodes)
    for number in (1, 2):
        versions = connection.get(f"tunnel{number}_ike_versions", [])
        yield equal(str(connection), f"tunnel{number}_ike_versions", versions, ["ikev2"])
