"""Pipelines' identities (ID-1)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.evaluation import Observation, check, empty, equal, includes
from terrace.gcp import names

_ISSUER = "https://token.actions.githubusercontent.com"
_READ_SUFFIXES = ("iewer", "eader", "browser", "securityReviewer", "serviceUsageConsumer")


@check("ID-1")
def federated_login(stack: Subject) -> Iterator[Observation]:
    repository = stack.environment.identity.repository
    for provider in stack.all("google_iam_workload_identity_pool_provider"):
        yield equal(str(provider), "issuer", provider.get("oidc.issuer_uri"), _ISSUER)
        condition = str(provider.get("attribute_condition"))
        limited = f"assertion.repository == '{repository}'" in condition
        yield Observation(str(provider), f"attribute_condition = {condition}", limited, f"repository {repository}")
    for purpose in ("plan", "apply"):
        account = stack.one("google_service_account", f"pipelines/{purpose}")
        grants = stack.view.pointing("google_service_account_iam_member", "service_account_id", account)
        subjects = [str(one.get("member")).partition("/subject/")[2] for one in grants]
        ok = bool(subjects) and all(one.startswith(f"repo:{repository}:") and "*" not in one for one in subjects)
        fact = f"trusted workflows: {', '.join(subjects) or 'none'}"
        yield Observation(str(account), fact, ok, f"repo:{repository}:...")
        if purpose == "apply":
            expected = [f"repo:{repository}:environment:{stack.environment.name}"]
            yield equal(str(account), "trusted workflows", subjects, expected)
    yield empty("project", "static keys", [str(one) for one in stack.all("google_service_account_key")])


@check("ID-1")
def plan_identity_read_only(stack: Subject) -> Iterator[Observation]:
    member = names.member(stack.target, "ci-plan")
    grants = [one for one in stack.all("google_project_iam_member") if one.get("member") == member]
    state = names.in_state_bucket(stack.target)
    state_grants = [one for one in grants if one.get("condition.expression") == state]
    state_roles = [one.get("role") for one in state_grants]
    yield equal("pipelines/plan", "roles on the state", state_roles, ["roles/storage.objectUser"])
    other_grants = [one for one in grants if one not in state_grants]
    write_roles = [str(one.get("role")) for one in other_grants if not str(one.get("role")).endswith(_READ_SUFFIXES)]
    yield empty("pipelines/plan", "roles with write access", write_roles)
    yield includes("pipelines/plan", "roles", [str(one.get("role")) for one in grants], ["roles/browser"])
    buckets = [one for one in stack.all("google_storage_bucket_iam_member") if one.get("member") == member]
    yield empty("pipelines/plan", "bucket grants", [str(one) for one in buckets])
