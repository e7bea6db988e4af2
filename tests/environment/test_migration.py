"""`terrace env migrate`: the needs of modules move from environment files to the modules' folders."""

import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from terrace.environment import load
from terrace.environment.migration import Change, changes, write
from terrace.errors import AnswerIsNo, InvalidEnvironment
from tests.environment.conftest import Write

OLD = """\
# qa of the platform
modules:
  # orchestration
  dbt:
    enabled: true  # since spring
    lake: {raw: write, "gold": read}  # the landing jobs
    # a database of its own
    database: true
    cache: false
  # notebooks
  hub:
    lake:  # two layers
      silver: write
      # and
      gold: read  # for reports

  flow: {enabled: true, lake: {gold: read}, database: true, settings: {a: "#b"}, cache: true}
  idle: {lake: {gold: read}, enabled: false}
  whole: {database: true}
# after
data_products: []
"""
NEW = """\
# qa of the platform
modules:
  # orchestration
  dbt:
    enabled: true  # since spring
    # the landing jobs
    # a database of its own
  # notebooks
  hub: {}
    # two layers
    # and
    # for reports

  flow: {enabled: true, settings: {a: "#b"}}
  idle: {enabled: false}
  whole: {}
# after
data_products: []
"""
FILES = ("module.yaml", "README.md")


def migrate(project: Path, *environments: str) -> list[Change]:
    planned = changes(project, environments)
    write(planned)
    return planned


def module(project: Path, name: str) -> dict[str, object]:
    document: dict[str, object] = YAML(typ="safe", pure=True).load(project / "modules" / name / "module.yaml")
    return document


def test_needs_move_and_everything_else_stays(write: Write) -> None:
    project = write(OLD)
    planned = migrate(project)
    text = (project / "environments" / "qa.yaml").read_text()
    assert text == f"extends: base.yaml\nname: qa\n{NEW}"
    assert module(project, "dbt")["needs"] == {"database": {}, "lake": {"bronze": "write", "gold": "read"}}
    assert module(project, "hub")["needs"] == {"lake": {"silver": "write", "gold": "read"}}
    assert module(project, "flow")["needs"] == {"database": {}, "cache": True, "lake": {"gold": "read"}}
    assert [change.shown for change in planned] == [
        *(f"modules/{name}/{file}" for name in ("dbt", "hub", "flow", "idle", "whole") for file in FILES),
        "environments/qa.yaml",
    ]
    assert planned[-1].note.startswith("without modules.dbt.lake, modules.dbt.database, modules.dbt.cache, modules.hub")


def test_a_second_run_finds_nothing(write: Write) -> None:
    project = write(OLD)
    migrate(project)
    before = {path: path.read_bytes() for path in project.rglob("*.yaml")}
    assert migrate(project) == []
    assert {path: path.read_bytes() for path in project.rglob("*.yaml")} == before


def test_a_completed_module_is_valid(write: Write) -> None:
    project = write("modules:\n  dbt: {enabled: true, lake: {gold: write}}\n")
    migrate(project)
    with pytest.raises(InvalidEnvironment, match="CHANGEME"):
        load("qa", project=project)
    path = project / "modules" / "dbt" / "module.yaml"
    described = {"summary": "Transformations", "category": "transformation", "home": "https://example.com"}
    described |= {"licence": "Apache-2.0", "version": '"1.0"'}
    text = path.read_text()
    for key, value in described.items():
        text = text.replace(f"{key}: CHANGEME", f"{key}: {value}")
    path.write_text(text)
    assert load("qa", project=project).environment.enabled_modules["dbt"].needs.lake == {"gold": "write"}


def test_a_base_file_is_rewritten_for_all_that_extend_it(write: Write) -> None:
    project = write("cache: {replicas: 1}\n", base="mid.yaml")
    (project / "environments" / "mid.yaml").write_text("extends: base.yaml\nmodules: {dbt: {cache: true}}\n")
    (project / "environments" / "uat.yaml").write_text(
        "extends: mid.yaml\nname: uat\nmodules: {dbt: {enabled: true, cache: false}}\n"
    )
    with pytest.raises(AnswerIsNo, match="qa and uat declare different needs of dbt"):
        migrate(project, "qa")
    (project / "environments" / "uat.yaml").write_text("extends: mid.yaml\nname: uat\n")
    migrate(project, "qa")
    assert (project / "environments" / "mid.yaml").read_text() == "extends: base.yaml\nmodules: {dbt: {}}\n"


def test_an_interrupted_run_can_be_repeated(write: Write) -> None:
    project = write("modules:\n  dbt: {cache: true}\n")
    (project / "environments" / "uat.yaml").write_text(
        "extends: base.yaml\nname: uat\nmodules:\n  dbt: {cache: true}\n"
    )
    planned = changes(project)
    write_all = [change for change in planned if change.path.name != "uat.yaml"]
    for change in write_all:
        change.path.parent.mkdir(exist_ok=True)
        change.path.write_text(change.new)
    assert [change.shown for change in migrate(project)] == ["environments/uat.yaml"]


def test_a_module_with_the_same_needs_stays(write: Write) -> None:
    project = write("modules:\n  airflow: {lake: {raw: write, artifacts: read}, database: true, cache: true}\n")
    before = (project / "modules" / "airflow" / "module.yaml").read_text()
    assert [change.shown for change in migrate(project)] == ["environments/qa.yaml"]
    assert (project / "modules" / "airflow" / "module.yaml").read_text() == before


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("modules:\n  airflow: {lake: {gold: read}}\n", "airflow declares other needs than the environments"),
        ("modules:\n  dbt: {lake: &rights {gold: read}}\n  hub: {lake: *rights}\n", "cannot be removed automatically"),
        ("modules:\n  dbt: {enabled: true, # why\n    cache: true}\n", "cannot be removed automatically"),
        ("modules:\n  dbt: &all\n    cache: true\n  hub: *all\n  spark: {enabled: true}\n", "cannot be removed"),
    ],
)
def test_what_would_lose_something_changes_nothing(write: Write, body: str, message: str) -> None:
    project = write(body)
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    with pytest.raises(AnswerIsNo, match=message):
        migrate(project)
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before


def test_windows_line_ends_stay(write: Write) -> None:
    project = write()
    path = project / "environments" / "qa.yaml"
    path.write_bytes(
        b"extends: base.yaml\r\nname: qa\r\nmodules:\r\n  dbt:\r\n    enabled: false\r\n    cache: true\r\n"
    )
    migrate(project)
    assert path.read_bytes() == b"extends: base.yaml\r\nname: qa\r\nmodules:\r\n  dbt:\r\n    enabled: false\r\n"


def test_null_that_removes_a_need_goes_too(write: Write) -> None:
    project = write("modules:\n  airflow: {lake: null, enabled: true}\n")
    shutil.rmtree(project / "modules" / "airflow")
    migrate(project)
    assert (project / "environments" / "qa.yaml").read_text().endswith("  airflow: {enabled: true}\n")
