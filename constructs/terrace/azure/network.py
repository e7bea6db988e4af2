"""The virtual network: subnets by party, NAT, private paths, firewall rules by purpose, flow logs (NET-1 to NET-5)."""

from collections.abc import Collection, Mapping

from cdktn import TerraformResource, TerraformStack
from cdktn_provider_azurerm.key_vault import KeyVault
from cdktn_provider_azurerm.key_vault_key import KeyVaultKey
from cdktn_provider_azurerm.nat_gateway import NatGateway
from cdktn_provider_azurerm.nat_gateway_public_ip_association import NatGatewayPublicIpAssociation
from cdktn_provider_azurerm.network_watcher_flow_log import (
    NetworkWatcherFlowLog,
    NetworkWatcherFlowLogRetentionPolicy,
    NetworkWatcherFlowLogTrafficAnalytics,
)
from cdktn_provider_azurerm.private_dns_zone import PrivateDnsZone
from cdktn_provider_azurerm.private_dns_zone_virtual_network_link import PrivateDnsZoneVirtualNetworkLink
from cdktn_provider_azurerm.private_endpoint import PrivateEndpoint
from cdktn_provider_azurerm.public_ip import PublicIp
from cdktn_provider_azurerm.storage_account import StorageAccount
from cdktn_provider_azurerm.subnet import Subnet, SubnetDelegation, SubnetDelegationServiceDelegation
from cdktn_provider_azurerm.subnet_nat_gateway_association import SubnetNatGatewayAssociation
from cdktn_provider_azurerm.subnet_network_security_group_association import SubnetNetworkSecurityGroupAssociation
from cdktn_provider_azurerm.virtual_network import VirtualNetwork, VirtualNetworkEncryption
from constructs import Construct

from terrace.azure import names, providers
from terrace.azure.firewall import FirewallRules, private_path
from terrace.azure.flows import GROUPS
from terrace.azure.ranges import layout
from terrace.capabilities.existing import ExistingNetwork
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.network import Group, NetworkHandle, NetworkSpec
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.target import Target

_PRIVATE_SERVICES = ("blob", "vault", "registry", "redisEnterprise", "namespace", "cluster", "database", "internal")
"""Services whose names resolve only inside the network. All are required at any setting of `private_paths`, because
their public access is disabled."""
_PARTIES: Mapping[str, Group] = {"redisEnterprise": "cache", "namespace": "streams", "database": "database"}
"""Services of a party, which a network without the party does not resolve."""
_DELEGATED: Mapping[Group, str] = {
    "control": "Microsoft.ContainerService/managedClusters",
    "database": "Microsoft.DBforPostgreSQL/flexibleServers",
}
"""Subnets delegated to a service."""


class Network(Construct):
    """A virtual network with one subnet per party. A subnet spans all zones; resources choose their zone (NET-1).

    Source: "Azure Virtual Network concepts"; "What is Azure NAT Gateway", StandardV2.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        spec: NetworkSpec,
        target: Target,
        *,
        api_ranges: Mapping[str, str],
        without: Collection[Group],
        governance: GovernanceHandle,
        observability: ObservabilityHandle,
    ) -> None:
        super().__init__(scope, id)
        self._group, self._target = providers.home(self, target), target
        if target.existing.network:
            self._network_id = target.existing.network.id
            self.handle = self._existing(target.existing.network, without)
            return
        ranges = layout(spec.cidr)
        self._network = VirtualNetwork(  # NET-8: without dns_servers, Azure's own resolver answers
            self,
            "network",
            name=target.prefix,
            location=self._group.location,
            resource_group_name=self._group.name,
            address_space=[spec.cidr],
            encryption=VirtualNetworkEncryption(enforcement="AllowUnencrypted"),
            tags=dict(target.tags),
        )
        self._network_id = self._network.id
        groups = [group for group in GROUPS if group not in without]
        subnets = {group: self._subnet(group, ranges[group]) for group in groups}
        rules = FirewallRules(
            self, "openings", spec, target, ranges={group: ranges[group] for group in groups}, api_ranges=api_ranges
        )
        guarded: list[TerraformResource] = [
            SubnetNetworkSecurityGroupAssociation(  # NET-4
                self,
                f"{group}-guard",
                subnet_id=subnet.id,
                network_security_group_id=rules.groups[group],
                depends_on=list(rules.ready),
            )
            for group, subnet in subnets.items()
        ]
        nat_ids, routed = self._nat(spec, subnets["nodes"])
        links = self._zones(without)
        vault_paths, paths = self._private_paths(target)
        self._flow_log(spec, target, observability)
        hybrid = [self._subnet("GatewaySubnet", ranges["GatewaySubnet"])] if spec.hybrid else []  # NET-7
        ready = (*hybrid, *guarded, *links, *routed, *vault_paths, *paths)
        self.handle = NetworkHandle(
            id=names.network_id(target),
            zones=target.zones,
            public_subnet_ids=(names.subnet_id(target, "entry"),) if "entry" in groups else (),
            node_subnet_ids=(names.subnet_id(target, "nodes"),),
            data_subnet_ids=tuple(names.subnet_id(target, group) for group in ("database", "cache") if group in groups),
            control_subnet_ids=(names.subnet_id(target, "control"),),
            groups=rules.groups,
            nat_ids=nat_ids,
            private_zone_id=names.private_zone_id(target, "internal"),
            ready=ready,
            public_ready=(*guarded, *vault_paths),
            ranges={group: ranges[group] for group in groups},
        )

    def _existing(self, network: ExistingNetwork, without: Collection[Group]) -> NetworkHandle:
        """A virtual network of others: only private paths in it, and the zones of their names, are made."""
        target, links = self._target, self._zones(without)
        vault_paths, paths = self._private_paths(target)
        return NetworkHandle(
            id=network.id,
            zones=target.zones,
            public_subnet_ids=() if "entry" in without else (names.subnet_id(target, "entry"),),
            node_subnet_ids=(names.subnet_id(target, "nodes"),),
            data_subnet_ids=(names.subnet_id(target, "database"),),
            control_subnet_ids=(names.subnet_id(target, "control"),),
            private_zone_id=names.private_zone_id(target, "internal"),
            ready=(*links, *vault_paths, *paths),
            public_ready=tuple(vault_paths),
            ranges={"nodes": network.node_range} if network.node_range else {},
        )

    def _zones(self, without: Collection[Group]) -> list[PrivateDnsZoneVirtualNetworkLink]:
        return [
            self._zone(service)
            for service in _PRIVATE_SERVICES
            if _PARTIES.get(service) not in without and not names.existing_zone(self._target, service)
        ]

    def _subnet(self, name: str, cidr: str) -> Subnet:
        delegation = None
        if service := _DELEGATED.get(name):  # type: ignore[call-overload]
            join = ["Microsoft.Network/virtualNetworks/subnets/join/action"]
            delegation = [
                SubnetDelegation(
                    name=name, service_delegation=SubnetDelegationServiceDelegation(name=service, actions=join)
                )
            ]
        return Subnet(
            self,
            name,
            name=name,
            resource_group_name=self._group.name,
            virtual_network_name=self._network.name,
            address_prefixes=[cidr],
            default_outbound_access_enabled=False,  # NET-2
            private_endpoint_network_policies="Enabled",  # NET-4: firewall rules apply to private endpoints, too
            delegation=delegation,
        )

    def _nat(self, spec: NetworkSpec, nodes: Subnet) -> tuple[dict[str, str], list[TerraformResource]]:
        """NET-2: nodes have egress through one gateway with a fixed address.

        `per_zone` is a StandardV2 gateway, which spans the region's zones and survives the failure of one; other clouds
        need a gateway per zone for that. `single` is in the first zone.
        """
        everywhere = spec.egress.nat == "per_zone"
        sku = "StandardV2" if everywhere else "Standard"
        zone = self._target.zones[0]
        address = PublicIp(
            self,
            "nat-address",
            name=f"{self._target.prefix}-nat",
            location=self._group.location,
            resource_group_name=self._group.name,
            allocation_method="Static",
            sku=sku,
            zones=[*self._target.zones, *self._target.spare_zones] if everywhere else [zone],
            tags=dict(self._target.tags),
        )
        gateway = NatGateway(
            self,
            "nat",
            name=self._target.prefix,
            location=self._group.location,
            resource_group_name=self._group.name,
            sku_name=sku,
            zones=None if everywhere else [zone],
            idle_timeout_in_minutes=10,
            tags=dict(self._target.tags),
        )
        addressed = NatGatewayPublicIpAssociation(
            self, "nat-addressed", nat_gateway_id=gateway.id, public_ip_address_id=address.id
        )
        routed = SubnetNatGatewayAssociation(self, "nodes-nat", subnet_id=nodes.id, nat_gateway_id=gateway.id)
        nat_id = names.id(self._target, "Microsoft.Network/natGateways", self._target.prefix)
        return {"all-zones" if everywhere else f"zone-{zone}": nat_id}, [gateway, addressed, routed]

    def _zone(self, service: str) -> PrivateDnsZoneVirtualNetworkLink:
        """A private DNS zone, linked to the network (NET-3)."""
        zone = PrivateDnsZone(
            self,
            f"zone-{service}",
            name=names.private_zone(self._target, service),
            resource_group_name=self._group.name,
            tags=dict(self._target.tags),
        )
        return PrivateDnsZoneVirtualNetworkLink(
            self,
            f"zone-{service}-link",
            name=f"{self._target.prefix}-{service}",
            private_dns_zone_id=zone.id,
            virtual_network_id=self._network_id,
            registration_enabled=False,
            tags=dict(self._target.tags),
        )

    def _private_paths(self, target: Target) -> tuple[list[PrivateEndpoint], list[PrivateEndpoint]]:
        """NET-3: a private path to every vault and storage account that the stack has so far.

        Keys are created through the path of their vault, so they depend on it.
        """
        vaults: list[PrivateEndpoint] = []
        accounts: list[PrivateEndpoint] = []
        keys: list[KeyVaultKey] = []
        for child in TerraformStack.of(self).node.find_all():
            if isinstance(child, KeyVaultKey):
                keys.append(child)
            elif isinstance(child, KeyVault):
                vaults.append(private_path(self, f"path-{child.node.id}", target, to=child.id, service="vault"))
            elif isinstance(child, StorageAccount):
                above = child.node.scope
                name = child.node.id if above is None or child.node.id != "account" else above.node.id
                accounts.append(private_path(self, f"path-{name}", target, to=child.id, service="blob"))
        for key in keys:
            key.depends_on = [*(key.depends_on or []), *(_address(path) for path in vaults)]
        return vaults, accounts

    def _flow_log(self, spec: NetworkSpec, target: Target, observability: ObservabilityHandle) -> None:
        """NET-5. A subscription has one network watcher per region, which Azure creates with the first network. Source:
        Network Watcher documentation, "Enable or disable Azure Network Watcher"."""
        workspace = observability.log_ids["trail"]
        NetworkWatcherFlowLog(
            self,
            "flow-log",
            name=target.prefix,
            network_watcher_name=names.watcher(target),
            resource_group_name=names.WATCHERS,
            location=self._group.location,
            target_resource_id=self._network.id,  # NET-5
            storage_account_id=observability.log_ids["flow"],
            enabled=True,
            version=2,
            retention_policy=NetworkWatcherFlowLogRetentionPolicy(
                enabled=True, days=observability.retention_days
            ),  # NET-5
            traffic_analytics=NetworkWatcherFlowLogTrafficAnalytics(
                enabled=True,
                workspace_id=observability.workspace,
                workspace_region=target.region,
                workspace_resource_id=workspace,
                interval_in_minutes=10 if spec.flow_log_interval_seconds == 60 else 60,
            ),
            tags=dict(target.tags),
            depends_on=list(observability.ready),
        )


def _address(resource: TerraformResource) -> str:
    """A resource's address for `depends_on`; the CDK's own `fqn` would become an expression there."""
    return f"{resource.terraform_resource_type}.{resource.friendly_unique_id}"
