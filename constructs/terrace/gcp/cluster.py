"""GKE: a private cluster with node pools that autoscale (K8S-1 to K8S-9)."""

from cdktn import TerraformResourceLifecycle
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
from cdktn_provider_google.iam_deny_policy import IamDenyPolicy, IamDenyPolicyRules, IamDenyPolicyRulesDenyRule
from constructs import Construct

from terrace.capabilities.cluster import ClusterHandle, ClusterSpec
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.network import NetworkHandle
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.target import Target
from terrace.gcp import iam, names, nodes
from terrace.gcp.providers import service

_LOGS = ("SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER")
_METRICS = (
    "SYSTEM_COMPONENTS", "APISERVER", "SCHEDULER", "CONTROLLER_MANAGER", "STORAGE", "HPA",
    "POD", "DAEMONSET", "DEPLOYMENT", "STATEFULSET", "CADVISOR", "KUBELET",
)  # fmt: skip


class Cluster(Construct):
    """GKE Standard with node pools; zonal if the network has one zone, else regional.

    The API is available on its DNS name inside the network and, for `api_access.public_from`, on an address that allows
    only those ranges. Services have a range of the network, and `spec.service_cidr` is unused: GKE requires names for
    both ranges or for none. An existing cluster is used as it is: only its handle is made. `handle.pools` maps a pool
    to its node pool's name; `handle.ready` is complete once pods can run. Source: GKE documentation, "About network
    isolation", "Harden your cluster's security".
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
                workload_identity=f"{names.account(target)}.svc.id.goog",
                pools={},
                ready=(),
            )
            return
        self._spec, self._target, self._network = spec, target, network
        self._protected = spec.deletion_protection and not target.unprotected
        self._location = names.cluster_location(target)
        self._ready = (*keys.ready, *network.ready, *observability.ready, service(self, "container"))
        cluster = self._cluster(spec, target, network, observability)
        right = iam.Grant("roles/container.admin")  # K8S-5
        iam.project_grant(self, "administrators", target, right, f"group:{names.settings(target).admin_group}")
        if target.tier != "dev":
            self._admission(target)
        if self._protected and names.settings(target).owns_account:
            self._refuse_deletion(target)
        pools = [
            nodes.pool(self, name, pool, target, cluster=cluster, network=network) for name, pool in spec.pools.items()
        ]
        public = bool(spec.api_access.public_from)
        dns = cluster.control_plane_endpoints_config.dns_endpoint_config.endpoint
        self.handle = ClusterHandle(
            name=target.prefix,
            endpoint=f"https://{cluster.endpoint if public else dns}",
            certificate_authority=cluster.master_auth.cluster_ca_certificate if public else "",  # DNS: a public one
            workload_identity=f"{names.account(target)}.svc.id.goog",
            pools={name: nodes.pool_name(name, pool) for name, pool in spec.pools.items()},
            ready=(cluster, *pools),
        )

    def _refuse_deletion(self, target: Target) -> None:
        """K8S-11: GKE has no deletion protection of its own, and the cluster's argument binds the provider only.

        A destroy deletes this policy first. It is on the project: conditions of deny policies read tags, and no names.
        Source: IAM documentation, "Deny policies".
        """
        IamDenyPolicy(
            self,
            "deletion",
            name=f"{target.prefix}-cluster",
            parent=names.attachment_point(target),
            display_name="Clusters of the project cannot be deleted by hand",
            rules=[
                IamDenyPolicyRules(
                    description="Protect the cluster",
                    deny_rule=IamDenyPolicyRulesDenyRule(
                        denied_principals=["principalSet://goog/public:all"],
                        exception_principals=[names.principal(target, "ci-apply")],
                        denied_permissions=["container.googleapis.com/clusters.delete"],
                    ),
                )
            ],
            depends_on=[service(self, "iam")],
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
            deletion_protection=self._protected,  # K8S-11
            # A cluster cannot be created without nodes, so the provider creates a default pool and deletes it
            remove_default_node_pool=True,
            initial_node_count=1,
            node_config=nodes.default_pool(target, network),
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

    def _admission(self, target: Target) -> None:
        """K8S-10: only images of the registry and GKE's own may run."""
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
                    name_pattern=f"{names.registry(target)}/**"  # K8S-10
                )
            ],
            depends_on=[service(self, "binaryauthorization")],
        )
