"""Environment files that cannot be read."""

import os
import random
from pathlib import Path

import pytest

from terrace.environment import load
from terrace.errors import InvalidEnvironment, TerraceError, UsageError
from tests.environment.conftest import HERE, Write


def message(project: Path, name: str = "qa") -> str:
    with pytest.raises(InvalidEnvironment) as raised:
        load(name, project=project)
    return str(raised.value)


def test_a_large_file_is_refused_before_it_is_read(write: Write) -> None:
    project = write()
    with (project / "environments" / "qa.yaml").open("r+b") as file:
        file.truncate(50 * 1024 * 1024)
    assert message(project) == "environments/qa.yaml:1:1 file is 50.0 MiB; the limit is 1024 KiB."


def test_a_directory_is_refused(project: Path) -> None:
    (project / "environments" / "qa.yaml").mkdir()
    assert message(project) == "environments/qa.yaml is not a regular file."


def test_a_named_pipe_is_refused(project: Path) -> None:
    os.mkfifo(project / "environments" / "qa.yaml")
    assert message(project) == "environments/qa.yaml is not a regular file."


def test_a_link_to_a_base_outside_the_directory_is_refused(write: Write, tmp_path: Path) -> None:
    project = write(base="secret.yaml")
    outside = tmp_path / "outside.yaml"
    outside.write_text("project: stolen\n")
    (project / "environments" / "secret.yaml").symlink_to(outside)
    assert message(project) == (
        "environments/qa.yaml:1:10 extends: secret.yaml is a symbolic link to a file outside environments/."
    )


def test_a_link_to_an_environment_outside_the_directory_is_refused(project: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text("name: qa\n")
    (project / "environments" / "qa.yaml").symlink_to(outside)
    assert message(project) == "environments/qa.yaml file is a symbolic link to a file outside environments/."


def test_a_long_chain_is_refused(write: Write) -> None:
    project = write(base="0.yaml")
    for position in range(9):
        (project / "environments" / f"{position}.yaml").write_text(f"extends: {position + 1}.yaml\n")
    (project / "environments" / "9.yaml").write_text("project: dpf\n")
    assert message(project) == "environments/6.yaml:1:10 extends: more than 8 files extend each other."


def test_an_unknown_environment_is_a_usage_error(write: Write) -> None:
    project = write()
    with pytest.raises(UsageError) as raised:
        load("q", project=project)
    assert str(raised.value) == "environments: unknown environment 'q'"
    assert raised.value.hint == "Did you mean 'qa'? Expected: qa."
    with pytest.raises(UsageError):
        load("../environments/qa.yml", project=project)


def test_random_edits_raise_no_other_error(write: Write) -> None:
    """A file with random edits is valid or raises TerraceError."""
    source = (HERE / "good" / "base.yaml").read_text() + "name: qa\n"
    rng = random.Random(20)
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
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(text))
            cut = rng.choice([0, 0, 1, 5, 40])
            text = text[:at] + rng.choice(pieces) + text[at + cut :]
        project = write(text, base="")
        try:
            load("qa", project=project)
        except TerraceError as error:
            assert str(error).startswith("environments/qa.yaml")
            refused += 1
    assert refused > 90
