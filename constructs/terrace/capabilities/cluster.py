"""The Kubernetes cluster and its node pools (K8S-1 to K8S-9)."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from terrace.capabilities.spec import Cidr, Name, Size, Spec

PoolKind = Literal["system", "general", "spot", "gpu"]
POOL_LABEL = "terrace.dev/pool"
"""The label of nodes with the name of their pool in the environment. The pool's name in the cloud may be longer."""


class ApiAccess(Spec):
    """Access to the Kubernetes API (K8S-1). The private endpoint is always enabled."""

    public_from: Mapping[Name, Cidr]
    """Name to public IPv4 range; empty: private access only."""


def _dedicated(others: Mapping[str, Any]) -> bool:
    return others.get("kind") in ("spot", "gpu")


class PoolSpec(Spec):
    kind: PoolKind
    """system: the platform's own pods; general: workloads; spot: interruptible workloads; gpu: accelerated
    workloads."""
    size: Size
    """Node size; docs/environments.md lists the machine types on each cloud."""
    min_nodes: Annotated[int, Field(ge=0, le=100)]
    """Minimum of autoscaling over all zones (K8S-6)."""
    max_nodes: Annotated[int, Field(ge=1, le=500)]
    """Maximum of autoscaling over all zones."""
    disk_gb: Annotated[int, Field(ge=20, le=2000)] = 80
    """Size of a node's data disk in GB, encrypted with the disks key (K8S-9)."""
    dedicated: bool = Field(default_factory=_dedicated)
    """Taint the pool, so that only pods with a toleration run on it. Default: true for spot and gpu pools."""

    def first_nodes(self) -> int:
        """How many nodes the pool starts with: a system or general pool has one, even with a minimum of zero, for the
        autoscaler and the add-ons."""
        return max(self.min_nodes, 1) if self.kind in ("system", "general") else self.min_nodes

    def first_nodes_in_zone(self, zones: int) -> int:
        """The same for each zone, where a cloud counts so; rounded up, but all zones together do not exceed the
        maximum."""
        return min(-(-self.first_nodes() // zones), self.max_nodes // zones)


def generation(*forcing: object) -> str:
    """Four characters that change with the values that force a replacement of a pool.

    A cloud refuses two pools of one name. With these characters in its name, the new pool is made before Terraform
    deletes the old one, which the cloud drains.
    """
    digest = hashlib.sha256(json.dumps(forcing).encode()).digest()
    return base64.b32encode(digest).decode().lower()[:4]


class ClusterSpec(Spec):
    version: Annotated[str, Field(pattern=r"^1\.\d{2}$")]
    """Kubernetes minor version (K8S-7)."""
    api_access: ApiAccess
    """Access to the API server."""
    service_cidr: Cidr = "172.20.0.0/16"
    """Range of cluster services; must not overlap the network's range."""
    pools: Annotated[Mapping[Name, PoolSpec], Field(min_length=1)]
    """Node pools by name."""
    deletion_protection: bool
    """Refuse to delete the cluster (K8S-11)."""


@dataclass(frozen=True)
class ClusterHandle:
    """`workload_identity` is what a workload identity trusts (pod identity, OIDC issuer, workload pool).

    `certificate_authority` is empty if the endpoint's certificate is a public one. `pools` maps a pool to its name in
    the cloud.
    """

    name: str
    endpoint: str
    certificate_authority: str
    workload_identity: str
    pools: Mapping[str, str]
    ready: tuple[Any, ...]
