"""The Kubernetes cluster and its node pools (K8S-1 to K8S-9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from terrace.capabilities.spec import Cidr, Name, Size, Spec

PoolKind = Literal["system", "general", "spot", "gpu"]


class ApiAccess(Spec):
    """Who may reach the Kubernetes API (K8S-1). The private endpoint is always on."""

    public_from: Mapping[Name, Cidr]
    """Name of a place to its range; empty: privately only."""


def _kept_apart(others: Mapping[str, Any]) -> bool:
    return others.get("kind") in ("spot", "gpu")


class PoolSpec(Spec):
    kind: PoolKind
    """system runs the platform's own pods, general workloads, spot interruptible ones, gpu accelerated ones."""
    size: Size
    """Node size; what it means on each cloud is in docs/environments.md."""
    min_nodes: Annotated[int, Field(ge=0, le=100)]
    """Lower bound of autoscaling (K8S-6)."""
    max_nodes: Annotated[int, Field(ge=1, le=500)]
    """Upper bound of autoscaling."""
    disk_gb: Annotated[int, Field(ge=20, le=2000)] = 80
    """Data disk of a node, encrypted with the disks key (K8S-9)."""
    dedicated: bool = Field(default_factory=_kept_apart)
    """Keep pods without a toleration off this pool. Spot and GPU pools always do, others when they say so."""


class ClusterSpec(Spec):
    version: Annotated[str, Field(pattern=r"^1\.\d{2}$")]
    """Kubernetes minor version (K8S-7)."""
    api_access: ApiAccess
    """Who may reach the API server."""
    service_cidr: Cidr = "172.20.0.0/16"
    """Range of cluster services; must not overlap the network's."""
    pools: Annotated[Mapping[Name, PoolSpec], Field(min_length=1)]
    """Node pools by name."""


@dataclass(frozen=True)
class ClusterHandle:
    """`workload_identity` is what a workload's trust names (pod identity, OIDC issuer, workload pool).

    `certificate_authority` is empty where the endpoint's certificate is a public one.
    """

    name: str
    endpoint: str
    certificate_authority: str
    workload_identity: str
    pools: Mapping[str, str]
    ready: tuple[Any, ...]
