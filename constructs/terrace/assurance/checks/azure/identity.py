"""Pipelines' identities (ID-1)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.evaluation import Observation, check, empty, equal
from terrace.assurance.view import Resource

_ISSUER = "https://token.actions.githubusercontent.com"
_STATIC = ("azuread_application_password", "azuread_service_principal_password")
_READS = ("Reader", "Azure Kubernetes Service RBAC Reader", "Azure Kubernetes Service Cluster User Role")


@check("ID-1")
def federated(stack: Subject) -> Iterator[Observation]:
    repository = f"repo:{stack.environment.identity.repository}:"
    for purpose in ("plan", "apply"):
        identity = stack.one("azurerm_user_assigned_identity", f"pipelines/{purpose}")
        trusts = _trusts(stack, identity)
        yield Observation(str(identity), f"trusts {len(trusts)} workflows", bool(trusts), "one at least")
        for trust in trusts:
            yield equal(str(trust), "issuer", trust.get("issuer"), _ISSUER)
            subject = str(trust.get("subject"))
            good = subject.startswith(repository) and "*" not in subject
            yield Observation(str(trust), f"subject = {subject}", good, f"{repository}...")
            yield equal(str(trust), "audience", trust.get("audience"), ["api://AzureADTokenExchange"])
    apply = stack.one("azurerm_user_assigned_identity", "pipelines/apply")
    subjects = [str(trust.get("subject")) for trust in _trusts(stack, apply)]
    wanted = f"{repository}environment:{stack.environment.name}"
    yield equal(str(apply), "workflows that apply", subjects, [wanted])
    yield empty("subscription", "static keys", [str(one) for kind in _STATIC for one in stack.all(kind)])


def _trusts(stack: Subject, identity: Resource) -> list[Resource]:
    return stack.view.pointing("azurerm_federated_identity_credential", "user_assigned_identity_id", identity)


@check("ID-1")
def plan_only_reads(stack: Subject) -> Iterator[Observation]:
    identity = stack.one("azurerm_user_assigned_identity", "pipelines/plan")
    for grant in stack.view.pointing("azurerm_role_assignment", "principal_id", identity):
        definition = stack.view.target(grant.get("role_definition_id"))
        if definition is not None:
            actions = [
                str(action) for block in definition.blocks("permissions") for action in block.get("actions") or []
            ]
            writes = [one for one in actions if not one.endswith(("/read", "/action")) or one.endswith("*")]
            yield empty(str(definition), "what it may change", writes)
            continue
        role = str(grant.get("role_definition_name"))
        # the lock beside its own state is the one thing that a plan writes
        state = role.startswith("Storage Blob Data") and "StringEquals 'state'" in str(grant.get("condition"))
        yield Observation(str(grant), f"role {role}", role in _READS or state, "one that reads")
