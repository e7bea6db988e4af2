"""Wrong configurations of clusters."""

from tests.emulator.azure.bodies import NETWORK, ZONE
from tests.emulator.azure.bodies import at as place
from tests.emulator.azure.mistakes.mistake import Mistake, p, set_

MISTAKES = (
    Mistake(
        "cilium_policy_without_cilium", "cluster", "InvalidParameter", p("networkProfile.networkDataplane", "azure")
    ),
    Mistake("cilium_policy_without_cilium", "cluster", "InvalidParameter", p("networkProfile.networkPolicy", "calico")),
    Mistake("overlay_without_azure_cni", "cluster", "InvalidParameter", p("networkProfile.networkPlugin", "kubenet")),
    Mistake(
        "services_overlap_network", "cluster", "ServiceCidrOverlapPodCidr", p("networkProfile.podCidr", "172.16.0.0/12")
    ),
    Mistake(
        "services_overlap_network",
        "cluster",
        "ServiceCidrOverlapExistingSubnetsCidr",
        p("networkProfile.serviceCidr", "10.0.0.0/16"),
    ),
    Mistake(
        "dns_outside_services",
        "cluster",
        "DnsServiceIpOutOfServiceCidr",
        p("networkProfile.dnsServiceIP", "172.17.0.10"),
    ),
    Mistake("no_way_to_sign_in", "cluster", "InvalidParameter", p("aadProfile", None)),
    Mistake(
        "azure_rights_without_entra",
        "cluster",
        "InvalidParameter",
        p("disableLocalAccounts", False),
        p("aadProfile.managed", False),
    ),
    Mistake("provisioning_beside_autoscaler", "cluster", "InvalidParameter", p("nodeProvisioningProfile.mode", "Auto")),
    Mistake(
        "ranges_on_private_cluster",
        "cluster",
        "InvalidAuthorizedIPRanges",
        p("apiServerAccessProfile.enablePrivateCluster", True),
    ),
    Mistake(
        "own_zone_without_own_identity",
        "cluster",
        "CustomPrivateDNSZoneMissingPermissionError",
        set_("identity", {"type": "SystemAssigned"}),
        p("apiServerAccessProfile", {"enablePrivateCluster": True, "privateDNSZone": ZONE}),
    ),
    Mistake(
        "costs_on_free_tier",
        "cluster",
        "InvalidCostAnalysisTier",
        set_("sku.tier", "Free"),
        p("metricsProfile.costAnalysis.enabled", True),
    ),
    Mistake(
        "image_channels_differ",
        "cluster",
        "InvalidParameter",
        p("autoUpgradeProfile", {"upgradeChannel": "node-image", "nodeOSUpgradeChannel": "SecurityPatch"}),
    ),
    Mistake(
        "workload_identity_without_issuer",
        "cluster",
        "OIDCIssuerFeatureRequired",
        p("oidcIssuerProfile.enabled", False),
    ),
    Mistake(
        "egress_without_gateway",
        "cluster",
        "NatGatewayNotAssociated",
        p("agentPoolProfiles.0.vnetSubnetID", f"{NETWORK}/subnets/paths"),
    ),
    Mistake("no_system_pool", "cluster", "AtLeastOneSystemPool", p("agentPoolProfiles.0.mode", "User")),
    Mistake(
        "autoscaler_without_bounds", "cluster", "InvalidAutoScalingBounds", p("agentPoolProfiles.0.maxCount", None)
    ),
    Mistake("autoscaler_without_bounds", "pool", "InvalidAutoScalingBounds", p("minCount", 9)),
    Mistake("spot_with_surge", "pool", "InvalidSpotPoolUpgradeSettings", p("upgradeSettings", {"maxSurge": "33%"})),
    Mistake("spot_with_surge", "pool", "InvalidSpotPoolMode", p("mode", "System")),
    Mistake("pool_ahead_of_cluster", "pool", "NodePoolMcVersionIncompatible", p("orchestratorVersion", "1.35")),
    Mistake(
        "pool_subnet_elsewhere",
        "pool",
        "AgentPoolSubnetMismatch",
        p("vnetSubnetID", place("Network/virtualNetworks", "other/subnets/nodes")),
    ),
)
