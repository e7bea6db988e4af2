"""Node pools of GKE, which autoscale (K8S-4, K8S-6, K8S-9)."""

from collections.abc import Mapping
from typing import NamedTuple

from cdktn import TerraformResourceLifecycle
from cdktn_provider_google.container_cluster import (
    ContainerCluster,
    ContainerClusterNodeConfig,
    ContainerClusterNodeConfigKubeletConfig,
    ContainerClusterNodeConfigShieldedInstanceConfig,
    ContainerClusterNodeConfigWorkloadMetadataConfig,
)
from cdktn_provider_google.container_node_pool import (
    ContainerNodePool,
    ContainerNodePoolAutoscaling,
    ContainerNodePoolManagement,
    ContainerNodePoolNetworkConfig,
    ContainerNodePoolNodeConfig,
    ContainerNodePoolNodeConfigGuestAccelerator,
    ContainerNodePoolNodeConfigGuestAcceleratorGpuDriverInstallationConfig,
    ContainerNodePoolNodeConfigGvnic,
    ContainerNodePoolNodeConfigKubeletConfig,
    ContainerNodePoolNodeConfigShieldedInstanceConfig,
    ContainerNodePoolNodeConfigTaint,
    ContainerNodePoolNodeConfigWorkloadMetadataConfig,
    ContainerNodePoolUpgradeSettings,
)
from constructs import Construct

from terrace.capabilities.cluster import POOL_LABEL, PoolKind, PoolSpec, generation
from terrace.capabilities.network import NetworkHandle
from terrace.capabilities.target import Target
from terrace.environment.sizes import machine
from terrace.gcp import names
from terrace.gcp.ranges import PODS_PER_NODE

_ACCELERATOR = "nvidia-tesla-t4"
"""The GPU of a GPU pool's machines; one each, except for the largest size."""

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
"""The scope of a node's tokens; the roles of its service account limit what they allow."""


class Taint(NamedTuple):
    key: str
    value: str
    effect: str = "NO_SCHEDULE"


TAINTS: Mapping[PoolKind, Taint] = {
    # GKE's system pods do not tolerate custom taints, so the system pool has a soft one
    "system": Taint("CriticalAddonsOnly", "true", "PREFER_NO_SCHEDULE"),
    "general": Taint("terrace.dev/pool", "general"),
    "spot": Taint("terrace.dev/pool", "spot"),
    "gpu": Taint("nvidia.com/gpu", "present"),
}
"""The taint of a dedicated pool. NVIDIA's plugin tolerates the last."""


def pool(
    scope: Construct,
    name: str,
    spec: PoolSpec,
    target: Target,
    *,
    cluster: ContainerCluster,
    network: NetworkHandle,
) -> ContainerNodePool:
    """A node pool that autoscales. A new one is made before the old one is drained and deleted."""
    taint = TAINTS[spec.kind]
    return ContainerNodePool(
        scope,
        f"pool-{name}",
        name=pool_name(name, spec),
        cluster=cluster.id,
        location=names.cluster_location(target),
        node_locations=list(target.zones),  # NET-1, K8S-6
        initial_node_count=spec.first_nodes_in_zone(len(target.zones)),  # of each zone, unlike the bounds
        max_pods_per_node=PODS_PER_NODE,
        autoscaling=ContainerNodePoolAutoscaling(
            total_min_node_count=spec.min_nodes,  # K8S-6
            total_max_node_count=spec.max_nodes,  # K8S-6
            location_policy="ANY" if spec.kind == "spot" else "BALANCED",
        ),
        management=ContainerNodePoolManagement(auto_repair=True, auto_upgrade=True),  # K8S-7
        upgrade_settings=ContainerNodePoolUpgradeSettings(strategy="SURGE", max_surge=1, max_unavailable=0),
        network_config=ContainerNodePoolNetworkConfig(enable_private_nodes=True),  # K8S-1, NET-2
        node_config=ContainerNodePoolNodeConfig(
            machine_type=_machine_type(name, spec, target),
            spot=spec.kind == "spot",
            image_type="COS_CONTAINERD",  # K8S-9
            disk_type="pd-balanced",
            disk_size_gb=spec.disk_gb,
            boot_disk_kms_key=names.key(target, "disks"),  # K8S-9
            service_account=network.groups["nodes"],  # K8S-4
            oauth_scopes=[_SCOPE],
            labels={POOL_LABEL: name},
            resource_labels=names.labels(target),  # GOV-1
            metadata={"disable-legacy-endpoints": "true"},  # K8S-4
            gvnic=ContainerNodePoolNodeConfigGvnic(enabled=True),
            shielded_instance_config=ContainerNodePoolNodeConfigShieldedInstanceConfig(
                enable_secure_boot=True,  # K8S-9
                enable_integrity_monitoring=True,  # K8S-9
            ),
            workload_metadata_config=ContainerNodePoolNodeConfigWorkloadMetadataConfig(mode="GKE_METADATA"),  # K8S-4
            kubelet_config=ContainerNodePoolNodeConfigKubeletConfig(
                insecure_kubelet_readonly_port_enabled="FALSE",  # K8S-4
                pod_pids_limit=4096,
                cpu_cfs_quota=True,
            ),
            guest_accelerator=[_accelerator(spec)] if spec.kind == "gpu" else None,
            taint=[ContainerNodePoolNodeConfigTaint(key=taint.key, value=taint.value, effect=taint.effect)]
            if spec.dedicated
            else None,
        ),
        lifecycle=TerraformResourceLifecycle(
            create_before_destroy=True,
            ignore_changes=["initial_node_count"],  # autoscaler
        ),
    )


def default_pool(target: Target, network: NetworkHandle) -> ContainerClusterNodeConfig:
    """The default pool, which the provider creates with the cluster and deletes; it meets the same guarantees."""
    return ContainerClusterNodeConfig(
        service_account=network.groups["nodes"],
        image_type="COS_CONTAINERD",
        boot_disk_kms_key=names.key(target, "disks"),
        oauth_scopes=[_SCOPE],
        shielded_instance_config=ContainerClusterNodeConfigShieldedInstanceConfig(
            enable_secure_boot=True, enable_integrity_monitoring=True
        ),
        workload_metadata_config=ContainerClusterNodeConfigWorkloadMetadataConfig(mode="GKE_METADATA"),
        kubelet_config=ContainerClusterNodeConfigKubeletConfig(insecure_kubelet_readonly_port_enabled="FALSE"),
    )


def pool_name(name: str, spec: PoolSpec) -> str:
    """The pool's name, and what forces a replacement. Source: provider 7.45, google_container_node_pool: spot machines,
    accelerators and the addresses of a node; machine type, disk and zones change in place."""
    accelerator = (_ACCELERATOR, _accelerators(spec)) if spec.kind == "gpu" else None
    return f"{name}-{generation(spec.kind == 'spot', accelerator, PODS_PER_NODE)}"


def _machine_type(name: str, spec: PoolSpec, target: Target) -> str:
    """The machine type of a pool: the environment's exact one, else the size's."""
    exact = names.settings(target).node_types.get(name)
    return exact or machine("gcp", "gpu" if spec.kind == "gpu" else "node", spec.size).name


def _accelerator(spec: PoolSpec) -> ContainerNodePoolNodeConfigGuestAccelerator:
    return ContainerNodePoolNodeConfigGuestAccelerator(
        type=_ACCELERATOR,
        count=_accelerators(spec),
        gpu_driver_installation_config=ContainerNodePoolNodeConfigGuestAcceleratorGpuDriverInstallationConfig(
            gpu_driver_version="LATEST"
        ),
    )


def _accelerators(spec: PoolSpec) -> int:
    return 4 if spec.size == "xlarge" else 1
