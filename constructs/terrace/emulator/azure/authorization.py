"""Microsoft.Authorization: extension resources such as role assignments, policy assignments and locks."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import unquote

from terrace.authorization.azure.roles import GUIDS
from terrace.emulator.azure.ids import ResourceId
from terrace.emulator.azure.kind import Kind, Resource
from terrace.emulator.azure.policies import POLICIES
from terrace.emulator.azure.refusals import authorization as refused
from terrace.emulator.azure.store import Body, Store

_SPACE = "Microsoft.Authorization"


def _scope(resource: Resource) -> Body:
    return {"scope": resource.id.scope or "/"}


def _role(scope: str, guid: str) -> Body:
    return {
        "id": f"{scope}/providers/{_SPACE}/roleDefinitions/{guid}",
        "name": guid,
        "type": f"{_SPACE}/roleDefinitions",
        "properties": {
            "roleName": GUIDS[guid],
            "type": "BuiltInRole",
            "description": GUIDS[guid],
            "permissions": [],
            "assignableScopes": ["/"],
        },
    }


def _times(resource: Resource) -> Body:
    """The provider waits until both times exist and differ."""
    item = resource.store.get(resource.id.path)
    times = (item.created, item.changed) if item else (0.0, 0.0)
    created, changed = (datetime.fromtimestamp(moment, UTC).isoformat() for moment in times)
    return {"createdOn": created, "updatedOn": changed}


def _built_in_role(resource: Resource) -> Body | None:
    return _role(resource.id.scope, resource.id.name) if resource.id.name in GUIDS else None


def _roles(id: ResourceId, store: Store, query: Mapping[str, str]) -> list[Body]:
    """Built-in and custom roles, which every scope lists; `pages` filters by name."""
    subscription = f"/subscriptions/{id.subscription}" if id.subscription else ""
    roles = [_role(subscription, guid) for guid in GUIDS]
    for item in store.of_type(f"{_SPACE}/roleDefinitions"):
        own = {"id": item.id, "name": item.id.rpartition("/")[2], "type": item.type}
        roles.append({**item.body, **own})
    return roles


def _assignments(id: ResourceId, store: Store, query: Mapping[str, str]) -> list[Body]:
    """The assignments at, above and below a scope; `atScope()` excludes those below."""
    scope, assignments = id.scope.lower(), []
    condition = unquote(query.get("$filter", ""))
    for item in store.of_type(f"{_SPACE}/roleAssignments"):
        assigned = item.id.lower().partition(f"/providers/{_SPACE}/".lower())[0]
        above = scope == assigned or scope.startswith(f"{assigned}/")
        below = assigned.startswith(f"{scope}/") and "atscope()" not in condition.lower()
        if (above or below) and time.time() >= item.visible_from:
            own = {"id": item.id, "name": item.id.rpartition("/")[2], "type": item.type}
            properties = {"principalType": "ServicePrincipal", **item.body["properties"], "scope": _scope_of(item.id)}
            assignments.append({**item.body, **own, "properties": properties})
    return assignments


def _scope_of(id: str) -> str:
    return id[: id.lower().rindex(f"/providers/{_SPACE}/".lower())]


def _policy(resource: Resource) -> Body | None:
    name = POLICIES.get(resource.id.name)
    return {"properties": {"displayName": name, "policyType": "BuiltIn"}} if name else None


KINDS = {
    f"{_SPACE}/roleAssignments": Kind(
        created=201,
        deleted=200,
        defaults=lambda resource: {"principalType": "ServicePrincipal"},
        computed=_scope,
        required=("roleDefinitionId", "principalId"),
        rules=refused.ASSIGNMENT,
        delayed=True,
        stateless=True,
    ),
    f"{_SPACE}/roleDefinitions": Kind(
        created=201,
        updated=201,  # the only status that the provider accepts
        deleted=200,
        defaults=lambda resource: {"type": "CustomRole"},
        computed=_times,
        built_in=_built_in_role,
        required=("roleName", "permissions", "assignableScopes"),
        rules=refused.ROLE,
        delete_rules=refused.ROLE_DELETE,
        stateless=True,
    ),
    f"{_SPACE}/policyAssignments": Kind(
        created=201,
        updated=201,
        deleted=200,
        computed=_scope,
        required=("policyDefinitionId",),
        rules=refused.POLICY,
        stateless=True,
    ),
    f"{_SPACE}/policyDefinitions": Kind(built_in=_policy, stateless=True),
    f"{_SPACE}/policySetDefinitions": Kind(built_in=_policy, stateless=True),
    f"{_SPACE}/locks": Kind(created=201, required=("level",), rules=refused.LOCK, stateless=True),
}

COLLECTIONS = {f"{_SPACE}/roleDefinitions": _roles, f"{_SPACE}/roleAssignments": _assignments}
