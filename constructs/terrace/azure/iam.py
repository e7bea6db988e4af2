"""User-assigned identities, their federated credentials, custom roles, and role assignments on the narrowest possible
scope."""

from collections.abc import Sequence

from cdktn import TerraformResource, TerraformResourceLifecycle, TerraformStack
from cdktn_provider_azurerm.federated_identity_credential import FederatedIdentityCredential
from cdktn_provider_azurerm.role_assignment import RoleAssignment
from cdktn_provider_azurerm.role_definition import RoleDefinition, RoleDefinitionPermissions
from cdktn_provider_azurerm.storage_account import StorageAccount
from cdktn_provider_azurerm.user_assigned_identity import UserAssignedIdentity
from constructs import Construct

from terrace.azure import names, providers
from terrace.azure.permissions import CREATE_BLOBS, WRITE_BLOBS, Permissions
from terrace.capabilities.target import Target

AUDIENCE = "api://AzureADTokenExchange"
"""The audience that Entra requires in a token to exchange. Source: Entra, "Workload identity federation"."""


def identity(
    scope: Construct,
    id: str,
    target: Target,
    *,
    purpose: str,
    group: providers.Group | None = None,
    region: str | None = None,
) -> UserAssignedIdentity:
    """An identity named prefix-purpose, without roles; in the home group and in its group's region unless given."""
    group = group or providers.home(scope, target)
    return UserAssignedIdentity(
        scope,
        id,
        name=names.identity(target, purpose),
        location=region or group.location,
        resource_group_name=group.name,
        tags=dict(target.tags),
    )


def federate(scope: Construct, id: str, identity: UserAssignedIdentity, *, issuer: str, subject: str) -> None:
    """Lets the bearer of an issuer's token with exactly this subject act as the identity, without a secret."""
    FederatedIdentityCredential(
        scope,
        id,
        name=id,
        user_assigned_identity_id=identity.id,
        issuer=issuer,
        subject=subject,
        audience=[AUDIENCE],
    )


def role(scope: Construct, id: str, target: Target, permissions: Permissions, *, on: str) -> RoleDefinition:
    """A custom role named prefix-id, assignable on `on` and below.

    azurerm waits at least 190 s after it deletes one: identities with the same permissions share a role.
    """
    return RoleDefinition(
        scope,
        id,
        name=names.role(target, id),
        role_definition_id=names.guid(target, id),
        scope=on,
        assignable_scopes=[on],
        permissions=[
            RoleDefinitionPermissions(
                actions=list(permissions.actions) or None, data_actions=list(permissions.data_actions) or None
            )
        ],
    )


def blob_writer(scope: Construct, target: Target) -> RoleDefinition:
    """The environment's role for writing blobs in a container, but not to the container itself (LAKE-7, BAK-2)."""
    return _shared(scope, target, names.BLOB_WRITER, WRITE_BLOBS)


def blob_adder(scope: Construct, target: Target) -> RoleDefinition:
    """The environment's role for adding blobs to a container, which includes neither reading nor replacing (LAKE-7)."""
    return _shared(scope, target, names.BLOB_ADDER, CREATE_BLOBS)


def _shared(scope: Construct, target: Target, id: str, permissions: Permissions) -> RoleDefinition:
    """A role that all identities of the stack share; the first call defines it."""
    stack = TerraformStack.of(scope)
    defined = stack.node.try_find_child(id)
    if isinstance(defined, RoleDefinition):
        return defined
    return role(stack, id, target, permissions, on=providers.home(scope, target).id)


def grant(
    scope: Construct,
    id: str,
    principal: str,
    role: str | RoleDefinition,
    *,
    on: str,
    kind: str = "ServicePrincipal",
    condition: str | None = None,
    after: Sequence[TerraformResource] = (),
) -> RoleAssignment:
    """Assign a role, a built-in one by its name, to a principal (its object id) on a scope. `after` are resources that
    `on` names by string; with a storage account that is made again, the assignment is, too."""
    accounts = [one for one in after if isinstance(one, StorageAccount) and f"/{one.name_input}/" in on]
    return RoleAssignment(
        scope,
        id,
        scope=on,
        role_definition_name=None if isinstance(role, RoleDefinition) else role,
        role_definition_id=role.role_definition_resource_id if isinstance(role, RoleDefinition) else None,
        principal_id=principal,
        principal_type=kind,
        condition=condition,
        condition_version="2.0" if condition else None,
        lifecycle=made_again_with(*accounts) if accounts else None,
        depends_on=list(after),
    )


def made_again_with(*made: TerraformResource) -> TerraformResourceLifecycle:
    """Make a right again with what it is on, which has the same id then, and no rights."""
    return TerraformResourceLifecycle(
        replace_triggered_by=[f"{one.terraform_resource_type}.{one.friendly_unique_id}.id" for one in made]
    )


def subject(namespace: str, account: str) -> str:
    """The subject of a Kubernetes service account's tokens."""
    return f"system:serviceaccount:{namespace}:{account}"
