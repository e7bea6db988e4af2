"""Firewall rules: a network security group for each subnet, and a rule on both sides of each flow (NET-4).

And private paths (NET-3): an endpoint in the network for each service.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from cdktn import TerraformResource, TerraformStack
from cdktn_provider_azurerm.network_security_group import NetworkSecurityGroup
from cdktn_provider_azurerm.network_security_rule import NetworkSecurityRule
from cdktn_provider_azurerm.private_dns_zone_virtual_network_link import PrivateDnsZoneVirtualNetworkLink
from cdktn_provider_azurerm.private_endpoint import (
    PrivateEndpoint,
    PrivateEndpointPrivateDnsZoneGroup,
    PrivateEndpointPrivateServiceConnection,
)
from cdktn_provider_azurerm.subnet import Subnet
from constructs import Construct

from terrace.azure import names, providers
from terrace.azure.flows import GROUPS, Flow, OutsideFlow, flows, outside
from terrace.azure.ranges import POD_RANGE
from terrace.capabilities.network import Group, NetworkSpec
from terrace.capabilities.target import Target

_ALL: Literal["*"] = "*"


class FirewallRules(Construct):
    """A security group per subnet and its rules; the last rule denies all other traffic.

    `groups` holds ids by party; `ready` are the rules.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        spec: NetworkSpec,
        target: Target,
        *,
        ranges: Mapping[Group, str],
        api_ranges: Mapping[str, str],
    ) -> None:
        super().__init__(scope, id)
        self._group = providers.home(self, target)
        self._ranges: Mapping[Group, Sequence[str]] = {
            group: [cidr, POD_RANGE] if group == "nodes" else [cidr] for group, cidr in ranges.items()
        }
        self._groups = {
            group: NetworkSecurityGroup(
                self,
                f"{group}-group",
                name=f"{target.prefix}-{group}",
                location=self._group.location,
                resource_group_name=self._group.name,
                tags=dict(target.tags),
            )
            for group in ranges
        }
        self.ready: list[TerraformResource] = []
        without = set(GROUPS) - set(ranges)
        for name, (position, flow) in flows(without).items():
            ports = _ports(flow)
            source, into = self._ranges[flow.source], self._ranges[flow.into]
            for side, group in (("Inbound", flow.into), ("Outbound", flow.source)):
                self._rule(
                    name, group, 100 + 10 * position, side, "Allow", ports, flow.purpose, flow.protocol, source, into
                )
        for name, (position, rule) in outside(spec, api_ranges, without).items():
            own = self._ranges[rule.group]
            inbound = rule.side == "Inbound"
            self._rule(
                name,
                rule.group,
                1000 + 10 * position,
                rule.side,
                "Allow",
                _ports(rule),
                rule.purpose,
                rule.protocol,
                [rule.peer] if inbound else own,
                own if inbound else [rule.peer],
            )
        for group in ranges:
            sides = (
                ("Inbound",) if group == "entry" else ("Inbound", "Outbound")
            )  # the gateway's egress is unrestricted
            for side in sides:
                self._rule("refuse", group, 4096, side, "Deny", _ALL, "Default is deny", _ALL, [_ALL], [_ALL])
        self.groups: dict[str, str] = {group: nsg.id for group, nsg in self._groups.items()}

    def _rule(
        self,
        name: str,
        group: Group,
        priority: int,
        side: str,
        access: str,
        ports: str,
        purpose: str,
        protocol: str,
        source: Sequence[str],
        into: Sequence[str],
    ) -> None:
        way = "in" if side == "Inbound" else "out"
        ends = {**_end("source", source), **_end("destination", into)}
        self.ready.append(
            NetworkSecurityRule(
                self,
                f"{group}-{name}-{way}",
                name=f"{name}-{way}",  # rule names are unique over both directions
                description=purpose,  # NET-4
                resource_group_name=self._group.name,
                network_security_group_name=self._groups[group].name,
                priority=priority,
                direction=side,
                access=access,
                protocol=protocol,
                source_port_range=_ALL,
                destination_port_range=ports,
                **ends,
            )
        )


def _ports(flow: Flow | OutsideFlow) -> str:
    return str(flow.first_port) if flow.first_port == flow.last_port else f"{flow.first_port}-{flow.last_port}"


def _end(name: str, ranges: Sequence[str]) -> dict[str, Any]:
    """The argument for one range or for several."""
    if len(ranges) == 1:
        return {f"{name}_address_prefix": ranges[0]}
    return {f"{name}_address_prefixes": list(ranges)}


def private_path(
    scope: Construct,
    id: str,
    target: Target,
    *,
    to: str,
    service: str,
    subnet: Group = "endpoints",
    after: Sequence[TerraformResource] = (),
) -> PrivateEndpoint:
    """NET-3: a private endpoint for a service, and its name in the network's DNS.

    `to` is the resource's id; `service` its sub-resource (blob, vault, registry, redisEnterprise). Capabilities built
    after the network add their own private paths; the function finds the stack's network by its construct path.
    """
    group = providers.home(scope, target)
    network = TerraformStack.of(scope).node.find_child("network")
    before: list[TerraformResource] = []
    made = [] if target.existing.network else [str(subnet)]
    made += [] if names.existing_zone(target, service) else [f"zone-{service}-link"]
    for name in made:
        child = network.node.find_child(name)
        assert isinstance(child, Subnet | PrivateDnsZoneVirtualNetworkLink)
        before.append(child)
    return PrivateEndpoint(
        scope,
        id,
        name=f"{target.prefix}-{id}",
        custom_network_interface_name=f"{target.prefix}-{id}",
        location=group.location,
        resource_group_name=group.name,
        subnet_id=names.subnet_id(target, subnet),
        private_service_connection=PrivateEndpointPrivateServiceConnection(
            name=id,
            private_connection_resource_id=to,  # NET-3
            subresource_names=[service],
            is_manual_connection=False,
        ),
        private_dns_zone_group=PrivateEndpointPrivateDnsZoneGroup(
            name="default", private_dns_zone_ids=[names.private_zone_id(target, service)]
        ),
        tags=dict(target.tags),
        depends_on=[*before, *after],
    )
