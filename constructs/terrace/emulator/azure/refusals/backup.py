"""Refusals of Azure Backup. Source: Azure Backup documentation: immutability and soft delete of vaults, cross region
restore, blob and PostgreSQL backup (support matrix), and managed identities' permissions."""

import re

from terrace.emulator.azure.ids import guid, parse
from terrace.emulator.azure.kind import Refused, Resource, find
from terrace.emulator.azure.refusals.keys import role_names

_REQUIRED_ROLES = {  # by type of the source; source: "Manage backups with Azure Backup and RBAC"
    "microsoft.storage/storageaccounts": ("Storage Account Backup Contributor", "Storage Account Contributor", "Owner"),
    "microsoft.dbforpostgresql/flexibleservers": ("PostgreSQL Flexible Server Long Term Retention Backup Role",),
}


def _refused(code: str, message: str) -> Refused:
    return Refused(400, code, message)


def cross_region_restore_without_geo_redundancy(resource: Resource) -> Refused | None:
    """Source: "Cross Region Restore": geo-redundant vaults."""
    kinds = {setting.get("type") for setting in resource.get("storageSettings", [])}
    state = resource.get("featureSettings.crossRegionRestoreSettings.state")
    if state == "Enabled" and kinds != {"GeoRedundant"}:
        return _refused(
            "CrossRegionRestoreRequiresGeoRedundantStorage", "Cross region restore needs GeoRedundant storage."
        )
    return None


def redundancy_changed(resource: Resource) -> Refused | None:
    """Source: "Create and configure a Backup vault": redundancy cannot change once the vault protects a resource."""
    old, new = (find(body, "properties.storageSettings") for body in (resource.old, resource.body))
    if old and old != new and resource.store.children(resource.id.path, "backupInstances"):
        return _refused("StorageSettingsImmutable", "The storage redundancy of a vault in use cannot be changed.")
    return None


def immutability_disabled(resource: Resource) -> Refused | None:
    """Source: "Immutable vault": a locked state is irreversible."""
    word = "properties.securitySettings.immutabilitySettings.state"
    if find(resource.old, word) == "Locked" and find(resource.body, word) != "Locked":
        return _refused("ImmutabilityStateIrreversible", "The immutability of the vault is locked.")
    return None


def soft_delete_disabled(resource: Resource) -> Refused | None:
    """Source: "Enhanced soft delete": always-on is irreversible."""
    word = "properties.securitySettings.softDeleteSettings.state"
    if find(resource.old, word) == "AlwaysOn" and find(resource.body, word) != "AlwaysOn":
        return _refused("SoftDeleteStateIrreversible", "Always-on soft delete cannot be turned off.")
    return None


def vault_in_use(resource: Resource) -> Refused | None:
    """Source: "Delete a Backup vault": its instances are deleted first."""
    instances = resource.store.children(resource.id.path, "backupInstances")
    if instances:
        return _refused("VaultNotEmpty", f"The vault has backup instances: {parse(instances[0].id).name}.")
    return None


def policy_in_use(resource: Resource) -> Refused | None:
    """Source: "Manage backup policies": its instances are deleted first."""
    for item in resource.store.children(resource.id.parent, "backupInstances"):
        if str(find(item.body, "properties.policyInfo.policyId", "")).lower() == resource.id.key:
            return _refused("UserErrorPolicyInUse", f"The policy is in use by {parse(item.id).name}.")
    return None


def policy_datasource_mismatch(resource: Resource) -> Refused | None:
    """Source: REST reference, Backup Policies: a policy applies to its datasource types only."""
    policy = resource.other(resource.get("policyInfo.policyId"))
    kinds = [kind.lower() for kind in find(policy, "properties.datasourceTypes", [])]
    own = str(resource.get("dataSourceInfo.datasourceType", "")).lower()
    if kinds and own not in kinds:
        return _refused("UserErrorPolicyDatasourceMismatch", f"The policy is for {', '.join(kinds)}, not for {own}.")
    return None


def vault_lacks_role(resource: Resource) -> Refused | None:
    """Source: "Configure backup", assign permissions: the vault's own identity needs a role on the source."""
    source = str(resource.get("dataSourceInfo.resourceID"))
    needed = _REQUIRED_ROLES.get(parse(source).type.lower())
    if needed and not set(needed) & set(role_names(_principal(resource), source, resource.store)):
        message = f"The vault's identity needs the role '{needed[0]}' on {source}."
        return _refused("UserErrorMissingRequiredPermissions", message)
    return None


def _principal(resource: Resource) -> str:
    return guid(resource.id.parent, "identity")


def database_backup_not_weekly(resource: Resource) -> Refused | None:
    """Source: "PostgreSQL flexible server backup support matrix": weekly."""
    if "microsoft.dbforpostgresql/flexibleservers" not in [k.lower() for k in resource.get("datasourceTypes", [])]:
        return None
    for rule in resource.get("policyRules", []):
        for interval in find(rule, "trigger.schedule.repeatingTimeIntervals", []):
            if not re.search(r"/P\d*W$", interval):
                return _refused("InvalidBackupFrequency", f"PostgreSQL is backed up weekly, not as '{interval}' says.")
    return None


VAULT = (cross_region_restore_without_geo_redundancy, redundancy_changed, immutability_disabled, soft_delete_disabled)
VAULT_DELETE = (vault_in_use,)
POLICY = (database_backup_not_weekly,)
POLICY_DELETE = (policy_in_use,)
INSTANCE = (policy_datasource_mismatch, vault_lacks_role)
