"""The VPN to on-premises (NET-7)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.azure.lookup import meant
from terrace.assurance.evaluation import NotRequired, Observation, check, equal, includes


@check("NET-7")
def link(stack: Subject) -> Iterator[Observation]:
    spec = stack.environment.network.hybrid
    if spec is None:
        raise NotRequired("no link is asked for (network.hybrid)")
    connection = stack.view.only("azurerm_virtual_network_gateway_connection")
    peer = meant(stack, "azurerm_local_network_gateway", connection.get("local_network_gateway_id"))
    yield equal(str(connection), "peer", peer and peer.get("gateway_address"), str(spec.peer_address))
    yield includes(str(connection), "ranges", peer.get("address_space", []) if peer else [], spec.peer_cidrs)
    gateway = meant(stack, "azurerm_virtual_network_gateway", connection.get("virtual_network_gateway_id"))
    yield Observation(str(connection), f"gateway {gateway or 'none'}", gateway is not None, "one of ours")
    if gateway:
        for block in gateway.blocks("ip_configuration"):
            place = meant(stack, "azurerm_subnet", block.get("subnet_id"))
            yield equal(str(gateway), "subnet", str(place), "network/GatewaySubnet")
    yield equal(str(connection), "connection_protocol", connection.get("connection_protocol"), "IKEv2")
    encryption = str(connection.get("ipsec_policy.ipsec_encryption"))
    yield Observation(str(connection), f"ipsec_encryption = {encryption}", "AES256" in encryption, "AES256")
