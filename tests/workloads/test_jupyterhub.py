"""The module jupyterhub: who may work, and whose notebooks have the module's cloud identity."""

import ast
from types import SimpleNamespace
from typing import Any

import pytest

from terrace.capabilities.cloud import CLOUDS
from terrace.workloads.values import values
from tests.conftest import ROOT
from tests.workloads import shipped
from tests.workloads.conftest import Make, of

CONFIG = (ROOT / "modules" / "jupyterhub" / "chart" / "files" / "jupyterhub_config.py").read_text()


def settings(make: Make, cloud: str = "aws", **chosen: Any) -> dict[str, Any]:
    context = shipped.context(make(cloud), "jupyterhub", **chosen)
    found: dict[str, Any] = values(context.modules["jupyterhub"], context)["settings"]
    return found


def notebook(found: dict[str, Any], *groups: str) -> Any:
    """A notebook of a person in these groups, as the hub's own function prepares it."""
    own = next(one for one in ast.parse(CONFIG).body if isinstance(one, ast.FunctionDef) and one.name == "prepare")
    names: dict[str, Any] = {"SETTINGS": found, "NOTEBOOK": found["notebook"]}
    exec(compile(ast.Module([own], []), "jupyterhub_config.py", "exec"), names)
    user = SimpleNamespace(name="ann@example.com", groups=[SimpleNamespace(name=group) for group in groups])
    spawner = SimpleNamespace(user=user)
    names["prepare"](spawner)
    return spawner


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_notebook_has_the_cloud_identity_for_groups_that_may_read_the_lake_only(make: Make, cloud: str) -> None:
    found = settings(make, cloud, **{"lake-groups": ["data-engineers"]})
    reads, other = notebook(found, "data-engineers"), notebook(found, "platform-admins")
    assert (reads.service_account, other.service_account) == ("jupyterhub", "notebook")
    assert reads.environment["LAKE_GOLD"] == shipped.lake(cloud, "gold")
    assert not {name for name in other.environment if name.startswith(("LAKE_", "AWS_"))}
    assert ("azure.workload.identity/use" in reads.extra_labels) == (cloud == "azure")
    assert "azure.workload.identity/use" not in other.extra_labels
    assert reads.environment["GIT_AUTHOR_EMAIL"] == "ann@example.com"


def test_no_notebook_has_it_by_default(make: Make) -> None:
    found = settings(make)
    assert {notebook(found, group).service_account for group in shipped.GROUPS} == {"notebook"}


def test_the_hub_alone_calls_the_kubernetes_api(make: Make) -> None:
    context = shipped.context(make("gcp", "prod"), "jupyterhub")
    objects = list(shipped.rendered(context, "jupyterhub"))
    accounts = {name: one["automountServiceAccountToken"] for name, one in of(objects, "ServiceAccount").items()}
    assert accounts == {"hub": True, "notebook": False}
    assert of(objects, "RoleBinding")["hub"]["subjects"] == [
        {"kind": "ServiceAccount", "name": "hub", "namespace": "jupyterhub"}
    ]
    assert "c.KubeSpawner.automount_service_account_token = False" in CONFIG


def test_secrets_are_references(make: Make) -> None:
    objects = list(shipped.rendered(shipped.context(make(), "jupyterhub"), "jupyterhub"))
    assert not of(objects, "Secret")
    for name in ("hub", "proxy"):
        container = of(objects, "Deployment")[name]["spec"]["template"]["spec"]["containers"][0]
        token = next(one for one in container["env"] if one["name"] == "CONFIGPROXY_AUTH_TOKEN")
        assert token["valueFrom"]["secretKeyRef"] == {"name": "jupyterhub-keys", "key": "proxy-token"}
