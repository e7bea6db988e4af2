"""Refusals of Event Hubs. Source: Event Hubs documentation: quotas and limits, customer-managed keys, partitions."""

from terrace.emulator.azure.kind import Refused, Resource, find

_LIMITS = {"Basic": (32, 24), "Standard": (32, 168), "Premium": (100, 2160)}
"""Most partitions of an event hub, and most hours of retention, by tier."""


def _refused(code: str, message: str) -> Refused:
    return Refused(400, code, message)


def _tier(namespace: object) -> str:
    return str(find(namespace, "sku.name", "Standard"))


def key_below_premium(resource: Resource) -> Refused | None:
    """Source: "Configure customer-managed keys": premium and dedicated tiers."""
    if resource.get("encryption.keyVaultProperties") and _tier(resource.body) != "Premium":
        return _refused("BadRequest", "Customer-managed keys are only available in the premium tier.")
    return None


def changed_tier(resource: Resource) -> Refused | None:
    """Source: "Event Hubs quotas and limits": a premium namespace stays one."""
    before = _tier(resource.old) if resource.old else _tier(resource.body)
    if (before == "Premium") != (_tier(resource.body) == "Premium"):
        return _refused("BadRequest", f"A namespace of the tier {before} cannot become {_tier(resource.body)}.")
    return None


def partitions_out_of_range(resource: Resource) -> Refused | None:
    """Source: "Event Hubs quotas and limits"; "Dynamically add partitions": never fewer, and only in premium."""
    most, _ = _LIMITS.get(_tier(resource.parent), (100, 2160))
    count = int(resource.get("partitionCount", 1))
    if not 1 <= count <= most:
        return _refused("BadRequest", f"The number of partitions must be between 1 and {most}.")
    before = int(find(resource.old, "properties.partitionCount", count))
    if count < before or (count > before and _tier(resource.parent) != "Premium"):
        return _refused("BadRequest", f"The event hub has {before} partitions, which cannot become {count}.")
    return None


def retention_out_of_range(resource: Resource) -> Refused | None:
    """Source: "Event Hubs quotas and limits", message retention period."""
    _, most = _LIMITS.get(_tier(resource.parent), (100, 2160))
    hours = int(resource.get("retentionDescription.retentionTimeInHours", 1))
    if not 1 <= hours <= most:
        return _refused("BadRequest", f"The retention must be between 1 and {most} hours.")
    return None


NAMESPACE = (key_below_premium, changed_tier)
HUB = (partitions_out_of_range, retention_out_of_range)
