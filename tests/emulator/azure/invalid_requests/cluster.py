"""Invalid configurations of clusters."""

from tests.emulator.azure.bodies import NETWORK, ZONE, resource_id
from tests.emulator.azure.invalid_requests.invalid_request import InvalidRequest, set_field, set_property

INVALID_REQUESTS = (
    InvalidRequest("skipped_version", "cluster", "OperationNotAllowed", set_property("kubernetesVersion", "1.37")),
    InvalidRequest("skipped_version", "cluster", "OperationNotAllowed", set_property("kubernetesVersion", "1.33")),
    InvalidRequest(
        "cilium_policy_without_cilium",
        "cluster",
        "InvalidParameter",
        set_property("networkProfile.networkDataplane", "azure"),
    ),
    InvalidRequest(
        "cilium_policy_without_cilium",
        "cluster",
        "InvalidParameter",
        set_property("networkProfile.networkPolicy", "calico"),
    ),
    InvalidRequest(
        "overlay_without_azure_cni",
        "cluster",
        "InvalidParameter",
        set_property("networkProfile.networkPlugin", "kubenet"),
    ),
    InvalidRequest(
        "service_range_overlaps",
        "cluster",
        "ServiceCidrOverlapPodCidr",
        set_property("networkProfile.podCidr", "172.16.0.0/12"),
    ),
    InvalidRequest(
        "service_range_overlaps",
        "cluster",
        "ServiceCidrOverlapExistingSubnetsCidr",
        set_property("networkProfile.serviceCidr", "10.0.0.0/16"),
    ),
    InvalidRequest(
        "dns_outside_service_range",
        "cluster",
        "DnsServiceIpOutOfServiceCidr",
        set_property("networkProfile.dnsServiceIP", "172.17.0.10"),
    ),
    InvalidRequest("no_sign_in_method", "cluster", "InvalidParameter", set_property("aadProfile", None)),
    InvalidRequest(
        "azure_rbac_without_entra",
        "cluster",
        "InvalidParameter",
        set_property("disableLocalAccounts", False),
        set_property("aadProfile.managed", False),
    ),
    InvalidRequest(
        "node_provisioning_with_autoscaler",
        "cluster",
        "InvalidParameter",
        set_property("nodeProvisioningProfile.mode", "Auto"),
    ),
    InvalidRequest(
        "authorized_ranges_on_private_cluster",
        "cluster",
        "InvalidAuthorizedIPRanges",
        set_property("apiServerAccessProfile.enablePrivateCluster", True),
    ),
    InvalidRequest(
        "custom_zone_without_user_identity",
        "cluster",
        "CustomPrivateDNSZoneMissingPermissionError",
        set_field("identity", {"type": "SystemAssigned"}),
        set_property("apiServerAccessProfile", {"enablePrivateCluster": True, "privateDNSZone": ZONE}),
    ),
    InvalidRequest(
        "cost_analysis_on_free_tier",
        "cluster",
        "InvalidCostAnalysisTier",
        set_field("sku.tier", "Free"),
        set_property("metricsProfile.costAnalysis.enabled", True),
    ),
    InvalidRequest(
        "image_channels_differ",
        "cluster",
        "InvalidParameter",
        set_property("autoUpgradeProfile", {"upgradeChannel": "node-image", "nodeOSUpgradeChannel": "SecurityPatch"}),
    ),
    InvalidRequest(
        "workload_identity_without_issuer",
        "cluster",
        "OIDCIssuerFeatureRequired",
        set_property("oidcIssuerProfile.enabled", False),
    ),
    InvalidRequest(
        "egress_without_gateway",
        "cluster",
        "NatGatewayNotAssociated",
        set_property("agentPoolProfiles.0.vnetSubnetID", f"{NETWORK}/subnets/paths"),
    ),
    InvalidRequest(
        "no_system_pool", "cluster", "AtLeastOneSystemPool", set_property("agentPoolProfiles.0.mode", "User")
    ),
    InvalidRequest(
        "autoscaler_without_bounds",
        "cluster",
        "InvalidAutoScalingBounds",
        set_property("agentPoolProfiles.0.maxCount", None),
    ),
    InvalidRequest("autoscaler_without_bounds", "pool", "InvalidAutoScalingBounds", set_property("minCount", 9)),
    InvalidRequest(
        "spot_with_surge",
        "pool",
        "InvalidSpotPoolUpgradeSettings",
        set_property("upgradeSettings", {"maxSurge": "33%"}),
    ),
    InvalidRequest("spot_with_surge", "pool", "InvalidSpotPoolMode", set_property("mode", "System")),
    InvalidRequest(
        "pool_newer_than_cluster", "pool", "NodePoolMcVersionIncompatible", set_property("orchestratorVersion", "1.35")
    ),
    InvalidRequest(
        "pool_subnet_in_other_network",
        "pool",
        "AgentPoolSubnetMismatch",
        set_property("vnetSubnetID", resource_id("Network/virtualNetworks", "other/subnets/nodes")),
    ),
)
