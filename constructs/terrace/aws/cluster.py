"""EKS: a private control plane, Bottlerocket node pools, add-ons with their own identities (K8S-1 to K8S-9).

EKS has no maintenance window for nodes (K8S-7). AWS patches the control plane, EKS replaces broken nodes, and an apply
rolls out a new node image when the pipeline requests it.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cdktn import TerraformResource, TerraformResourceLifecycle, Token
from cdktn_provider_aws.eks_access_entry import EksAccessEntry
from cdktn_provider_aws.eks_access_policy_association import (
    EksAccessPolicyAssociation,
    EksAccessPolicyAssociationAccessScope,
)
from cdktn_provider_aws.eks_addon import EksAddon, EksAddonPodIdentityAssociation
from cdktn_provider_aws.eks_cluster import (
    EksCluster,
    EksClusterAccessConfig,
    EksClusterEncryptionConfig,
    EksClusterEncryptionConfigProvider,
    EksClusterKubernetesNetworkConfig,
    EksClusterUpgradePolicy,
    EksClusterVpcConfig,
    EksClusterZonalShiftConfig,
)
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

from terrace.aws import iam, names
from terrace.capabilities.cluster import ClusterHandle, ClusterSpec, PoolKind, PoolSpec
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.identity import PipelinesHandle
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.network import NetworkHandle
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.spec import Size
from terrace.capabilities.target import Target
from terrace.environment.sizes import machine
from terrace.errors import ContractError

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


class _Addon(NamedTuple):
    """An EKS add-on; `account` is the service account that gets `policy`, an AWS managed policy."""

    name: str
    configuration: Mapping[str, Any]
    account: str = ""
    policy: str = ""


class Cluster(Construct):
    """EKS with managed node groups. Raises ContractError if the control plane has fewer than two subnets.

    `handle.pools` maps a pool to its node group's name; `handle.ready` is complete once pods can run.
    Source: EKS User Guide, "VPC and subnet requirements", "Launch templates", "EKS Pod Identity".
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        spec: ClusterSpec,
        target: Target,
        *,
        keys: KeysHandle,
        network: NetworkHandle,
        observability: ObservabilityHandle,
        governance: GovernanceHandle,
        pipelines: PipelinesHandle,
    ) -> None:
        super().__init__(scope, id)
        if len(network.control_subnet_ids) < 2:
            raise ContractError(
                "EKS needs control-plane subnets in two zones", where=id, hint="give the network a second one"
            )
        self._target, self._governance = target, governance
        self._server = self._control_plane(spec, keys, network, observability)
        self._access(pipelines)
        # Nodes become ready only with network and identities in place; the other add-ons need nodes to run on.
        early = self._addons(_early_addons(), after=[])
        node_role = iam.role(
            self,
            "node-role",
            target,
            purpose="node",
            trust=iam.service_trust(target, "ec2.amazonaws.com", source_account=False),
            governance=governance,
            managed=["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryReadOnly", "AmazonSSMManagedInstanceCore"],
        )
        before = [*iam.rights(self, "node-role"), *early, *network.ready]
        groups = [
            self._pool(name, pool, spec.version, node_role, keys, network, before) for name, pool in spec.pools.items()
        ]
        late = self._addons(_late_addons(target), after=groups, keys=keys)
        self.handle = ClusterHandle(
            name=self._server.name,
            endpoint=self._server.endpoint,
            certificate_authority=self._server.certificate_authority.get(0).data,
            workload_identity="pods.eks.amazonaws.com",
            pools={name: name for name in spec.pools},
            ready=(*groups, *late),
        )

    def _control_plane(
        self, spec: ClusterSpec, keys: KeysHandle, network: NetworkHandle, observability: ObservabilityHandle
    ) -> EksCluster:
        use_key = iam.allow(
            ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:ListGrants"],
            keys.home["cluster"],
        )
        role = iam.role(
            self,
            "role",
            self._target,
            purpose="cluster",
            trust=iam.service_trust(self._target, "eks.amazonaws.com", source_account=False),
            governance=self._governance,
            policies={"secrets-key": iam.document(use_key)},
            managed=["AmazonEKSClusterPolicy"],
        )
        public = list(spec.api_access.public_from.values())
        return EksCluster(
            self,
            "control-plane",
            name=self._target.prefix,
            role_arn=role.arn,
            version=spec.version,  # K8S-7
            upgrade_policy=EksClusterUpgradePolicy(support_type="STANDARD"),  # K8S-7
            bootstrap_self_managed_addons=False,
            enabled_cluster_log_types=["api", "audit", "authenticator", "controllerManager", "scheduler"],  # K8S-3
            access_config=EksClusterAccessConfig(
                authentication_mode="API",  # K8S-5
                bootstrap_cluster_creator_admin_permissions=False,  # K8S-5
            ),
            vpc_config=EksClusterVpcConfig(
                subnet_ids=list(network.control_subnet_ids),
                security_group_ids=[network.groups["control"]],
                endpoint_private_access=True,  # K8S-1
                endpoint_public_access=bool(public),  # K8S-1
                public_access_cidrs=public or None,  # K8S-1
            ),
            encryption_config=EksClusterEncryptionConfig(
                resources=["secrets"],
                provider=EksClusterEncryptionConfigProvider(key_arn=keys.home["cluster"]),  # K8S-2
            ),
            kubernetes_network_config=EksClusterKubernetesNetworkConfig(
                ip_family="ipv4", service_ipv4_cidr=spec.service_cidr
            ),
            zonal_shift_config=EksClusterZonalShiftConfig(enabled=True) if len(self._target.zones) > 1 else None,
            # Without an existing log group EKS creates one, unencrypted and without retention.
            depends_on=[*iam.rights(self, "role"), *observability.ready],
        )

    def _access(self, pipelines: PipelinesHandle) -> None:
        admin = names.arn(self._target, "iam", f"role/{names.settings(self._target).admin_role}", region="")
        people = {
            "admin": (admin, "AmazonEKSClusterAdminPolicy"),  # K8S-5
            "apply": (pipelines.apply, "AmazonEKSClusterAdminPolicy"),
            "plan": (pipelines.plan, "AmazonEKSAdminViewPolicy"),
        }
        partition = names.settings(self._target).partition
        for name, (principal, policy) in people.items():
            entry = EksAccessEntry(
                self,
                f"access-{name}",
                cluster_name=self._server.name,
                principal_arn=principal,
                type="STANDARD",
                kubernetes_groups=[f"terrace:{name}"],
            )
            EksAccessPolicyAssociation(
                self,
                f"access-{name}-policy",
                cluster_name=self._server.name,
                principal_arn=entry.principal_arn,
                policy_arn=f"arn:{partition}:eks::aws:cluster-access-policy/{policy}",
                access_scope=EksAccessPolicyAssociationAccessScope(type="cluster"),
            )

    def _addons(
        self, addons: Sequence[_Addon], *, after: Sequence[TerraformResource], keys: KeysHandle | None = None
    ) -> list[TerraformResource]:
        created: list[TerraformResource] = []
        for addon in addons:
            identity, rights = self._addon_identity(addon, keys)
            created.append(
                EksAddon(
                    self,
                    addon.name,
                    cluster_name=self._server.name,
                    addon_name=addon.name,
                    resolve_conflicts_on_create="OVERWRITE",
                    resolve_conflicts_on_update="OVERWRITE",
                    configuration_values=json.dumps(addon.configuration) if addon.configuration else None,
                    pod_identity_association=identity,  # K8S-4
                    depends_on=[*after, *rights],
                )
            )
        return created

    def _addon_identity(
        self, addon: _Addon, keys: KeysHandle | None
    ) -> tuple[list[EksAddonPodIdentityAssociation] | None, list[TerraformResource]]:
        if not addon.account:
            return None, []
        policies = {}
        if keys and addon.name == "aws-ebs-csi-driver":
            use = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*"]
            for_volumes = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
            policies["disks-key"] = iam.document(
                iam.allow(use, keys.home["disks"]),
                iam.allow("kms:CreateGrant", keys.home["disks"], Condition=for_volumes),
            )
        role = iam.role(
            self,
            f"{addon.name}-role",
            self._target,
            purpose=addon.name,
            trust=iam.pod_trust(self._target),  # K8S-4
            governance=self._governance,
            policies=policies,
            managed=[addon.policy],
        )
        association = EksAddonPodIdentityAssociation(service_account=addon.account, role_arn=role.arn)
        return [association], iam.rights(self, f"{addon.name}-role")

    def _pool(
        self,
        name: str,
        pool: PoolSpec,
        version: str,
        role: IamRole,
        keys: KeysHandle,
        network: NetworkHandle,
        before: Sequence[TerraformResource],
    ) -> TerraformResource:
        template = self._launch_template(name, pool, keys, network)
        dedicated = pool.dedicated or pool.kind in ("spot", "gpu")
        taint = TAINTS[pool.kind]
        # A pool with a minimum of zero still starts with a node, for the add-ons that the apply waits for.
        starts_empty = pool.kind in ("spot", "gpu")
        return EksNodeGroup(
            self,
            f"pool-{name}",
            cluster_name=self._server.name,
            node_group_name=name,
            node_role_arn=role.arn,
            subnet_ids=list(network.node_subnet_ids),
            instance_types=list(_instance_types(name, pool, target=self._target)),
            capacity_type="SPOT" if pool.kind == "spot" else "ON_DEMAND",  # K8S-6
            ami_type="BOTTLEROCKET_x86_64_NVIDIA" if pool.kind == "gpu" else "BOTTLEROCKET_x86_64",  # K8S-9
            version=version,
            launch_template=EksNodeGroupLaunchTemplate(
                id=template.id, version=Token.as_string(template.latest_version)
            ),
            scaling_config=EksNodeGroupScalingConfig(
                min_size=pool.min_nodes,  # K8S-6
                max_size=pool.max_nodes,  # K8S-6
                desired_size=pool.min_nodes if starts_empty else max(pool.min_nodes, 1),
            ),
            update_config=EksNodeGroupUpdateConfig(max_unavailable_percentage=33),
            node_repair_config=EksNodeGroupNodeRepairConfig(enabled=True),  # K8S-7
            labels={"terrace.dev/pool": name, "terrace.dev/kind": pool.kind},
            taint=[EksNodeGroupTaint(key=taint.key, value=taint.value, effect="NO_SCHEDULE")] if dedicated else None,
            lifecycle=TerraformResourceLifecycle(ignore_changes=["scaling_config[0].desired_size"]),  # autoscaler
            depends_on=list(before),
        )

    def _launch_template(self, name: str, pool: PoolSpec, keys: KeysHandle, network: NetworkHandle) -> LaunchTemplate:
        tags = {**self._target.tags, "Name": f"{self._target.prefix}-{name}"}
        return LaunchTemplate(
            self,
            f"template-{name}",
            name=f"{self._target.prefix}-{name}",
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
                for device, size_gb in {"/dev/xvda": _OS_DISK_GB, "/dev/xvdb": pool.disk_gb}.items()
            ],
            monitoring=LaunchTemplateMonitoring(enabled=True),
            # The provider's default tags cover only the template; the resources it launches need their own (GOV-1).
            tag_specifications=[
                LaunchTemplateTagSpecifications(resource_type=kind, tags=tags)
                for kind in ("instance", "volume", "network-interface")
            ],
        )


def _instance_types(name: str, pool: PoolSpec, target: Target) -> tuple[str, ...]:
    """The instance types of a pool: the environment's exact ones, else the size's; several similar ones for spot."""
    if exact := names.settings(target).node_types.get(name):
        return exact
    if pool.kind == "spot":
        return _SPOT_TYPES[pool.size]
    return (machine("aws", "gpu" if pool.kind == "gpu" else "node", pool.size).name,)


def _early_addons() -> list[_Addon]:
    """Add-ons that nodes need to become ready."""
    network = {"enableNetworkPolicy": "true", "env": {"ENABLE_PREFIX_DELEGATION": "true"}}  # K8S-8
    return [
        _Addon("vpc-cni", network, account="aws-node", policy="AmazonEKS_CNI_Policy"),
        _Addon("kube-proxy", {}),
        _Addon("eks-pod-identity-agent", {}),
    ]


def _late_addons(target: Target) -> list[_Addon]:
    """Add-ons that run on nodes."""
    return [
        _Addon("coredns", {"autoScaling": {"enabled": len(target.zones) > 1}}),
        _Addon(
            "aws-ebs-csi-driver",
            {"controller": {"extraVolumeTags": dict(target.tags)}},
            account="ebs-csi-controller-sa",
            policy="service-role/AmazonEBSCSIDriverPolicy",
        ),
        _Addon("snapshot-controller", {}),
        _Addon("amazon-cloudwatch-observability", {}, account="cloudwatch-agent", policy="CloudWatchAgentServerPolicy"),
    ]
