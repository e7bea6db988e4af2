"""Where modules are found, and what is loaded from their folders."""

import sys
from datetime import date
from pathlib import Path

import pytest

from terrace.errors import InvalidModules
from terrace.modules.loading import bundled, folders, load, shown
from tests.conftest import ROOT
from tests.modules.conftest import HERE, Write

GOOD = HERE / "good"


@pytest.mark.parametrize("folder", sorted(GOOD.iterdir()), ids=lambda folder: folder.name)
def test_a_valid_module_loads(folder: Path) -> None:
    module = load(folder, f"modules/{folder.name}", today=date(2026, 11, 20))
    assert (module.name, module.folder, module.shown) == (folder.name, folder, f"modules/{folder.name}")
    assert module.contract.version == "1.4.2"


def test_a_module_has_the_position_of_each_key() -> None:
    module = load(GOOD / "shop", "modules/shop")
    assert module.where("needs", "lake", "gold") == "modules/shop/module.yaml:23:16"
    assert module.where("chart", "digest") == "modules/shop/module.yaml:7:1", "the nearest key that is set"


def test_only_a_setting_may_be_null() -> None:
    assert load(GOOD / "shop", "shop").contract.settings == {
        "currency": "EUR",
        "discount": None,
        "limits": {"orders": 5},
    }


@pytest.mark.parametrize(
    "name",
    ["kubernetes-api", "nodes", "entry", "cloud", "internet", "lake", "database", "cache", "gateway", "all"],
)
def test_ends_of_network_paths_are_no_names_of_modules(write: Write, name: str) -> None:
    with pytest.raises(InvalidModules, match=f"'{name}' is reserved for an end of network paths"):
        load(write(name) / "modules" / name, f"modules/{name}")


def messages(project: Path, *modules_from: str) -> list[str]:
    with pytest.raises(InvalidModules) as raised:
        folders(project, modules_from)
    return [str(problem) for problem in raised.value.problems]


def own(project: Path, *modules_from: str) -> dict[str, Path]:
    """The modules besides those that come with Terrace."""
    return {name: folder for name, folder in folders(project, modules_from).items() if folder.parent != bundled()}


def test_modules_are_those_of_the_project_and_of_terrace(write: Write) -> None:
    project = write("shop")
    (project / "modules" / "notes").mkdir()
    (project / "modules" / "schema.json").write_text("{}")
    assert own(project) == {"shop": project / "modules" / "shop"}
    assert bundled() == ROOT / "modules"
    ours = {file.parent.name for file in bundled().glob("*/module.yaml")}
    assert set(folders(project)) == {"shop", *ours}
    assert set(folders(ROOT)) == ours, "in the checkout, both are the same folder"


def test_modules_of_another_folder(write: Write) -> None:
    project = write("shop", folder="teams/web")
    write("ledger")
    expected = {"ledger": project / "modules" / "ledger", "shop": project / "teams" / "web" / "shop"}
    assert own(project, "teams/web") == expected
    assert shown(expected["shop"], project) == "teams/web/shop"
    assert own(project / "modules", "../teams/web")["shop"].samefile(expected["shop"])
    assert shown(expected["shop"], project / "modules") == str(expected["shop"]), "outside the project"


def test_a_folder_that_does_not_exist(write: Write) -> None:
    assert messages(write("shop"), "modules", "team") == [
        "modules_from.1: folder 'team' does not exist. "
        "Name a folder that holds folders of modules, relative to the project."
    ]


def test_a_name_in_two_folders(write: Write) -> None:
    project = write("shop")
    write("shop", folder="team")
    assert messages(project, "team") == [
        "modules_from.0: module 'shop' is in two folders: modules/shop and team/shop. Rename one of them."
    ]


def test_the_projects_module_replaces_one_of_terrace(
    write: Write, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, terrace = write("shop"), tmp_path_factory.mktemp("terrace")
    for name in ("shop", "ledger"):
        write(name, folder=str(terrace))
    monkeypatch.setattr("terrace.modules.loading.bundled", lambda: terrace)
    assert folders(project) == {"ledger": terrace / "ledger", "shop": project / "modules" / "shop"}
    write("ledger", folder="team")
    assert messages(project, "team") == [
        f"module 'ledger' is in two folders: team/ledger and {terrace}/ledger. Rename one of them."
    ]


@pytest.fixture
def distribution(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on sys.path, for installed distributions."""
    site = tmp_path_factory.mktemp("site")
    monkeypatch.syspath_prepend(str(site))
    return site


def install(site: Path, name: str, entry_point: str, files: dict[str, str]) -> None:
    """Install a distribution with one entry point, as pip does."""
    info = site / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[terrace.modules]\n{entry_point}\n")
    for file, text in files.items():
        (site / file).parent.mkdir(parents=True, exist_ok=True)
        (site / file).write_text(text)


def test_modules_of_an_installed_package(write: Write, distribution: Path) -> None:
    install(distribution, "acme-modules", "acme = acme_modules", {"acme_modules/__init__.py": ""})
    project = write("shop", folder=str(distribution / "acme_modules"))
    folder = own(project)["shop"]
    assert folder == distribution / "acme_modules" / "shop"
    assert load(folder, shown(folder, project)).contract.summary == "Orders of the shop"
    sys.modules.pop("acme_modules")


def test_modules_of_an_installed_function(write: Write, distribution: Path) -> None:
    code = "from pathlib import Path\n\ndef folder():\n    return Path(__file__).with_name('acme-data')\n"
    install(distribution, "acme-code", "acme = acme_code:folder", {"acme_code.py": code})
    project = write("shop", folder=str(distribution / "acme-data"))
    assert own(project) == {"shop": distribution / "acme-data" / "shop"}
    write("shop")
    assert messages(project) == [
        f"module 'shop' is in two folders: modules/shop and {distribution}/acme-data/shop "
        "(entry point 'acme' of acme-code). Rename one of them."
    ]
    sys.modules.pop("acme_code")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import acme_missing\n", "cannot be loaded: ModuleNotFoundError: No module named 'acme_missing'."),
        ("def folder():\n    return '/nowhere'\n", "names '/nowhere', which is not a folder."),
        ("folder = 5\n", "names 5, which is not a folder."),
    ],
)
def test_an_entry_point_that_fails_is_named(write: Write, distribution: Path, code: str, message: str) -> None:
    name = f"acme_{len(code)}"
    install(distribution, name, f"acme = {name}:folder", {f"{name}.py": code})
    (found,) = messages(write("shop"))
    assert found.startswith(f"entry point 'acme' of {name} {message} ")
    sys.modules.pop(name, None)
