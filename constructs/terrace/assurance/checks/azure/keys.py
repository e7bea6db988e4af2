"""Key Vault and its keys (KEY-1 to KEY-3)."""

import re
from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.evaluation import Observation, at_least, at_most, check, equal
from terrace.assurance.view import Resource
from terrace.capabilities.keys import PURPOSES, RECOVERY_PURPOSES

_USE = "Key Vault Crypto Service Encryption User"
_WIDE = ("Owner", "Contributor", "Key Vault Administrator", "Key Vault Crypto Officer", "Key Vault Crypto User")


def _keys(stack: Subject) -> Iterator[Resource]:
    """Each purpose's key, then those of the recovery region. Raises Absent."""
    for purpose in PURPOSES:
        yield stack.one("azurerm_key_vault_key", f"keys/{purpose}")
    if stack.target.recovery_region:
        for purpose in RECOVERY_PURPOSES:
            yield stack.one("azurerm_key_vault_key", f"keys/{purpose}-recovery")


def _days(period: object) -> int | None:
    found = re.fullmatch(r"P(\d+)D", str(period))
    return int(found[1]) if found else None


@check("KEY-1")
def one_a_purpose_rotated(stack: Subject) -> Iterator[Observation]:
    days = min(stack.environment.keys.rotation_days, 365)
    for key in _keys(stack):
        purpose = key.path.removeprefix("keys/").removesuffix("-recovery")
        yield equal(str(key), "name", key.get("name"), purpose)
    for key in stack.all("azurerm_key_vault_key"):
        after = _days(key.get("rotation_policy.automatic.time_after_creation"))
        yield at_most(str(key), "days until it rotates", after, days)


@check("KEY-2")
def cannot_be_lost(stack: Subject) -> Iterator[Observation]:
    least = stack.environment.keys.deletion_window_days
    for vault in stack.all("azurerm_key_vault"):
        yield equal(str(vault), "purge_protection_enabled", vault.get("purge_protection_enabled"), True)
        kept = vault.get("soft_delete_retention_days", 90)  # Azure's own default
        yield at_least(str(vault), "soft_delete_retention_days", kept, least)


@check("KEY-3")
def least_use(stack: Subject) -> Iterator[Observation]:
    for vault in stack.all("azurerm_key_vault"):
        yield equal(str(vault), "rbac_authorization_enabled", vault.get("rbac_authorization_enabled"), True)
        yield equal(str(vault), "access policies", len(vault.blocks("access_policy")), 0)
        closed = vault.get("network_acls.default_action")
        yield equal(str(vault), "default_action", closed, "Deny")
        public = vault.get("public_network_access_enabled", True)  # Azure's own default
        yield equal(str(vault), "public_network_access_enabled", public, False)
    for grant in stack.all("azurerm_role_assignment"):
        role = str(grant.get("role_definition_name"))
        if role == _USE:
            key = stack.view.target(grant.get("scope"))
            user = stack.view.target(grant.get("principal_id"))
            if user is not None and user.path == "backup/vault":  # Azure Backup acts as the vault's own identity
                scope = str(grant.get("scope"))
                yield Observation(
                    str(grant), f"backup/vault uses {scope}", scope.endswith("/keys/backups"), "keys/backups"
                )
                continue
            own = key is not None and key.type == "azurerm_key_vault_key" and str(user) == f"{key.path}-user"
            yield Observation(
                str(grant), f"{user} uses {key or grant.get('scope')}", own, "the purpose's identity, its key"
            )
        elif role in _WIDE and grant.path.startswith("workloads/"):
            yield Observation(str(grant), f"role {role}", False, "nothing wider than a module's own secret")
