"""A site-to-site VPN to on-premises, if the environment has one (NET-7)."""

from cdktn import TerraformResourceLifecycle
from cdktn_provider_azurerm.local_network_gateway import LocalNetworkGateway
from cdktn_provider_azurerm.public_ip import PublicIp
from cdktn_provider_azurerm.virtual_network_gateway import VirtualNetworkGateway, VirtualNetworkGatewayIpConfiguration
from cdktn_provider_azurerm.virtual_network_gateway_connection import (
    VirtualNetworkGatewayConnection,
    VirtualNetworkGatewayConnectionIpsecPolicy,
)
from constructs import Construct

from terrace.azure import names, providers
from terrace.capabilities.hybrid import HybridHandle, HybridSpec
from terrace.capabilities.network import NetworkHandle
from terrace.capabilities.target import Target


class Hybrid(Construct):
    """Two gateways, each with an IKEv2 tunnel to one device, and static routes to its ranges for the whole network.

    Azure generates the pre-shared key (SEC-1; facts.py has the exception for its copy in state).
    `network.egress.destinations` lists what nodes may reach behind the link (NET-4).
    Source: "About VPN Gateway configuration settings"; "Cryptographic requirements and VPN gateways".
    """

    def __init__(self, scope: Construct, id: str, spec: HybridSpec, target: Target, *, network: NetworkHandle) -> None:
        super().__init__(scope, id)
        group = providers.home(self, target)
        addresses = {
            name: PublicIp(
                self,
                f"address-{name}",
                name=f"{target.prefix}-vpn-{name}",
                location=group.location,
                resource_group_name=group.name,
                allocation_method="Static",
                sku="Standard",
                zones=sorted((*target.zones, *target.spare_zones)),  # a gateway cannot change its addresses
                tags=dict(target.tags),
            )
            for name in ("first", "second")
        }
        gateway = VirtualNetworkGateway(
            self,
            "gateway",
            name=target.prefix,
            location=group.location,
            resource_group_name=group.name,
            type="Vpn",
            vpn_type="RouteBased",
            sku="VpnGw2AZ",
            generation="Generation2",
            active_active=True,
            bgp_enabled=False,
            ip_configuration=[
                VirtualNetworkGatewayIpConfiguration(
                    name=name,
                    public_ip_address_id=address.id,
                    private_ip_address_allocation="Dynamic",
                    subnet_id=names.subnet_id(target, "GatewaySubnet"),
                )
                for name, address in addresses.items()
            ],
            tags=dict(target.tags),
            depends_on=list(network.ready),
        )
        device = LocalNetworkGateway(
            self,
            "device",
            name=target.prefix,
            location=group.location,
            resource_group_name=group.name,
            gateway_address=str(spec.peer_address),
            address_space=list(spec.peer_cidrs),
            tags=dict(target.tags),
        )
        connection = VirtualNetworkGatewayConnection(
            self,
            "connection",
            name=target.prefix,
            location=group.location,
            resource_group_name=group.name,
            type="IPsec",
            virtual_network_gateway_id=gateway.id,
            local_network_gateway_id=device.id,
            connection_protocol="IKEv2",  # NET-7
            ipsec_policy=VirtualNetworkGatewayConnectionIpsecPolicy(
                ike_encryption="GCMAES256",
                ike_integrity="SHA384",
                dh_group="ECP384",
                ipsec_encryption="GCMAES256",
                ipsec_integrity="GCMAES256",
                pfs_group="ECP384",
                sa_lifetime=27000,
            ),
            lifecycle=TerraformResourceLifecycle(ignore_changes=["shared_key"]),  # SEC-1: rotated in Azure
            tags=dict(target.tags),
        )
        self.handle = HybridHandle(connection=connection.id)
