"""What a repository on GitHub must be set to, so that pipelines are as safe as the workflows assume.

A pull request from a branch of the repository may change its workflows, and so may name an environment and ask for the
token of the apply identity. The environment's branch rule and its reviewers are what stops it; a workflow cannot. Each
setting is read, compared and, on request, set. A setting that is stricter than asked for stays as it is.
Source: GitHub documentation, "REST API": deployment environments, deployment branch policies, rules, Actions OIDC.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from terrace.environment import Loaded
from terrace.environment.schema import Environment
from terrace.errors import UsageError
from terrace.pipelines.github import GitHub
from terrace.pipelines.settings import REVIEWED, Call, Reviewer, Setting, variables

RULESET = "terrace"
REQUIRED_CHECK = "planned"
"""The job of the plan workflow that every pull request must pass."""


def reviewer(github: GitHub, text: str) -> Reviewer:
    """The reviewer in `team:NAME` or `user:NAME`. Raises UsageError for one that does not exist."""
    kind, _, name = text.partition(":")
    organisation = github.repository.partition("/")[0]
    paths = {"team": f"/orgs/{organisation}/teams/{quote(name)}", "user": f"/users/{quote(name)}"}
    if kind not in paths or not name:
        raise UsageError(f"invalid reviewer {text!r}; expected team:NAME or user:NAME")
    found = github.get(paths[kind])
    if found is None:
        raise UsageError(f"GitHub has no {kind} {name!r}", hint="the token must be allowed to see teams")
    return Reviewer("Team" if kind == "team" else "User", int(found["id"]))


def settings(
    github: GitHub, stages: Sequence[Loaded], reviewers: Sequence[Reviewer] = (), values: Mapping[str, str] = {}
) -> Iterator[Setting]:
    """Every setting that the environments need, compared with the repository. `values` are variables to set."""
    first = stages[0].environment
    yield _repository(github.send("GET", ""), first)
    yield _subject(github.get("actions/oidc/customization/sub"))
    yield _workflow_permissions(github.get("actions/permissions/workflow"))
    yield _branch(github, first.identity.main_branch)
    for loaded in stages:
        yield _environment(github, loaded.environment, reviewers)
        yield from _variables(github, loaded.environment, values)


def _repository(found: Mapping[str, Any], environment: Environment) -> Setting:
    """The ids in the subjects of tokens are those of this repository."""
    identity, name = environment.identity, "identity of the repository"
    ids = (str(found["owner"]["id"]), str(found["id"]))
    hint = f'set identity.owner_id: "{ids[0]}" and identity.repository_id: "{ids[1]}" in environments/base.yaml'
    if str(found["full_name"]).lower() != identity.repository.lower():
        return Setting(name, f"the repository is {found['full_name']}, not {identity.repository}", hint=hint)
    if identity.owner_id is None or identity.repository_id is None:
        return Setting(name, "the environments do not name the ids of the owner and the repository", hint=hint)
    if (identity.owner_id, identity.repository_id) != ids:
        return Setting(name, f"the ids are {ids[0]} and {ids[1]}, not those of the environments", hint=hint)
    return Setting(name)


def _subject(found: Mapping[str, Any] | None) -> Setting:
    if found is None or found.get("use_default", True):
        return Setting("subject of tokens")
    return Setting(
        "subject of tokens",
        "the repository has a template of its own, so no cloud accepts its tokens",
        (Call("PUT", "actions/oidc/customization/sub", {"use_default": True}),),
    )


def _workflow_permissions(found: Mapping[str, Any] | None) -> Setting:
    wanted = {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": False}
    wrong = [key for key, value in wanted.items() if (found or {}).get(key) != value]
    missing = f"{', '.join(wrong)}: a workflow without `permissions` gets a token that writes" if wrong else ""
    return Setting("default rights of workflows", missing, (Call("PUT", "actions/permissions/workflow", wanted),))


def _branch(github: GitHub, branch: str) -> Setting:
    """The rules of the main branch. Those of every ruleset count; what is missing goes to one of Terrace's own."""
    name = f"rules of the branch {branch}"
    rules = {
        str(rule["type"]): rule.get("parameters") or {} for rule in github.pages(f"rules/branches/{quote(branch)}")
    }
    checks = rules.get("required_status_checks", {})
    required = {str(one["context"]) for one in checks.get("required_status_checks", [])}
    wanted: list[tuple[bool, str]] = [
        (rules.get("pull_request", {}).get("required_approving_review_count", 0) >= 1, "an approved pull request"),
        (bool(rules.get("pull_request", {}).get("dismiss_stale_reviews_on_push")), "a new approval after a push"),
        (REQUIRED_CHECK in required, f"the check {REQUIRED_CHECK}"),
        (bool(checks.get("strict_required_status_checks_policy")), "a branch that is up to date, as it was planned"),
        ("non_fast_forward" in rules, "no force push"),
        ("deletion" in rules, "no deletion"),
    ]
    lacking = [text for holds, text in wanted if not holds]
    if not lacking:
        return Setting(name)
    own = next((one for one in github.pages("rulesets") if one["name"] == RULESET), None)
    body = _ruleset(branch)
    call = Call("PUT", f"rulesets/{own['id']}", body) if own else Call("POST", "rulesets", body)
    return Setting(name, f"does not require {', '.join(lacking)}", (call,))


def _ruleset(branch: str) -> dict[str, Any]:
    review = {
        "required_approving_review_count": 1,
        "dismiss_stale_reviews_on_push": True,
        "require_code_owner_review": False,
        "require_last_push_approval": True,
        "required_review_thread_resolution": False,
    }
    checks = {
        "strict_required_status_checks_policy": True,
        "required_status_checks": [{"context": REQUIRED_CHECK}],
    }
    return {
        "name": RULESET,
        "target": "branch",
        "enforcement": "active",
        "conditions": {"ref_name": {"include": [f"refs/heads/{branch}"], "exclude": []}},
        "rules": [
            {"type": "deletion"},
            {"type": "non_fast_forward"},
            {"type": "pull_request", "parameters": review},
            {"type": "required_status_checks", "parameters": checks},
        ],
    }


def _environment(github: GitHub, environment: Environment, reviewers: Sequence[Reviewer]) -> Setting:
    """The GitHub environment: only jobs of the main branch, and in staging and prod only after an approval."""
    path, branch = f"environments/{quote(environment.name)}", environment.identity.main_branch
    name = f"environment {environment.name}"
    found = github.get(path)
    rules = {str(rule["type"]): rule for rule in (found or {}).get("protection_rules", [])}
    approval = rules.get("required_reviewers", {})
    present = [Reviewer(one["type"], int(one["reviewer"]["id"])) for one in approval.get("reviewers", [])]
    policy = (found or {}).get("deployment_branch_policy") or {}
    listed = github.get(f"{path}/deployment-branch-policies") if policy.get("custom_branch_policies") else None
    branches = [str(one["name"]) for one in (listed or {}).get("branch_policies", [])]
    reviewed = environment.tier in REVIEWED
    lacking = []
    if found is None:
        lacking.append("it does not exist")
    if not policy.get("custom_branch_policies") or branch not in branches:
        lacking.append(f"deployments from {branch} only")
    if others := [one for one in branches if one != branch]:
        lacking.append(f"it lets {', '.join(others)} deploy too: remove that by hand")
    if reviewed and not present:
        lacking.append("a reviewer")
    if reviewed and not approval.get("prevent_self_review"):
        lacking.append("a reviewer other than the one who started it")
    if not lacking:
        return Setting(name)
    if reviewed and not present and not reviewers:
        return Setting(name, "; ".join(lacking), hint="name who approves: --reviewer team:NAME or --reviewer user:NAME")
    everyone = list(dict.fromkeys([*present, *(reviewers if reviewed else ())]))[:6]  # GitHub accepts six
    calls = [
        Call(
            "PUT",
            path,
            {
                "wait_timer": rules.get("wait_timer", {}).get("wait_timer", 0),
                "prevent_self_review": bool(everyone),
                "reviewers": [{"type": one.type, "id": one.id} for one in everyone],
                "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True},
            },
        )
    ]
    if branch not in branches:
        calls.append(Call("POST", f"{path}/deployment-branch-policies", {"name": branch, "type": "branch"}))
    return Setting(name, "; ".join(lacking), tuple(calls))


def _variables(github: GitHub, environment: Environment, values: Mapping[str, str]) -> Iterator[Setting]:
    def read(name: str) -> str | None:
        found = github.get(f"actions/variables/{name}")
        return None if found is None else str(found["value"])

    yield from variables(
        environment,
        values,
        read,
        create=lambda name, value: Call("POST", "actions/variables", {"name": name, "value": value}),
        update=lambda name, value: Call("PATCH", f"actions/variables/{name}", {"name": name, "value": value}),
    )
