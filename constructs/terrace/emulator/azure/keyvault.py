"""Microsoft.KeyVault, the control plane. The data plane of a vault is vault.py."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from terrace.emulator.azure.ids import ResourceId, parse
from terrace.emulator.azure.kind import Kind, Refused, Resource
from terrace.emulator.azure.refusals import vault as refused
from terrace.emulator.azure.store import Body, Item, Store

_VAULT = "Microsoft.KeyVault/vaults"


def _vault(resource: Resource) -> Body:
    return {"vaultUri": f"https://{resource.id.name}.vault.azure.net/"}


def _available(resource: Resource, body: Any) -> tuple[int, Any]:
    name = str((body or {}).get("name", "")).lower()
    items = [*resource.store.items.values(), *resource.store.deleted.values()]
    taken = any(i.type == _VAULT and i.id.rpartition("/")[2].lower() == name for i in items)
    return 200, {"nameAvailable": False, "reason": "AlreadyExists"} if taken else {"nameAvailable": True}


def _recovers(resource: Resource) -> bool:
    return str(resource.get("createMode", "")).lower() == "recover"


def _find(name: str, store: Store) -> Item | None:
    return next(
        (i for i in store.deleted.values() if i.type == _VAULT and parse(i.id).name.lower() == name.lower()), None
    )


def _shown(item: Item) -> Body:
    region = str(item.body.get("location", "")).lower()
    id = parse(item.id)
    path = f"/subscriptions/{id.subscription}/providers/Microsoft.KeyVault/locations/{region}/deletedVaults/{id.name}"
    when = datetime.fromtimestamp(item.deleted, UTC)
    until = when + timedelta(days=item.body["properties"].get("softDeleteRetentionInDays", 90))
    properties = {
        "vaultId": item.id,
        "location": region,
        "deletionDate": f"{when:%Y-%m-%dT%H:%M:%SZ}",
        "scheduledPurgeDate": f"{until:%Y-%m-%dT%H:%M:%SZ}",
        "purgeProtectionEnabled": item.body["properties"].get("enablePurgeProtection"),
        "tags": item.body.get("tags", {}),
    }
    return {"id": path, "name": id.name, "type": "Microsoft.KeyVault/deletedVaults", "properties": properties}


def _of_certificate(resource: Resource) -> Body | None:
    """A certificate has a key and a secret of its name, which roles can be assigned on."""
    return {"properties": {}} if resource.store.get(f"{resource.id.parent}/certificates/{resource.id.name}") else None


def _deleted(resource: Resource) -> Body | None:
    """A soft-deleted vault, which is listed below its region."""
    item = _find(resource.id.name, resource.store)
    return _shown(item) if item else None


def _all_deleted(id: ResourceId, store: Store, query: Mapping[str, str]) -> list[Body]:
    return [_shown(item) for item in store.deleted.values() if item.type == _VAULT]


def _purge(resource: Resource, body: Any) -> tuple[int, Any]:
    """Source: Key Vault, "Recovery management": with purge protection the retention period cannot be shortened."""
    item = _find(resource.id.name, resource.store)
    if item is None:
        raise Refused(404, "DeletedVaultNotFound", f"The specified deleted vault '{resource.id.name}' does not exist.")
    if item.body["properties"].get("enablePurgeProtection"):
        message = "Operation 'DeletedVaultPurge' is not allowed because purge protection is enabled for this vault."
        raise Refused(403, "MethodNotAllowed", message)
    resource.store.purge(item.id)
    return 202, None


KINDS = {
    _VAULT: Kind(
        operation=201,
        immediate_delete=True,
        computed=_vault,
        write_only=("createMode",),
        required=(".location", "tenantId", "sku.name"),
        rules=refused.VAULT,
        soft_delete=True,
        recovers=_recovers,
    ),
    f"{_VAULT}/keys": Kind(built_in=_of_certificate, stateless=True),
    f"{_VAULT}/secrets": Kind(built_in=_of_certificate, stateless=True),
    f"{_VAULT}/certificates": Kind(stateless=True),
    "Microsoft.KeyVault/locations/deletedVaults": Kind(built_in=_deleted, stateless=True, actions={"purge": _purge}),
    "Microsoft.KeyVault/locations": Kind(built_in=lambda resource: {"properties": {}}, stateless=True),
    "Microsoft.KeyVault/*": Kind(actions={"checknameavailability": _available}),
}

COLLECTIONS = {"Microsoft.KeyVault/deletedVaults": _all_deleted}
