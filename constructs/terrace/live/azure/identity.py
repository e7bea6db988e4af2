"""Checks of identities and their rights (ID-1, ID-2)."""

from collections.abc import Iterator

from terrace.assurance.evaluation import Observation, check, empty, equal
from terrace.azure import names
from terrace.live import access
from terrace.live.azure.checks import Deployment, at
from terrace.live.azure.lookup import granted, permissions, principal, role, trusts

_READS = (
    *("Reader", "Azure Kubernetes Service RBAC Reader", "Azure Kubernetes Service Cluster User Role"),
    "Key Vault Reader",  # reads no secret
)


@check("ID-1")
def federated(deployment: Deployment) -> Iterator[Observation]:
    environment = deployment.environment
    for purpose, workflows in environment.identity.workflows(environment.name, environment.tier).items():
        resource = f"identity {names.identity(deployment.target, f'ci-{purpose}')}"
        found = trusts(deployment, names.pipeline_id(deployment.target, purpose))
        yield equal(resource, "trusted workflows", sorted(str(at(one, "subject")) for one in found), sorted(workflows))
        for trust in found:
            yield equal(f"{resource} {trust['name']}", "issuer", at(trust, "issuer"), environment.identity.issuer)
            audiences = at(trust, "audiences")
            yield equal(f"{resource} {trust['name']}", "audiences", audiences, ["api://AzureADTokenExchange"])
    yield from _plan_reads(deployment)


def _plan_reads(deployment: Deployment) -> Iterator[Observation]:
    resource = f"identity {names.identity(deployment.target, 'ci-plan')}"
    identity = principal(deployment, names.pipeline_id(deployment.target, "plan"))
    for grant in granted(deployment, identity):
        definition = role(deployment, grant.definition)
        if at(definition, "type") == "CustomRole":
            # a plan creates bundles beside its states, and writes nothing else
            bundles = f":path] StringLike '{names.plan_bundles(deployment.target)}'" in grant.condition
            data = [] if bundles else permissions(definition, "dataActions")
            write_actions = [one for one in (*permissions(definition, "actions"), *data) if _writes(one)]
            yield empty(resource, f"allowed write actions of {grant.role}", write_actions)
        else:
            own = f":path] StringLike '{deployment.environment.name}/*'" in grant.condition
            reads = grant.role in _READS or (grant.role == names.BLOB_READER and own)
            yield Observation(resource, f"role {grant.role}", reads, "a read-only role")


def _writes(action: str) -> bool:
    """Whether an action changes something. Reading a secret is an action, and so is adding a blob."""
    return not action.endswith(("/read", "/action")) or action.endswith(("*", "/add/action"))


@check("ID-2")
def declared_only(deployment: Deployment) -> Iterator[Observation]:
    yield from access.observations(deployment, deployment.environment, deployment.target, "ID-2")
