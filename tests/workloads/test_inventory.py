"""terrace.workloads.inventory: what a chart rendered to, and changes of it."""

import json
from pathlib import Path

from terrace.modules import loading
from terrace.modules.loading import LoadedModule
from terrace.workloads import inventory
from tests.workloads.trial import app, write

OBJECTS = [
    {"kind": "Deployment", "metadata": {"name": "shop"}},
    {"kind": "Service", "metadata": {"name": "shop"}},
    {"kind": "Service", "metadata": {"name": "metrics"}},
]


def module(project: Path) -> LoadedModule:
    write(project, {"shop": app()})
    return loading.load(project / "modules" / "shop", "modules/shop")


def test_it_is_written_once_and_then_fits(tmp_path: Path) -> None:
    shop, names = module(tmp_path), inventory.names(OBJECTS)
    assert inventory.problems(shop, names) == ["inventory.json is missing"]
    assert inventory.write(shop, names) and not inventory.write(shop, names)
    assert inventory.problems(shop, names) == [] and inventory.version_problem(shop) is None
    content = json.loads((shop.folder / "inventory.json").read_text())
    assert content["objects"] == {"Deployment": ["shop"], "Service": ["metrics", "shop"]}


def test_each_difference_is_named(tmp_path: Path) -> None:
    shop = module(tmp_path)
    inventory.write(shop, inventory.names(OBJECTS))
    changed = [*OBJECTS[:2], {"kind": "Job", "metadata": {"name": "migrate"}}]
    assert inventory.problems(shop, inventory.names(changed)) == [
        "its chart also renders Job migrate, compared with inventory.json",
        "its chart no longer renders Service metrics, compared with inventory.json",
    ]


def test_a_new_version_is_noticed_without_the_chart(tmp_path: Path) -> None:
    shop = module(tmp_path)
    inventory.write(shop, inventory.names(OBJECTS))
    file = shop.folder / "inventory.json"
    file.write_text(file.read_text().replace('"version": "1.0.0"', '"version": "0.9.0"'))
    assert inventory.version_problem(shop) == "inventory.json is of shop 0.9.0, but module.yaml pins shop 1.0.0"
