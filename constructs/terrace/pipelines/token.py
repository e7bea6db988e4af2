"""The OpenID Connect token of the running job, from the CI system that runs it."""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

from terrace.errors import TerraceError
from terrace.pipelines.http import Api, Refused


@dataclass(frozen=True)
class Issuer:
    """Where the running job gets its tokens: `issuer` of each CI system's package.

    `token` is one that was made when the job began. Without it, `url` and `bearer` request one: by a GET that names the
    audience, or by a POST for the only audience that the system has. `named` is the token's field in the response.
    `azurerm` are variables with which Terraform's provider requests tokens itself, so that a long run outlives the
    file's. `client_id` is the identity on Azure that the system signs in as, if it knows it.
    """

    url: str = ""
    bearer: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    names_audience: bool = False
    named: Literal["value", "oidcToken"] = "value"
    azurerm: Mapping[str, str] = field(default_factory=dict)
    client_id: str = ""

    @property
    def renews(self) -> bool:
        """Whether it makes further tokens while the job runs."""
        return not self.token

    def url_for(self, audience: str) -> str:
        """The address from which a GET gets a new token for an audience; "" if there is none."""
        return f"{self.url}{'&' if '?' in self.url else '?'}{urlencode({'audience': audience})}" * self.names_audience

    def request(self, audience: str) -> str:
        """A token for an audience. Raises TerraceError when the issuer does not respond with one."""
        if self.token:
            return self.token
        api = Api("the issuer", self.url_for(audience) or self.url, {"Authorization": f"Bearer {self.bearer}"})
        no_token = f"the issuer gave no token for audience {audience}"
        try:
            content = api.send("GET" if self.names_audience else "POST", "", None if self.names_audience else {})
        except Refused as refused:
            raise TerraceError(f"{no_token}: status {refused.status}", hint="run the job again") from refused
        except TerraceError as error:
            raise TerraceError(f"{no_token}: {error}", hint="run the job again") from error
        token = content.get(self.named) if isinstance(content, dict) else None
        if not isinstance(token, str) or token.count(".") != 2:
            raise TerraceError(f"{no_token}: its response has none")
        return token


def write(path: Path, content: str) -> None:
    """Write a secret to a file that only this user can read. Another process reads the old content or the new."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent)  # readable by this user only
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
    Path(name).replace(path)
