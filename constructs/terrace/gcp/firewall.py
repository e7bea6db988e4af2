"""Firewall rules: all traffic is denied in both directions, except for the listed flows (NET-4)."""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from cdktn import TerraformResource
from cdktn_provider_google.artifact_registry_repository_iam_member import ArtifactRegistryRepositoryIamMember
from cdktn_provider_google.compute_firewall import (
    ComputeFirewall,
    ComputeFirewallAllow,
    ComputeFirewallDeny,
    ComputeFirewallLogConfig,
)
from cdktn_provider_google.compute_network import ComputeNetwork
from cdktn_provider_google.service_account import ServiceAccount
from constructs import Construct

from terrace.capabilities.network import Group, NetworkSpec
from terrace.capabilities.target import Target
from terrace.gcp import iam, names
from terrace.gcp.flows import ANYWHERE, GROUPS, flows
from terrace.gcp.iam import Grant
from terrace.gcp.ranges import GOOGLE_APIS, LOAD_BALANCERS

_DENIED, ALLOWED, _OUTBOUND = 65000, 1000, 2000
"""Priorities; a smaller number goes first."""


class FirewallRules(Construct):
    """A service account for the nodes, and the rules. Traffic without a rule is denied and logged.

    `groups` identifies each party: the nodes by service account, the others by a comma-separated list of ranges.
    `ranges` has the network's ranges; the others are Google's own.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        spec: NetworkSpec,
        target: Target,
        *,
        network: ComputeNetwork,
        without: Collection[Group],
        ranges: Mapping[Literal["nodes", "pods", "control", "data"], str],
    ) -> None:
        super().__init__(scope, id)
        self._prefix, self._network = target.prefix, network
        # Rules identify nodes by service account, because network tags can be set by anyone who edits a machine
        self.nodes = node_identity(self, target)
        self._nodes_email = names.role_email(target, "nodes")
        self._ranges: dict[Group, tuple[str, ...]] = {
            "control": (ranges["control"],),
            "nodes": (ranges["nodes"], ranges["pods"]),
            "endpoints": (GOOGLE_APIS,),
            "database": (ranges["data"],),
            "cache": (ranges["data"],),
            "streams": (ranges["data"],),
            "entry": LOAD_BALANCERS,
        }
        self.groups: dict[str, str] = {group: ",".join(self._ranges[group]) for group in GROUPS if group not in without}
        self.groups["nodes"] = self._nodes_email
        for direction in ("INGRESS", "EGRESS"):
            self._deny_all(direction)
        for name, flow in flows(without).items():
            if flow.into == "nodes":
                self._allow(name, "INGRESS", self._ranges[flow.source], flow.ports, flow.protocol, flow.purpose)
            if flow.source == "nodes":
                self._allow(f"{name}-out", "EGRESS", self._ranges[flow.into], flow.ports, flow.protocol, flow.purpose)
        for name, destination in spec.egress.destinations.items():
            purpose, ports = f"Nodes reach {name}", (str(destination.port),)
            self._allow(f"nodes-to-{name}", "EGRESS", (destination.cidr,), ports, "tcp", purpose, priority=_OUTBOUND)

    def _deny_all(self, direction: str) -> None:
        everything = [ANYWHERE]
        ComputeFirewall(
            self,
            f"refuse-{direction.lower()}",
            name=f"{self._prefix}-refuse-{direction.lower()}",
            network=self._network.id,
            description="Denied unless a rule allows it",  # NET-4
            direction=direction,
            priority=_DENIED,
            deny=[ComputeFirewallDeny(protocol="all")],
            source_ranges=everything if direction == "INGRESS" else None,
            destination_ranges=everything if direction == "EGRESS" else None,
            log_config=ComputeFirewallLogConfig(metadata="INCLUDE_ALL_METADATA"),
        )

    def _allow(
        self,
        name: str,
        direction: str,
        peers: tuple[str, ...],
        ports: tuple[str, ...],
        protocol: str,
        purpose: str,
        *,
        priority: int = ALLOWED,
    ) -> None:
        """One rule for the nodes; its name is unique in the project."""
        ComputeFirewall(
            self,
            name,
            name=f"{self._prefix}-{name}",
            network=self._network.id,
            description=purpose,  # NET-4
            direction=direction,
            priority=priority,
            allow=[ComputeFirewallAllow(protocol=protocol, ports=list(ports) or None)],
            source_ranges=list(peers) if direction == "INGRESS" else None,
            destination_ranges=list(peers) if direction == "EGRESS" else None,
            target_service_accounts=[self._nodes_email],
            log_config=ComputeFirewallLogConfig(metadata="INCLUDE_ALL_METADATA"),
            depends_on=[self.nodes],
        )


def may_pull(scope: Construct, target: Target, nodes: str, after: Sequence[TerraformResource] = ()) -> None:
    """The nodes' right to pull the environment's images, `nodes-pull` below the scope (K8S-10)."""
    role = "roles/artifactregistry.reader"
    if target.existing.registry:
        _, project, _, location, _, repository = target.existing.registry.split("/")
        ArtifactRegistryRepositoryIamMember(
            scope,
            "nodes-pull",
            project=project,
            location=location,
            repository=repository,
            role=role,
            member=nodes,
            depends_on=list(after),
        )
        return
    images = f"projects/{names.account(target)}/locations/{target.region}/repositories/{target.prefix}-"
    own = Grant(role, f'resource.name.startsWith("{images}")')
    iam.project_grant(scope, "nodes-pull", target, own, nodes, after=after)


def node_identity(scope: Construct, target: Target) -> ServiceAccount:
    """The nodes' service account, `nodes` below the scope."""
    account = iam.role(
        scope,
        "nodes",
        target,
        purpose="nodes",
        title=f"Nodes of {target.prefix}",
        grants={"run": Grant("roles/container.defaultNodeServiceAccount")},  # K8S-4
    )
    may_pull(scope, target, names.member(target, "nodes"), after=[account])
    return account
