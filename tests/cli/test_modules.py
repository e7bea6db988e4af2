"""`terrace modules list|show|schema` as it is typed."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from terrace.modules.loading import load
from terrace.modules.schema_json import module_schema, text
from tests.cli.test_validate import ROOT, Terrace, terrace
from tests.modules.conftest import HERE

__all__ = ["terrace"]

GOOD = HERE / "good"


@pytest.fixture
def shop(terrace: Terrace) -> Terrace:
    """A project whose own modules are those of tests/modules/good; those of Terrace are there too."""
    shutil.rmtree("modules")
    shutil.copytree(GOOD, "modules")
    return terrace


def test_list(shop: Terrace) -> None:
    code, out, err = shop("modules", "list")
    assert (code, err) == (0, "")
    rows = [" ".join(line.split()) for line in out.splitlines()]
    assert rows[0] == "name category version summary"
    assert "shop applications 1.4.2 Orders of the shop" in rows
    assert any(row.startswith("airflow orchestration ") for row in rows), "a module of Terrace"


def test_list_of_an_environment(shop: Terrace) -> None:
    Path("team").mkdir()
    Path("modules/store").rename("team/store")
    with Path("environments/dev.yaml").open("a") as file:
        file.write("modules_from: [team]\nmodules: {ledger: {enabled: true, size: large}, spark: {enabled: false}}\n")
    rows = [" ".join(line.split()) for line in shop("modules", "list", "dev")[1].splitlines()]
    assert rows[0] == "name category version summary enabled size"
    assert "ledger applications 1.4.2 Accounts of the shop yes large" in rows
    assert "shop applications 1.4.2 Orders of the shop - -" in rows
    data = {row["name"]: row for row in json.loads(shop("modules", "list", "dev", "--json")[1])}
    assert data["store"] == {
        "name": "store",
        "folder": "team/store",
        "category": "applications",
        "version": "1.4.2",
        "summary": "Stock of the shop",
        "clouds": ["aws", "azure", "gcp"],
        "enabled": False,
        "size": None,
    }
    assert (data["airflow"]["enabled"], data["airflow"]["size"]) == (True, "small")
    assert not data["spark"]["enabled"]


def test_list_says_what_is_left_out_on_another_cloud(shop: Terrace) -> None:
    with Path("environments/dev.yaml").open("a") as file:
        file.write("modules: {cluster-autoscaler: {enabled: true}}\n")
    (line,) = (row for row in shop("modules", "list", "dev")[1].splitlines() if row.startswith("cluster-autoscaler"))
    assert line.split()[-2:] == ["yes", "small"]
    file_of_azure = Path("environments/dev.yaml")
    file_of_azure.write_text(file_of_azure.read_text().replace("cloud: aws", "cloud: azure"))
    (line,) = (row for row in shop("modules", "list", "dev")[1].splitlines() if row.startswith("cluster-autoscaler"))
    assert line.split()[-4:] == ["not", "on", "azure", "-"]
    data = {row["name"]: row for row in json.loads(shop("modules", "list", "dev", "--json")[1])}
    assert data["cluster-autoscaler"]["left_out"] == "azure"


def test_list_reports_invalid_modules(shop: Terrace) -> None:
    with Path("modules/store/module.yaml").open("a") as file:
        file.write("backup: yes\n")
    code, out, err = shop("modules", "list")
    assert code == 1
    assert "store invalid" in [" ".join(line.split()) for line in out.splitlines()]
    assert err == "modules/store/module.yaml:7:9 backup: 'yes' is a string in YAML 1.2. Use true.\n"
    (row,) = (row for row in json.loads(shop("modules", "list", "--json")[1]) if row["name"] == "store")
    assert row == {"name": "store", "folder": "modules/store", "problems": 1}


def test_check_of_an_invalid_module_is_an_error(shop: Terrace) -> None:
    with Path("modules/store/module.yaml").open("a") as file:
        file.write("backup: yes\n")
    code, out, _ = shop("modules", "check", "store", "--cloud", "aws", "--env", "dev")
    assert code == 1
    assert "error: store: modules/store/module.yaml:7:9" in out
    assert "0 combinations" in out


def test_show(shop: Terrace) -> None:
    assert shop("modules", "show", "shop") == (0, (HERE / "shop.txt").read_text(), "")
    assert shop("modules", "show", "ledger")[1] == (
        "ledger 1.4.2: Accounts of the shop\n  applications; Apache-2.0; https://example.com/shop\n  modules/ledger/\n"
    )


def test_show_as_json(shop: Terrace) -> None:
    data = json.loads(shop("modules", "show", "shop", "--json")[1])
    assert (data.pop("name"), data.pop("folder")) == ("shop", "modules/shop")
    assert data == load(GOOD / "shop", "shop").contract.model_dump(mode="json")


def test_show_an_unknown_module(shop: Terrace) -> None:
    code, _, err = shop("modules", "show", "shpo")
    assert code == 2
    assert err.startswith("error: unknown module 'shpo'\n\nhint: Did you mean 'shop'?")


def test_a_connector_is_shown_and_rendered(shop: Terrace) -> None:
    code, out, _ = shop("modules", "show", "snowflake")
    assert code == 0 and "\nconnector\n  snowflakedb/snowflake >= " in out
    with Path("environments/dev.yaml").open("a") as file:
        file.write("modules: {snowflake: {enabled: true, size: large}}\n")
    code, out, err = shop("modules", "render", "snowflake", "dev", "--json")
    assert code == 0, err
    (part,) = json.loads(out)
    assert part["resource"]["snowflake_warehouse"]["main"]["warehouse_size"] == "MEDIUM"
    assert list(part["output"]) == ["snowflake_identity"]


def test_show_a_module_of_another_folder(shop: Terrace) -> None:
    Path("modules/store").rename("team-store")
    Path("team").mkdir()
    Path("team-store").rename("team/store")
    with Path("environments/dev.yaml").open("a") as file:
        file.write("modules_from: [team]\n")
    assert shop("modules", "show", "store")[0] == 2
    assert "  store 0.1.0 of the module itself\n" in shop("modules", "show", "store", "--env", "dev")[1]


def test_schema(shop: Terrace) -> None:
    assert shop("modules", "schema", "--check")[0] == 1
    assert shop("modules", "schema") == (0, "modules/schema.json: written\n", "")
    assert shop("modules", "schema", "--check") == (0, "modules/schema.json: up to date\n", "")
    assert shop("modules", "schema", "--print")[1] == Path("modules/schema.json").read_text() == text()


def test_the_editors_schema_is_current() -> None:
    assert (ROOT / "modules" / "schema.json").read_text() == text(), "run `terrace modules schema`"


FILES = [*sorted(GOOD.glob("*/module.yaml")), *sorted((ROOT / "modules").glob("*/module.yaml"))]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_each_module_matches_the_editors_schema(file: Path) -> None:
    document = YAML(typ="safe", pure=True).load(file)
    for exception in document.get("exceptions", ()):
        exception["until"] = str(exception["until"])  # this parser makes a date of it
    jsonschema.Draft202012Validator(module_schema()).validate(document)


@pytest.mark.parametrize(
    "case",
    ["unknown_key", "category_misspelt", "key_without_value", "database_is_a_boolean", "memory_in_megabytes",
     "chart_digest_too_short", "lake_layer_unknown", "host_without_login", "port_is_a_string"],
)  # fmt: skip
def test_the_editors_schema_rejects_invalid_modules(case: str) -> None:
    document = YAML(typ="safe", pure=True).load(HERE / "bad" / f"{case}.yaml")
    assert list(jsonschema.Draft202012Validator(module_schema()).iter_errors(document))


def test_help_imports_no_subcommand() -> None:
    program = (
        "import sys; from terrace.cli.main import run; run(['modules', '--help'])\n"
        "print([n for n in sys.modules if n.startswith('terrace.cli.modules.') or n in ('pydantic', 'rich')], "
        "file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stderr.strip() == "[]"
    assert [line.split()[0] for line in done.stdout.partition("Commands:\n")[2].splitlines()][:2] == ["list", "show"]


def test_an_unknown_subcommand(terrace: Terrace) -> None:
    code, _, err = terrace("modules", "shwo")
    assert code == 2
    assert err.startswith("error: No such command 'shwo'. Did you mean 'show'?")
