"""Refusals of AKS. Source: AKS documentation: network concepts, Azure CNI by Cilium, Entra integration, managing local
accounts, node auto-provisioning, cluster autoscaler, spot pools, private clusters, workload identity, cost analysis."""

import ipaddress
from collections.abc import Iterator
from typing import Any

from terrace.emulator.azure.ids import parse
from terrace.emulator.azure.kind import Action, Refused, Resource, find
from terrace.emulator.azure.refusals.network import prefixes


def _refused(message: str, code: str = "InvalidParameter") -> Refused:
    return Refused(400, code, message)


def _pools(resource: Resource) -> Iterator[dict[str, Any]]:
    """The node pools in a cluster's body, which become separate resources."""
    yield from resource.get("agentPoolProfiles", [])


def cilium_policy_without_cilium(resource: Resource) -> Refused | None:
    """Source: "Azure CNI Powered by Cilium": the policy engine is part of the data plane."""
    policy, plane = (resource.get(f"networkProfile.{word}") for word in ("networkPolicy", "networkDataplane"))
    if policy == "cilium" and plane != "cilium":
        return _refused("The network policy 'cilium' needs the network data plane 'cilium'.")
    if plane == "cilium" and policy not in (None, "cilium", "none"):
        return _refused(f"The network data plane 'cilium' does not work with the network policy '{policy}'.")
    return None


def overlay_without_azure_cni(resource: Resource) -> Refused | None:
    """Source: "Azure CNI Overlay networking"."""
    mode, plugin = (resource.get(f"networkProfile.{word}") for word in ("networkPluginMode", "networkPlugin"))
    return (
        _refused("The plugin mode 'overlay' needs the network plugin 'azure'.") if mode and plugin != "azure" else None
    )


def service_range_overlaps(resource: Resource) -> Refused | None:
    """Source: "IP address planning": service and pod ranges do not overlap with other ranges."""
    service = resource.get("networkProfile.serviceCidr")
    if not service:
        return None
    services = ipaddress.ip_network(service)
    pods = resource.get("networkProfile.podCidr")
    if pods and services.overlaps(ipaddress.ip_network(pods)):
        return _refused(f"The service CIDR {service} overlaps with the pod CIDR {pods}.", "ServiceCidrOverlapPodCidr")
    for pool in _pools(resource):
        for range in prefixes(resource.other(pool.get("vnetSubnetID"))):
            if services.overlaps(range):
                message = f"The specified service CIDR {service} is conflicted with an existing subnet CIDR {range}."
                return _refused(message, "ServiceCidrOverlapExistingSubnetsCidr")
    return None


def dns_outside_service_range(resource: Resource) -> Refused | None:
    """Source: "IP address planning": the DNS service's address is in the service range, but not the first address."""
    service, dns = (resource.get(f"networkProfile.{word}") for word in ("serviceCidr", "dnsServiceIP"))
    if service and dns and ipaddress.ip_address(dns) not in list(ipaddress.ip_network(service).hosts())[1:]:
        return _refused(
            f"The DNS service IP {dns} must be in the service CIDR {service}.", "DnsServiceIpOutOfServiceCidr"
        )
    return None


def no_sign_in_method(resource: Resource) -> Refused | None:
    """Source: "Manage local accounts with AKS-managed Microsoft Entra integration"."""
    if resource.get("disableLocalAccounts") and not resource.get("aadProfile.managed"):
        return _refused("Local accounts can be disabled only on a cluster with managed Microsoft Entra integration.")
    return None


def azure_rbac_without_entra(resource: Resource) -> Refused | None:
    """Source: "Use Azure RBAC for Kubernetes authorization"."""
    if resource.get("aadProfile.enableAzureRBAC") and not resource.get("aadProfile.managed"):
        return _refused("Azure RBAC needs managed Microsoft Entra integration.")
    return None


def node_provisioning_with_autoscaler(resource: Resource) -> Refused | None:
    """Source: "Node autoprovisioning", limitations: not with the cluster autoscaler."""
    if resource.get("nodeProvisioningProfile.mode") == "Auto":
        for pool in _pools(resource):
            if pool.get("enableAutoScaling"):
                message = (
                    f"Node autoprovisioning cannot be enabled while pool '{pool['name']}' has the cluster autoscaler."
                )
                return _refused(message)
    return None


def authorized_ranges_on_private_cluster(resource: Resource) -> Refused | None:
    """Source: "Create a private AKS cluster", limitations."""
    profile = resource.get("apiServerAccessProfile", {})
    if profile.get("enablePrivateCluster") and profile.get("authorizedIPRanges"):
        return _refused("Authorized IP ranges cannot be used on a private cluster.", "InvalidAuthorizedIPRanges")
    return None


def custom_zone_without_user_identity(resource: Resource) -> Refused | None:
    """Source: "Create a private AKS cluster", custom private DNS zone: needs a user-assigned identity."""
    zone = str(resource.get("apiServerAccessProfile.privateDNSZone", ""))
    if zone.startswith("/") and "UserAssigned" not in str(find(resource.body, "identity.type", "")):
        message = "A cluster with a custom private DNS zone needs a user-assigned identity."
        return _refused(message, "CustomPrivateDNSZoneMissingPermissionError")
    return None


def cost_analysis_on_free_tier(resource: Resource) -> Refused | None:
    """Source: "AKS cost analysis", prerequisites: the Standard or Premium tier."""
    if resource.get("metricsProfile.costAnalysis.enabled") and find(resource.body, "sku.tier", "Free") == "Free":
        return _refused("Cost analysis needs the Standard or Premium tier.", "InvalidCostAnalysisTier")
    return None


def image_channels_differ(resource: Resource) -> Refused | None:
    """Source: "Automatically upgrade a cluster": node-image needs the node OS channel NodeImage."""
    channel, image = (resource.get(f"autoUpgradeProfile.{word}") for word in ("upgradeChannel", "nodeOSUpgradeChannel"))
    if channel == "node-image" and image not in (None, "NodeImage"):
        return _refused(f"The upgrade channel 'node-image' does not go with the node OS channel '{image}'.")
    return None


def workload_identity_without_issuer(resource: Resource) -> Refused | None:
    """Source: "Deploy and configure workload identity"."""
    if resource.get("securityProfile.workloadIdentity.enabled") and not resource.get("oidcIssuerProfile.enabled"):
        return _refused("Workload identity needs the OIDC issuer.", "OIDCIssuerFeatureRequired")
    return None


def egress_without_gateway(resource: Resource) -> Refused | None:
    """Source: "Create a managed or user-assigned NAT gateway": the subnet must have one."""
    if resource.get("networkProfile.outboundType") != "userAssignedNATGateway":
        return None
    for pool in _pools(resource):
        subnet = pool.get("vnetSubnetID")
        if subnet and not find(resource.other(subnet), "properties.natGateway.id"):
            message = f"The subnet {subnet} has no NAT gateway, which the outbound type userAssignedNATGateway needs."
            return _refused(message, "NatGatewayNotAssociated")
    return None


def no_system_pool(resource: Resource) -> Refused | None:
    """Source: "Use system node pools": at least one, with Linux, not spot."""
    pools = list(_pools(resource))
    systems = [p for p in pools if p.get("mode", "System") == "System" and p.get("osType", "Linux") == "Linux"]
    if pools and not systems:
        return _refused("There must be at least one system node pool.", "AtLeastOneSystemPool")
    return None


def _properties(resource: Resource) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and properties of each pool in a body: the cluster's list or a single pool."""
    if resource.id.type.endswith("/agentPools"):
        yield resource.id.name, resource.body["properties"]
    else:
        yield from ((pool["name"], pool) for pool in _pools(resource))


def autoscaler_without_bounds(resource: Resource) -> Refused | None:
    """Source: "Use the cluster autoscaler": needs minimum and maximum. Of an existing pool these may exclude the
    current count; the autoscaler then enforces the minimum."""
    for name, pool in _properties(resource):
        if not pool.get("enableAutoScaling"):
            continue
        low, high, count = pool.get("minCount"), pool.get("maxCount"), pool.get("count")
        if low is None or high is None:
            return _refused(f"Pool '{name}': the autoscaler needs minCount and maxCount.", "InvalidAutoScalingBounds")
        if low > high or (resource.old is None and count is not None and not low <= count <= high):
            message = f"Pool '{name}': count {count} is not between minCount {low} and maxCount {high}."
            return _refused(message, "InvalidAutoScalingBounds")
    return None


def spot_with_surge(resource: Resource) -> Refused | None:
    """Source: "Add a spot node pool", limitations: not a system pool, no surge."""
    for name, pool in _properties(resource):
        if pool.get("scaleSetPriority") != "Spot":
            continue
        if pool.get("mode") == "System":
            return _refused(f"Pool '{name}': a system pool cannot be of spot nodes.", "InvalidSpotPoolMode")
        if find(pool, "upgradeSettings.maxSurge"):
            return _refused(f"Pool '{name}': maxSurge cannot be set on a spot pool.", "InvalidSpotPoolUpgradeSettings")
    return None


def pool_newer_than_cluster(resource: Resource) -> Refused | None:
    """Source: "Upgrade options": nodes are never newer than the control plane."""
    own, plane = (
        find(body, f"properties.{word}")
        for body, word in ((resource.body, "orchestratorVersion"), (resource.parent, "kubernetesVersion"))
    )
    if own and plane and [int(n) for n in own.split(".")[:2]] > [int(n) for n in plane.split(".")[:2]]:
        message = f"Node pool version {own} and control plane version {plane} are incompatible."
        return _refused(message, "NodePoolMcVersionIncompatible")
    return None


def skipped_version(resource: Resource) -> Refused | None:
    """Source: "Upgrade an AKS cluster": the next minor version only, and nothing older."""
    old, new = (find(body, "properties.kubernetesVersion") for body in (resource.old, resource.body))
    if not old or not new:
        return None
    before, after = (int(version.split(".")[1]) for version in (old, new))
    if after == before or after == before + 1:
        return None
    word = "Upgrading" if after > before else "Downgrading"
    message = (
        f"{word} Kubernetes version {old} to {new} is not allowed. Available upgrades: [1.{before + 1}.0]. "
        "Please see https://aka.ms/aks-supported-k8s-ver for version details."
    )
    return _refused(message, "OperationNotAllowed")


def last_system_pool(resource: Resource) -> Refused | None:
    """Source: "Use system node pools": the last one cannot be deleted."""
    others = [i for i in resource.store.children(resource.id.parent, "agentPools") if i.id.lower() != resource.id.key]
    is_system = resource.get("mode", "User") == "System"
    if is_system and not any(find(item.body, "properties.mode") == "System" for item in others):
        return _refused(f"Pool '{resource.id.name}' is the last system pool of the cluster.", "AtLeastOneSystemPool")
    return None


def admin_credentials(action: Action) -> Action:
    """Source: "Manage local accounts": not available when local accounts are disabled."""

    def guarded(resource: Resource, body: Any) -> tuple[int, Any]:
        if resource.get("disableLocalAccounts"):
            message = "Getting static credential is not allowed because this cluster is set to disable local accounts."
            raise _refused(message, "BadRequest")
        return action(resource, body)

    return guarded


def pool_subnet_in_other_network(resource: Resource) -> Refused | None:
    """Source: "Create node pools", subnets: all pools are in one virtual network."""
    networks = {
        parse(str(pool.get("vnetSubnetID"))).parent.lower()
        for item in resource.store.children(resource.id.parent, "agentPools")
        if (pool := item.body["properties"]).get("vnetSubnetID")
    }
    own = resource.get("vnetSubnetID")
    if own and networks and parse(own).parent.lower() not in networks:
        return _refused(
            f"The subnet {own} is not in the virtual network of the other pools.", "AgentPoolSubnetMismatch"
        )
    return None


CLUSTER = (
    cilium_policy_without_cilium,
    overlay_without_azure_cni,
    service_range_overlaps,
    dns_outside_service_range,
    no_sign_in_method,
    skipped_version,
    azure_rbac_without_entra,
    node_provisioning_with_autoscaler,
    authorized_ranges_on_private_cluster,
    custom_zone_without_user_identity,
    cost_analysis_on_free_tier,
    image_channels_differ,
    workload_identity_without_issuer,
    egress_without_gateway,
    no_system_pool,
    autoscaler_without_bounds,
    spot_with_surge,
)
POOL = (autoscaler_without_bounds, spot_with_surge, pool_newer_than_cluster, pool_subnet_in_other_network)
POOL_DELETE = (last_system_pool,)
