"""GitLab: its REST API for one project, the rendered pipeline, and the tokens of its jobs.

Source: GitLab documentation, "REST API resources", "Predefined CI/CD variables reference" and "Use ID tokens".
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from terrace import variables
from terrace.capabilities.identity import IdentitySpec
from terrace.errors import UsageError
from terrace.pipelines.http import Api
from terrace.pipelines.messages import LABEL, Message
from terrace.pipelines.run_status import Run
from terrace.pipelines.token import Issuer

FILES = {
    "gitlab-ci.yml.j2": ".gitlab-ci.yml",
    "plan.yml.j2": ".gitlab/terrace/plan.yml",
    "apply.yml.j2": ".gitlab/terrace/apply.yml",
    "drift.yml.j2": ".gitlab/terrace/drift.yml",
}
TOKENS = ("GITLAB_TOKEN",)
"""The environment variables with a token for the API."""
_PAGE = 100
_RUN = re.compile(r"(https?://[^/]+)/(.+)/-/jobs/(\d+)")
_ENDED = ("canceled", "failed", "skipped", "success")
_HINTS = {
    401: "the token is not valid, or expired",
    403: "the token's role may not do this; comments need Reporter, settings need Maintainer",
    404: "the project or object does not exist, or the token may not see it",
}


@dataclass(frozen=True)
class GitLab:
    """One project, by its id or path. Paths are below the project; with a leading / below the API."""

    project: str
    api: Api

    title = "GitLab"
    longest = 1_000_000
    """Characters of a note or a description. Source: GitLab documentation, "GitLab application limits"."""

    def get(self, path: str) -> Any:
        """The response to a GET; None if it does not exist."""
        return self.api.get(self.path(path))

    def send(self, method: str, path: str, body: object = None) -> Any:
        """The response as data. Raises Refused."""
        return self.api.send(method, self.path(path), body)

    def path(self, path: str) -> str:
        """A path below the API."""
        return path if path.startswith("/") else f"/projects/{quote(self.project, safe='')}/{path}".rstrip("/")

    def pages(self, path: str, **query: str) -> Iterator[Any]:
        """The items of a list, of all its pages."""
        page = "1"
        while page:
            response = self.api.page(self.path(f"{path}?{urlencode({**query, 'per_page': str(_PAGE), 'page': page})}"))
            yield from response.content
            page = response.headers.get("X-Next-Page", "")

    def comments(self, request: int) -> Iterator[Message]:
        me = self.send("GET", "/user")["id"]
        for one in self.pages(f"merge_requests/{request}/notes"):
            if one["author"]["id"] == me and not one.get("system"):
                yield _message(one["id"], one["body"], "")

    def comment(self, request: int, mark: str, body: str) -> Message:
        created = self.send("POST", f"merge_requests/{request}/notes", {"body": body})
        return _message(created["id"], created["body"], self._note(request, created["id"]))

    def edit_comment(self, request: int, comment: Message, body: str) -> Message:
        edited = self.send("PUT", f"merge_requests/{request}/notes/{comment.id}", {"body": body})
        return _message(edited["id"], edited["body"], self._note(request, edited["id"]))

    def _note(self, request: int, note: int) -> str:
        found = self.get(f"merge_requests/{request}") or {}
        return f"{found.get('web_url', '')}#note_{note}"

    def issues(self) -> Iterator[Message]:
        for one in self.pages("issues", state="opened", labels=LABEL):
            yield _message(one["iid"], one["description"], one["web_url"])

    def open_issue(self, mark: str, title: str, body: str) -> Message:
        created = self.send("POST", "issues", {"title": title, "description": body, "labels": LABEL})
        return _message(created["iid"], created["description"], created["web_url"])

    def edit_issue(self, issue: Message, title: str, body: str) -> Message:
        edited = self.send("PUT", f"issues/{issue.id}", {"title": title, "description": body})
        return _message(edited["iid"], edited["description"], edited["web_url"])

    def close_issue(self, issue: Message, text: str) -> Message:
        self.send("POST", f"issues/{issue.id}/notes", {"body": text})
        closed = self.send("PUT", f"issues/{issue.id}", {"state_event": "close"})
        return _message(closed["iid"], closed["description"], closed["web_url"])


def _message(id: object, body: str | None, url: str) -> Message:
    text = body or ""
    return Message(str(id), text.partition("\n")[0], text, url)


def client(environ: Mapping[str, str] = os.environ, identity: IdentitySpec | None = None) -> GitLab:
    """The project of `identity`, or else of the running job. Raises UsageError without a token or a project."""
    named = identity.repository if identity else environ.get("CI_PROJECT_ID", "")
    address = environ.get("CI_API_V4_URL") or (f"{identity.issuer}/api/v4" if identity else "")
    token = environ.get(TOKENS[0], "")
    if not named or not address:
        raise UsageError("no GitLab project", hint="set CI_PROJECT_ID and CI_API_V4_URL, as GitLab does in a job")
    if not token:
        raise UsageError(
            "no token for GitLab",
            hint="set GITLAB_TOKEN to a project access token with the scope api; a job's own token cannot comment",
        )
    return GitLab(named, Api("GitLab", address.rstrip("/"), {"PRIVATE-TOKEN": token}, _HINTS))


def run(address: str, environ: Mapping[str, str] = os.environ) -> Run | None:
    """The job at an address; None if that is no job of the GitLab in CI_API_V4_URL. Raises TerraceError.

    Source: Jobs API, "Get a single job".
    """
    found = _RUN.fullmatch(address)
    if not found or not environ.get("CI_API_V4_URL", "").startswith(f"{found[1]}/"):
        return None
    _, project, id = found.groups()
    job = client({**environ, "CI_PROJECT_ID": project}).get(f"jobs/{id}")
    if job is None:
        return Run("")
    status = str(job["status"]).replace("_", " ")
    return Run(status, status if status in _ENDED else "")


def run_url(environ: Mapping[str, str] = os.environ) -> str:
    """The address of the running pipeline; "" outside one."""
    return environ.get("CI_PIPELINE_URL", "")


def issuer(environ: Mapping[str, str] = os.environ) -> Issuer:
    """The token that GitLab made when the job began. Raises UsageError outside a job that has one."""
    if not (token := variables.ID_TOKEN.read(environ)):
        name = variables.ID_TOKEN.name
        raise UsageError("this process is not in a job that has a token", hint=f"name {name} in the job's `id_tokens`")
    return Issuer(token=token)
