"""The OpenID Connect token of the running job, from the service that runs it."""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from terrace.errors import TerraceError, UsageError

_SECONDS = 30.0
_GITLAB = "TERRACE_ID_TOKEN"
"""The name that the rendered GitLab pipeline gives the job's token, in `id_tokens`."""


@dataclass(frozen=True)
class Issuer:
    """Where the running job gets its tokens.

    GitHub: `url` and `bearer` request a token for any audience, at any time of the job. GitLab: `token` is one that was
    made for an audience when the job began. Source: GitHub documentation, "OpenID Connect reference"; GitLab
    documentation, "ID tokens".
    """

    url: str = ""
    bearer: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    @classmethod
    def of(cls, environ: Mapping[str, str] = os.environ) -> "Issuer":
        """The issuer of the job that this process runs in. Raises UsageError outside a job that may have a token."""
        url = environ.get("ACTIONS_ID_TOKEN_REQUEST_URL", "")
        bearer = environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "")
        if url and bearer:
            return cls(url, bearer)
        if token := environ.get(_GITLAB, ""):
            return cls(token=token)
        raise UsageError(
            "this process is not in a job that may request a token",
            hint="on GitHub give the job `permissions: id-token: write` (a pull request from a fork never has it); on "
            f"GitLab name the token {_GITLAB} in the job's `id_tokens`",
        )

    def url_for(self, audience: str) -> str:
        """The address of a new token for an audience; "" if this issuer makes none on request."""
        return f"{self.url}{'&' if '?' in self.url else '?'}{urlencode({'audience': audience})}" if self.url else ""

    def request(self, audience: str) -> str:
        """A token for an audience. Raises TerraceError when the issuer does not respond with one."""
        if self.token:
            return self.token
        address = self.url_for(audience)
        request = urllib.request.Request(address, headers={"Authorization": f"Bearer {self.bearer}"})
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as response:
                token = json.load(response)["value"]
        except (OSError, ValueError, LookupError, TypeError) as error:
            reason = f"status {error.code}" if isinstance(error, urllib.error.HTTPError) else type(error).__name__
            raise TerraceError(
                f"the issuer gave no token for audience {audience}: {reason}", hint="run the job again"
            ) from error
        if not isinstance(token, str) or token.count(".") != 2:
            raise TerraceError(f"the issuer gave no token for audience {audience}: its response has none")
        return token


def write(path: Path, content: str) -> None:
    """Write a secret to a file that only this user can read."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # so that the mode below is that of the file
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(content)
