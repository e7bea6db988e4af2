"""Microsoft.Storage: accounts, containers and their policies. The data plane is blobs.py."""

import base64
import hashlib
from typing import Any

from terrace.emulator.azure.ids import guid
from terrace.emulator.azure.kind import Kind, Resource
from terrace.emulator.azure.refusals import keys
from terrace.emulator.azure.refusals import storage as refused
from terrace.emulator.azure.store import Body

_SERVICES = ("blob", "dfs", "file", "queue", "table", "web")


def _account(resource: Resource) -> Body:
    endpoints = {name: f"https://{resource.id.name}.{name}.core.windows.net/" for name in _SERVICES}
    status = {"primaryLocation": resource.location, "statusOfPrimary": "available"}
    return {"creationTime": "2026-01-01T00:00:00.0000000Z", "primaryEndpoints": endpoints, **status}


def _keys(resource: Resource, body: Any) -> tuple[int, Any]:
    """The provider reads the keys even when shared keys are disabled, and Azure returns them."""
    keys = []
    for name in ("key1", "key2"):
        value = base64.b64encode(hashlib.sha512(f"{resource.id.path}/{name}".encode()).digest()).decode()
        keys.append({"keyName": name, "value": value, "permissions": "FULL"})
    return 200, {"keys": keys}


def _available(resource: Resource, body: Any) -> tuple[int, Any]:
    """An account's name is globally unique."""
    name = str((body or {}).get("name", "")).lower()
    taken = any(i.id.rpartition("/")[2].lower() == name for i in resource.store.of_type(_ACCOUNT))
    return 200, {"nameAvailable": False, "reason": "AlreadyExists"} if taken else {"nameAvailable": True}


def _default(resource: Resource) -> Body | None:
    """An account's services exist with it."""
    return {"properties": {}} if resource.id.name.lower() == "default" else None


def _immutable(view: Body, resource: Resource) -> None:
    """A container includes its immutability policy."""
    policy = resource.store.get(f"{resource.id.path}/immutabilityPolicies/default")
    if policy:
        shown = view["properties"].setdefault("immutabilityPolicy", {})
        shown["properties"] = policy.body["properties"]
        shown["etag"] = policy.etag
    view["properties"] |= {"hasImmutabilityPolicy": bool(policy), "hasLegalHold": False}


def _lock(resource: Resource, body: Any) -> tuple[int, Any]:
    """A locked policy can only be extended."""
    resource.body["properties"]["state"] = "Locked"
    return 200, {"id": resource.id.path, "properties": resource.body["properties"]}


def _policy_name(resource: Resource) -> str:
    """The destination is written first, as `default`; the service assigns the name that the source's policy needs."""
    return (
        guid(resource.id.path, str(resource.get("sourceAccount")))
        if resource.id.name == "default"
        else resource.id.name
    )


def _replication(view: Body, resource: Resource) -> None:
    view["properties"]["policyId"] = resource.id.name
    for rule in view["properties"].get("rules", []):
        rule.setdefault("ruleId", guid(resource.id.name, rule["sourceContainer"], rule["destinationContainer"]))


_ACCOUNT = "Microsoft.Storage/storageAccounts"
_service = Kind(built_in=_default, stateless=True)
KINDS = {
    _ACCOUNT: Kind(
        operation=202,
        immediate_delete=True,
        computed=_account,
        required=(".location", ".sku.name", ".kind"),
        rules=(*refused.ACCOUNT, keys.storage),
        delete_rules=refused.ACCOUNT_DELETE,
        actions={"listkeys": _keys, "regeneratekey": _keys},
    ),
    f"{_ACCOUNT}/blobServices": Kind(built_in=_default, rules=refused.BLOB_SERVICE, stateless=True),
    **{f"{_ACCOUNT}/{name}Services": _service for name in ("file", "queue", "table")},
    f"{_ACCOUNT}/blobServices/containers": Kind(
        shape=_immutable, rules=refused.CONTAINER, delete_rules=refused.CONTAINER_DELETE, stateless=True
    ),
    f"{_ACCOUNT}/blobServices/containers/blobs": Kind(stateless=True),
    f"{_ACCOUNT}/blobServices/containers/immutabilityPolicies": Kind(
        deleted=200,  # the only status that the provider accepts
        defaults=lambda resource: {"state": "Unlocked"},
        rules=refused.IMMUTABILITY,
        delete_rules=refused.IMMUTABILITY_DELETE,
        actions={"lock": _lock},
        stateless=True,
    ),
    f"{_ACCOUNT}/localUsers": Kind(stateless=True),
    f"{_ACCOUNT}/managementPolicies": Kind(rules=refused.LIFECYCLE, stateless=True),
    f"{_ACCOUNT}/objectReplicationPolicies": Kind(
        name=_policy_name,
        shape=_replication,
        required=("sourceAccount", "destinationAccount"),
        rules=refused.REPLICATION,
        stateless=True,
    ),
    "Microsoft.Storage/*": Kind(actions={"checknameavailability": _available}),
}
