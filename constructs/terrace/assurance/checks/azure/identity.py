"""Pipelines' identities (ID-1)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.evaluation import Observation, check, empty, equal
from terrace.assurance.view import Resource

_ISSUER = "https://token.actions.githubusercontent.com"
_STATIC_KEYS = ("azuread_application_password", "azuread_service_principal_password")
_READ_ROLES = ("Reader", "Azure Kubernetes Service RBAC Reader", "Azure Kubernetes Service Cluster User Role")


@check("ID-1")
def federated_login(stack: Subject) -> Iterator[Observation]:
    repository = f"repo:{stack.environment.identity.repository}:"
    for purpose in ("plan", "apply"):
        identity = stack.one("azurerm_user_assigned_identity", f"pipelines/{purpose}")
        credentials = _credentials(stack, identity)
        yield Observation(str(identity), f"federated credentials = {len(credentials)}", bool(credentials), ">= 1")
        for credential in credentials:
            yield equal(str(credential), "issuer", credential.get("issuer"), _ISSUER)
            subject = str(credential.get("subject"))
            ok = subject.startswith(repository) and "*" not in subject
            yield Observation(str(credential), f"subject = {subject}", ok, f"{repository}...")
            yield equal(str(credential), "audience", credential.get("audience"), ["api://AzureADTokenExchange"])
    apply = stack.one("azurerm_user_assigned_identity", "pipelines/apply")
    subjects = [str(credential.get("subject")) for credential in _credentials(stack, apply)]
    expected = f"{repository}environment:{stack.environment.name}"
    yield equal(str(apply), "trusted workflows", subjects, [expected])
    yield empty("subscription", "static keys", [str(one) for kind in _STATIC_KEYS for one in stack.all(kind)])


def _credentials(stack: Subject, identity: Resource) -> list[Resource]:
    return stack.view.pointing("azurerm_federated_identity_credential", "user_assigned_identity_id", identity)


@check("ID-1")
def plan_identity_read_only(stack: Subject) -> Iterator[Observation]:
    identity = stack.one("azurerm_user_assigned_identity", "pipelines/plan")
    for grant in stack.view.pointing("azurerm_role_assignment", "principal_id", identity):
        definition = stack.view.target(grant.get("role_definition_id"))
        if definition is not None:
            actions = [
                str(action) for block in definition.blocks("permissions") for action in block.get("actions") or []
            ]
            write_actions = [one for one in actions if not one.endswith(("/read", "/action")) or one.endswith("*")]
            yield empty(str(definition), "allowed write actions", write_actions)
            continue
        role = str(grant.get("role_definition_name"))
        # a plan writes nothing but the lock of its state
        state_only = role.startswith("Storage Blob Data") and "StringEquals 'state'" in str(grant.get("condition"))
        yield Observation(str(grant), f"role = {role}", role in _READ_ROLES or state_only, "a read-only role")
