"""Calls the API of OpenMetadata's server as the user `terrace`, one of its administrators, with a token of an hour that
this file signs with the server's own key.

Usage: session.py tokens FOLDER | session.py teams

tokens: writes the token of the server's bot for ingestion to FOLDER/OPENMETADATA_TOKEN, and if TOKEN_URL is set, one
of the identity provider to FOLDER/TRINO_TOKEN. teams: makes a team for each group of people, whose members have the
team's roles. Beside this file is platform.json: server, issuer, key_id, domain and groups.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import jwt

USER = "terrace"
BOT = "ingestion-bot"
ADMINISTRATOR = "PlatformAdministrator"
"""A role with all rights on what the catalogue contains; the server itself has none like it."""
ALL_RIGHTS = {
    "name": ADMINISTRATOR,
    "rules": [{"name": "All", "resources": ["All"], "operations": ["All"], "effect": "allow"}],
}


def token(platform: dict[str, Any], key: str, now: int) -> str:
    """A token for the user."""
    claims = {
        "iss": platform["issuer"],
        "sub": USER,
        "email": f"{USER}@{platform['domain']}",
        "isBot": False,
        "iat": now,
        "exp": now + 3600,
    }
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": platform["key_id"]})


def team(group: str, roles: list[str]) -> dict[str, Any]:
    """The team of a group; `roles` are identifiers. People join it by their group alone."""
    return {"name": group, "teamType": "Group", "isJoinable": False, "defaultRoles": roles}


def main(arguments: list[str]) -> None:
    platform = json.loads(Path(__file__).with_name("platform.json").read_text(encoding="utf-8"))
    own = token(platform, Path("/signing/tls.key").read_text(encoding="ascii"), int(time.time()))

    def call(path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {own}", "Content-Type": "application/json"}
        data = json.dumps(body).encode() if body else None
        return _answer(Request(f"{platform['server']}/v1/{path}", data, headers, method="PUT" if body else "GET"))

    match arguments:
        case ["tokens", folder]:
            bot = call(f"bots/name/{BOT}")["botUser"]["id"]
            Path(folder, "OPENMETADATA_TOKEN").write_text(call(f"users/token/{bot}")["JWTToken"], encoding="ascii")
            if os.environ.get("TOKEN_URL"):
                Path(folder, "TRINO_TOKEN").write_text(_of_provider(), encoding="ascii")
        case ["teams"]:
            call("policies", ALL_RIGHTS)
            call("roles", {"name": ADMINISTRATOR, "policies": [ADMINISTRATOR]})
            for group, roles in platform["groups"].items():
                call("teams", team(group, [call(f"roles/name/{name}")["id"] for name in roles]))
                print(f"{group}: {', '.join(roles)}")
        case _:
            sys.exit(__doc__)


def _of_provider() -> str:
    """A token of the identity provider for this client itself; its ID token if there is one."""
    form = {
        "grant_type": "client_credentials",
        "client_id": os.environ["TOKEN_CLIENT"],
        "client_secret": os.environ["TOKEN_SECRET"],
        "scope": os.environ["TOKEN_SCOPE"],
    }
    answer = _answer(Request(os.environ["TOKEN_URL"], urlencode(form).encode()))
    return str(answer.get("id_token") or answer["access_token"])


def _answer(request: Request) -> dict[str, Any]:
    with urlopen(request, timeout=60) as response:
        found: dict[str, Any] = json.load(response)
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
