"""GitHub's REST API: what pipelines read and write there. Source: GitHub documentation, "REST API"."""

import json
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from terrace.errors import TerraceError, UsageError

API = "https://api.github.com"
_SECONDS = 30.0
_ATTEMPTS = 3
_PAUSE = 1.0  # seconds before the second attempt; doubled for each further one
_PASSING = frozenset({502, 503, 504})
_PAGE = 100
_MOST_PAGES = 50
_REPOSITORY = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+")


class GitHubRefuses(TerraceError):
    """A request that GitHub did not accept. `status` is that of HTTP."""

    def __init__(self, status: int, message: str, *, where: str, hint: str = "") -> None:
        super().__init__(message, where=where, hint=hint)
        self.status = status


@dataclass(frozen=True)
class GitHub:
    """Requests about one repository, owner/name. Paths are below the repository; with a leading / below the API."""

    repository: str
    token: str = field(repr=False)
    api: str = API

    @classmethod
    def of(cls, environ: Mapping[str, str] = os.environ, *, repository: str = "") -> "GitHub":
        """The repository of the running job, or the given one. Raises UsageError without a token or a repository."""
        named = repository or environ.get("GITHUB_REPOSITORY", "")
        token = environ.get("GITHUB_TOKEN") or environ.get("GH_TOKEN", "")
        if not _REPOSITORY.fullmatch(named):
            raise UsageError(
                f"invalid GITHUB_REPOSITORY {named!r}; expected owner/name", hint="set it, as GitHub does in a job"
            )
        if not token:
            raise UsageError(
                "no token for GitHub", hint="set GITHUB_TOKEN; in a workflow: `GITHUB_TOKEN: ${{ github.token }}`"
            )
        return cls(named, token, (environ.get("GITHUB_API_URL") or API).rstrip("/"))

    def get(self, path: str) -> Any:
        """The response to a GET; None if it does not exist."""
        try:
            return self.send("GET", path)
        except GitHubRefuses as refused:
            if refused.status == 404:
                return None
            raise

    def pages(self, path: str, **query: str) -> Iterator[Any]:
        """The items of a list, of all its pages."""
        for page in range(1, _MOST_PAGES + 1):
            parameters = urlencode({**query, "per_page": str(_PAGE), "page": str(page)})
            items = self.send("GET", f"{path}?{parameters}")
            yield from items
            if len(items) < _PAGE:
                return

    def send(self, method: str, path: str, body: object = None) -> Any:
        """The response as data; None without a body. A gateway's error is tried again. Raises GitHubRefuses."""
        address = self.api + (path if path.startswith("/") else f"/repos/{self.repository}/{path}".rstrip("/"))
        request = urllib.request.Request(
            address,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                "User-Agent": "terrace",
                "X-GitHub-Api-Version": "2022-11-28",
            },
        )
        where = f"{method} {address}"
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with urllib.request.urlopen(request, timeout=_SECONDS) as response:
                    content = response.read()
                return json.loads(content) if content else None
            except urllib.error.HTTPError as error:
                if error.code not in _PASSING or attempt == _ATTEMPTS:
                    raise GitHubRefuses(error.code, _message(error), where=where, hint=_hint(error.code)) from error
            except (OSError, ValueError) as error:
                if attempt == _ATTEMPTS:
                    raise TerraceError(f"GitHub does not respond: {type(error).__name__}", where=where) from error
            time.sleep(_PAUSE * 2 ** (attempt - 1))
        raise AssertionError("the last attempt returns or raises")


def _message(error: urllib.error.HTTPError) -> str:
    try:
        said = str(json.load(error).get("message", ""))
    except (ValueError, OSError, AttributeError):
        said = ""
    return f"GitHub responded {error.code}" + (f": {said}" if said else "")


def _hint(status: int) -> str:
    return {
        401: "the token is not valid, or expired",
        403: "the token lacks a permission; a workflow grants them to its job under `permissions`",
        404: "the repository or object does not exist, or the token may not see it",
    }.get(status, "")
