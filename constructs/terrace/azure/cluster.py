"""AKS: the API server with its access, node pools, and a lock (K8S-1 to K8S-9, K8S-11)."""

from ipaddress import IPv4Network
from typing import NamedTuple

from cdktn import Fn, TerraformResourceLifecycle, Token
from cdktn_provider_azurerm.disk_encryption_set import DiskEncryptionSet, DiskEncryptionSetIdentity
from cdktn_provider_azurerm.kubernetes_cluster import (
    KubernetesCluster,
    KubernetesClusterApiServerAccessProfile,
    KubernetesClusterAutoScalerProfile,
    KubernetesClusterAzureActiveDirectoryRoleBasedAccessControl,
    KubernetesClusterIdentity,
    KubernetesClusterKeyManagementService,
    KubernetesClusterKubeletIdentity,
    KubernetesClusterMaintenanceWindowAutoUpgrade,
    KubernetesClusterMaintenanceWindowNodeOs,
    KubernetesClusterMicrosoftDefender,
    KubernetesClusterNetworkProfile,
    KubernetesClusterNodeProvisioningProfile,
    KubernetesClusterOmsAgent,
    KubernetesClusterStorageProfile,
)
from cdktn_provider_azurerm.management_lock import ManagementLock
from cdktn_provider_azurerm.monitor_diagnostic_setting import (
    MonitorDiagnosticSetting,
    MonitorDiagnosticSettingEnabledLog,
)
from constructs import Construct

from terrace.azure import iam, names, nodes, providers
from terrace.azure.ranges import POD_RANGE
from terrace.capabilities.cluster import ClusterHandle, ClusterSpec
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.network import NetworkHandle
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.target import Target
from terrace.errors import ContractError

_LOGS = (
    "kube-apiserver",
    "kube-audit",
    "kube-audit-admin",
    "kube-controller-manager",
    "kube-scheduler",
    "cluster-autoscaler",
    "cloud-controller-manager",
    "guard",
)
"""Logs of the control plane (K8S-3). Source: "Monitoring data reference for AKS", resource logs."""


class _Right(NamedTuple):
    """A role of the control plane or of the kubelets on a scope."""

    role: str
    on: str
    who: str = "control"


class Cluster(Construct):
    """AKS with the API server in the network. Raises ContractError if there is no system pool.

    An existing cluster is used as it is; only what encrypts its volumes is made. `handle.pools` maps a pool to its name
    at AKS; `handle.ready` is complete once pods can run; `handle.workload_identity` is the issuer of service accounts'
    tokens.

    The lock also covers the node pools. Before a node pool is removed or replaced, delete the lock; the next apply
    creates it again. Source: AKS documentation, "API Server VNet Integration", "Key management service", "Azure CNI
    powered by Cilium".
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
        self._target, self._group = target, providers.home(self, target)
        if existing := target.existing.cluster:
            disks, images = self._disks(keys), target.existing.registry or self._group.id
            iam.grant(self, "may-pull-images", str(existing.nodes), "AcrPull", on=images)  # K8S-10
            self.handle = ClusterHandle(
                name=existing.name,
                endpoint=existing.endpoint,
                certificate_authority=existing.certificate_authority,
                workload_identity=existing.issuer or "",
                pools={},
                ready=(disks,),
            )
            return
        system = next((name for name, pool in spec.pools.items() if pool.kind == "system"), None)
        if system is None:
            raise ContractError(
                "AKS needs a pool of kind system", where=f"{id}.pools", hint="set kind: system on one pool"
            )
        self._server = self._control_plane(spec, system, keys, network, observability)
        self._access()
        pools = [
            nodes.pool(self, name, pool, target, cluster=self._server, version=spec.version, network=network)
            for name, pool in spec.pools.items()
            if name != system
        ]
        logs = MonitorDiagnosticSetting(
            self,
            "logs",
            name="logs",
            target_resource_id=self._server.id,
            log_analytics_workspace_id=observability.log_ids["cluster"],
            log_analytics_destination_type="Dedicated",
            enabled_log=[MonitorDiagnosticSettingEnabledLog(category=log) for log in _LOGS],  # K8S-3
            depends_on=list(observability.ready),
        )
        if spec.deletion_protection and not target.unprotected:
            ManagementLock(
                self,
                "keep",
                name="keep-cluster",
                scope=self._server.id,
                lock_level="CanNotDelete",  # K8S-11
                notes="Covers node pools too; removed first when the environment is destroyed",
                depends_on=providers.below(self),
            )
        self.handle = ClusterHandle(
            name=self._server.name,
            endpoint=f"https://{self._server.private_fqdn if not spec.api_access.public_from else self._server.fqdn}",
            # not a secret; local accounts, whose credentials would be in the same block, are disabled
            certificate_authority=Token.as_string(
                Fn.nonsensitive(self._server.kube_config.get(0).cluster_ca_certificate)
            ),
            workload_identity=self._server.oidc_issuer_url,
            pools={name: nodes.pool_name(name) for name in spec.pools},
            ready=(self._server, *pools, logs),
        )

    def _control_plane(
        self,
        spec: ClusterSpec,
        system: str,
        keys: KeysHandle,
        network: NetworkHandle,
        observability: ObservabilityHandle,
    ) -> KubernetesCluster:
        target = self._target
        dev, private = target.tier == "dev", not spec.api_access.public_from
        disks = self._disks(keys)
        users = {who: iam.identity(self, who, target, purpose=f"cluster-{who}") for who in ("control", "kubelet")}
        kubelet = users["kubelet"]
        allowed = [
            iam.grant(
                self, f"may-{name}", users[right.who].principal_id, right.role, on=right.on, after=list(network.ready)
            )
            for name, right in _rights(target, disks.id, kubelet.id).items()
        ]
        service_range = IPv4Network(spec.service_cidr)
        pool = spec.pools[system]
        return KubernetesCluster(
            self,
            "control-plane",
            name=target.prefix,
            location=self._group.location,
            resource_group_name=self._group.name,
            node_resource_group=f"{target.prefix}-nodes",
            kubernetes_version=spec.version,  # K8S-7
            sku_tier="Free" if dev else "Standard",
            support_plan="KubernetesOfficial",
            cost_analysis_enabled=not dev,
            dns_prefix=None if private else target.prefix,
            dns_prefix_private_cluster=target.prefix if private else None,
            private_cluster_enabled=private,  # K8S-1
            private_cluster_public_fqdn_enabled=False,
            private_dns_zone_id=names.private_zone_id(target, "cluster") if private else None,
            api_server_access_profile=KubernetesClusterApiServerAccessProfile(
                virtual_network_integration_enabled=True,
                subnet_id=network.control_subnet_ids[0],
                authorized_ip_ranges=list(spec.api_access.public_from.values()) or None,  # K8S-1
            ),
            role_based_access_control_enabled=True,
            local_account_disabled=True,  # K8S-5
            run_command_enabled=False,  # K8S-5
            azure_active_directory_role_based_access_control=KubernetesClusterAzureActiveDirectoryRoleBasedAccessControl(
                azure_rbac_enabled=True,  # K8S-5
                tenant_id=names.settings(target).tenant_id,
                admin_group_object_ids=[names.settings(target).admin_group_id],  # K8S-5
            ),
            oidc_issuer_enabled=True,  # K8S-4
            workload_identity_enabled=True,  # K8S-4
            azure_policy_enabled=True,
            image_cleaner_enabled=True,
            image_cleaner_interval_hours=168,
            automatic_upgrade_channel="patch",  # K8S-7
            node_os_upgrade_channel="NodeImage",  # K8S-7
            maintenance_window_auto_upgrade=KubernetesClusterMaintenanceWindowAutoUpgrade(
                frequency="Weekly",
                interval=1,
                duration=4,
                day_of_week="Sunday",
                start_time="03:00",
                utc_offset="+00:00",  # K8S-7
            ),
            maintenance_window_node_os=KubernetesClusterMaintenanceWindowNodeOs(
                frequency="Weekly",
                interval=1,
                duration=4,
                day_of_week="Saturday",
                start_time="03:00",
                utc_offset="+00:00",  # K8S-7
            ),
            key_management_service=KubernetesClusterKeyManagementService(
                key_vault_key_id=keys.versions[
                    "cluster"
                ],  # K8S-2: requires a key version, so a rotation shows up in the next plan
                key_vault_network_access="Private",
            ),
            disk_encryption_set_id=disks.id,  # K8S-9
            identity=KubernetesClusterIdentity(type="UserAssigned", identity_ids=[users["control"].id]),
            kubelet_identity=KubernetesClusterKubeletIdentity(
                client_id=kubelet.client_id, object_id=kubelet.principal_id, user_assigned_identity_id=kubelet.id
            ),
            network_profile=KubernetesClusterNetworkProfile(
                network_plugin="azure",
                network_plugin_mode="overlay",
                network_data_plane="cilium",  # K8S-8
                network_policy="cilium",  # K8S-8
                outbound_type="userAssignedNATGateway",  # NET-2
                load_balancer_sku="standard",
                pod_cidr=POD_RANGE,
                service_cidr=spec.service_cidr,
                dns_service_ip=str(service_range[10]),
            ),
            node_provisioning_profile=KubernetesClusterNodeProvisioningProfile(mode="Manual"),
            default_node_pool=nodes.default_pool(system, pool, target, version=spec.version, network=network),
            auto_scaler_profile=KubernetesClusterAutoScalerProfile(
                balance_similar_node_groups=True, expander="least-waste"
            ),
            microsoft_defender=KubernetesClusterMicrosoftDefender(
                log_analytics_workspace_id=observability.log_ids["containers"]  # AUD-2
            ),
            oms_agent=KubernetesClusterOmsAgent(
                log_analytics_workspace_id=observability.log_ids["containers"], msi_auth_for_monitoring_enabled=True
            ),
            storage_profile=KubernetesClusterStorageProfile(
                disk_driver_enabled=True,
                blob_driver_enabled=False,
                file_driver_enabled=False,
                snapshot_controller_enabled=True,
            ),
            tags=dict(target.tags),
            # AKS installs patches; a minor version changes only through the environment
            lifecycle=TerraformResourceLifecycle(ignore_changes=["default_node_pool[0].node_count"]),
            depends_on=[*allowed, *keys.ready, *network.ready, *observability.ready],
        )

    def _disks(self, keys: KeysHandle) -> DiskEncryptionSet:
        """What encrypts the disks of nodes, and of volumes in an existing cluster too (K8S-9)."""
        return DiskEncryptionSet(
            self,
            "disks",
            name=f"{self._target.prefix}-disks",
            location=self._group.location,
            resource_group_name=self._group.name,
            key_vault_key_id=keys.home["disks"],  # K8S-9
            auto_key_rotation_enabled=True,  # KEY-1
            encryption_type="EncryptionAtRestWithPlatformAndCustomerKeys",
            identity=DiskEncryptionSetIdentity(type="UserAssigned", identity_ids=[keys.users["disks"].id]),
            tags=dict(self._target.tags),
            depends_on=list(keys.ready),
        )

    def _access(self) -> None:
        """Administrators; the pipelines' roles are on the group (pipelines.py)."""
        role, group = "Azure Kubernetes Service RBAC Cluster Admin", names.settings(self._target).admin_group_id
        iam.grant(self, "access-admin", group, role, on=self._server.id, kind="Group")  # K8S-5


def _rights(target: Target, disks: str, kubelet: str) -> dict[str, _Right]:
    """Roles of the control plane and the kubelets outside the cluster, by name."""
    key = f"{names.vault_id(target)}/keys/cluster"
    network = {"join-the-network": _Right("Network Contributor", names.network_id(target))}
    if target.existing.network:  # no right on what else is in it
        network = {
            f"join-the-{kind}-subnet": _Right("Network Contributor", names.subnet_id(target, kind))
            for kind in ("nodes", "control")
        }
    return {
        **network,
        "name-the-server": _Right("Private DNS Zone Contributor", names.private_zone_id(target, "cluster")),
        "use-the-key": _Right("Key Vault Crypto User", key),  # KEY-3
        "connect-to-the-vault": _Right("Key Vault Contributor", names.vault_id(target)),
        "use-the-disks": _Right("Reader", disks),
        "give-the-kubelet-s-identity": _Right("Managed Identity Operator", kubelet),
        "pull-images": _Right("AcrPull", names.images(target), who="kubelet"),  # K8S-10
    }
