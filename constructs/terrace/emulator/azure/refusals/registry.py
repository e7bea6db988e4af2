"""Refusals of Container Registry. Source: its documentation: SKUs and their features, export policy, names."""

import re

from terrace.emulator.azure.kind import Refused, Resource, find

_REGISTRY = "Microsoft.ContainerRegistry/registries"


def name_taken(resource: Resource) -> Refused | None:
    """The name is globally unique. Source: "Registry names"."""
    taken = resource.store.named(_REGISTRY, resource.id.name)
    if taken and taken.id.lower() != resource.id.key:
        return Refused(409, "AlreadyInUse", f"The registry DNS name {resource.id.name}.azurecr.io is already in use.")
    return None


def name_malformed(resource: Resource) -> Refused | None:
    """Source: "Registry names": 5 to 50 letters and digits."""
    if not re.fullmatch(r"[A-Za-z0-9]{5,50}", resource.id.name):
        return Refused(400, "InvalidRegistryName", f"The registry name '{resource.id.name}' is invalid.")
    return None


def premium_feature(resource: Resource) -> Refused | None:
    """Source: "Azure Container Registry SKUs", features of Premium only."""
    if find(resource.body, "sku.name") == "Premium":
        return None
    features = {
        "customer-managed keys": resource.get("encryption.status") == "enabled",
        "a disabled public endpoint": resource.get("publicNetworkAccess") == "Disabled",
        "dedicated data endpoints": resource.get("dataEndpointEnabled"),
        "a retention policy": resource.get("policies.retentionPolicy.status") == "enabled",
        "quarantine": resource.get("policies.quarantinePolicy.status") == "enabled",
        "zone redundancy": resource.get("zoneRedundancy") == "Enabled",
    }
    if used := [name for name, is_used in features.items() if is_used]:
        message = f"The SKU {find(resource.body, 'sku.name')} does not support {used[0]}. Premium does."
        return Refused(400, "SkuNotSupported", message)
    return None


def export_policy_with_public_access(resource: Resource) -> Refused | None:
    """Source: "Disable artifact export": public access must be disabled."""
    if resource.get("policies.exportPolicy.status") == "disabled" and resource.get("publicNetworkAccess") != "Disabled":
        message = "The export policy can be disabled only while public network access is disabled."
        return Refused(400, "ExportPolicyRequiresPrivateAccess", message)
    return None


REGISTRY = (name_malformed, name_taken, premium_feature, export_policy_with_public_access)
