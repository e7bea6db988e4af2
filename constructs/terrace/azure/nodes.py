"""Node pools of AKS, which autoscale (K8S-4, K8S-6, K8S-9)."""

from collections.abc import Mapping
from typing import NamedTuple

from cdktn import TerraformResource, TerraformResourceLifecycle
from cdktn_provider_azurerm.kubernetes_cluster import (
    KubernetesCluster,
    KubernetesClusterDefaultNodePool,
    KubernetesClusterDefaultNodePoolUpgradeSettings,
)
from cdktn_provider_azurerm.kubernetes_cluster_node_pool import (
    KubernetesClusterNodePool,
    KubernetesClusterNodePoolUpgradeSettings,
)
from constructs import Construct

from terrace.azure import names
from terrace.azure.ranges import PODS_PER_NODE
from terrace.capabilities.cluster import POOL_LABEL, PoolKind, PoolSpec, generation
from terrace.capabilities.network import NetworkHandle
from terrace.capabilities.target import Target
from terrace.environment.sizes import machine
from terrace.errors import ContractError

_POOL_NAME_LENGTH = 12
"""Source: AKS, agent pool names: a-z and 0-9, a letter first."""


class Taint(NamedTuple):
    key: str
    value: str

    def __str__(self) -> str:
        return f"{self.key}={self.value}:NoSchedule"


TAINTS: Mapping[PoolKind, Taint] = {
    "system": Taint("CriticalAddonsOnly", "true"),
    "general": Taint("terrace.dev/pool", "general"),
    "spot": Taint("kubernetes.azure.com/scalesetpriority", "spot"),
    "gpu": Taint("nvidia.com/gpu", "present"),
}
"""The taint of a dedicated pool. AKS's add-ons tolerate the first; AKS itself sets the third."""


def pool(
    scope: Construct,
    name: str,
    spec: PoolSpec,
    target: Target,
    *,
    cluster: KubernetesCluster,
    version: str,
    network: NetworkHandle,
) -> TerraformResource:
    """A node pool that autoscales."""
    spot, gpu = spec.kind == "spot", spec.kind == "gpu"
    dedicated = spec.dedicated or spot or gpu
    surge = KubernetesClusterNodePoolUpgradeSettings(max_surge="33%", drain_timeout_in_minutes=30)
    return KubernetesClusterNodePool(
        scope,
        f"pool-{name}",
        name=pool_name(name),
        kubernetes_cluster_id=cluster.id,
        mode="User",
        orchestrator_version=version,
        vm_size=_vm_size(name, spec, target),
        vnet_subnet_id=network.node_subnet_ids[0],  # NET-1
        zones=list(network.zones),  # NET-1
        auto_scaling_enabled=True,  # K8S-6
        min_count=spec.min_nodes,  # K8S-6
        max_count=spec.max_nodes,  # K8S-6
        priority="Spot" if spot else "Regular",  # K8S-6
        eviction_policy="Delete" if spot else None,
        spot_max_price=-1 if spot else None,
        node_taints=[str(TAINTS[spec.kind])] if dedicated else None,
        node_labels=_labels(name, spec),
        gpu_driver="Install" if gpu else None,
        os_type="Linux",
        os_sku="AzureLinux",  # K8S-9
        os_disk_type="Managed",
        os_disk_size_gb=spec.disk_gb,
        host_encryption_enabled=True,  # K8S-9
        node_public_ip_enabled=False,  # NET-2
        max_pods=PODS_PER_NODE,
        temporary_name_for_rotation=f"tmp{generation(name)}",
        upgrade_settings=None if spot else surge,  # AKS rejects it for spot
        tags=dict(target.tags),
        lifecycle=TerraformResourceLifecycle(ignore_changes=["node_count"]),  # autoscaler
    )


def default_pool(
    name: str, spec: PoolSpec, target: Target, *, version: str, network: NetworkHandle
) -> KubernetesClusterDefaultNodePool:
    """The system pool, which is part of the cluster."""
    return KubernetesClusterDefaultNodePool(
        name=pool_name(name),
        orchestrator_version=version,  # without it, the pool keeps its version when the cluster gets another one
        vm_size=_vm_size(name, spec, target),
        vnet_subnet_id=network.node_subnet_ids[0],  # NET-1
        zones=list(network.zones),  # NET-1
        auto_scaling_enabled=True,  # K8S-6
        min_count=max(spec.min_nodes, 1),  # K8S-6: AKS requires one system node
        max_count=spec.max_nodes,  # K8S-6
        only_critical_addons_enabled=spec.dedicated,
        os_sku="AzureLinux",  # K8S-9
        os_disk_type="Managed",
        os_disk_size_gb=spec.disk_gb,
        host_encryption_enabled=True,  # K8S-9
        node_public_ip_enabled=False,  # NET-2
        max_pods=PODS_PER_NODE,
        temporary_name_for_rotation="rotating",
        node_labels=_labels(name, spec),
        upgrade_settings=KubernetesClusterDefaultNodePoolUpgradeSettings(max_surge="33%", drain_timeout_in_minutes=30),
        tags=dict(target.tags),
    )


def _labels(name: str, spec: PoolSpec) -> dict[str, str]:
    """Node labels for selectors. AKS adds its own label to spot nodes, which would be drift if it were missing here."""
    own = {"kubernetes.azure.com/scalesetpriority": "spot"} if spec.kind == "spot" else {}
    return {POOL_LABEL: name, "terrace.dev/kind": spec.kind, **own}


def pool_name(name: str) -> str:
    """A pool's name in AKS: a-z and 0-9. Raises ContractError if it is too long."""
    flat = name.replace("-", "")
    if len(flat) > _POOL_NAME_LENGTH:
        raise ContractError(
            f"the node pool {flat} has {len(flat)} characters; AKS allows {_POOL_NAME_LENGTH}",
            where=f"cluster.pools.{name}",
            hint="shorten its name",
        )
    return flat


def _vm_size(name: str, spec: PoolSpec, target: Target) -> str:
    """The VM size of a pool: the environment's exact one, else the size's."""
    if exact := names.settings(target).node_types.get(name):
        return exact
    return machine("azure", "gpu" if spec.kind == "gpu" else "node", spec.size).name
