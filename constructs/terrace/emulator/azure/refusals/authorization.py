"""Refusals of Azure's authorization. Source: Azure RBAC, "Troubleshoot Azure RBAC" and "Custom roles"; Azure Policy,
"Troubleshoot errors" and "Remediate non-compliant resources"; "Lock your resources"."""

from terrace.authorization.azure.roles import GUIDS
from terrace.emulator.azure.ids import parse
from terrace.emulator.azure.kind import Refused, Resource, find
from terrace.emulator.azure.policies import POLICIES
from terrace.emulator.azure.store import Item

_SPACE = "Microsoft.Authorization"
_MODIFY = {"ea3f2387-9b95-492a-a190-fcdc54f7b070"}  # policies with a modify effect, which need an identity


def role_unknown(resource: Resource) -> Refused | None:
    """Source: "Troubleshoot Azure RBAC"; the role is built-in or in the subscription."""
    name = parse(str(resource.get("roleDefinitionId"))).name.lower()
    if name in GUIDS or _custom_role(resource) is not None:
        return None
    return Refused(400, "RoleDefinitionDoesNotExist", f"The specified role definition with ID '{name}' does not exist.")


def _custom_role(resource: Resource) -> Item | None:
    """The custom role of an assignment, whose id may have the subscription as its scope, or the role's own scope."""
    name = parse(str(resource.get("roleDefinitionId"))).name.lower()
    found = (i for i in resource.store.of_type(f"{_SPACE}/roleDefinitions") if parse(i.id).name.lower() == name)
    return next(found, None)


def assignment_exists(resource: Resource) -> Refused | None:
    """At most one assignment for a principal, role and scope. Source: "Troubleshoot Azure RBAC"."""
    for item in resource.store.of_type(f"{_SPACE}/roleAssignments", resource.id.scope):
        same = parse(item.id).scope.lower() == resource.id.scope.lower() and item.id.lower() != resource.id.key
        role = parse(str(item.body["properties"].get("roleDefinitionId"))).name.lower()
        principal = item.body["properties"].get("principalId")
        requested = parse(str(resource.get("roleDefinitionId"))).name.lower()
        if same and role == requested and principal == resource.get("principalId"):
            return Refused(409, "RoleAssignmentExists", "The role assignment already exists.")
    return None


def assignment_changed(resource: Resource) -> Refused | None:
    """Principal and role cannot change. Source: "Troubleshoot Azure RBAC"."""
    for word in ("principalId", "roleDefinitionId", "principalType"):
        old = find(resource.old, f"properties.{word}")
        if old and resource.get(word) and str(old).lower() != str(resource.get(word)).lower():
            message = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
            return Refused(400, "RoleAssignmentUpdateNotPermitted", message)
    return None


def role_not_assignable_at_scope(resource: Resource) -> Refused | None:
    """Source: "Azure custom roles", AssignableScopes."""
    role = _custom_role(resource)
    scopes = find(role.body, "properties.assignableScopes", []) if role is not None else []
    scope = f"{resource.id.scope.lower()}/"
    if scopes and not any(scope.startswith(f"{each.lower().rstrip('/')}/") for each in scopes):
        message = f"The role is not assignable at scope '{resource.id.scope}'."
        return Refused(400, "RoleDefinitionNotAssignableAtScope", message)
    return None


def role_name_taken(resource: Resource) -> Refused | None:
    """Names are unique in a tenant. Source: "Azure custom roles", properties."""
    name = str(resource.get("roleName", "")).lower()
    own = [i for i in resource.store.of_type(f"{_SPACE}/roleDefinitions") if i.id.lower() != resource.id.key]
    names = {str(find(item.body, "properties.roleName")).lower() for item in own} | {n.lower() for n in GUIDS.values()}
    if name in names:
        message = f"A custom role with the same name '{resource.get('roleName')}' exists in this directory."
        return Refused(409, "RoleDefinitionWithSameNameExists", message)
    return None


def invalid_assignable_scope(resource: Resource) -> Refused | None:
    """Source: "Azure custom roles", AssignableScopes: no wildcard, not the root."""
    for scope in resource.get("assignableScopes", []):
        if "*" in scope or scope.strip("/") == "":
            message = f"The assignable scope '{scope}' is not allowed for a custom role."
            return Refused(400, "InvalidAssignableScopes", message)
    return None


def role_in_use(resource: Resource) -> Refused | None:
    """Source: "Azure custom roles", delete: a role with assignments cannot be deleted."""
    for item in resource.store.of_type(f"{_SPACE}/roleAssignments"):
        if parse(str(item.body["properties"].get("roleDefinitionId"))).name.lower() == resource.id.name.lower():
            message = "There are existing role assignments referencing role definition."
            return Refused(400, "RoleDefinitionHasAssignments", f"{message} First: {item.id}")
    return None


def policy_unknown(resource: Resource) -> Refused | None:
    """Source: "Troubleshoot errors with using Azure Policy"."""
    policy = str(resource.get("policyDefinitionId"))
    if parse(policy).name in POLICIES or resource.store.get(policy):
        return None
    return Refused(404, "PolicyDefinitionNotFound", f"The policy definition '{parse(policy).name}' could not be found.")


def policy_without_identity(resource: Resource) -> Refused | None:
    """Source: "Remediate non-compliant resources": a modify effect needs an identity, which needs a location."""
    changes = parse(str(resource.get("policyDefinitionId"))).name in _MODIFY
    identity = find(resource.body, "identity.type", "None")
    if changes and identity == "None":
        message = "The policy assignment needs a managed identity: its definition has a modify effect."
        return Refused(400, "ResourceIdentityRequired", message)
    if identity != "None" and not resource.body.get("location"):
        message = "Location is required for a policy assignment with a managed identity."
        return Refused(400, "LocationRequired", message)
    return None


def unknown_lock_level(resource: Resource) -> Refused | None:
    """Source: "Lock your resources"."""
    if resource.get("level") not in ("CanNotDelete", "ReadOnly"):
        return Refused(400, "InvalidLockLevel", f"The lock level '{resource.get('level')}' is invalid.")
    return None


ASSIGNMENT = (role_unknown, assignment_exists, assignment_changed, role_not_assignable_at_scope)
ROLE = (role_name_taken, invalid_assignable_scope)
ROLE_DELETE = (role_in_use,)
POLICY = (policy_unknown, policy_without_identity)
LOCK = (unknown_lock_level,)
