"""Rules of what the services of modules need."""

from pathlib import Path
from typing import Any

import pytest

from terrace.capabilities.identity import OidcSpec
from terrace.environment.rules import services
from terrace.environment.schema import Environment
from tests.workloads.modules_fixture import OIDC, context

GRAFANA = "needs: {hosts: {grafana: {service: grafana, port: 80, login: oidc, role: admin}}}"
API = "needs: {hosts: {api: {service: api, port: 80, login: api-key}}}\nsettings: {api-clients: CLIENTS}"


def environment(folder: Path, oidc: dict[str, Any] | None, **texts: str) -> Environment:
    return context(folder, oidc=oidc, **texts).environment


def test_module_with_client_and_group_is_fine(tmp_path: Path) -> None:
    assert list(services.hosts_with_login_have_client(environment(tmp_path, OIDC, grafana=GRAFANA))) == []


@pytest.mark.parametrize(
    ("oidc", "path", "message"),
    [
        (None, "identity", "grafana has hosts with log-in (grafana), but there is no identity provider."),
        (OIDC | {"clients": {}}, "identity.oidc.clients", "no client for grafana."),
        (
            OIDC | {"groups": {"analysts": "viewer"}},
            "identity.oidc.groups",
            "no group has the role admin, which grafana of grafana asks for.",
        ),
    ],
)
def test_problems_of_log_in(tmp_path: Path, oidc: dict[str, Any] | None, path: str, message: str) -> None:
    (problem,) = services.hosts_with_login_have_client(environment(tmp_path, oidc, grafana=GRAFANA))
    assert (problem.path, problem.message) == (path, message)


@pytest.mark.parametrize(("login", "path"), [("oidc", "/oauth2/callback"), ("own", "/callback")])
def test_a_client_s_redirect_url_is_that_of_the_log_in(tmp_path: Path, login: str, path: str) -> None:
    text = GRAFANA.replace("login: oidc", f"login: {login}")
    (problem,) = services.hosts_with_login_have_client(environment(tmp_path, OIDC | {"clients": {}}, grafana=text))
    assert problem.hint == f"Add `grafana: <client id>`; its redirect URLs are https://<host>{path}."


@pytest.mark.parametrize(
    ("clients", "problems"),
    [("[shop]", 0), ("[]", 1), ("shop", 1), ("[Shop]", 1), (str([f"c{n}" for n in range(17)]), 1), ("[a, 'b c']", 1)],
)
def test_api_clients(tmp_path: Path, clients: str, problems: int) -> None:
    of = environment(tmp_path, None, api=API.replace("CLIENTS", clients))
    assert len(list(services.api_clients_are_few(of))) == problems


@pytest.mark.parametrize(
    ("role", "groups"),
    [("viewer", ["analysts", "engineers", "platform"]), ("editor", ["engineers", "platform"]), ("admin", ["platform"])],
)
def test_groups_of_a_role_include_those_of_higher_roles(role: Any, groups: list[str]) -> None:
    assert OidcSpec.model_validate(OIDC).groups_of(role) == groups


def test_issuer_is_https() -> None:
    with pytest.raises(ValueError, match="issuer"):
        OidcSpec.model_validate(OIDC | {"issuer": "http://login.example.com"})


@pytest.mark.parametrize(
    ("name", "prometheus", "severities"),
    [
        ("dev", "provides: [metrics]", ["warning", "critical"]),
        ("prod", "provides: [metrics]", ["warning"]),  # critical has the pager
        ("dev", "{provides: [metrics], settings: {smtp: {host: 'smtp.example.com:587', from: a@example.com}}}", []),
        ("dev", "provides: [logs]", []),
    ],
)
def test_alerts_reach_a_channel(tmp_path: Path, name: str, prometheus: str, severities: list[str]) -> None:
    of = context(tmp_path, name, prometheus=prometheus).environment
    problems = list(services.alerts_reach_channel(of))
    assert [problem.message.split()[0] for problem in problems] == severities
    assert {problem.path for problem in problems} <= {"modules.prometheus"}
