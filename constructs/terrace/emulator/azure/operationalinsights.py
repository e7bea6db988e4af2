"""Microsoft.OperationalInsights: log workspaces, their tables and saved searches."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from terrace.emulator.azure.ids import ResourceId
from terrace.emulator.azure.kind import Kind, Resource
from terrace.emulator.azure.refusals import observation as refused
from terrace.emulator.azure.store import Body, Store


def _workspace(resource: Resource) -> Body:
    return {"customerId": resource.guid("customer")}


def _keys(resource: Resource, body: Any) -> tuple[int, Any]:
    """The provider reads the keys even when local authentication is disabled."""
    keys = [hashlib.sha512(f"{resource.id.path}/{word}".encode()).digest() for word in ("primary", "secondary")]
    first, second = (base64.b64encode(key).decode() for key in keys)
    return 200, {"primarySharedKey": first, "secondarySharedKey": second}


def _all_deleted(id: ResourceId, store: Store, query: Mapping[str, str]) -> list[Body]:
    """A deleted workspace is retained for 14 days; creating one with the same name, group and region recovers it."""
    deleted = (item for item in store.deleted.values() if item.type == _WORKSPACE)
    return [{**item.body, "id": item.id, "name": item.id.rpartition("/")[2], "type": item.type} for item in deleted]


_WORKSPACE = "Microsoft.OperationalInsights/workspaces"
KINDS = {
    # the provider accepts no other status
    "Microsoft.OperationsManagement/solutions": Kind(
        created=201, deleted=200, required=(".location", "workspaceResourceId")
    ),
    _WORKSPACE: Kind(
        operation=201,
        computed=_workspace,
        required=(".location",),
        rules=refused.WORKSPACE,
        soft_delete=True,
        recovers=lambda resource: True,
        actions={"sharedkeys": _keys},
    ),
    # the service returns 200 for a delete, the only status that the provider accepts
    f"{_WORKSPACE}/savedSearches": Kind(deleted=200, required=("category", "displayName", "query"), stateless=True),
    f"{_WORKSPACE}/tables": Kind(operation=202),
}

COLLECTIONS = {"Microsoft.OperationalInsights/deletedWorkspaces": _all_deleted}
