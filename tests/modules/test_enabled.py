"""A module as an environment runs it: the secrets whose values an operator writes."""

from typing import Any

import pytest

from tests.modules.conftest import Write
from tests.modules.test_resolution import Chosen, resolved

_HOST = "needs: {hosts: {web: {service: web, port: 80, login: %s}}}\n"
_SMTP = "settings: {smtp: null}\n"
_SERVER = {"host": "smtp.example.com:587", "from": "alerts@example.com"}
_WITH_LOGIN = {**_SERVER, "username": "alerts"}


@pytest.mark.parametrize(
    ("body", "smtp", "expected"),
    [
        ("", None, ()),
        (_HOST % "none", None, ()),
        (_HOST % "api-key", None, ()),
        (_HOST % "oidc", None, ("oidc",)),
        ("provides: [metrics]\n" + _SMTP, None, ()),
        ("provides: [metrics]\n" + _SMTP, _SERVER, ()),
        ("provides: [metrics]\n" + _SMTP, _WITH_LOGIN, ("smtp",)),
        (_SMTP, _WITH_LOGIN, ()),
        ("provides: [metrics]\n" + _HOST % "oidc" + _SMTP, _WITH_LOGIN, ("oidc", "smtp")),
    ],
)
def test_given_secrets_follow_from_logins(
    write: Write, body: str, smtp: dict[str, Any] | None, expected: tuple[str, ...]
) -> None:
    settings = {} if smtp is None else {"smtp": smtp}
    enabled = resolved(write("meter", body), meter=Chosen(settings=settings)).enabled["meter"]
    assert enabled.given_secrets == expected
