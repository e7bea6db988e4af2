"""One mapping of groups to roles, `identity.oidc.groups`, is what every user interface gives the members of a group.

Each interface has its own format. A reader here turns what a module renders into group to role of the platform, with
the words that the interface has for these roles.
"""

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any, get_args

import jmespath
import pytest

from terrace.capabilities.identity import ROLES, Role
from terrace.modules import loading
from terrace.workloads import hosts, query_access
from terrace.workloads.context import Context
from terrace.workloads.values import values
from tests.conftest import ROOT
from tests.workloads import shipped
from tests.workloads.conftest import Make, of

Found = Mapping[str, Role | None]
GROUPS: Mapping[str, Role] = {
    "analysts": "viewer",
    "sales 'eu'": "viewer",
    "data-engineers": "editor",
    "platform-admins": "admin",
}
BELOW_EDITOR = {"viewer": None, "editor": "editor", "admin": "admin"}
"""The roles of an interface that viewers may not open."""


@pytest.fixture
def opened(make: Make, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Context]:
    """A context with modules of the project and these groups."""
    monkeypatch.setattr(shipped, "GROUPS", dict(GROUPS))

    def found(*names: str) -> Context:
        context = make("aws", "dev", ())
        for name in names:
            context = shipped.context(context, name)
        return context

    return found


def _role(words: Mapping[Any, Role], word: Any) -> Role | None:
    return words[tuple(word) if isinstance(word, list) else word] if word else None


def airflow(context: Context) -> Found:
    text = values(context.modules["airflow"], context)["apiServer"]["apiServerConfig"]
    assigned = next(
        one.value
        for one in ast.parse(text).body
        if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == "ROLES"
    )
    words: Mapping[Any, Role] = {"Viewer": "viewer", "Op": "editor", "Admin": "admin"}
    return {group: _role(words, word) for group, word in ast.literal_eval(assigned).items()}


def superset(context: Context) -> Found:
    found = values(context.modules["superset"], context)["settings"]["roles"]
    words: Mapping[Any, Role] = {("Gamma",): "viewer", ("Gamma", "sql_lab"): "editor", ("Admin",): "admin"}
    return {group: _role(words, roles) for group, roles in found.items()}


def jupyterhub(context: Context) -> Found:
    found = values(context.modules["jupyterhub"], context)["settings"]["roles"]
    words: Mapping[Any, Role] = {"user": "editor", "admin": "admin"}
    return {group: _role(words, found.get(group)) for group in GROUPS}


def grafana(context: Context) -> Found:
    found = values(context.modules["prometheus"], context)
    expression = next(value for key, value in _leaves(found) if key == "role_attribute_path" and isinstance(value, str))
    words: Mapping[Any, Role] = {"Viewer": "viewer", "Editor": "editor", "Admin": "admin"}
    return {group: _role(words, jmespath.search(expression, {"groups": [group]})) for group in GROUPS}


def opensearch(context: Context) -> Found:
    mapped = values(context.modules["opensearch"], context)["securityConfig"]["config"]["data"]["roles_mapping.yml"]
    admins, readers = mapped["all_access"]["backend_roles"], mapped["kibana_user"]["backend_roles"]
    assert readers == mapped["logs_read"]["backend_roles"]
    # Logs are read by all; it has no role between readers and administrators.
    return {group: "admin" if group in admins else GROUPS[group] if group in readers else None for group in GROUPS}


def trino(context: Context) -> Found:
    """Trino has administrators, and people who read what `access` says."""
    rules = query_access.rules(context.environment)["schemas"]
    owners = [rule["group"] for rule in rules if rule["owner"]]
    admins = {group for group in GROUPS if any(re.fullmatch(one, group) for one in owners)}
    return {group: "admin" if group in admins else GROUPS[group] for group in GROUPS if group in admins or owners}


def openmetadata(context: Context) -> Found:
    """Each group has a team, whose roles its members have."""
    found = values(context.modules["openmetadata"], context)["platform"]["groups"]
    words: Mapping[Any, Role] = {
        ("DataConsumer",): "viewer",
        ("DataConsumer", "DataSteward"): "editor",
        ("PlatformAdministrator",): "admin",
    }
    return {group: _role(words, roles) for group, roles in found.items()}


INTERFACES: Mapping[str, tuple[str, Callable[[Context], Found], bool]] = {
    "airflow": ("airflow", airflow, True),
    "superset": ("superset", superset, True),
    "jupyterhub": ("jupyterhub", jupyterhub, False),
    "grafana": ("prometheus", grafana, True),
    "opensearch dashboards": ("opensearch", opensearch, True),
    "trino": ("trino", trino, True),
    "openmetadata": ("openmetadata", openmetadata, True),
}
"""Interface to the module that has it, the reader of its format, and whether viewers may open it."""


@pytest.mark.parametrize("interface", INTERFACES)
def test_an_interface_gives_the_roles_of_the_mapping(interface: str, opened: Callable[..., Context]) -> None:
    module, reader, viewers = INTERFACES[interface]
    found = reader(opened("cert-manager", module))
    assert found == {group: role if viewers else BELOW_EDITOR[role] for group, role in GROUPS.items()}


WITH_LOG_IN = [
    (name, host)
    for name, folder in sorted(loading.folders(ROOT).items())
    for host, need in loading.load(folder, name).contract.needs.hosts.items()
    if need.login == "oidc"
]


@pytest.mark.parametrize(("module", "host"), WITH_LOG_IN, ids=[f"{module}:{host}" for module, host in WITH_LOG_IN])
def test_the_gateway_admits_the_groups_of_the_host_s_role_and_higher_ones(
    module: str, host: str, opened: Callable[..., Context]
) -> None:
    context = opened("envoy-gateway", module)
    contract = context.modules[module].contract
    policy = of(hosts.objects(context.modules[module], context), "SecurityPolicy")[host]["spec"]["authorization"]
    admitted = [
        name for rule in policy["rules"] for claim in rule["principal"]["jwt"]["claims"] for name in claim["values"]
    ]
    least = ROLES.index(contract.needs.hosts[host].role)
    assert policy["defaultAction"] == "Deny"
    assert sorted(admitted) == sorted(group for group, role in GROUPS.items() if ROLES.index(role) >= least)


def test_every_role_of_the_platform_is_in_the_mapping_of_this_test() -> None:
    assert set(GROUPS.values()) == set(get_args(Role))
    assert {name for name, _ in WITH_LOG_IN} >= {"airflow", "superset", "jupyterhub", "mlflow", "nessie"}


def _leaves(value: Any, key: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return [leaf for name, inner in value.items() for leaf in _leaves(inner, str(name))]
    return [(key, value)]
