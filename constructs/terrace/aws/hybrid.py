"""A site-to-site VPN to on-premises, if the environment has one (NET-7)."""

from ipaddress import ip_network

from cdktn import TerraformResourceLifecycle
from cdktn_provider_aws.customer_gateway import CustomerGateway
from cdktn_provider_aws.vpn_connection import VpnConnection
from cdktn_provider_aws.vpn_connection_route import VpnConnectionRoute
from cdktn_provider_aws.vpn_gateway import VpnGateway
from cdktn_provider_aws.vpn_gateway_route_propagation import VpnGatewayRoutePropagation
from constructs import Construct

from terrace.capabilities.hybrid import HybridHandle, HybridSpec
from terrace.capabilities.network import NetworkHandle
from terrace.capabilities.target import Target


class Hybrid(Construct):
    """Two IKEv2 tunnels to one device and static routes to its ranges, for nodes and for the control plane.

    AWS generates the pre-shared keys and stores them in Secrets Manager, so that they are not in state (SEC-1). The
    link opens only the Kubernetes API to the peer's ranges; `network.egress.destinations` lists what nodes may reach
    there (NET-4). Source: AWS Site-to-Site VPN User Guide, "Tunnel options".
    """

    def __init__(self, scope: Construct, id: str, spec: HybridSpec, target: Target, *, network: NetworkHandle) -> None:
        super().__init__(scope, id)
        gateway_id = VpnGateway(self, "gateway", vpc_id=network.id, tags={"Name": target.prefix}).id
        device = CustomerGateway(
            self,
            "device",
            type="ipsec.1",
            ip_address=str(spec.peer_address),
            bgp_asn=str(spec.peer_asn),
            tags={"Name": target.prefix},
            # the connection moves to the new one first: AWS deletes none that a connection has
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
        )
        aes, ike, groups = ["AES256-GCM-16"], ["ikev2"], [20]  # group 20: the 384-bit curve
        connection_id = VpnConnection(
            self,
            "connection",
            type="ipsec.1",
            vpn_gateway_id=gateway_id,
            customer_gateway_id=device.id,
            static_routes_only=True,
            preshared_key_storage="SecretsManager",  # SEC-1
            tunnel1_ike_versions=ike,  # NET-7
            tunnel1_phase1_encryption_algorithms=aes,
            tunnel1_phase1_dh_group_numbers=groups,
            tunnel1_phase2_encryption_algorithms=aes,
            tunnel1_phase2_dh_group_numbers=groups,
            tunnel2_ike_versions=ike,
            tunnel2_phase1_encryption_algorithms=aes,
            tunnel2_phase1_dh_group_numbers=groups,
            tunnel2_phase2_encryption_algorithms=aes,
            tunnel2_phase2_dh_group_numbers=groups,
            tags={"Name": target.prefix},
        ).id
        for cidr in spec.peer_cidrs:
            VpnConnectionRoute(
                self,
                f"route-{ip_network(cidr, strict=False)}".replace("/", "-"),
                vpn_connection_id=connection_id,
                destination_cidr_block=cidr,
            )
        for name, table in network.routes.items():
            VpnGatewayRoutePropagation(self, f"propagation-{name}", vpn_gateway_id=gateway_id, route_table_id=table)
        self.handle = HybridHandle(connection=connection_id)
