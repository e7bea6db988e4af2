"""EKS: a private control plane, Bottlerocket node pools, add-ons with their own identities (K8S-1 to K8S-9).

EKS has no maintenance window for nodes (K8S-7). AWS patches the control plane, EKS replaces broken nodes, and an apply
rolls out a new node image when the pipeline requests it.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cdktn import TerraformResource
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
from cdktn_provider_aws.iam_role_policy import IamRolePolicy
from constructs import Construct

from terrace.aws import iam, names, nodes
from terrace.capabilities.cluster import ClusterHandle, ClusterSpec
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.network import NetworkHandle
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.target import Target
from terrace.errors import ContractError


class _Addon(NamedTuple):
    """An EKS add-on; `account` is the service account that gets `policy`, an AWS managed policy."""

    name: str
    configuration: Mapping[str, Any]
    account: str = ""
    policy: str = ""


class Cluster(Construct):
    """EKS with managed node groups. Raises ContractError if the control plane has fewer than two subnets.

    An existing cluster is used as it is: only its handle is made.
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
    ) -> None:
        super().__init__(scope, id)
        if existing := target.existing.cluster:
            self.handle = ClusterHandle(
                name=existing.name,
                endpoint=existing.endpoint,
                certificate_authority=existing.certificate_authority,
                workload_identity="pods.eks.amazonaws.com",
                pools={},
                ready=(),
            )
            return
        if len(network.control_subnet_ids) < 2:
            raise ContractError(
                "EKS needs control-plane subnets in two zones", where=id, hint="give the network a second one"
            )
        self._target, self._governance = target, governance
        self._server = self._control_plane(spec, keys, network, observability)
        self._access()
        if spec.deletion_protection and not target.unprotected:
            self._protect()
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
            nodes.pool(
                self,
                name,
                pool,
                target,
                cluster=self._server,
                version=spec.version,
                role=node_role,
                keys=keys,
                network=network,
                after=before,
            )
            for name, pool in spec.pools.items()
        ]
        late = self._addons(_late_addons(target), after=groups, keys=keys)
        self.handle = ClusterHandle(
            name=self._server.name,
            endpoint=self._server.endpoint,
            certificate_authority=self._server.certificate_authority.get(0).data,
            workload_identity="pods.eks.amazonaws.com",
            pools={name: nodes.pool_name(name, pool, target) for name, pool in spec.pools.items()},
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
            # without the block, the provider would leave it on for a cluster that goes back to one zone
            zonal_shift_config=EksClusterZonalShiftConfig(enabled=len(self._target.zones) > 1),
            # Without an existing log group EKS creates one, unencrypted and without retention.
            depends_on=[*iam.rights(self, "role"), *observability.ready],
        )

    def _protect(self) -> None:
        """K8S-11: the pipeline cannot delete the cluster while this policy exists. The provider's oldest supported
        version has no argument for EKS's own deletion protection."""
        keep = iam.Statement(
            Sid="KeepCluster", Effect="Deny", Action=["eks:DeleteCluster"], Resource=names.cluster_arn(self._target)
        )
        IamRolePolicy(
            self,
            "deletion-protection",
            name="deletion-protection",
            role=names.role_name(self._target, "ci-apply"),
            policy=iam.document(keep),
        )

    def _access(self) -> None:
        admin = names.arn(self._target, "iam", f"role/{names.settings(self._target).admin_role}", region="")
        people = {
            "admin": (admin, "AmazonEKSClusterAdminPolicy"),  # K8S-5
            "apply": (names.role_arn(self._target, "ci-apply"), "AmazonEKSClusterAdminPolicy"),
            "plan": (names.role_arn(self._target, "ci-plan"), "AmazonEKSAdminViewPolicy"),
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
