"""Refusals of Key Vault's control plane. Source: its documentation: recovery management, soft delete, RBAC guide."""

from terrace.emulator.azure.ids import parse
from terrace.emulator.azure.kind import Refused, Resource, find

_VAULT = "Microsoft.KeyVault/vaults"


def name_soft_deleted(resource: Resource) -> Refused | None:
    """The name of a deleted vault stays reserved. Source: "Key Vault soft-delete overview"."""
    if str(resource.get("createMode", "")).lower() == "recover":
        return None
    for item in resource.store.deleted.values():
        if item.type == _VAULT and parse(item.id).name.lower() == resource.id.name.lower():
            message = f"A vault with the same name '{resource.id.name}' already exists in deleted state."
            return Refused(409, "ConflictError", f"{message} You need to either recover or purge existing key vault.")
    return None


def name_taken(resource: Resource) -> Refused | None:
    """The name is globally unique. Source: "About keys, secrets and certificates", vault name."""
    taken = resource.store.named(_VAULT, resource.id.name)
    if taken and taken.id.lower() != resource.id.key:
        return Refused(409, "VaultAlreadyExists", f"The vault name '{resource.id.name}' is already in use.")
    return None


def purge_protection_disabled(resource: Resource) -> Refused | None:
    """Source: "Recovery management": purge protection is irreversible."""
    old, new = (find(body, "properties.enablePurgeProtection") for body in (resource.old, resource.body))
    if new is False or (old and not new):
        message = 'The property "enablePurgeProtection" cannot be set to false.'
        return Refused(
            400, "BadRequest", f"{message} Enabling the purge protection for a vault is an irreversible action."
        )
    return None


def retention_changed(resource: Resource) -> Refused | None:
    """Source: "Recovery management": the days cannot change after creation."""
    old, new = (find(body, "properties.softDeleteRetentionInDays") for body in (resource.old, resource.body))
    if old and new and old != new:
        message = 'The property "softDeleteRetentionInDays" has been set already and it can\'t be modified.'
        return Refused(400, "BadRequest", message)
    return None


def retention_out_of_range(resource: Resource) -> Refused | None:
    """Source: "Key Vault soft-delete overview": 7 to 90 days."""
    if not 7 <= resource.get("softDeleteRetentionInDays", 90) <= 90:
        message = 'The property "softDeleteRetentionInDays" must be between 7 and 90.'
        return Refused(400, "BadRequest", message)
    return None


def tenant_mismatch(resource: Resource) -> Refused | None:
    """Source: REST reference, Vaults - Create: the tenant of the subscription."""
    if str(resource.get("tenantId")).lower() != resource.store.tenant.lower():
        message = f"The tenant ID '{resource.get('tenantId')}' is not the one of the subscription."
        return Refused(400, "InvalidTenantId", message)
    return None


def nothing_to_recover(resource: Resource) -> Refused | None:
    """Source: REST reference, Vaults - Create: recover needs a deleted vault."""
    recovers = str(resource.get("createMode", "")).lower() == "recover"
    if recovers and resource.id.key not in resource.store.deleted and resource.old is None:
        message = f"A vault of the name '{resource.id.name}' is not in deleted state."
        return Refused(404, "DeletedVaultNotFound", message)
    return None


VAULT = (
    name_soft_deleted,
    name_taken,
    purge_protection_disabled,
    retention_changed,
    retention_out_of_range,
    tenant_mismatch,
    nothing_to_recover,
)
