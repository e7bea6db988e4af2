"""Azure DevOps: its REST API for one project and repository, the rendered pipelines, and the tokens of its jobs.

Source: Azure DevOps documentation, "REST API" 7.1 and "Use predefined variables".
"""

import base64
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlencode

from terrace.capabilities.identity import IdentitySpec
from terrace.errors import UsageError
from terrace.pipelines.http import Api
from terrace.pipelines.messages import LABEL, Message
from terrace.pipelines.run_status import Run
from terrace.pipelines.token import Issuer

FILES = {
    "plan.yml.j2": ".azure-pipelines/plan.yml",
    "apply.yml.j2": ".azure-pipelines/apply.yml",
    "drift.yml.j2": ".azure-pipelines/drift.yml",
}
TOKENS = ("SYSTEM_ACCESSTOKEN", "AZURE_DEVOPS_EXT_PAT")
"""The environment variables with a token for the API."""
VERSION = "7.1"
_MARK = "Terrace.Mark"
_KIND = "Issue"
"""The type of work items about drift: processes Basic and Agile have it."""
_PATCH = "application/json-patch+json"
_RUN = re.compile(r"(https?://.+/)([^/]+)/_build/results\?buildId=(\d+)")
_HINTS = {
    203: "the token is not valid, or expired",
    401: "the token is not valid, or expired",
    403: "the token's user may not do this; comments need Contribute to pull requests, work items need Contribute",
    404: "the project or object does not exist, or the token may not see it",
}


@dataclass(frozen=True)
class AzureDevOps:
    """One repository of a project. Paths are below the project's `_apis`; with a leading / below the organization."""

    project: str
    repository: str
    api: Api

    title = "Azure DevOps"
    longest = 150_000
    """Characters of a comment. Source: Azure DevOps documentation, "Git limits": pull request comments."""

    def get(self, path: str) -> Any:
        """The response to a GET; None if it does not exist."""
        return self.api.get(self.path(path))

    def send(self, method: str, path: str, body: object = None, *, kind: str = "application/json") -> Any:
        """The response as data. Raises Refused."""
        return self.api.send(method, self.path(path), body, kind=kind)

    def path(self, path: str) -> str:
        """A path below the organization, with the version of the API."""
        full = path if path.startswith("/") else f"/{quote(self.project)}/_apis/{path}"
        return full if "api-version=" in full else f"{full}{'&' if '?' in full else '?'}api-version={VERSION}"

    def comments(self, request: int) -> Iterator[Message]:
        for one in self.send("GET", self._threads(request))["value"]:
            mark = ((one.get("properties") or {}).get(_MARK) or {}).get("$value")
            if mark and not one.get("isDeleted") and one["comments"]:
                yield Message(str(one["id"]), mark, str(one["comments"][0]["content"]), self._thread(request, one))

    def comment(self, request: int, mark: str, body: str) -> Message:
        thread = {
            "comments": [{"parentCommentId": 0, "content": body, "commentType": "text"}],
            "status": "closed",  # so that a rule about resolved comments does not wait for it
            "properties": {_MARK: {"$type": "System.String", "$value": mark}},
        }
        created = self.send("POST", self._threads(request), thread)
        return Message(str(created["id"]), mark, body, self._thread(request, created))

    def edit_comment(self, request: int, comment: Message, body: str) -> Message:
        self.send("PATCH", f"{self._threads(request)}/{comment.id}/comments/1", {"content": body})
        return Message(comment.id, comment.mark, body, comment.url)

    def _threads(self, request: int) -> str:
        return f"git/repositories/{quote(self.repository)}/pullRequests/{request}/threads"

    def _thread(self, request: int, thread: Mapping[str, Any]) -> str:
        where = f"{self.api.address}/{quote(self.project)}/_git/{quote(self.repository)}/pullrequest/{request}"
        return f"{where}?discussionId={thread['id']}"

    def issues(self) -> Iterator[Message]:
        query = (
            "SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = @project"
            f" AND [System.WorkItemType] = '{_KIND}' AND [System.Tags] CONTAINS '{LABEL}'"
            f" AND [System.State] NOT IN ({', '.join(repr(state) for state in self._closed())})"
        )
        for found in self.send("POST", "wit/wiql", {"query": query})["workItems"]:
            yield self._work_item(self.send("GET", f"wit/workitems/{found['id']}"))

    def _work_item(self, item: Mapping[str, Any]) -> Message:
        fields = item["fields"]
        tags = [tag.strip() for tag in str(fields.get("System.Tags", "")).split(";")]
        mark = next((tag for tag in tags if tag.startswith("<!--")), "")
        url = f"{self.api.address}/{quote(self.project)}/_workitems/edit/{item['id']}"
        return Message(str(item["id"]), mark, str(fields.get("System.Description", "")), url)

    def open_issue(self, mark: str, title: str, body: str) -> Message:
        values = {"System.Title": title, "System.Description": body, "System.Tags": f"{LABEL}; {mark}"}
        return self._work_item(self.send("POST", f"wit/workitems/${_KIND}", _fields(values), kind=_PATCH))

    def edit_issue(self, issue: Message, title: str, body: str) -> Message:
        values = {"System.Title": title, "System.Description": body}
        return self._work_item(self.send("PATCH", f"wit/workitems/{issue.id}", _fields(values), kind=_PATCH))

    def close_issue(self, issue: Message, text: str) -> Message:
        values = {"System.History": text, "System.State": self._closed()[0]}
        return self._work_item(self.send("PATCH", f"wit/workitems/{issue.id}", _fields(values), kind=_PATCH))

    def _closed(self) -> list[str]:
        """The states of finished work items, which depend on the project's process."""
        states = self.send("GET", f"wit/workitemtypes/{_KIND}/states")["value"]
        return [str(one["name"]) for one in states if one["category"] == "Completed"]


def _fields(values: Mapping[str, str]) -> list[dict[str, str]]:
    """A JSON Patch (RFC 6902) that sets fields; the description is Markdown."""
    patch = [{"op": "add", "path": f"/fields/{name}", "value": value} for name, value in values.items()]
    if "System.Description" in values:
        patch.append({"op": "add", "path": "/multilineFieldsFormat/System.Description", "value": "Markdown"})
    return patch


def client(environ: Mapping[str, str] = os.environ, identity: IdentitySpec | None = None) -> AzureDevOps:
    """The repository of `identity`, or else of the running job. Raises UsageError without a token or a repository."""
    collection = environ.get("SYSTEM_COLLECTIONURI", "").rstrip("/")
    project, repository = environ.get("SYSTEM_TEAMPROJECT", ""), environ.get("BUILD_REPOSITORY_NAME", "")
    if identity:
        organization, project, repository = identity.repository.split("/")
        collection = collection or f"https://dev.azure.com/{organization}"
    if not (collection and project and repository):
        names = "SYSTEM_COLLECTIONURI, SYSTEM_TEAMPROJECT and BUILD_REPOSITORY_NAME"
        raise UsageError("no Azure DevOps repository", hint=f"set {names}, as Azure Pipelines does in a job")
    token = next((environ[name] for name in TOKENS if environ.get(name)), "")
    if not token:
        raise UsageError(
            "no token for Azure DevOps",
            hint="in a pipeline: `env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)`; a person sets AZURE_DEVOPS_EXT_PAT",
        )
    basic = base64.b64encode(f":{token}".encode()).decode()
    return AzureDevOps(
        project, repository, Api("Azure DevOps", collection, {"Authorization": f"Basic {basic}"}, _HINTS)
    )


def run(address: str, environ: Mapping[str, str] = os.environ) -> Run | None:
    """The run at an address; None if that is no run of the organization in SYSTEM_COLLECTIONURI. Raises TerraceError.

    Source: REST API, "Builds - Get".
    """
    found = _RUN.fullmatch(address)
    if not found or environ.get("SYSTEM_COLLECTIONURI", "").rstrip("/") != found[1].rstrip("/"):
        return None
    _, project, id = found.groups()
    named = {"SYSTEM_TEAMPROJECT": unquote(project), "BUILD_REPOSITORY_NAME": "-"}
    build = client({**environ, **named}).get(f"build/builds/{id}")
    if build is None:
        return Run("")
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", str(build["status"])).lower()
    return Run(words, str(build["result"]) if build["status"] == "completed" else "")


def run_url(environ: Mapping[str, str] = os.environ) -> str:
    """The address of the running pipeline's run; "" outside one."""
    collection, project, run = (
        environ.get(name, "") for name in ("SYSTEM_COLLECTIONURI", "SYSTEM_TEAMPROJECT", "BUILD_BUILDID")
    )
    found = urlencode({"buildId": run})
    return f"{collection}{quote(project)}/_build/results?{found}" if collection and project and run else ""


def issuer(environ: Mapping[str, str] = os.environ) -> Issuer:
    """Makes tokens of the service connection of the running task. Raises UsageError outside one that has one.

    Source: REST API, "Oidctoken - Create"; azurerm provider, "Authenticating using OpenID Connect": Azure DevOps.
    """
    names = ("SYSTEM_OIDCREQUESTURI", "SYSTEM_ACCESSTOKEN", "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID")
    url, bearer, connection = (environ.get(name, "") for name in names)
    if not (url and bearer and connection):
        raise UsageError(
            "this process is not in a task that may request a token",
            hint="use the task AzureCLI@2 with a service connection and `SYSTEM_ACCESSTOKEN: $(System.AccessToken)`",
        )
    query = urlencode({"api-version": VERSION, "serviceConnectionId": connection})
    itself = {
        "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID": connection,
        "ARM_OIDC_REQUEST_URL": url,
        "ARM_USE_OIDC": "true",
    }
    client = environ.get("AZURESUBSCRIPTION_CLIENT_ID", "")
    return Issuer(url=f"{url}?{query}", bearer=bearer, named="oidcToken", azurerm=itself, client_id=client)
