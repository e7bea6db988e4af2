"""Pipelines' identities (ID-1)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.evaluation import Observation, check, empty, equal, includes
from terrace.gcp import names

_ISSUER = "https://token.actions.githubusercontent.com"
_READS = ("iewer", "eader", "browser", "securityReviewer", "serviceUsageConsumer")


@check("ID-1")
def federated(stack: Subject) -> Iterator[Observation]:
    repository = stack.environment.identity.repository
    for provider in stack.all("google_iam_workload_identity_pool_provider"):
        yield equal(str(provider), "issuer", provider.get("oidc.issuer_uri"), _ISSUER)
        condition = str(provider.get("attribute_condition"))
        bound = f"assertion.repository == '{repository}'" in condition
        yield Observation(str(provider), f"condition: {condition}", bound, f"the repository {repository}")
    for purpose in ("plan", "apply"):
        account = stack.one("google_service_account", f"pipelines/{purpose}")
        grants = stack.view.pointing("google_service_account_iam_member", "service_account_id", account)
        subjects = [str(one.get("member")).partition("/subject/")[2] for one in grants]
        good = bool(subjects) and all(one.startswith(f"repo:{repository}:") and "*" not in one for one in subjects)
        fact = f"workflows that have it: {', '.join(subjects) or 'none by name'}"
        yield Observation(str(account), fact, good, f"repo:{repository}:...")
        if purpose == "apply":
            wanted = [f"repo:{repository}:environment:{stack.environment.name}"]
            yield equal(str(account), "workflows that apply", subjects, wanted)
    yield empty("project", "static keys", [str(one) for one in stack.all("google_service_account_key")])


@check("ID-1")
def plan_only_reads(stack: Subject) -> Iterator[Observation]:
    member = names.member(stack.target, "ci-plan")
    grants = [one for one in stack.all("google_project_iam_member") if one.get("member") == member]
    state = names.in_state_bucket(stack.target)
    kept = [one for one in grants if one.get("condition.expression") == state]
    rights = [one.get("role") for one in kept]
    yield equal("pipelines/plan", "rights on the state", rights, ["roles/storage.objectUser"])
    others = [one for one in grants if one not in kept]
    writes = [str(one.get("role")) for one in others if not str(one.get("role")).endswith(_READS)]
    yield empty("pipelines/plan", "roles that change something", writes)
    yield includes("pipelines/plan", "roles", [str(one.get("role")) for one in grants], ["roles/browser"])
    buckets = [one for one in stack.all("google_storage_bucket_iam_member") if one.get("member") == member]
    yield empty("pipelines/plan", "buckets", [str(one) for one in buckets])
