"""A section that an environment leaves out: `off`, and `false`, which tools of YAML 1.1 write for it."""

from pathlib import Path

import pytest

from terrace.capabilities.identity import BOOTSTRAP
from terrace.environment import load
from terrace.environment.explanation import explain
from terrace.environment.rendering import leaves, yaml_of
from terrace.environment.schema_json import overlay_schema
from terrace.errors import InvalidEnvironment
from tests.environment.conftest import Write


@pytest.mark.parametrize("word", ["off", '"off"', "false"])
def test_off_leaves_the_section_out(word: str, write: Write) -> None:
    loaded = load("qa", project=write(f"cache: {word}\nmodules: null\n"))
    assert loaded.environment.cache is None
    assert loaded.environment.left_out == ("cache",)
    assert leaves(loaded.environment)["cache"] == "off"
    assert explain(loaded.root, "cache").value in ("off", False)
    assert loaded.where("cache").startswith("environments/qa.yaml:")
    shown = yaml_of(loaded.root, loaded.environment)
    assert f"cache: {'off' if 'off' in word else 'false'}\n" in shown


def test_the_database_is_left_out_with_the_rules_and_the_account_of_its_job(write: Write) -> None:
    environment = load("qa", project=write("database: off\nmodules: null\n")).environment
    assert (environment.database, environment.left_out) == (None, ("database",))
    assert BOOTSTRAP not in environment.component_accounts


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
    assert load("again", project=project).environment.left_out == ()


def test_the_schema_of_editors_accepts_off() -> None:
    assert {"enum": ["off", False]} in overlay_schema()["properties"]["cache"]["anyOf"]
