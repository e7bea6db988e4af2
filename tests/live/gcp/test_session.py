"""Errors of Google become sentences with a hint; a check that cannot read does not pass."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from terrace.calls import Absent, CredentialsError, Unreadable
from terrace.calls.gcp import TOKEN, Off, look, open_session
from terrace.emulator import start
from terrace.emulator.contract import account_of
from terrace.errors import TerraceError, UsageError
from terrace.live.gcp.session import Reader
from tests.live.gcp.site import Site, wired

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def answering(code: int, body: Any, calls: list[str] | None = None) -> Application:
    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if calls is not None:
            calls.append(environ["REQUEST_URI"])
        start(f"{code} An Answer", [("Content-Type", "application/json")])
        return [json.dumps(body).encode()]

    return application


def refusing(code: int, message: str = "because", **more: Any) -> Reader:
    return Reader("a-project", wired(answering(code, {"error": {"code": code, "message": message, **more}})))


@pytest.mark.parametrize(
    ("code", "more", "kind", "message"),
    [
        (401, {}, CredentialsError, "Google Cloud does not accept the credentials"),
        (403, {}, Unreadable, "not allowed: because"),
        (403, {"errors": [{"reason": "rateLimitExceeded"}]}, Unreadable, "Google Cloud throttled the request: because"),
        (403, {"details": [{"reason": "SERVICE_DISABLED"}]}, Off, "sqladmin.googleapis.com is not enabled"),
        (404, {}, Absent, "because"),
        (429, {}, Unreadable, "Google Cloud throttled the request: because"),
        (500, {}, Unreadable, "Google Cloud failed (500): because"),
        (400, {}, Unreadable, "400: because"),
    ],
)
def test_errors_are_classified(code: int, more: dict[str, Any], kind: type[TerraceError], message: str) -> None:
    with pytest.raises(kind) as raised:
        refusing(code, **more).call("sqladmin", "instances.get", project="p", instance="i")
    assert raised.value.message.startswith(message)
    assert raised.value.where == "sqladmin.instances.get"


@pytest.mark.parametrize(("code", "kind"), [(401, CredentialsError), (403, Unreadable), (404, Absent)])
def test_errors_of_services_without_a_client_are_classified(code: int, kind: type[TerraceError]) -> None:
    reader = refusing(code)
    with pytest.raises(kind):
        reader.rest("memorystore", "v1/projects/p/locations/l/instances/i")
    from terrace.live.gcp.objects import versions

    with pytest.raises(kind):
        list(versions(reader, "a-bucket"))


def test_a_denied_call_names_the_missing_right() -> None:
    with pytest.raises(Unreadable) as raised:
        refusing(403).call("dns", "managedZones.get", project="p", managedZone="z")
    assert raised.value.hint == "the identity needs a role with dns.managedZones.get"


def test_an_error_that_is_not_json_shows_its_first_line() -> None:
    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        start("502 Bad Gateway", [("Content-Type", "text/html")])
        return [b"<html>a proxy's own page\nmore</html>"]

    with pytest.raises(Unreadable, match="failed") as raised:
        Reader("p", wired(application)).call("dns", "managedZones.get", project="p", managedZone="z")
    assert "more" not in raised.value.message


def test_pages_are_read_to_the_end() -> None:
    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        second = "pageToken=next" in environ["QUERY_STRING"]
        start("200 OK", [("Content-Type", "application/json")])
        page = {"items": [{"name": "b"}]} if second else {"items": [{"name": "a"}], "nextPageToken": "next"}
        return [json.dumps(page).encode()]

    found = Reader("p", wired(application)).pages("compute", "firewalls.list", "items", project="p")
    assert [one["name"] for one in found] == ["a", "b"]


def test_an_answer_is_cached_until_a_change() -> None:
    calls: list[str] = []
    reader = Reader("p", wired(answering(404, {"error": {"code": 404, "message": "none"}}, calls)))
    for _ in range(3):
        with pytest.raises(Absent):
            reader.call("dns", "managedZones.get", project="p", managedZone="z")
    assert len(calls) == 1
    reader.forget("dns")
    with pytest.raises(Absent):
        reader.call("dns", "managedZones.get", project="p", managedZone="z")
    assert len(calls) == 2


def test_the_session_uses_terraforms_token_and_the_shells_proxy_and_certificates() -> None:
    shell = {TOKEN: "a-token", "HTTPS_PROXY": "http://127.0.0.1:9", "SSL_CERT_FILE": "/ca.pem"}
    session = open_session(shell, "a-project")
    assert session.credentials.token == "a-token"  # type: ignore[attr-defined]
    assert session.proxies == {"https": "http://127.0.0.1:9"}
    assert session.verify == "/ca.pem"
    retries = session.get_adapter("https://compute.googleapis.com").max_retries  # type: ignore[attr-defined]
    assert retries.respect_retry_after_header and 429 in retries.status_forcelist and retries.total == 3


@pytest.mark.parametrize(
    ("spared", "used"), [("", True), ("example.com", True), (".googleapis.com", False), ("*", False)]
)
def test_no_proxy_is_respected(spared: str, used: bool) -> None:
    session = open_session({TOKEN: "a-token", "HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": spared}, "a-project")
    assert bool(session.proxies) is used


def test_a_network_failure_is_reported() -> None:
    reader = Reader("p", variables={TOKEN: "a-token", "HTTPS_PROXY": "http://127.0.0.1:9"})
    with pytest.raises(Unreadable, match="Google Cloud did not respond") as raised:
        reader.call("dns", "managedZones.get", project="p", managedZone="z")
    assert "HTTPS_PROXY" in raised.value.hint


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A shell without Google credentials."""
    for name in (TOKEN, "GOOGLE_CREDENTIALS", "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    return monkeypatch


def test_no_credentials_at_all(bare: pytest.MonkeyPatch) -> None:
    with pytest.raises(CredentialsError, match="no Google Cloud credentials") as raised:
        Reader("p").call("dns", "managedZones.get", project="p", managedZone="z")
    assert "gcloud auth application-default login" in raised.value.hint
    assert look().status == "absent"


def test_an_invalid_key_file(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    written = tmp_path / "key.json"
    written.write_text("{}")
    bare.setenv("GOOGLE_CREDENTIALS", str(written))
    with pytest.raises(CredentialsError, match="no Google Cloud credentials"):
        Reader("p").call("dns", "managedZones.get", project="p", managedZone="z")
    assert look().detail == "from GOOGLE_CREDENTIALS"


def test_look_names_the_source_of_credentials(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "application_default_credentials.json").write_text("{}")
    assert look().detail == "from gcloud's application default login"
    bare.setenv(TOKEN, "secret")
    assert look().detail == f"from {TOKEN}" and "secret" not in str(look())


def test_the_projects_own_number_is_accepted(site: Site) -> None:
    site.reader.check_account(site.target)


@pytest.mark.parametrize(
    ("changed", "message"),
    [({"project_number": "999"}, "the environment has 999"), ({"project_id": "no-such-project"}, "does not exist")],
)
def test_the_wrong_project_is_refused(site: Site, changed: dict[str, str], message: str) -> None:
    settings = site.target.settings.model_copy(update=changed)
    with pytest.raises(TerraceError, match=message) as raised:
        site.reader.check_account(replace(site.target, settings=settings))
    assert raised.value.hint


def test_a_missing_sdk_has_a_hint() -> None:
    code = """
import sys
for name in ("google.auth", "google.cloud.storage", "googleapiclient"):
    sys.modules[name] = None
from terrace import live
from terrace.live.gcp.session import Reader
assert len(live.readable("gcp")) > 25
try:
    Reader("p")
except Exception as error:
    print(type(error).__name__, error, error.hint)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.stdout.startswith(f"{UsageError.__name__} reading Google Cloud needs google.auth"), run.stderr
    assert "pip install 'terrace-platform[gcp]==" in run.stdout


def test_variables_of_a_child_process_are_used(site: Site, tmp_path: Path) -> None:
    """An emulator of its own, with its proxy, its certificate authority and the provider's token only."""
    running = start("gcp", tmp_path, account=account_of("gcp", site.target.settings), parent=os.getpid())
    try:
        reader = Reader(site.account, variables=running.environment())
        reader.check_account(site.target)
        with pytest.raises(Off, match="is not enabled"):
            reader.call("container", "projects.locations.clusters.list", parent=f"{site.place}")
        assert running.refused() == {}
    finally:
        running.stop()
