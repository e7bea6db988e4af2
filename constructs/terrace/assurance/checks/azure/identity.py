"""Pipelines' identities (ID-1)."""

from collections.abc import Iterator

from terrace.assurance import access
from terrace.assurance.checks import Subject
from terrace.assurance.evaluation import Observation, at_least, check, empty, equal
from terrace.azure import names

_STATIC_KEYS = ("azuread_application_password", "azuread_service_principal_password")


@check("ID-1")
def federated_login(stack: Subject) -> Iterator[Observation]:
    # which workflows log in is compared with the environment by declared-pipelines-only
    for purpose in ("plan", "apply"):
        identity = stack.one("azurerm_user_assigned_identity", f"pipelines/{purpose}")
        credentials = stack.view.pointing(
            "azurerm_federated_identity_credential", "user_assigned_identity_id", identity
        )
        yield at_least(str(identity), "federated credentials", len(credentials), 1)
        # in the environment's groups, the apply identity could change whom it trusts
        group = stack.view.text(identity.get("resource_group_name"))
        yield equal(str(identity), "resource group", group, names.pipelines_group(stack.target))
    yield empty(
        "subscription", "static keys", [str(one) for kind in _STATIC_KEYS for one in stack.all(kind, or_none=True)]
    )


@check("ID-1")
def declared_pipelines_only(stack: Subject) -> Iterator[Observation]:
    return access.observations(stack, "ID-1")


@check("ID-2")
def declared_only(stack: Subject) -> Iterator[Observation]:
    return access.observations(stack, "ID-2")
