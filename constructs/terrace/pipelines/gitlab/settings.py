"""What a GitLab project must be set to, so that its pipelines are as safe as they assume.

A job of a protected branch may name any environment, so the protected environments decide who deploys, and the subject
of tokens says whether branch and environment are protected. Protected environments and approval rules need Premium.
Source: GitLab documentation, "REST API": projects, protected branches, protected environments, merge request approvals,
pipeline schedules, project-level CI/CD variables.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from terrace.capabilities.ci import gitlab as tokens
from terrace.environment import Loaded
from terrace.environment.schema import Environment
from terrace.errors import UsageError
from terrace.pipelines.gitlab import GitLab
from terrace.pipelines.settings import REVIEWED, Call, Reviewer, Setting, variables
from terrace.variables import CI_IMAGE

IMAGE = CI_IMAGE.name
"""The project's variable with the image of jobs."""
_NO_ONE, _MAINTAINER = 0, 40
"""Access levels."""
_DIGEST = re.compile(r"[^\s@]+@sha256:[0-9a-f]{64}")
_FAST_FORWARD = ("ff", "rebase_merge")
"""Merge methods after which the main branch has the files that were planned."""
_SCHEDULE = {"description": "drift", "cron": "23 5 * * *", "cron_timezone": "UTC"}


def reviewer(gitlab: GitLab, text: str) -> Reviewer:
    """The reviewer in `team:GROUP` or `user:NAME`. Raises UsageError for one that does not exist."""
    kind, _, name = text.partition(":")
    if kind not in ("team", "user") or not name:
        raise UsageError(f"invalid reviewer {text!r}; expected team:GROUP or user:NAME")
    if kind == "team":
        found = gitlab.get(f"/groups/{quote(name, safe='')}")
    else:
        found = next(iter(gitlab.send("GET", f"/users?username={quote(name)}")), None)
    if found is None:
        raise UsageError(f"GitLab has no {kind} {name!r}", hint="the token must be allowed to see it")
    return Reviewer("Team" if kind == "team" else "User", int(found["id"]))


def settings(
    gitlab: GitLab, stages: Sequence[Loaded], reviewers: Sequence[Reviewer] = (), values: Mapping[str, str] = {}
) -> Iterator[Setting]:
    """Every setting that the environments need, compared with the project. `values` are variables to set."""
    first = stages[0].environment
    project = gitlab.send("GET", "")
    yield _project(project, first)
    yield _subject(project)
    yield _merges(project)
    yield _branch(gitlab, first.identity.main_branch)
    yield _approvals(gitlab)
    yield _schedule(gitlab, first.identity.main_branch)
    yield _image(gitlab, values)
    for loaded in stages:
        yield _environment(gitlab, loaded.environment, reviewers)
        yield from _variables(gitlab, loaded.environment, values)


def _project(found: Mapping[str, Any], environment: Environment) -> Setting:
    """The ids in the clouds' trust are those of this project."""
    identity, name = environment.identity, "identity of the project"
    ids = (str(found["id"]), str(found["namespace"]["id"]))
    hint = f'set identity.gitlab.project_id: "{ids[0]}" and namespace_id: "{ids[1]}" in environments/base.yaml'
    if str(found["path_with_namespace"]) != identity.repository:
        return Setting(name, f"the project is {found['path_with_namespace']}, not {identity.repository}", hint=hint)
    assert identity.gitlab
    if (identity.gitlab.project_id, identity.gitlab.namespace_id) != ids:
        return Setting(name, f"the ids are {ids[0]} and {ids[1]}, not those of the environments", hint=hint)
    return Setting(name)


def _subject(project: Mapping[str, Any]) -> Setting:
    wanted, found = list(tokens.SUBJECT), project.get("ci_id_token_sub_claim_components")
    missing = "" if found == wanted else f"made of {', '.join(found or ())}, so no cloud accepts the project's tokens"
    return Setting("subject of tokens", missing, (Call("PUT", "", {"ci_id_token_sub_claim_components": wanted}),))


def _merges(project: Mapping[str, Any]) -> Setting:
    """A merge has the files that the merge request's pipeline planned, and one person alone deploys nothing."""
    wanted: dict[str, tuple[object, ...]] = {
        "merge_method": _FAST_FORWARD,
        "only_allow_merge_if_pipeline_succeeds": (True,),
        "allow_merge_on_skipped_pipeline": (False, None),
        "ci_allow_fork_pipelines_to_run_in_parent_project": (False,),
        "ci_push_repository_for_job_token_allowed": (False,),
        "allow_pipeline_trigger_approve_deployment": (False,),
    }
    wrong = [key for key, values in wanted.items() if project.get(key) not in values]
    values = {key: "rebase_merge" if key == "merge_method" else wanted[key][0] for key in wrong}
    return Setting("merges and pipelines", ", ".join(wrong), (Call("PUT", "", values),))


def _branch(gitlab: GitLab, branch: str) -> Setting:
    name = f"protection of the branch {branch}"
    path = f"protected_branches/{quote(branch, safe='')}"
    found = gitlab.get(path)
    if found is None:
        body = {"name": branch, "push_access_level": _NO_ONE, "merge_access_level": _MAINTAINER}
        return Setting(name, "it is not protected", (Call("POST", "protected_branches", body),))
    pushing = [one for one in found.get("push_access_levels", []) if one.get("access_level") != _NO_ONE]
    lacking = (["no push"] if pushing else []) + (["no force push"] if found.get("allow_force_push") else [])
    if not lacking:
        return Setting(name)
    levels = [{"access_level": _NO_ONE}, *({"id": one["id"], "_destroy": True} for one in pushing)]
    body = {"allow_force_push": False, "allowed_to_push": levels}
    return Setting(name, f"does not require {', '.join(lacking)}", (Call("PATCH", path, body),))


def _approvals(gitlab: GitLab) -> Setting:
    name = "approvals of merge requests"
    found, rules = gitlab.get("approvals"), gitlab.get("approval_rules")
    if found is None or rules is None:
        return Setting(name, "the project has no approval rules", hint="they need GitLab Premium")
    wanted = {"reset_approvals_on_push": True, "merge_requests_author_approval": False}
    wrong = [key for key, value in wanted.items() if found.get(key) is not value]
    calls = [Call("POST", "approvals", {key: wanted[key] for key in wrong})] if wrong else []
    if not any(int(rule.get("approvals_required", 0)) >= 1 for rule in rules):
        wrong.append("an approval")
        rule = {"name": "terrace", "approvals_required": 1, "rule_type": "any_approver"}
        calls.append(Call("POST", "approval_rules", rule))
    return Setting(name, f"does not require {', '.join(wrong)}" if wrong else "", tuple(calls))


def _schedule(gitlab: GitLab, branch: str) -> Setting:
    refs = (branch, f"refs/heads/{branch}")
    active = [one for one in gitlab.pages("pipeline_schedules") if one["active"] and one["ref"] in refs]
    call = Call("POST", "pipeline_schedules", {**_SCHEDULE, "ref": refs[1]})
    return Setting("schedule of the drift pipeline", "" if active else "there is none on the main branch", (call,))


def _image(gitlab: GitLab, values: Mapping[str, str]) -> Setting:
    name, found, given = f"variable {IMAGE}", _variable(gitlab, IMAGE), values.get(IMAGE)
    if found and _DIGEST.fullmatch(found) and given in (None, found):
        return Setting(name)
    missing = "it does not exist" if found is None else "it is another image, or has no digest"
    hint = f"give an image with Python 3.11, make and git: --variable {IMAGE}=REPOSITORY@sha256:DIGEST"
    if not given or not _DIGEST.fullmatch(given):
        return Setting(name, missing, hint=hint)
    return Setting(name, missing, ((_create if found is None else _update)(IMAGE, given),))


def _environment(gitlab: GitLab, environment: Environment, reviewers: Sequence[Reviewer]) -> Setting:
    """The protected environment: maintainers deploy, and to staging and prod only after an approval."""
    name, path = f"environment {environment.name}", f"protected_environments/{quote(environment.name, safe='')}"
    found = gitlab.get(path)
    rules = (found or {}).get("approval_rules", [])
    approved = any(int(rule.get("required_approvals", 0)) >= 1 for rule in rules)
    reviewed, lacking = environment.tier in REVIEWED, []
    if found is None:
        lacking.append("it is not protected")
    elif low := [one for one in found["deploy_access_levels"] if 0 < (one.get("access_level") or 60) < _MAINTAINER]:
        lacking.append(f"{len(low)} rules let others than maintainers deploy: remove them by hand")
    if reviewed and not approved:
        lacking.append("an approval of each deployment")
    if not lacking:
        return Setting(name)
    if reviewed and not approved and not reviewers:
        return Setting(
            name, "; ".join(lacking), hint="name who approves: --reviewer team:GROUP or --reviewer user:NAME"
        )
    approving = [
        {"group_id" if one.type == "Team" else "user_id": one.id, "required_approvals": 1}
        for one in (reviewers if reviewed and not approved else ())
    ]
    levels = [{"access_level": _MAINTAINER}]
    if found is None:
        body = {"name": environment.name, "deploy_access_levels": levels, "approval_rules": approving}
        return Setting(name, "; ".join(lacking), (Call("POST", "protected_environments", body),))
    calls = (Call("PUT", path, {"approval_rules": approving}),) if approving else ()
    return Setting(name, "; ".join(lacking), calls)


def _variables(gitlab: GitLab, environment: Environment, values: Mapping[str, str]) -> Iterator[Setting]:
    yield from variables(environment, values, lambda name: _variable(gitlab, name), create=_create, update=_update)


def _variable(gitlab: GitLab, name: str) -> str | None:
    found = gitlab.get(f"variables/{name}")
    return None if found is None else str(found["value"])


def _create(name: str, value: str) -> Call:
    return Call("POST", "variables", {"key": name, "value": value})


def _update(name: str, value: str) -> Call:
    return Call("PUT", f"variables/{name}", {"value": value})
