"""GitHub: its REST API for one repository, the rendered workflows, and the tokens of its jobs.

Source: GitHub documentation, "REST API" and "OpenID Connect reference".
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from terrace.capabilities.identity import IdentitySpec
from terrace.errors import UsageError
from terrace.pipelines.http import Api
from terrace.pipelines.messages import LABEL, Message
from terrace.pipelines.run_status import Run
from terrace.pipelines.token import Issuer

FILES = {
    "plan.yml.j2": ".github/workflows/plan.yml",
    "apply.yml.j2": ".github/workflows/apply.yml",
    "drift.yml.j2": ".github/workflows/drift.yml",
}
TOKENS = ("GITHUB_TOKEN", "GH_TOKEN")
"""The environment variables with a token for the API."""
_API = "https://api.github.com"
_PAGE = 100
_MOST_PAGES = 50
_RUN = re.compile(r"https?://[^/]+/([^/]+/[^/]+)/actions/runs/(\d+)")
_REPOSITORY = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+")
_HINTS = {
    401: "the token is not valid, or expired",
    403: "the token lacks a permission; a workflow grants them to its job under `permissions`",
    404: "the repository or object does not exist, or the token may not see it",
}


@dataclass(frozen=True)
class GitHub:
    """One repository, owner/name. Paths are below the repository; with a leading / below the API."""

    repository: str
    api: Api

    title = "GitHub"
    longest = 65_536
    """Characters of a comment or an issue. Source: GitHub's API responds 422 to a longer one."""

    def get(self, path: str) -> Any:
        """The response to a GET; None if it does not exist."""
        return self.api.get(self.path(path))

    def send(self, method: str, path: str, body: object = None) -> Any:
        """The response as data. Raises Refused."""
        return self.api.send(method, self.path(path), body)

    def path(self, path: str) -> str:
        """A path below the API."""
        return path if path.startswith("/") else f"/repos/{self.repository}/{path}".rstrip("/")

    def pages(self, path: str, **query: str) -> Iterator[Any]:
        """The items of a list, of all its pages."""
        for page in range(1, _MOST_PAGES + 1):
            parameters = urlencode({**query, "per_page": str(_PAGE), "page": str(page)})
            items = self.send("GET", f"{path}?{parameters}")
            yield from items
            if len(items) < _PAGE:
                return

    def comments(self, request: int) -> Iterator[Message]:
        for one in self.pages(f"issues/{request}/comments"):
            if one["user"]["type"] == "Bot":
                yield _message(one, "id")

    def comment(self, request: int, mark: str, body: str) -> Message:
        return _message(self.send("POST", f"issues/{request}/comments", {"body": body}), "id")

    def edit_comment(self, request: int, comment: Message, body: str) -> Message:
        return _message(self.send("PATCH", f"issues/comments/{comment.id}", {"body": body}), "id")

    def issues(self) -> Iterator[Message]:
        for one in self.pages("issues", state="open", labels=LABEL):
            if "pull_request" not in one:
                yield _message(one, "number")

    def open_issue(self, mark: str, title: str, body: str) -> Message:
        return _message(self.send("POST", "issues", {"title": title, "body": body, "labels": [LABEL]}), "number")

    def edit_issue(self, issue: Message, title: str, body: str) -> Message:
        return _message(self.send("PATCH", f"issues/{issue.id}", {"title": title, "body": body}), "number")

    def close_issue(self, issue: Message, text: str) -> Message:
        self.send("POST", f"issues/{issue.id}/comments", {"body": text})
        closed = {"state": "closed", "state_reason": "completed"}
        return _message(self.send("PATCH", f"issues/{issue.id}", closed), "number")


def _message(found: Mapping[str, Any], id: str) -> Message:
    body = str(found["body"] or "")
    return Message(str(found[id]), body.partition("\n")[0], body, str(found["html_url"]))


def client(
    environ: Mapping[str, str] = os.environ, identity: IdentitySpec | None = None, repository: str = ""
) -> GitHub:
    """The repository of `identity`, the given one, or that of the running job. Raises UsageError without a token or a
    repository."""
    named = identity.repository if identity else repository or environ.get("GITHUB_REPOSITORY", "")
    token = next((environ[name] for name in TOKENS if environ.get(name)), "")
    if not _REPOSITORY.fullmatch(named):
        raise UsageError(
            f"invalid GITHUB_REPOSITORY {named!r}; expected owner/name", hint="set it, as GitHub does in a job"
        )
    if not token:
        raise UsageError(
            "no token for GitHub", hint="set GITHUB_TOKEN; in a workflow: `GITHUB_TOKEN: ${{ github.token }}`"
        )
    headers = {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {token}",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    return GitHub(named, Api("GitHub", (environ.get("GITHUB_API_URL") or _API).rstrip("/"), headers, _HINTS))


def run(address: str, environ: Mapping[str, str] = os.environ) -> Run | None:
    """The workflow run at an address; None if that is no run of GitHub. Raises TerraceError.

    Source: REST API, "Get a workflow run".
    """
    if not (found := _RUN.fullmatch(address)):
        return None
    repository, id = found.groups()
    run = client(environ, repository=repository).get(f"actions/runs/{id}")
    if run is None:
        return Run("")
    return Run(str(run["status"]).replace("_", " "), str(run["conclusion"]) if run["status"] == "completed" else "")


def run_url(environ: Mapping[str, str] = os.environ) -> str:
    """The address of the running job's run; "" outside one."""
    server, repository, run = (
        environ.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    )
    return f"{server}/{repository}/actions/runs/{run}" if server and repository and run else ""


def issuer(environ: Mapping[str, str] = os.environ) -> Issuer:
    """Makes a token for any audience, at any time of the job. Raises UsageError outside a job that may have one."""
    url, bearer = (environ.get(f"ACTIONS_ID_TOKEN_REQUEST_{one}", "") for one in ("URL", "TOKEN"))
    if not (url and bearer):
        raise UsageError(
            "this process is not in a job that may request a token",
            hint="give the job `permissions: id-token: write`; a pull request from a fork never has it",
        )
    # azurerm reads GitHub's own variables
    return Issuer(url=url, bearer=bearer, names_audience=True, azurerm={"ARM_USE_OIDC": "true"})
