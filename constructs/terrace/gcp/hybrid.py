"""A site-to-site VPN to on-premises, routed by BGP (NET-7)."""

from cdktn import TerraformLocal, TerraformResourceLifecycle
from cdktn_provider_google.compute_external_vpn_gateway import (
    ComputeExternalVpnGateway,
    ComputeExternalVpnGatewayInterface,
)
from cdktn_provider_google.compute_firewall import ComputeFirewall, ComputeFirewallAllow, ComputeFirewallLogConfig
from cdktn_provider_google.compute_ha_vpn_gateway import ComputeHaVpnGateway
from cdktn_provider_google.compute_router_interface import ComputeRouterInterface
from cdktn_provider_google.compute_router_peer import ComputeRouterPeer
from cdktn_provider_google.compute_vpn_tunnel import ComputeVpnTunnel
from cdktn_provider_google.secret_manager_secret import SecretManagerSecret
from cdktn_provider_google.secret_manager_secret_version import SecretManagerSecretVersion
from constructs import Construct

from terrace.capabilities.hybrid import HybridHandle, HybridSpec
from terrace.capabilities.network import NetworkHandle
from terrace.capabilities.target import Target
from terrace.gcp.firewall import ALLOWED
from terrace.gcp.flows import ON_PREMISES_PORTS
from terrace.gcp.providers import service
from terrace.gcp.secrets import random_text, replication

_TUNNELS = 2
"""Both interfaces of the gateway need a tunnel. Source: Cloud VPN documentation, "Cloud VPN topologies"."""


class Hybrid(Construct):
    """Two tunnels from an HA gateway to one device; the network's router learns the routes.

    The pre-shared key is generated during the apply and written to the tunnels and to a secret, where the device's
    administrators read it; it is in no state and no plan. Source: Cloud VPN documentation, "Create an HA VPN gateway".
    """

    handle: HybridHandle

    def __init__(self, scope: Construct, id: str, spec: HybridSpec, target: Target, *, network: NetworkHandle) -> None:
        super().__init__(scope, id)
        gateway = ComputeHaVpnGateway(
            self, "gateway", name=target.prefix, network=network.id, region=target.region, stack_type="IPV4_ONLY"
        )
        peer = ComputeExternalVpnGateway(
            self,
            "peer",
            name=f"{target.prefix}-on-premises",
            redundancy_type="SINGLE_IP_INTERNALLY_REDUNDANT",
            interface=[ComputeExternalVpnGatewayInterface(id=0, ip_address=str(spec.peer_address))],
            depends_on=[service(self, "compute")],
        )
        # One value for secret and tunnels; uuid() changes at each run, but write-only arguments are written once
        shared = TerraformLocal(self, "shared-key", random_text()).as_string
        secret = SecretManagerSecret(
            self,
            "shared-key-secret",
            secret_id=f"{target.prefix}-vpn",
            replication=replication(target),
            deletion_protection=target.protected,
            lifecycle=TerraformResourceLifecycle(ignore_changes=["replication"]),  # a new secret has another value
            depends_on=[*network.ready, service(self, "secretmanager")],
        )
        SecretManagerSecretVersion(
            self,
            "shared-key-version",
            secret=secret.id,
            secret_data_wo=shared,
            secret_data_wo_version="1",  # SEC-1
        )
        router = network.routes["router"]
        for number in range(_TUNNELS):
            tunnel = ComputeVpnTunnel(  # NET-7
                self,
                f"tunnel-{number}",
                name=f"{target.prefix}-{number}",
                region=target.region,
                vpn_gateway=gateway.id,
                vpn_gateway_interface=number,
                peer_external_gateway=peer.id,
                peer_external_gateway_interface=0,
                router=router,
                ike_version=2,
                shared_secret_wo=shared,  # SEC-1
                shared_secret_wo_version="1",
            )
            interface = ComputeRouterInterface(
                self,
                f"interface-{number}",
                name=f"{target.prefix}-{number}",
                router=router,
                region=target.region,
                ip_range=f"169.254.{number}.1/30",
                vpn_tunnel=tunnel.name,
            )
            ComputeRouterPeer(
                self,
                f"session-{number}",
                name=f"{target.prefix}-{number}",
                router=router,
                region=target.region,
                interface=interface.name,
                peer_ip_address=f"169.254.{number}.2",
                peer_asn=spec.peer_asn,
                advertised_route_priority=100,
            )
        self._firewall_rule(spec, target, network)
        self.handle = HybridHandle(connection=gateway.id)

    def _firewall_rule(self, spec: HybridSpec, target: Target, network: NetworkHandle) -> None:
        ComputeFirewall(
            self,
            "on-premises-to-ingress",
            name=f"{target.prefix}-on-premises",
            network=network.id,
            description="On-premises reaches ingress pods",  # NET-4
            direction="INGRESS",
            priority=ALLOWED,
            source_ranges=list(spec.peer_cidrs),
            target_service_accounts=[network.groups["nodes"]],
            allow=[ComputeFirewallAllow(protocol="tcp", ports=list(ON_PREMISES_PORTS))],
            log_config=ComputeFirewallLogConfig(metadata="INCLUDE_ALL_METADATA"),
            depends_on=list(network.ready),
        )
