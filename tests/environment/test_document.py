"""Files that are too large, too odd or not there at all, and what YAML 1.2 means by a word."""

import os
import random
from pathlib import Path

import pytest

from terrace.environment import load
from terrace.environment.document import plain
from terrace.environment.parsing import parse
from terrace.errors import InvalidEnvironment, TerraceError, UsageError
from tests.environment.conftest import HERE, Write


def message(project: Path, name: str = "qa") -> str:
    with pytest.raises(InvalidEnvironment) as refused:
        load(name, project=project)
    return str(refused.value)


def test_fifty_megabytes_are_refused_before_they_are_read(write: Write) -> None:
    project = write()
    with (project / "environments" / "qa.yaml").open("r+b") as file:
        file.truncate(50 * 1024 * 1024)
    assert message(project) == "environments/qa.yaml:1:1 is 50.0 MiB; an environment file has at most 1024 KiB"


def test_a_directory_is_not_a_file(project: Path) -> None:
    (project / "environments" / "qa.yaml").mkdir()
    assert message(project) == "environments/qa.yaml is not a file"


def test_a_pipe_is_not_read(project: Path) -> None:
    os.mkfifo(project / "environments" / "qa.yaml")
    assert message(project) == "environments/qa.yaml is not a file"


def test_a_link_out_of_the_directory_is_not_followed(write: Write, tmp_path: Path) -> None:
    project = write(base="secret.yaml")
    outside = tmp_path / "outside.yaml"
    outside.write_text("project: stolen\n")
    (project / "environments" / "secret.yaml").symlink_to(outside)
    assert (
        message(project) == "environments/qa.yaml:1:10 extends: secret.yaml is a link that leads out of environments/."
    )


def test_an_environment_that_is_a_link_out_is_not_followed(project: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text("name: qa\n")
    (project / "environments" / "qa.yaml").symlink_to(outside)
    assert message(project) == "environments/qa.yaml is a link that leads out of environments/."


def test_a_long_chain_is_refused(write: Write) -> None:
    project = write(base="0.yaml")
    for position in range(9):
        (project / "environments" / f"{position}.yaml").write_text(f"extends: {position + 1}.yaml\n")
    (project / "environments" / "9.yaml").write_text("project: dpf\n")
    assert message(project) == "environments/6.yaml:1:10 extends: the chain is longer than 8 files."


def test_an_environment_that_is_not_there(write: Write) -> None:
    project = write()
    with pytest.raises(UsageError) as refused:
        load("q", project=project)
    assert str(refused.value) == "environments: there is no environment 'q'"
    assert refused.value.hint == "did you mean qa? environments: qa"
    with pytest.raises(UsageError):
        load("../environments/qa.yml", project=project)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("yes", "yes"), ("no", "no"), ("on", "on"), ("off", "off"), ("010", 10), ("0o10", 8), ("0x1F", 31),
        ("1_000", "1_000"), ("1:30", "1:30"), ("true", True), ("False", False), ("'true'", "true"), ("~", None),
        ("", None), ("null", None), ("1.35", 1.35), ("1e3", 1000.0), ("2026-01-01", "2026-01-01"), ("-5", -5),
        ("1.2.3", "1.2.3"), ("=", "="),
    ],
)  # fmt: skip
def test_words_mean_what_yaml_1_2_says(typed: str, meant: object) -> None:
    root = parse(f"key: {typed}\n", "file.yaml").root
    assert isinstance(root.value, dict)
    value = root.value["key"].value
    assert value == meant and type(value) is type(meant)


def test_positions_are_those_of_editors() -> None:
    root = parse("# one\nsection:\n  key: value\n  list: [a, b]\n", "f").root
    assert isinstance(root.value, dict)
    section = root.value["section"]
    assert isinstance(section.value, dict)
    assert (section.where, section.at) == ("f:2:1", "f:3:3")
    assert (section.value["key"].where, section.value["key"].key_at) == ("f:3:8", "f:3:3")
    items = section.value["list"]
    assert isinstance(items.value, list)
    assert (items.where, items.value[1].where) == ("f:4:3", "f:4:13")


def test_windows_line_ends_and_other_alphabets_are_fine() -> None:
    document = parse("a: ä\r\nb: 日本\r\n", "f")
    assert plain(document.root) == {"a": "ä", "b": "日本"} and not document.problems


def test_a_small_alias_is_fine() -> None:
    document = parse("a: &x {b: 1}\nc: *x\nd: *x\n", "f")
    assert plain(document.root) == {"a": {"b": 1}, "c": {"b": 1}, "d": {"b": 1}} and not document.problems


def test_whatever_is_typed_ends_in_a_sentence(write: Write) -> None:
    """Spoil the good file in many random ways: it is valid or refused, nothing else is raised."""
    source = (HERE / "good" / "base.yaml").read_text() + "name: qa\n"
    dice = random.Random(20)
    pieces = [
        "\t",
        ":",
        "- ",
        "[",
        "}",
        "*a ",
        "&a ",
        "!!set ",
        "null",
        "'",
        '"',
        "\n",
        "  ",
        "? ",
        "|",
        "\x00",
        "é",
        "#",
        "0",
        "{}",
    ]
    refused = 0
    for _ in range(120):
        text = source
        for _ in range(dice.randint(1, 3)):
            at = dice.randrange(len(text))
            cut = dice.choice([0, 0, 1, 5, 40])
            text = text[:at] + dice.choice(pieces) + text[at + cut :]
        project = write(text, base="")
        try:
            load("qa", project=project)
        except TerraceError as error:
            assert str(error).startswith("environments/qa.yaml")
            refused += 1
    assert refused > 90
