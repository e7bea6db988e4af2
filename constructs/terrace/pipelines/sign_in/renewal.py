"""A job's token, renewed while a command runs.

Clouds accept GitHub's and Azure DevOps' tokens for minutes only. An apply takes longer, and the clouds' libraries read
the file again whenever they need new credentials. Source: GitHub documentation, "OpenID Connect reference".
"""

import contextlib
import json
import threading
import time
from pathlib import Path

from terrace.capabilities.ci import system
from terrace.errors import TerraceError
from terrace.pipelines.token import Issuer, write

SECONDS = 120
"""The age at which a token is renewed; GitHub's is valid for 300 s."""


def describe(token: Path, ci: str, audience: str) -> Path:
    """Write beside a token what renews it; returns the file, which `start` takes."""
    path = token.with_name("token.json")
    write(path, json.dumps({"ci": ci, "audience": audience}))
    return path


def start(description: Path) -> None:
    """Renew the token now if it is old, and then while this process lives.

    An issuer that does not respond is not reported: the cloud refuses an expired token with a message of its own.
    """
    with contextlib.suppress(OSError, ValueError, TerraceError):
        known = json.loads(description.read_text(encoding="utf-8"))
        issuer: Issuer = system("terrace.pipelines", known["ci"]).issuer()
        token = description.with_name("token")
        if time.time() - token.stat().st_mtime > SECONDS:
            renew(token, issuer, known["audience"])
        threading.Thread(target=_keep, args=(token, issuer, known["audience"]), daemon=True).start()


def renew(token: Path, issuer: Issuer, audience: str) -> None:
    """Replace the token. Raises TerraceError when the issuer gives none."""
    write(token, issuer.request(audience))


def _keep(token: Path, issuer: Issuer, audience: str) -> None:
    while True:
        time.sleep(SECONDS)
        with contextlib.suppress(OSError, TerraceError):
            renew(token, issuer, audience)
