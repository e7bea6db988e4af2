"""The models are described, import quickly, and agree with the editors' JSON Schema."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import jsonschema
import pytest
from pydantic import BaseModel
from ruamel.yaml import YAML

from terrace.capabilities.spec import Spec
from terrace.environment import Environment, load, names
from terrace.environment.schema import SETTINGS
from terrace.environment.schema_json import accounts_schema, overlay_schema, texts
from tests.environment.conftest import HERE, Write

ROOT = HERE.parents[1]


def models(model: type[BaseModel] = Spec) -> Iterator[type[BaseModel]]:
    """The models of files that people write."""
    for child in model.__subclasses__():
        if not child.__module__.startswith("terrace.workloads"):
            yield child
        yield from models(child)


def test_every_field_has_a_description() -> None:
    described = {
        f"{model.__name__}.{name}": info.description for model in models() for name, info in model.model_fields.items()
    }
    assert len(described) > 100
    assert [name for name, description in described.items() if not description] == []


def test_every_number_names_its_unit() -> None:
    """A number is a count, or its key ends in the unit."""
    counts = {"zones", "replicas", "min_nodes", "max_nodes", "version", "port", "hour", "peer_asn", "partitions"}
    counts |= {"requests_per_five_minutes", "database_connections", "cache_evictions", "lake_denials"}
    counts.add("objective")  # an SLO, in percent
    units = ("_gb", "_days", "_hours", "_seconds", "_minutes", "_ms", "_percent", "_usd", "days")
    numbers = {
        name
        for model in models()
        for name in model.model_fields
        for shape in [model.model_json_schema()["properties"][name]]
        if {shape.get("type"), *(branch.get("type") for branch in shape.get("anyOf", ()))} & {"integer", "number"}
    }
    assert [name for name in sorted(numbers) if name not in counts and not name.endswith(units)] == []


def test_every_section_is_frozen_and_rejects_unknown_keys() -> None:
    for model in models():
        assert model.model_config["frozen"] and model.model_config["extra"] == "forbid", model


@pytest.mark.parametrize("path", texts())
def test_the_editors_schemas_are_current(path: str) -> None:
    assert (ROOT / "environments" / path).read_text(encoding="utf-8") == texts()[path], "run `terrace env schema`"


@pytest.mark.parametrize("file", sorted((ROOT / "environments").glob("*.yaml")), ids=lambda file: file.name)
def test_each_environment_file_matches_the_schema_it_names(file: object) -> None:
    assert file.read_text().startswith("# yaml-language-server: $schema=schema.json\n")  # type: ignore[attr-defined]
    jsonschema.Draft202012Validator(overlay_schema()).validate(YAML(typ="safe", pure=True).load(file))


@pytest.mark.parametrize("cloud", SETTINGS)
def test_each_account_file_matches_the_schema_it_names(cloud: str) -> None:
    file = ROOT / "environments" / "clouds" / f"{cloud}.yaml"
    assert file.read_text().startswith(f"# yaml-language-server: $schema={cloud}.schema.json\n")
    validator = jsonschema.Draft202012Validator(accounts_schema(cloud))
    document = YAML(typ="safe", pure=True).load(file)
    validator.validate(document)
    assert list(validator.iter_errors({**document, "acount": "x"}))
    assert list(validator.iter_errors({"environments": {"dev": {"owns_account": "no"}}}))


@pytest.mark.parametrize(
    "text",
    [
        "databse: {}", "database: {size: mediun}", "database: {storage_gb: 5}",
        "cluster: {pools: {general: {kind: x}}}",
        "extends: ../base.yaml", "data_products: [{name: orders}]", "lake: {lifecycle: {bronz: {}}}",
        "observability: {channels: {pager: {kind: sms}}}", "database: {high_availability: 'yes'}",
    ],
)  # fmt: skip
def test_the_editors_schema_rejects_invalid_files(text: str, write: Write) -> None:
    document = YAML(typ="safe", pure=True).load(text)
    assert list(jsonschema.Draft202012Validator(overlay_schema()).iter_errors(document))


def test_the_editors_schema_accepts_overlays() -> None:
    overlay = """
    extends: base.yaml
    recovery_region: null
    lake: {lifecycle: {raw: {expire_after_days: null}, silver: null}}
    modules: {airflow: {settings: {any: [1]}, values: {any: null}}, spark: null}
    observability: {channels: {pager: {url: "https://pager.example.com"}, old: null}}
    database: {size: null}
    """
    jsonschema.Draft202012Validator(overlay_schema()).validate(YAML(typ="safe", pure=True).load(overlay))


@pytest.mark.parametrize("name", names(ROOT))
def test_the_environments_are_valid(name: str) -> None:
    assert isinstance(load(name, project=ROOT).environment, Environment)


def test_a_module_gets_what_a_product_gives_and_the_module_needs(write: Write) -> None:
    product = "owner: sales, classification: internal, retention_days: 30, layers: [bronze, silver, gold]"
    project = write(f"""
data_products:
  - {{name: orders, {product}, modules: {{ledger: write, airflow: read, spark: read}}}}
  - {{name: orders-eu, {product}, modules: {{airflow: write}}}}
  - {{name: stock, {product}}}
modules:
  ledger: {{enabled: true}}
  spark: {{enabled: false}}
""")
    environment = load("qa", project=project).environment
    access = {name: environment.lake_access(module) for name, module in environment.enabled_modules.items()}
    assert access["ledger"] == {"bronze": {"orders": "read"}, "silver": {"orders": "read"}, "gold": {"orders": "write"}}
    assert access["airflow"] == {"bronze": {"orders": "read", "orders-eu": "write"}, "artifacts": {"airflow": "read"}}
    assert "spark" not in access


def test_validation_imports_no_heavy_packages() -> None:
    """Validating all environments loads no CDK, SDK, rich or checkov, and works with an empty PATH."""
    program = """
import json, sys
import terrace.environment
early = sorted(sys.modules)
from terrace.environment import load, names, target
for name in names():
    target(load(name).environment)
print(json.dumps([early, sorted(sys.modules)]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"PATH": "", "HOME": os.environ.get("HOME", "")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    early, late = ({module.split(".")[0] for module in modules} for modules in json.loads(done.stdout))
    assert "pydantic" not in early, "import terrace.environment loads pydantic"
    assert "pydantic" in late
    heavy = {"jsii", "cdktn", "constructs", "boto3", "botocore", "rich", "checkov", "moto", "asyncio"}
    assert not late & heavy
