"""What an organisation already has, which a foundation uses and does not make."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from terrace.capabilities.keys import Purpose
from terrace.capabilities.network import Group
from terrace.capabilities.spec import Cidr, Spec

Id = Annotated[str, Field(min_length=1, max_length=400)]
"""The cloud's id of a resource; a rule of the cloud checks its form."""


SubnetKind = Literal["entry", "nodes", "control", "data", "endpoints"]


class ExistingNetwork(Spec):
    """A network with its routes, firewall, private paths and logs. `network.cidr` is its range."""

    id: Id
    """The network."""
    subnets: Mapping[SubnetKind, Annotated[tuple[Id, ...], Field(min_length=1)]]
    """Subnets by kind: of the public entry, the nodes, the control plane's addresses, the database and cache, and on
    Azure of private endpoints."""
    groups: Mapping[Group, Id] = {}
    """Security groups by party (AWS only)."""
    node_range: Cidr | None = None
    """Range of the nodes' subnet (Azure only), at whose end the ingress has its address."""


class ExistingSpec(Spec):
    """Existing resources by the capability that they stand for. Their owner carries its guarantees."""

    keys: Mapping[Purpose, Id] = {}
    """Keys by purpose; the foundation makes the others."""

    network: ExistingNetwork | None = None
    """The network, instead of one of the foundation's."""

    @property
    def kinds(self) -> Mapping[str, str]:
        """The capabilities that stand on existing resources, and what exists of them."""
        found = {"keys": ", ".join(sorted(self.keys))} if self.keys else {}
        return found | ({"network": self.network.id.rpartition("/")[2]} if self.network else {})
