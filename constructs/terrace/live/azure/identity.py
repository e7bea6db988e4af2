"""Checks of pipelines' identities (ID-1)."""

from collections.abc import Iterator

from terrace.assurance.evaluation import Observation, check, empty, equal
from terrace.azure import names
from terrace.live.azure.checks import Deployment, at
from terrace.live.azure.lookup import granted, principal, role, trusts

_ISSUER = "https://token.actions.githubusercontent.com"
_READS = ("Reader", "Azure Kubernetes Service RBAC Reader", "Azure Kubernetes Service Cluster User Role")


@check("ID-1")
def federated(deployment: Deployment) -> Iterator[Observation]:
    repository = f"repo:{deployment.environment.identity.repository}:"
    for purpose in ("ci-plan", "ci-apply"):
        resource = f"identity {names.identity(deployment.target, purpose)}"
        found = trusts(deployment, names.identity_id(deployment.target, purpose))
        yield Observation(resource, f"trusts {len(found)} workflows", bool(found), "at least one")
        for trust in found:
            yield equal(f"{resource} {trust['name']}", "issuer", at(trust, "issuer"), _ISSUER)
            subject = str(at(trust, "subject"))
            good = subject.startswith(repository) and "*" not in subject
            yield Observation(f"{resource} {trust['name']}", f"subject = {subject}", good, f"{repository}...")
            audiences = at(trust, "audiences")
            yield equal(f"{resource} {trust['name']}", "audiences", audiences, ["api://AzureADTokenExchange"])
    apply = names.identity_id(deployment.target, "ci-apply")
    subjects = [str(at(trust, "subject")) for trust in trusts(deployment, apply)]
    expected = f"{repository}environment:{deployment.environment.name}"
    yield equal("apply identity", "trusted workflows", subjects, [expected])
    yield from _plan_reads(deployment)


def _plan_reads(deployment: Deployment) -> Iterator[Observation]:
    resource = f"identity {names.identity(deployment.target, 'ci-plan')}"
    identity = principal(deployment, names.identity_id(deployment.target, "ci-plan"))
    for grant in granted(deployment, identity):
        if grant.role in _READS:
            yield Observation(resource, f"role {grant.role}", True)
        elif grant.role.startswith("Storage Blob Data"):
            # a plan writes nothing but the lock of its own state
            own = "StringEquals 'state'" in grant.condition
            yield Observation(resource, f"role {grant.role}", own, "on its own state only")
        else:
            yield empty(resource, f"allowed write actions of {grant.role}", _writes(deployment, grant.definition))


def _writes(deployment: Deployment, definition: str) -> list[str]:
    """The writing actions of a role."""
    permissions = at(role(deployment, definition), "permissions", [])
    actions = [str(one) for block in permissions for one in block.get("actions") or []]
    return [one for one in actions if not one.endswith(("/read", "/action")) or one.endswith("*")]
