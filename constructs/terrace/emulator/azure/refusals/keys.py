"""Customer-managed keys: the key exists, its vault has purge protection, and the identity has a role to use it.

Each service has its own fields for key and identity; the requirements are the same. Source: each service's page
"Customer-managed keys", and Key Vault's "Azure RBAC for Key Vault data plane operations".
"""

import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from terrace.authorization.azure.roles import GUIDS
from terrace.emulator.azure.ids import guid
from terrace.emulator.azure.kind import Refused, Resource, find
from terrace.emulator.azure.store import Item, Store

_KEY_ROLES = frozenset(
    {
        "Key Vault Administrator",
        "Key Vault Crypto Officer",
        "Key Vault Crypto Service Encryption User",
        "Key Vault Crypto User",
    }
)


def vault_of(key: str, store: Store) -> Item | None:
    """The vault in a key's address, https://NAME.vault.azure.net/keys/..."""
    return store.named("Microsoft.KeyVault/vaults", (urlsplit(key).hostname or "").split(".")[0])


def is_versioned(key: str) -> bool:
    return len([word for word in urlsplit(key).path.split("/") if word]) == 3


def role_names(principal: str, scope: str, store: Store) -> Iterator[str]:
    """The visible roles of a principal on a scope, including inherited ones."""
    for item in store.of_type("Microsoft.Authorization/roleAssignments"):
        assigned = item.id.lower().partition("/providers/microsoft.authorization/")[0]
        ours = item.body["properties"].get("principalId") == principal and time.time() >= item.visible_from
        if ours and f"{scope.lower()}/".startswith(f"{assigned}/"):
            role = str(item.body["properties"].get("roleDefinitionId"))
            own = find(store.body(role), "properties.roleName")
            yield GUIDS.get(role.rpartition("/")[2].lower()) or str(own)


def _usable(resource: Resource, key: str, identity: str | None, code: str) -> Refused | None:
    vault, store = vault_of(key, resource.store), resource.store
    if vault is None:
        return Refused(400, code, f"The key vault of '{key}' could not be found.")
    path = f"{vault.id}/keys/{urlsplit(key).path.split('/')[2]}"
    if store.get(path) is None:
        return Refused(400, code, f"The key '{key}' could not be found in its vault.")
    if not vault.body["properties"].get("enablePurgeProtection"):
        return Refused(400, code, f"The vault of '{key}' must have soft delete and purge protection enabled.")
    by_roles = vault.body["properties"].get("enableRbacAuthorization")
    if identity and by_roles and not _KEY_ROLES & set(role_names(guid(identity, "principal"), path, store)):
        message = f"The identity '{identity}' has no permission to get, wrap and unwrap with the key '{key}'."
        return Refused(403, code, message)
    return None


def _user(resource: Resource) -> str | None:
    """The user-assigned identity of a resource, in the spelling from which its principal is computed."""
    users = find(resource.body, "identity.userAssignedIdentities", {})
    return next(iter(users), None)


def _rule(
    code: str,
    key: Callable[[Resource], Any],
    identity: Callable[[Resource], Any] = _user,
    *,
    versioned: bool = False,
    needs_identity: bool = True,
) -> Callable[[Resource], Refused | None]:
    def rule(resource: Resource) -> Refused | None:
        address = key(resource)
        if not address:
            return None
        user = identity(resource)
        if needs_identity and not user:
            return Refused(400, code, "A customer-managed key needs a user-assigned identity that reads it.")
        if versioned and not is_versioned(address):
            return Refused(400, code, f"The key identifier '{address}' must contain the version of the key.")
        return _usable(resource, address, user, code)

    return rule


def _storage_key(resource: Resource) -> str | None:
    if str(resource.get("encryption.keySource", "")).lower() != "microsoft.keyvault":
        return None
    uri = str(resource.get("encryption.keyvaultproperties.keyvaulturi", "")).rstrip("/")
    return f"{uri}/keys/{resource.get('encryption.keyvaultproperties.keyname')}"


def _cluster_key(resource: Resource) -> Any:
    return resource.get("securityProfile.azureKeyVaultKms.enabled") and resource.get(
        "securityProfile.azureKeyVaultKms.keyId"
    )


def _streams_key(resource: Resource) -> str | None:
    keys = resource.get("encryption.keyVaultProperties") or []
    return f"{str(keys[0].get('keyVaultUri')).rstrip('/')}/keys/{keys[0].get('keyName')}" if keys else None


# by service; AKS and Managed Redis do not follow a rotation and require the version in the address
storage = _rule(
    "KeyVaultPolicyError",
    _storage_key,
    lambda r: r.get("encryption.identity.userAssignedIdentity"),
    needs_identity=True,
)
disk_encryption = _rule("KeyVaultAccessForbidden", lambda r: r.get("activeKey.keyUrl"), needs_identity=False)
registry = _rule("CustomerManagedKeyInvalid", lambda r: r.get("encryption.keyVaultProperties.keyIdentifier"))
cluster = _rule("AzureKeyVaultKmsInvalid", _cluster_key, versioned=True)
database = _rule(
    "AzureKeyVaultKeyInvalid",
    lambda r: r.get("dataEncryption.primaryKeyURI"),
    lambda r: r.get("dataEncryption.primaryUserAssignedIdentityId"),
)
streams = _rule("BadRequest", _streams_key)
cache = _rule(
    "CustomerManagedKeyInvalid",
    lambda r: r.get("encryption.customerManagedKeyEncryption.keyEncryptionKeyUrl"),
    lambda r: r.get("encryption.customerManagedKeyEncryption.keyEncryptionKeyIdentity.userAssignedIdentityResourceId"),
    versioned=True,
)
backup = _rule(
    "CMKSettingsInvalid",
    lambda r: r.get("securitySettings.encryptionSettings.keyVaultProperties.keyUri"),
    lambda r: r.get("securitySettings.encryptionSettings.kekIdentity.identityId") or _user(r),
)
