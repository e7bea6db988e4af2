"""Node pools of EKS: managed node groups of Bottlerocket nodes with their launch templates (K8S-4, K8S-6, K8S-9)."""

import base64
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cdktn import TerraformResource, TerraformResourceLifecycle, Token
from cdktn_provider_aws.eks_cluster import EksCluster
from cdktn_provider_aws.eks_node_group import (
    EksNodeGroup,
    EksNodeGroupLaunchTemplate,
    EksNodeGroupNodeRepairConfig,
    EksNodeGroupScalingConfig,
    EksNodeGroupTaint,
    EksNodeGroupUpdateConfig,
)
from cdktn_provider_aws.iam_role import IamRole
from cdktn_provider_aws.launch_template import (
    LaunchTemplate,
    LaunchTemplateBlockDeviceMappings,
    LaunchTemplateBlockDeviceMappingsEbs,
    LaunchTemplateMetadataOptions,
    LaunchTemplateMonitoring,
    LaunchTemplateTagSpecifications,
)
from constructs import Construct

from terrace.aws import names
from terrace.capabilities.cluster import POOL_LABEL, PoolKind, PoolSpec, generation
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.network import NetworkHandle
from terrace.capabilities.spec import Size
from terrace.capabilities.target import Target
from terrace.environment.sizes import machine

_SPOT_TYPES: Mapping[Size, tuple[str, ...]] = {
    "small": ("m6i.large", "m5.large", "m6a.large", "m5a.large"),
    "medium": ("m6i.xlarge", "m5.xlarge", "m6a.xlarge", "m5a.xlarge"),
    "large": ("m6i.2xlarge", "m5.2xlarge", "m6a.2xlarge", "m5a.2xlarge"),
    "xlarge": ("m6i.4xlarge", "m5.4xlarge", "m6a.4xlarge", "m5a.4xlarge"),
}
"""Types with the same vCPUs and memory: AWS reclaims spot capacity by type and zone, so one type often runs out."""


class Taint(NamedTuple):
    key: str
    value: str


TAINTS: Mapping[PoolKind, Taint] = {
    "system": Taint("CriticalAddonsOnly", "true"),
    "general": Taint("terrace.dev/pool", "general"),
    "spot": Taint("terrace.dev/pool", "spot"),
    "gpu": Taint("nvidia.com/gpu", "present"),
}
"""The taint of a dedicated pool. EKS's add-ons tolerate the first, NVIDIA's plugin the last."""

_BOTTLEROCKET = """\
[settings.kernel]
lockdown = "integrity"

[settings.host-containers.admin]
enabled = false

[settings.kubernetes]
pod-pids-limit = 1024
"""
"""Settings of a node in TOML; EKS adds the settings to join. Source: Bottlerocket's settings reference."""

_OS_DISK_GB = 4
"""Bottlerocket's system disk (/dev/xvda) is read-only and small; images and pods use the data disk (/dev/xvdb)."""


def pool(
    scope: Construct,
    name: str,
    spec: PoolSpec,
    target: Target,
    *,
    cluster: EksCluster,
    version: str,
    role: IamRole,
    keys: KeysHandle,
    network: NetworkHandle,
    after: Sequence[TerraformResource],
) -> TerraformResource:
    """A managed node group with its launch template. A new one is made before the old one is drained and deleted."""
    template = _launch_template(scope, name, spec, target, keys, network)
    dedicated = spec.dedicated or spec.kind in ("spot", "gpu")
    taint = TAINTS[spec.kind]
    return EksNodeGroup(
        scope,
        f"pool-{name}",
        cluster_name=cluster.name,
        node_group_name=pool_name(name, spec, target),
        node_role_arn=role.arn,
        subnet_ids=list(network.node_subnet_ids),
        instance_types=list(_instance_types(name, spec, target)),
        capacity_type=_capacity(spec),  # K8S-6
        ami_type=_image(spec),  # K8S-9
        version=version,
        launch_template=EksNodeGroupLaunchTemplate(id=template.id, version=Token.as_string(template.latest_version)),
        scaling_config=EksNodeGroupScalingConfig(
            min_size=spec.min_nodes,  # K8S-6
            max_size=spec.max_nodes,  # K8S-6
            desired_size=spec.first_nodes(),
        ),
        update_config=EksNodeGroupUpdateConfig(max_unavailable_percentage=33),
        node_repair_config=EksNodeGroupNodeRepairConfig(enabled=True),  # K8S-7
        labels={POOL_LABEL: name, "terrace.dev/kind": spec.kind},
        taint=[EksNodeGroupTaint(key=taint.key, value=taint.value, effect="NO_SCHEDULE")] if dedicated else None,
        lifecycle=TerraformResourceLifecycle(
            create_before_destroy=True,
            ignore_changes=["scaling_config[0].desired_size"],  # autoscaler
        ),
        depends_on=list(after),
    )


def _launch_template(
    scope: Construct, name: str, spec: PoolSpec, target: Target, keys: KeysHandle, network: NetworkHandle
) -> LaunchTemplate:
    tags = {**target.tags, "Name": f"{target.prefix}-{name}"}
    return LaunchTemplate(
        scope,
        f"template-{name}",
        name=f"{target.prefix}-{name}",
        update_default_version=True,
        vpc_security_group_ids=[network.groups["nodes"]],
        user_data=base64.b64encode(_BOTTLEROCKET.encode()).decode(),
        metadata_options=LaunchTemplateMetadataOptions(
            http_endpoint="enabled",
            http_tokens="required",  # K8S-4
            http_put_response_hop_limit=1,  # K8S-4: out of reach for pods, except on the host network
            instance_metadata_tags="disabled",
        ),
        block_device_mappings=[
            LaunchTemplateBlockDeviceMappings(
                device_name=device,
                ebs=LaunchTemplateBlockDeviceMappingsEbs(
                    volume_size=size_gb,
                    volume_type="gp3",
                    encrypted="true",  # K8S-9
                    kms_key_id=keys.home["disks"],  # K8S-9
                    delete_on_termination="true",
                ),
            )
            for device, size_gb in {"/dev/xvda": _OS_DISK_GB, "/dev/xvdb": spec.disk_gb}.items()
        ],
        monitoring=LaunchTemplateMonitoring(enabled=True),
        # The provider's default tags cover only the template; the resources it launches need their own (GOV-1).
        tag_specifications=[
            LaunchTemplateTagSpecifications(resource_type=kind, tags=tags)
            for kind in ("instance", "volume", "network-interface")
        ],
    )


def pool_name(name: str, spec: PoolSpec, target: Target) -> str:
    """The name of the node group: the pool's, and what forces a replacement. Source: provider 5.100,
    aws_eks_node_group: the instance types, capacity type and image type, and the subnets, one in each zone."""
    forcing = (_instance_types(name, spec, target), _capacity(spec), _image(spec), target.zones)
    return f"{name}-{generation(*forcing)}"


def _capacity(spec: PoolSpec) -> str:
    return "SPOT" if spec.kind == "spot" else "ON_DEMAND"


def _image(spec: PoolSpec) -> str:
    return "BOTTLEROCKET_x86_64_NVIDIA" if spec.kind == "gpu" else "BOTTLEROCKET_x86_64"


def _instance_types(name: str, spec: PoolSpec, target: Target) -> tuple[str, ...]:
    """The instance types of a pool: the environment's exact ones, else the size's; several similar ones for spot."""
    if exact := names.settings(target).node_types.get(name):
        return exact
    if spec.kind == "spot":
        return _SPOT_TYPES[spec.size]
    return (machine("aws", "gpu" if spec.kind == "gpu" else "node", spec.size).name,)
