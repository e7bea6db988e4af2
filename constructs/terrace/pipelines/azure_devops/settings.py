"""What an Azure DevOps project must be set to, so that its pipelines are as safe as they assume.

A token of a service connection names no branch and no pipeline, so the checks of the connection for apply decide which
run may use it, and those of the environment who approves. A person creates service connections: they need rights in
Entra. Source: Azure DevOps documentation, "REST API" 7.1: check configurations, environments, endpoints, policy
configurations, build definitions; "Supported check types" of Microsoft's Terraform provider (ids of types).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from terrace.capabilities.ci import PIPELINES, Pipeline, azure_devops
from terrace.environment import Loaded
from terrace.environment.schema import Environment
from terrace.errors import UsageError
from terrace.pipelines.azure_devops import FILES, AzureDevOps
from terrace.pipelines.settings import REVIEWED, Call, Reviewer, Setting

_CHECKS = "pipelines/checks/configurations"
_PREVIEW = "api-version=7.1-preview.1"
_APPROVAL = {"id": "8c6f20a7-a545-4486-9777-f762fafe0d4d", "name": "Approval"}
_LOCK = {"id": "2ef31ad6-baa0-403a-8b45-2cbc9b4e5563", "name": "ExclusiveLock"}
_TASK = {"id": "fe1de3ee-a436-41b4-bb20-f6eb4cb879a7", "name": "Task Check"}
_BRANCH = {"id": "86b05a0c-73e6-4f7d-b3cf-e38f3b39a75b", "name": "evaluatebranchProtection", "version": "0.0.1"}
_REVIEW = "fa4e907d-c16b-4a4c-9dfa-4906e5d171dd"
_BUILD = "0609b952-1397-4640-95ec-e00a01b2c241"
"""Types of branch policies: a number of reviewers, and a build."""
_MINUTES = 43_200


def reviewer(client: AzureDevOps, text: str) -> Reviewer:
    """The reviewer in `team:NAME`. Raises UsageError for one that does not exist."""
    kind, _, name = text.partition(":")
    if kind != "team" or not name:
        raise UsageError(f"invalid reviewer {text!r}; expected team:NAME", hint="a team may have one member")
    found = client.get(f"/_apis/projects/{quote(client.project)}/teams/{quote(name)}")
    if found is None:
        raise UsageError(
            f"Azure DevOps has no team {name!r} in the project", hint="the token must be allowed to see it"
        )
    return Reviewer("Team", str(found["id"]))


def settings(
    client: AzureDevOps, stages: Sequence[Loaded], reviewers: Sequence[Reviewer] = (), values: Mapping[str, str] = {}
) -> Iterator[Setting]:
    """Every setting that the environments need, compared with the project. A task has the ids of identities on Azure
    from its connection: no variable is needed."""
    first = stages[0].environment
    yield _project(client, first)
    pipelines = {one["name"]: int(one["id"]) for one in client.send("GET", "pipelines")["value"]}
    repository = client.send("GET", f"git/repositories/{quote(client.repository)}")
    for path in FILES.values():
        yield _pipeline(path, pipelines, repository)
    yield _branch(client, first.identity.main_branch, repository, pipelines.get("terrace-plan"))
    for loaded in stages:
        for pipeline in PIPELINES:
            yield _connection(client, loaded.environment, pipeline)
        yield _environment(client, loaded.environment, reviewers)


def _project(client: AzureDevOps, environment: Environment) -> Setting:
    """The ids in the clouds' trust are those of this organization and project."""
    name, own = "identity of the project", environment.identity.azure_devops
    organization = client.send("GET", "/_apis/connectionData?api-version=7.1-preview.1")["instanceId"]
    project = client.send("GET", f"/_apis/projects/{quote(client.project)}")["id"]
    hint = f"set identity.azure_devops.organization_id: {organization} and project_id: {project}"
    assert own
    if (own.organization_id, own.project_id) != (organization, project):
        return Setting(name, f"the ids are {organization} and {project}, not those of the environments", hint=hint)
    return Setting(name)


def _pipeline(path: str, existing: Mapping[str, int], repository: Mapping[str, Any]) -> Setting:
    name = f"terrace-{path.rpartition('/')[2].removesuffix('.yml')}"
    source = {"id": repository["id"], "name": repository["name"], "type": "azureReposGit"}
    body = {"name": name, "configuration": {"type": "yaml", "path": f"/{path}", "repository": source}}
    return Setting(
        f"pipeline {name}", "" if name in existing else "it does not exist", (Call("POST", "pipelines", body),)
    )


def _branch(client: AzureDevOps, branch: str, repository: Mapping[str, Any], plan: int | None) -> Setting:
    """The policies of the main branch: an approved pull request that was planned, as it is now."""
    name, ref = f"policies of the branch {branch}", f"refs/heads/{branch}"
    query = urlencode({"repositoryId": repository["id"], "refName": ref, "api-version": "7.1"})
    found = client.send("GET", f"git/policy/configurations?{query}")["value"]
    active = [one for one in found if one["isEnabled"] and one["isBlocking"]]
    scope = [{"repositoryId": repository["id"], "refName": ref, "matchKind": "exact"}]
    reviews = {"minimumApproverCount": 1, "creatorVoteCounts": False, "resetOnSourcePush": True}
    lacking, calls = [], []
    if not any(_has(one, _REVIEW, reviews) for one in active):
        lacking.append("an approved pull request, and a new approval after a push")
        calls.append(_policy(_REVIEW, {**reviews, "scope": scope}))
    if not any(
        _has(one, _BUILD, {"validDuration": 0}) and one["settings"]["buildDefinitionId"] == plan for one in active
    ):
        lacking.append("the pipeline terrace-plan, again when the branch changed")
        build = {"buildDefinitionId": plan, "queueOnSourceUpdateOnly": False, "validDuration": 0}
        calls += [_policy(_BUILD, {**build, "displayName": "terrace-plan", "scope": scope})] if plan else []
    hint = "" if plan else "create the pipeline terrace-plan first"
    return Setting(name, f"do not require {', '.join(lacking)}" if lacking else "", tuple(calls), hint)


def _has(policy: Mapping[str, Any], type: str, settings: Mapping[str, object]) -> bool:
    """Whether a policy is of a type and at least as strict."""
    found = policy["settings"]
    if policy["type"]["id"] != type:
        return False
    return all(
        found.get(key) == value or (key == "minimumApproverCount" and found.get(key, 0) > 1)
        for key, value in settings.items()
    )


def _policy(type: str, settings: Mapping[str, Any]) -> Call:
    body = {"isEnabled": True, "isBlocking": True, "type": {"id": type}, "settings": settings}
    return Call("POST", "policy/configurations", body)


def _connection(client: AzureDevOps, environment: Environment, pipeline: Pipeline) -> Setting:
    """The service connection has the subject that the clouds trust, and only runs of the main branch use the one for
    apply."""
    named, identity = azure_devops.connection(environment.name, pipeline), environment.identity
    name = f"service connection {named}"
    found = client.send("GET", f"serviceendpoint/endpoints?{urlencode({'endpointNames': named})}")["value"]
    (subject,) = identity.workflows(environment.name, environment.tier)[pipeline]
    if not found:
        hint = "create it by hand: Azure Resource Manager, workload identity federation, with the identity's client id"
        return Setting(name, "it does not exist", hint=hint)
    given = found[0]["authorization"]["parameters"]
    trusted = (given.get("workloadIdentityFederationIssuer"), given.get("workloadIdentityFederationSubject"))
    if trusted != (identity.issuer, subject):
        hint = f"its id is {found[0]['id']}; set identity.azure_devops to what it has, or convert the connection"
        return Setting(name, f"its tokens are {trusted[1]} of {trusted[0]}, which no cloud trusts", hint=hint)
    if pipeline == "plan":
        return Setting(name)
    checks = _checks(client, "endpoint", found[0]["id"])
    if _limits(checks, identity.main_branch):
        return Setting(name)
    call = _branch_control("endpoint", found[0]["id"], named, identity.main_branch)
    return Setting(name, f"runs of other branches than {identity.main_branch} may use it", (call,))


def _environment(client: AzureDevOps, environment: Environment, reviewers: Sequence[Reviewer]) -> Setting:
    """The environment: one apply after the other from the main branch, in staging and prod after an approval."""
    name, branch = f"environment {environment.name}", environment.identity.main_branch
    path = f"pipelines/environments?{urlencode({'name': environment.name})}&{_PREVIEW}"
    found = client.send("GET", path)["value"]
    if not found:
        call = Call("POST", f"pipelines/environments?{_PREVIEW}", {"name": environment.name})
        return Setting(name, "it does not exist; then run the command again for its checks", (call,))
    id = str(found[0]["id"])
    checks = _checks(client, "environment", id)
    lacking, calls = [], []
    if not any(check["type"]["id"].lower() == _LOCK["id"] for check in checks):
        lacking.append("an exclusive lock")
        calls.append(_check(_LOCK, "environment", id, environment.name, {}))
    if not _limits(checks, branch):
        lacking.append(f"deployments from {branch} only")
        calls.append(_branch_control("environment", id, environment.name, branch))
    approvals = [check["settings"] for check in checks if check["type"]["id"].lower() == _APPROVAL["id"]]
    if environment.tier in REVIEWED and not any(one.get("requesterCannotBeApprover") for one in approvals):
        lacking.append("an approval by another one than who started the run")
        settings = {
            "approvers": [{"id": one.id} for one in reviewers],
            "minRequiredApprovers": 1,
            "requesterCannotBeApprover": True,
        }
        if not reviewers:
            return Setting(name, "; ".join(lacking), hint="name who approves: --reviewer team:NAME")
        calls.append(_check(_APPROVAL, "environment", id, environment.name, settings))
    return Setting(name, "; ".join(lacking), tuple(calls))


def _checks(client: AzureDevOps, type: str, id: str) -> list[Mapping[str, Any]]:
    query = urlencode({"resourceType": type, "resourceId": id, "$expand": "settings"})
    found = client.send("GET", f"{_CHECKS}?{query}&{_PREVIEW}")["value"]
    return [one for one in found if not one.get("isDisabled")]


def _limits(checks: Sequence[Mapping[str, Any]], branch: str) -> bool:
    """Whether a check lets only runs of the branch through, while it is protected."""
    for check in checks:
        given = check.get("settings") or {}
        if (given.get("definitionRef") or {}).get("id") == _BRANCH["id"]:
            inputs = given["inputs"]
            allowed = [one.strip() for one in inputs["allowedBranches"].split(",")]
            if allowed == [f"refs/heads/{branch}"] and inputs["ensureProtectionOfBranch"] == "true":
                return True
    return False


def _branch_control(type: str, id: str, name: str, branch: str) -> Call:
    inputs = {
        "allowedBranches": f"refs/heads/{branch}",
        "ensureProtectionOfBranch": "true",
        "allowUnknownStatusBranch": "false",
    }
    settings = {"displayName": "Branch control", "definitionRef": _BRANCH, "inputs": inputs, "retryInterval": 5}
    return _check(_TASK, type, id, name, settings)


def _check(kind: Mapping[str, str], type: str, id: str, name: str, settings: Mapping[str, Any]) -> Call:
    body = {
        "type": kind,
        "resource": {"type": type, "id": id, "name": name},
        "settings": settings,
        "timeout": _MINUTES,
    }
    return Call("POST", f"{_CHECKS}?{_PREVIEW}", body)
