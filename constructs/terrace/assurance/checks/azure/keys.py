"""Key Vault and its keys (KEY-1 to KEY-3)."""

import re
from collections.abc import Iterator

from terrace.assurance import access
from terrace.assurance.checks import Subject
from terrace.assurance.checks.azure.lookup import features, lock, unset
from terrace.assurance.evaluation import Observation, at_least, at_most, check, equal
from terrace.assurance.view import Resource
from terrace.azure import names

_OPERATIONS = ["decrypt", "encrypt", "sign", "unwrapKey", "verify", "wrapKey"]
_BITS = 3072
_PURGES = (
    "purge_soft_delete_on_destroy",
    "purge_soft_deleted_certificates_on_destroy",
    "purge_soft_deleted_keys_on_destroy",
    "purge_soft_deleted_secrets_on_destroy",
)
_EXPIRES_AFTER = 60
"""Days between a rotation and the end of the old version, in which a service changes to the new one."""


def _keys(stack: Subject) -> Iterator[Resource]:
    """Each purpose's own key, then those of the recovery region. Raises Absent."""
    for purpose in stack.own_keys:
        yield stack.one("azurerm_key_vault_key", f"keys/{purpose}")
    if stack.target.recovery_region:
        for purpose in names.RECOVERY_KEYS:
            yield stack.one("azurerm_key_vault_key", f"keys/{purpose}-recovery")


def _days(period: object) -> int | None:
    match = re.fullmatch(r"P(\d+)D", str(period))
    return int(match[1]) if match else None


@check("KEY-1")
def rotated_key_per_purpose(stack: Subject) -> Iterator[Observation]:
    days = min(stack.environment.keys.rotation_days, 365)
    for key in _keys(stack):
        purpose = key.path.removeprefix("keys/").removesuffix("-recovery")
        yield equal(str(key), "name", key.get("name"), purpose)
    for key in stack.all("azurerm_key_vault_key"):
        rotation_days = _days(key.get("rotation_policy.automatic.time_after_creation"))
        yield at_most(str(key), "rotation period in days", rotation_days, days)
        expires = _days(key.get("rotation_policy.expire_after"))
        yield equal(
            str(key), "days until a version expires", expires, stack.environment.keys.rotation_days + _EXPIRES_AFTER
        )
        kind = "RSA" if stack.target.tier == "dev" else "RSA-HSM"
        yield equal(str(key), "key_type", key.get("key_type"), kind)
        yield equal(str(key), "key_size", key.get("key_size"), _BITS)
        yield equal(str(key), "key_opts", sorted(key.get("key_opts") or []), _OPERATIONS)
        yield from unset(key, "expiration_date", "not_before_date")


@check("KEY-2")
def deletion_protection(stack: Subject) -> Iterator[Observation]:
    window = stack.environment.keys.deletion_window_days
    for vault in stack.all("azurerm_key_vault"):
        yield equal(str(vault), "purge_protection_enabled", vault.get("purge_protection_enabled"), True)
        retention_days = vault.get("soft_delete_retention_days", 90)  # Azure's own default
        yield at_least(str(vault), "soft_delete_retention_days", retention_days, window)
        for name in _PURGES:
            purged = [one for one in features(stack, "key_vault") if one.get(name)]
            yield equal(str(vault), f"the provider's {name}", bool(purged), False)
    for one in stack.all("azurerm_management_lock", under="governance", or_none=True):
        yield from lock(stack, one, stack.one("azurerm_key_vault", "keys/vault"))


@check("KEY-3")
def least_privilege(stack: Subject) -> Iterator[Observation]:
    for vault in stack.all("azurerm_key_vault"):
        yield equal(str(vault), "rbac_authorization_enabled", vault.get("rbac_authorization_enabled"), True)
        yield equal(str(vault), "access policies", len(vault.blocks("access_policy")), 0)
        default_action = vault.get("network_acls.default_action")
        yield equal(str(vault), "default_action", default_action, "Deny")
        public = vault.get("public_network_access_enabled", True)  # Azure's own default
        yield equal(str(vault), "public_network_access_enabled", public, False)
        yield equal(str(vault), "bypass", vault.get("network_acls.bypass"), "AzureServices")
        tenant = names.settings(stack.target).tenant_id
        yield equal(str(vault), "tenant_id", vault.get("tenant_id"), tenant)
        yield from unset(
            vault,
            "enabled_for_deployment",
            "enabled_for_disk_encryption",
            "enabled_for_template_deployment",
        )


@check("KEY-3")
def declared_only(stack: Subject) -> Iterator[Observation]:
    return access.observations(stack, "KEY-3")
