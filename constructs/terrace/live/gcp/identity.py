"""Checks of identities and their rights (ID-1, ID-2)."""

from collections.abc import Iterator

from terrace.assurance.evaluation import Observation, at_least, check, empty, equal, includes
from terrace.gcp import names
from terrace.live import access
from terrace.live.gcp import grants
from terrace.live.gcp.checks import Deployment, named

_READS = ("iewer", "eader", "browser", "securityReviewer", "serviceUsageConsumer")
_ACCOUNTS = "projects.serviceAccounts"


@check("ID-1")
def federated(deployment: Deployment) -> Iterator[Observation]:
    identity = deployment.environment.identity
    jobs = identity.jobs(deployment.environment.name, deployment.environment.tier)
    pool = names.pipeline_pool(deployment.target, identity)
    parent = f"{deployment.project}/locations/global/workloadIdentityPools/{pool}"
    providers = deployment.pages(
        "iam", "projects.locations.workloadIdentityPools.providers.list", "workloadIdentityPoolProviders", parent=parent
    )
    on = [one for one in providers if one.get("state", "ACTIVE") == "ACTIVE" and not one.get("disabled")]
    yield at_least(f"identity pool {pool}", "providers", len(on), 1)
    for provider in on:
        resource, condition = f"provider {named(provider['name'])}", str(provider.get("attributeCondition"))
        yield equal(resource, "issuer", provider.get("oidc", {}).get("issuerUri"), identity.issuer)
        expected = [names.pipeline_condition(identity, own) for own in jobs.values()]
        yield Observation(resource, f"condition: {condition}", condition in expected, " or ".join(expected))
    for purpose, own in jobs.items():
        account = f"{deployment.project}/serviceAccounts/{names.role_email(deployment.target, f'ci-{purpose}')}"
        resource = f"account {names.role_name(deployment.target, f'ci-{purpose}')}"
        held = grants.on(deployment, "iam", _ACCOUNTS, account)
        subjects = sorted(grant.member.partition("/subject/")[2] or grant.member for grant in held)
        yield equal(resource, "trusted workflows", subjects, sorted(names.pipeline_principals(identity, own)))
    yield from _no_keys(deployment)
    yield from _plan_reads(deployment)


def _no_keys(deployment: Deployment) -> Iterator[Observation]:
    """No service account of the deployment has a key."""
    for account in deployment.pages("iam", f"{_ACCOUNTS}.list", "accounts", name=deployment.project):
        if str(account["email"]).startswith(f"{deployment.prefix}-"):
            keys = deployment.pages(
                "iam", f"{_ACCOUNTS}.keys.list", "keys", name=account["name"], keyTypes="USER_MANAGED"
            )
            static = [named(key["name"]) for key in keys]
            yield empty(f"account {str(account['email']).partition('@')[0]}", "static keys", static)


def _plan_reads(deployment: Deployment) -> Iterator[Observation]:
    member = names.member(deployment.target, "ci-plan")
    given = [grant for grant in grants.on_project(deployment) if grant.member == member]
    # a plan writes nothing but new bundles of plans
    limited = {
        "states": (names.state_reader(deployment.target), "roles/storage.objectViewer"),
        "bundles of plans": (names.plan_creator(deployment.target), "roles/storage.objectCreator"),
        "the state home's key": (names.plan_sealer(deployment.target), "roles/cloudkms.cryptoKeyEncrypter"),
    }
    rights = sorted(grant.role for grant in given if grant.only not in [only for only, _ in limited.values()])
    resource = f"account {names.role_name(deployment.target, 'ci-plan')}"
    yield includes(resource, "roles", rights, ["roles/browser"])
    for object, (only, role) in limited.items():
        yield equal(resource, f"roles on {object}", [grant.role for grant in given if grant.only == only], [role])
    yield empty(resource, "roles with write access", [role for role in rights if not role.endswith(_READS)])


@check("ID-2")
def declared_only(deployment: Deployment) -> Iterator[Observation]:
    yield from access.observations(deployment, deployment.environment, deployment.target, "ID-2")
