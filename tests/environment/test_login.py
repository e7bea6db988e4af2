"""Rules of log-in to the hosts of modules."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from terrace.capabilities.identity import OidcSpec
from terrace.environment.rules import login
from terrace.environment.schema import Environment
from tests.workloads.modules_fixture import OIDC, module

GRAFANA = "needs: {hosts: {grafana: {service: grafana, port: 80, login: oidc, role: admin}}}"
API = "needs: {hosts: {api: {service: api, port: 80, login: api-key}}}\nsettings: {api-clients: CLIENTS}"


def environment(folder: Path, oidc: dict[str, Any] | None, **texts: str) -> Environment:
    modules = {name: module(folder, name, text) for name, text in texts.items()}
    provider = OidcSpec.model_validate(oidc) if oidc else None
    return cast(Environment, SimpleNamespace(identity=SimpleNamespace(oidc=provider), enabled_modules=modules))


def test_module_with_client_and_group_is_fine(tmp_path: Path) -> None:
    assert list(login.hosts_with_login_have_client(environment(tmp_path, OIDC, grafana=GRAFANA))) == []


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
    (problem,) = login.hosts_with_login_have_client(environment(tmp_path, oidc, grafana=GRAFANA))
    assert (problem.path, problem.message) == (path, message)


@pytest.mark.parametrize(
    ("clients", "problems"),
    [("[shop]", 0), ("[]", 1), ("shop", 1), ("[Shop]", 1), (str([f"c{n}" for n in range(17)]), 1), ("[a, 'b c']", 1)],
)
def test_api_clients(tmp_path: Path, clients: str, problems: int) -> None:
    of = environment(tmp_path, None, api=API.replace("CLIENTS", clients))
    assert len(list(login.api_clients_are_few(of))) == problems


@pytest.mark.parametrize(
    ("role", "groups"),
    [("viewer", ["analysts", "engineers", "platform"]), ("editor", ["engineers", "platform"]), ("admin", ["platform"])],
)
def test_groups_of_a_role_include_those_of_higher_roles(role: Any, groups: list[str]) -> None:
    assert OidcSpec.model_validate(OIDC).groups_of(role) == groups


def test_issuer_is_https() -> None:
    with pytest.raises(ValueError, match="issuer"):
        OidcSpec.model_validate(OIDC | {"issuer": "http://login.example.com"})
