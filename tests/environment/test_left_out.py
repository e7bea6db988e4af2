"""A section that an environment leaves out: `off`, and `false`, which tools of YAML 1.1 write for it."""

import shutil
from pathlib import Path

import pytest

from terrace.capabilities.identity import BOOTSTRAP
from terrace.environment import load
from terrace.environment.explanation import explain
from terrace.environment.rendering import leaves, yaml_of
from terrace.environment.schema_json import overlay_schema
from terrace.errors import InvalidEnvironment, UsageError
from terrace.project.stack_ids import of_project
from terrace.workloads.opening import opened
from tests.conftest import ROOT
from tests.environment.conftest import Write


@pytest.mark.parametrize("word", ["off", '"off"', "false"])
def test_off_leaves_the_section_out(word: str, write: Write) -> None:
    loaded = load("qa", project=write(f"cache: {word}\nmodules: null\n"))
    assert loaded.environment.cache is None
    assert loaded.environment.left_out == ("cache", "streams")
    assert leaves(loaded.environment)["cache"] == "off"
    assert explain(loaded.root, "cache").value in ("off", False)
    assert loaded.where("cache").startswith("environments/qa.yaml:")
    shown = yaml_of(loaded.root, loaded.environment)
    assert f"cache: {'off' if 'off' in word else 'false'}\n" in shown


def test_the_database_is_left_out_with_the_rules_and_the_account_of_its_job(write: Write) -> None:
    environment = load("qa", project=write("database: off\nmodules: null\n")).environment
    assert (environment.database, environment.left_out) == (None, ("database", "streams"))
    assert BOOTSTRAP not in environment.component_accounts


def test_the_entry_is_left_out_with_the_accounts_of_its_components(write: Write) -> None:
    loaded = load("qa", project=write("network: {entry: off}\nmodules: null\n"))
    environment = loaded.environment
    assert (environment.network.entry, environment.left_out) == (None, ("entry", "streams"))
    assert environment.network.zones == 3
    assert environment.component_accounts.keys().isdisjoint({"external-dns", "cert-manager", "load-balancer"})
    assert leaves(environment)["network.entry"] == "off"
    assert loaded.where("network.entry").startswith("environments/qa.yaml:3:")


def test_modules_that_serve_the_entry_or_have_host_names_need_it(project: Path, write: Write) -> None:
    shutil.copytree(ROOT / "modules" / "external-dns", project / "modules" / "external-dns")
    used = "".join(f"  {name}: {{enabled: true}}\n" for name in ("door", "api", "external-dns", "spark"))
    with pytest.raises(InvalidEnvironment) as invalid:
        load("qa", project=write(f"network: {{entry: off}}\nmodules:\n  airflow: null\n{used}"))
    texts = {problem.path: str(problem) for problem in invalid.value.problems if "network.entry is off" in str(problem)}
    assert texts.keys() == {"modules.door", "modules.api", "modules.external-dns"}
    assert texts["modules.api"].startswith("environments/qa.yaml:7:")
    assert "it has host names (api) of the entry" in texts["modules.api"]
    assert "it serves the entry" in texts["modules.door"] and "it serves the entry" in texts["modules.external-dns"]


def test_the_cluster_is_left_out_with_what_only_it_uses(write: Write) -> None:
    environment = load("qa", project=write("cluster: off\nnetwork: {entry: off}\nmodules: null\n")).environment
    assert (environment.cluster, environment.left_out) == (None, ("cluster", "entry", "streams"))
    assert [environment.off_by(name) for name in ("cluster", "registry", "workloads", "database")] == [
        "cluster", "cluster", "cluster", "",
    ]  # fmt: skip
    assert (environment.pools, environment.api_ranges, environment.component_accounts) == ({}, {}, {})
    assert environment.parties_left_out == ("control", "entry", "streams")


def test_an_environment_without_a_cluster_has_no_workloads(project: Path, write: Write) -> None:
    write("cluster: off\nnetwork: {entry: off}\nmodules: null\n")
    assert of_project(project) == ["qa-bootstrap", "qa"]
    environment = load("qa", project=project).environment
    with pytest.raises(UsageError, match=r"qa has no cluster \(cluster is off\), so nothing runs in it"):
        opened(environment, root=project, outputs=project)


def test_null_is_not_off(write: Write) -> None:
    with pytest.raises(InvalidEnvironment, match="cache: required, but null removes it here"):
        load("qa", project=write("cache: null\n"))


def test_another_word_is_an_error_that_names_the_keys(write: Write) -> None:
    with pytest.raises(InvalidEnvironment, match=r"cache: expected a mapping, found 'none'. Keys: size, replicas"):
        load("qa", project=write("cache: none\n"))


def test_an_overlay_turns_the_section_on_again(project: Path, write: Write) -> None:
    write("cache: off\nmodules: null\n")
    on = "extends: qa.yaml\nname: again\ncache: {size: small, replicas: 1, snapshot_days: 1}\n"
    (project / "environments" / "again.yaml").write_text(on)
    assert load("again", project=project).environment.left_out == ("streams",)


def test_the_schema_of_editors_accepts_off() -> None:
    assert {"enum": ["off", False]} in overlay_schema()["properties"]["cache"]["anyOf"]
