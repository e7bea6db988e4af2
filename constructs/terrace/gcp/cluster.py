"""GKE: a private cluster with node pools that autoscale (K8S-1 to K8S-9)."""

from collections.abc import Mapping
from typing import NamedTuple

from cdktn import ITerraformDependable, TerraformResourceLifecycle
from cdktn_provider_google.binary_authorization_policy import (
    BinaryAuthorizationPolicy,
    BinaryAuthorizationPolicyAdmissionWhitelistPatterns,
    BinaryAuthorizationPolicyDefaultAdmissionRule,
)
from cdktn_provider_google.container_cluster import (
    ContainerCluster,
    ContainerClusterAddonsConfig,
    ContainerClusterAddonsConfigDnsCacheConfig,
    ContainerClusterAddonsConfigGcePersistentDiskCsiDriverConfig,
    ContainerClusterAddonsConfigGkeBackupAgentConfig,
    ContainerClusterAddonsConfigHorizontalPodAutoscaling,
    ContainerClusterAddonsConfigHttpLoadBalancing,
    ContainerClusterAnonymousAuthenticationConfig,
    ContainerClusterAuthenticatorGroupsConfig,
    ContainerClusterBinaryAuthorization,
    ContainerClusterClusterAutoscaling,
    ContainerClusterControlPlaneEndpointsConfig,
    ContainerClusterControlPlaneEndpointsConfigDnsEndpointConfig,
    ContainerClusterControlPlaneEndpointsConfigIpEndpointsConfig,
    ContainerClusterCostManagementConfig,
    ContainerClusterDatabaseEncryption,
    ContainerClusterDnsConfig,
    ContainerClusterGatewayApiConfig,
    ContainerClusterIpAllocationPolicy,
    ContainerClusterLoggingConfig,
    ContainerClusterMaintenancePolicy,
    ContainerClusterMaintenancePolicyRecurringWindow,
    ContainerClusterMasterAuth,
    ContainerClusterMasterAuthClientCertificateConfig,
    ContainerClusterMasterAuthorizedNetworksConfig,
    ContainerClusterMasterAuthorizedNetworksConfigCidrBlocks,
    ContainerClusterMonitoringConfig,
    ContainerClusterMonitoringConfigAdvancedDatapathObservabilityConfig,
    ContainerClusterMonitoringConfigManagedPrometheus,
    ContainerClusterNetworkPolicy,
    ContainerClusterNodeConfig,
    ContainerClusterNodeConfigKubeletConfig,
    ContainerClusterNodeConfigShieldedInstanceConfig,
    ContainerClusterNodeConfigWorkloadMetadataConfig,
    ContainerClusterNotificationConfig,
    ContainerClusterNotificationConfigPubsub,
    ContainerClusterPrivateClusterConfig,
    ContainerClusterRbacBindingConfig,
    ContainerClusterReleaseChannel,
    ContainerClusterSecurityPostureConfig,
    ContainerClusterServiceExternalIpsConfig,
    ContainerClusterVerticalPodAutoscaling,
    ContainerClusterWorkloadIdentityConfig,
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

from terrace.capabilities.cluster import ClusterHandle, ClusterSpec, PoolKind, PoolSpec
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.identity import PipelinesHandle
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.network import NetworkHandle
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.target import Target
from terrace.environment.sizes import machine
from terrace.gcp import names
from terrace.gcp.providers import service

_ACCELERATOR = "nvidia-tesla-t4"
"""The GPU of a GPU pool's machines; one each, except for the largest size."""
_PODS_PER_NODE = 64

_LOGS = ("SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER")
_METRICS = (
    "SYSTEM_COMPONENTS", "APISERVER", "SCHEDULER", "CONTROLLER_MANAGER", "STORAGE", "HPA",
    "POD", "DAEMONSET", "DEPLOYMENT", "STATEFULSET", "CADVISOR", "KUBELET",
)  # fmt: skip
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


class Cluster(Construct):
    """GKE Standard with node pools; zonal if the network has one zone, else regional.

    The API is available on its DNS name inside the network and, for `api_access.public_from`, on an address that allows
    only those ranges. Services have a range of the network, and `spec.service_cidr` is unused: GKE requires names for
    both ranges or for none. `handle.pools` maps a pool to its node pool; `handle.ready` is complete once pods can run.
    Source: GKE documentation, "About network isolation", "Harden your cluster's security".
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
        self._spec, self._target, self._network = spec, target, network
        self._location = names.cluster_location(target)
        self._ready: tuple[ITerraformDependable, ...] = (
            *keys.ready,
            *network.ready,
            *observability.ready,
            service(self, "container"),
        )
        cluster = self._cluster(spec, target, network, observability)
        if target.tier != "dev":
            self._admission(target)
        pools = [self._pool(name, pool, cluster) for name, pool in spec.pools.items()]
        public = bool(spec.api_access.public_from)
        dns = cluster.control_plane_endpoints_config.dns_endpoint_config.endpoint
        self.handle = ClusterHandle(
            name=target.prefix,
            endpoint=f"https://{cluster.endpoint if public else dns}",
            certificate_authority=cluster.master_auth.cluster_ca_certificate if public else "",  # DNS: a public one
            workload_identity=f"{names.account(target)}.svc.id.goog",
            pools={name: name for name in spec.pools},
            ready=(cluster, *pools),
        )

    def _cluster(
        self, spec: ClusterSpec, target: Target, network: NetworkHandle, observability: ObservabilityHandle
    ) -> ContainerCluster:
        return ContainerCluster(
            self,
            "cluster",
            name=target.prefix,
            location=self._location,
            node_locations=list(target.zones) if len(target.zones) > 1 else None,  # K8S-6
            network=network.id,
            subnetwork=network.node_subnet_ids[0],
            networking_mode="VPC_NATIVE",
            min_master_version=spec.version,  # K8S-7
            release_channel=ContainerClusterReleaseChannel(
                channel="REGULAR" if target.tier == "dev" else "STABLE"  # K8S-7
            ),
            maintenance_policy=ContainerClusterMaintenancePolicy(
                recurring_window=ContainerClusterMaintenancePolicyRecurringWindow(
                    start_time="2026-01-03T02:00:00Z",  # K8S-7
                    end_time="2026-01-03T08:00:00Z",
                    recurrence="FREQ=WEEKLY;BYDAY=SA,SU",
                )
            ),
            deletion_protection=target.protected,
            # A cluster cannot be created without nodes, so the provider creates a default pool and deletes it
            remove_default_node_pool=True,
            initial_node_count=1,
            node_config=self._default_nodes(),
            datapath_provider="ADVANCED_DATAPATH",  # K8S-8
            network_policy=ContainerClusterNetworkPolicy(enabled=False),  # K8S-8: Calico, which Dataplane V2 replaces
            in_transit_encryption_config=None
            if target.tier == "dev"
            else "IN_TRANSIT_ENCRYPTION_INTER_NODE_TRANSPARENT",
            enable_intranode_visibility=True,
            enable_l4_ilb_subsetting=True,
            enable_cilium_clusterwide_network_policy=True,
            enable_shielded_nodes=True,  # K8S-9
            enable_legacy_abac=False,  # K8S-5
            ip_allocation_policy=ContainerClusterIpAllocationPolicy(
                cluster_secondary_range_name=names.POD_RANGE,
                services_secondary_range_name=names.SERVICE_RANGE,
                stack_type="IPV4",
            ),
            private_cluster_config=self._private_nodes(),
            control_plane_endpoints_config=self._endpoints(),
            master_authorized_networks_config=self._callers(),
            anonymous_authentication_config=ContainerClusterAnonymousAuthenticationConfig(mode="LIMITED"),  # K8S-5
            rbac_binding_config=ContainerClusterRbacBindingConfig(
                enable_insecure_binding_system_authenticated=False,  # K8S-5
                enable_insecure_binding_system_unauthenticated=False,  # K8S-5
            ),
            master_auth=ContainerClusterMasterAuth(
                client_certificate_config=ContainerClusterMasterAuthClientCertificateConfig(
                    issue_client_certificate=False  # K8S-5
                )
            ),
            authenticator_groups_config=ContainerClusterAuthenticatorGroupsConfig(
                security_group=names.group(target, "gke-security-groups")  # K8S-5
            ),
            workload_identity_config=ContainerClusterWorkloadIdentityConfig(
                workload_pool=f"{names.account(target)}.svc.id.goog"  # K8S-4
            ),
            database_encryption=ContainerClusterDatabaseEncryption(
                state="ENCRYPTED",
                key_name=names.key(target, "cluster"),  # K8S-2
            ),
            binary_authorization=ContainerClusterBinaryAuthorization(
                evaluation_mode="DISABLED" if target.tier == "dev" else "PROJECT_SINGLETON_POLICY_ENFORCE"  # K8S-10
            ),
            notification_config=ContainerClusterNotificationConfig(
                pubsub=ContainerClusterNotificationConfigPubsub(enabled=True, topic=observability.topics["warning"])
            ),
            logging_config=ContainerClusterLoggingConfig(enable_components=list(_LOGS)),  # K8S-3
            monitoring_config=ContainerClusterMonitoringConfig(
                enable_components=list(_METRICS),
                managed_prometheus=ContainerClusterMonitoringConfigManagedPrometheus(enabled=True),
                advanced_datapath_observability_config=ContainerClusterMonitoringConfigAdvancedDatapathObservabilityConfig(
                    enable_metrics=True, enable_relay=True
                ),
            ),
            security_posture_config=ContainerClusterSecurityPostureConfig(
                mode="BASIC",  # AUD-2
                vulnerability_mode="VULNERABILITY_DISABLED",
            ),
            cost_management_config=ContainerClusterCostManagementConfig(enabled=True),
            gateway_api_config=ContainerClusterGatewayApiConfig(channel="CHANNEL_STANDARD"),
            vertical_pod_autoscaling=ContainerClusterVerticalPodAutoscaling(enabled=True),
            service_external_ips_config=ContainerClusterServiceExternalIpsConfig(enabled=False),
            dns_config=ContainerClusterDnsConfig(cluster_dns="CLOUD_DNS", cluster_dns_scope="CLUSTER_SCOPE"),
            addons_config=ContainerClusterAddonsConfig(
                http_load_balancing=ContainerClusterAddonsConfigHttpLoadBalancing(disabled=False),
                horizontal_pod_autoscaling=ContainerClusterAddonsConfigHorizontalPodAutoscaling(disabled=False),
                dns_cache_config=ContainerClusterAddonsConfigDnsCacheConfig(enabled=True),
                gce_persistent_disk_csi_driver_config=ContainerClusterAddonsConfigGcePersistentDiskCsiDriverConfig(
                    enabled=True
                ),
                gke_backup_agent_config=ContainerClusterAddonsConfigGkeBackupAgentConfig(enabled=True),  # BAK-2
            ),
            cluster_autoscaling=ContainerClusterClusterAutoscaling(
                enabled=False,  # no automatic pools; each pool has its own autoscaling
                autoscaling_profile="OPTIMIZE_UTILIZATION" if target.tier == "dev" else "BALANCED",
            ),
            resource_labels=names.labels(target),  # GOV-1
            lifecycle=TerraformResourceLifecycle(ignore_changes=["node_config", "initial_node_count"]),
            depends_on=list(self._ready),
        )

    def _private_nodes(self) -> ContainerClusterPrivateClusterConfig:
        public = bool(self._spec.api_access.public_from)
        return ContainerClusterPrivateClusterConfig(
            enable_private_nodes=True,  # K8S-1
            enable_private_endpoint=None if public else True,  # K8S-1
            private_endpoint_subnetwork=self._network.control_subnet_ids[0] if public else None,
        )

    def _endpoints(self) -> ContainerClusterControlPlaneEndpointsConfig:
        """K8S-1: a DNS name for callers in the network; an address only if public ranges are configured."""
        return ContainerClusterControlPlaneEndpointsConfig(
            dns_endpoint_config=ContainerClusterControlPlaneEndpointsConfigDnsEndpointConfig(
                allow_external_traffic=False,  # K8S-1
                enable_k8_s_tokens_via_dns=False,
                enable_k8_s_certs_via_dns=False,
            ),
            ip_endpoints_config=ContainerClusterControlPlaneEndpointsConfigIpEndpointsConfig(
                enabled=bool(self._spec.api_access.public_from)  # K8S-1
            ),
        )

    def _callers(self) -> ContainerClusterMasterAuthorizedNetworksConfig | None:
        ranges = self._spec.api_access.public_from
        if not ranges:
            return None
        return ContainerClusterMasterAuthorizedNetworksConfig(
            gcp_public_cidrs_access_enabled=False,  # K8S-1
            private_endpoint_enforcement_enabled=True,  # K8S-1
            cidr_blocks=[
                ContainerClusterMasterAuthorizedNetworksConfigCidrBlocks(display_name=name, cidr_block=cidr)  # K8S-1
                for name, cidr in ranges.items()
            ],
        )

    def _default_nodes(self) -> ContainerClusterNodeConfig:
        """The temporary default pool meets the same guarantees."""
        return ContainerClusterNodeConfig(
            service_account=self._network.groups["nodes"],
            image_type="COS_CONTAINERD",
            boot_disk_kms_key=names.key(self._target, "disks"),
            oauth_scopes=[_SCOPE],
            shielded_instance_config=ContainerClusterNodeConfigShieldedInstanceConfig(
                enable_secure_boot=True, enable_integrity_monitoring=True
            ),
            workload_metadata_config=ContainerClusterNodeConfigWorkloadMetadataConfig(mode="GKE_METADATA"),
            kubelet_config=ContainerClusterNodeConfigKubeletConfig(insecure_kubelet_readonly_port_enabled="FALSE"),
        )

    def _pool(self, name: str, pool: PoolSpec, cluster: ContainerCluster) -> ContainerNodePool:
        target = self._target
        taint, labels = TAINTS[pool.kind], names.labels(target)
        return ContainerNodePool(
            self,
            f"pool-{name}",
            name=name,
            cluster=cluster.id,
            location=self._location,
            node_locations=list(target.zones),  # NET-1, K8S-6
            initial_node_count=pool.min_nodes,
            max_pods_per_node=_PODS_PER_NODE,
            autoscaling=ContainerNodePoolAutoscaling(
                total_min_node_count=pool.min_nodes,  # K8S-6
                total_max_node_count=pool.max_nodes,  # K8S-6
                location_policy="ANY" if pool.kind == "spot" else "BALANCED",
            ),
            management=ContainerNodePoolManagement(auto_repair=True, auto_upgrade=True),  # K8S-7
            upgrade_settings=ContainerNodePoolUpgradeSettings(strategy="SURGE", max_surge=1, max_unavailable=0),
            network_config=ContainerNodePoolNetworkConfig(enable_private_nodes=True),  # K8S-1, NET-2
            node_config=ContainerNodePoolNodeConfig(
                machine_type=_machine_type(name, pool, target),
                spot=pool.kind == "spot",
                image_type="COS_CONTAINERD",  # K8S-9
                disk_type="pd-balanced",
                disk_size_gb=pool.disk_gb,
                boot_disk_kms_key=names.key(target, "disks"),  # K8S-9
                service_account=self._network.groups["nodes"],  # K8S-4
                oauth_scopes=[_SCOPE],
                labels={"terrace.dev/pool": name},
                resource_labels=labels,  # GOV-1
                metadata={"disable-legacy-endpoints": "true"},  # K8S-4
                gvnic=ContainerNodePoolNodeConfigGvnic(enabled=True),
                shielded_instance_config=ContainerNodePoolNodeConfigShieldedInstanceConfig(
                    enable_secure_boot=True,  # K8S-9
                    enable_integrity_monitoring=True,  # K8S-9
                ),
                workload_metadata_config=ContainerNodePoolNodeConfigWorkloadMetadataConfig(
                    mode="GKE_METADATA"
                ),  # K8S-4
                kubelet_config=ContainerNodePoolNodeConfigKubeletConfig(
                    insecure_kubelet_readonly_port_enabled="FALSE",  # K8S-4
                    pod_pids_limit=4096,
                    cpu_cfs_quota=True,
                ),
                guest_accelerator=[_accelerator(pool)] if pool.kind == "gpu" else None,
                taint=[ContainerNodePoolNodeConfigTaint(key=taint.key, value=taint.value, effect=taint.effect)]
                if pool.dedicated
                else None,
            ),
            lifecycle=TerraformResourceLifecycle(ignore_changes=["initial_node_count"]),  # autoscaler
        )

    def _admission(self, target: Target) -> None:
        """K8S-10: only images of the project's registry and GKE's own may run."""
        BinaryAuthorizationPolicy(
            self,
            "admission",
            description=f"Images that {target.prefix} may run",
            global_policy_evaluation_mode="ENABLE",
            default_admission_rule=BinaryAuthorizationPolicyDefaultAdmissionRule(
                evaluation_mode="ALWAYS_DENY", enforcement_mode="ENFORCED_BLOCK_AND_AUDIT_LOG"
            ),
            admission_whitelist_patterns=[
                BinaryAuthorizationPolicyAdmissionWhitelistPatterns(
                    name_pattern=f"{target.region}-docker.pkg.dev/{names.account(target)}/**"  # K8S-10
                )
            ],
            depends_on=[service(self, "binaryauthorization")],
        )


def _machine_type(name: str, pool: PoolSpec, target: Target) -> str:
    """The machine type of a pool: the environment's exact one, else the size's."""
    exact = names.settings(target).node_types.get(name)
    return exact or machine("gcp", "gpu" if pool.kind == "gpu" else "node", pool.size).name


def _accelerator(pool: PoolSpec) -> ContainerNodePoolNodeConfigGuestAccelerator:
    return ContainerNodePoolNodeConfigGuestAccelerator(
        type=_ACCELERATOR,
        count=4 if pool.size == "xlarge" else 1,
        gpu_driver_installation_config=ContainerNodePoolNodeConfigGuestAcceleratorGpuDriverInstallationConfig(
            gpu_driver_version="LATEST"
        ),
    )
