"""User-assigned identities, their federated credentials, and role assignments on the narrowest possible scope."""

from collections.abc import Sequence

from cdktn import TerraformResource
from cdktn_provider_azurerm.federated_identity_credential import FederatedIdentityCredential
from cdktn_provider_azurerm.role_assignment import RoleAssignment
from cdktn_provider_azurerm.user_assigned_identity import UserAssignedIdentity
from constructs import Construct

from terrace.azure import names, providers
from terrace.capabilities.target import Target

AUDIENCE = "api://AzureADTokenExchange"
"""The audience that Entra requires in a token to exchange. Source: Entra, "Workload identity federation"."""


def identity(
    scope: Construct, id: str, target: Target, *, purpose: str, recovery: bool = False, region: str | None = None
) -> UserAssignedIdentity:
    """An identity named prefix-purpose, without roles; in its group's region unless `region` is given."""
    group = providers.recovery(scope) if recovery else providers.home(scope)
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


def grant(
    scope: Construct,
    id: str,
    principal: str,
    role: str,
    *,
    on: str,
    kind: str = "ServicePrincipal",
    condition: str | None = None,
    after: Sequence[TerraformResource] = (),
) -> RoleAssignment:
    """Assign an Azure built-in role to a principal (its object id) on a scope. `after` are resources that `on` names by
    string."""
    return RoleAssignment(
        scope,
        id,
        scope=on,
        role_definition_name=role,
        principal_id=principal,
        principal_type=kind,
        condition=condition,
        condition_version="2.0" if condition else None,
        depends_on=list(after),
    )


def subject(namespace: str, account: str) -> str:
    """The subject of a Kubernetes service account's tokens."""
    return f"system:serviceaccount:{namespace}:{account}"
