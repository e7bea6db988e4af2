"""Microsoft.Storage: accounts, containers, and the policies on them. What is in a container: blobs.py."""

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
    ends = {name: f"https://{resource.id.name}.{name}.core.windows.net/" for name in _SERVICES}
    place = {"primaryLocation": resource.location, "statusOfPrimary": "available"}
    return {"creationTime": "2026-01-01T00:00:00.0000000Z", "primaryEndpoints": ends, **place}


def _keys(resource: Resource, body: Any) -> tuple[int, Any]:
    """The provider asks for them even where shared keys are off, and Azure answers."""
    found = []
    for name in ("key1", "key2"):
        value = base64.b64encode(hashlib.sha512(f"{resource.id.path}/{name}".encode()).digest()).decode()
        found.append({"keyName": name, "value": value, "permissions": "FULL"})
    return 200, {"keys": found}


def _available(resource: Resource, body: Any) -> tuple[int, Any]:
    """An account's name is the whole world's."""
    name = str((body or {}).get("name", "")).lower()
    taken = any(i.id.rpartition("/")[2].lower() == name for i in resource.store.of_type(_ACCOUNT))
    return 200, {"nameAvailable": False, "reason": "AlreadyExists"} if taken else {"nameAvailable": True}


def _default(resource: Resource) -> Body | None:
    """An account's services are there with it."""
    return {"properties": {}} if resource.id.name.lower() == "default" else None


def _immutable(view: Body, resource: Resource) -> None:
    """A container tells of the policy on it."""
    policy = resource.store.get(f"{resource.id.path}/immutabilityPolicies/default")
    held = view["properties"].setdefault("immutabilityPolicy", {}) if policy else {}
    if policy:
        held["properties"] = policy.body["properties"]
        held["etag"] = policy.etag
    view["properties"] |= {"hasImmutabilityPolicy": bool(policy), "hasLegalHold": False}


def _lock(resource: Resource, body: Any) -> tuple[int, Any]:
    """From here on the policy can only be made longer."""
    resource.body["properties"]["state"] = "Locked"
    return 200, {"id": resource.id.path, "properties": resource.body["properties"]}


def _policy_name(resource: Resource) -> str:
    """The destination is written first, as `default`, and gives the policy the name that the source needs."""
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
        gone_at_once=True,
        computed=_account,
        required=(".location", ".sku.name", ".kind"),
        rules=(*refused.ACCOUNT, keys.storage),
        holds=refused.HELD_ACCOUNT,
        actions={"listkeys": _keys, "regeneratekey": _keys},
    ),
    f"{_ACCOUNT}/blobServices": Kind(built_in=_default, rules=refused.BLOB_SERVICE, stateless=True),
    **{f"{_ACCOUNT}/{name}Services": _service for name in ("file", "queue", "table")},
    f"{_ACCOUNT}/blobServices/containers": Kind(
        shape=_immutable, rules=refused.CONTAINER, holds=refused.HELD_CONTAINER, stateless=True
    ),
    f"{_ACCOUNT}/blobServices/containers/blobs": Kind(stateless=True),
    f"{_ACCOUNT}/blobServices/containers/immutabilityPolicies": Kind(
        deleted=200,  # the provider takes nothing else
        defaults=lambda resource: {"state": "Unlocked"},
        rules=refused.IMMUTABILITY,
        holds=refused.HELD_IMMUTABILITY,
        actions={"lock": _lock},
        stateless=True,
    ),
    f"{_ACCOUNT}/managementPolicies": Kind(rules=refused.LIFECYCLE, stateless=True),
    f"{_ACCOUNT}/objectReplicationPolicies": Kind(
        named=_policy_name,
        shape=_replication,
        required=("sourceAccount", "destinationAccount"),
        rules=refused.REPLICATION,
        stateless=True,
    ),
    "Microsoft.Storage/*": Kind(actions={"checknameavailability": _available}),
}
