"""Connectors: what a template of resources may contain, and that nothing of them is in the cluster."""

from pathlib import Path

import pytest

from terrace.errors import ContractError
from terrace.workloads.connectors import connectors
from terrace.workloads.context import Context
from terrace.workloads.values import InvalidValues
from tests.workloads import modules_fixture

DECLARED = 'connector: {source: acme/shop, versions: ">= 1.4, < 2"}\nsettings: {size: 3}\n'
RESOURCES = """\
provider: {region: {{ module.settings.size }}}
resource: {shop_shelf: {main: {name: {{ environment.name }}, price: "${shop_price.main.id}"}}}
output: {outside_shelf: {value: "${shop_shelf.main.id}"}}
"""


def context(folder: Path, resources: str = RESOURCES, **modules: str) -> Context:
    found = modules_fixture.context(folder, **{"outside": DECLARED, **modules})
    for name in found.connectors:
        (folder / "modules" / name / "resources.yaml.j2").write_text(resources)
    return found


def test_a_connector_adds_resources_and_nothing_to_the_cluster(tmp_path: Path) -> None:
    found = context(tmp_path, inside="")
    (one,) = connectors(found)
    assert (one.spec.provider, one.provider) == ("shop", {"region": 3})
    assert one.resources == {"shop_shelf": {"main": {"name": "dev", "price": "${shop_price.main.id}"}}}
    assert one.outputs == {"outside_shelf": {"value": "${shop_shelf.main.id}"}}
    assert list(found.modules) == ["inside"]


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        ("provider: {}\nresource: {helm_release: {x: {}}}", "'helm_release' is no type of the provider shop"),
        ("provider: {}\nresource: {shop_shelf: {}}", "resource.shop_shelf: has no name with arguments"),
        ("provider: {}\nresource: {shop_shelf: {x: {provisioner: {}}}}", "'provisioner' runs commands"),
        ("provider: {}\nresource: {}\ndata: {}", "a connector has no 'data'"),
        ("resource: {}", "'provider' is missing"),
        ("provider: {}\nresource: {}\noutput: {shelf: {}}", "does not begin with outside_"),
        ("provider: {private_key: abc}\nresource: {}", "provider.private_key: looks like a secret"),
        ("provider: {}\nresource: {shop_user: {x: {password: abc}}}", "shop_user.x.password: looks like a secret"),
        ("provider: {private_key: '${file(\"key.p8\")}'}\nresource: {}", "provider.private_key: reads a file"),
        ("provider: {}\nresource: {shop_x: {x: {a: ['${trim(filebase64(1))}']}}}", "shop_x.x.a.0: reads a file"),
        ("provider: {{ nothing }}", "'nothing' is undefined"),
    ],
)
def test_a_template_of_resources_is_data_without_secrets(tmp_path: Path, resources: str, message: str) -> None:
    with pytest.raises(InvalidValues, match=message) as caught:
        connectors(context(tmp_path, resources))
    assert "modules/outside/resources.yaml.j2" in str(caught.value)


def test_a_provider_is_in_the_stack_once(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="use the provider shop"):
        connectors(context(tmp_path, RESOURCES.replace("output", "#"), other=DECLARED))
    helm = DECLARED.replace("acme/shop", "acme/helm")
    with pytest.raises(ContractError, match="the charts use the provider helm"):
        connectors(context(tmp_path, "provider: {}\nresource: {}", outside=helm))
