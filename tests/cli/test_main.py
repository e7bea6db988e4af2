"""The frame of the command: its overview, its errors, its exit codes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from terrace.cli.main import COMMANDS, run
from tests.cli.conftest import Command
from tests.conftest import ROOT


def test_every_command_has_its_file() -> None:
    assert [name for name in COMMANDS if not (ROOT / "scripts" / f"{name}.py").is_file()] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    assert f"Usage: terrace {name}" in capsys.readouterr().out


def test_the_overview_lists_the_commands_in_the_order_of_a_life(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    positions = [shown.index(f"\n  {name} ") for name in COMMANDS]
    assert positions == sorted(positions)


HEAVY = ("rich", "pydantic", "boto3", "cdktn", "jsii", "ruamel")


def test_the_overview_is_instant() -> None:
    """Nothing heavy may be imported for it. Processor time, the best of five: the machine may be busy."""
    code = "import sys; from terrace.cli.main import run; run(['--help'])\n"
    code += f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    taken = []
    for _ in range(5):
        before = os.times()
        ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        after = os.times()
        taken.append(after.children_user + after.children_system - before.children_user - before.children_system)
        assert ended.stderr.strip() == "[]"
    assert min(taken) < 0.25


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plna"], "error: there is no command 'plna'; did you mean `terrace plan`?"),
        (["zzz"], "error: there is no command 'zzz'; `terrace --help` lists the commands"),
        (["plan"], "error: Missing argument 'ENV'"),
        (["plan", "dev", "--colud", "aws"], "error: No such option '--colud'"),
        (["plan", "dev", "--cloud", "ibm"], "error: Invalid value for '--cloud': 'ibm' is not one of"),
        (["--project", "/nowhere", "plan", "dev"], "error: no Terrace project here"),
        (["plan", "nope"], "error: unknown environment 'nope'"),
    ],
)
def test_wrong_usage_is_a_sentence_and_exit_code_2(terrace: Command, arguments: list[str], message: str) -> None:
    ended = terrace.run(*arguments)
    assert ended.returncode == 2
    assert ended.stderr.startswith(message)
    assert "\n\nhint: " in ended.stderr
    assert ended.stdout == ""


def test_an_error_says_what_where_and_a_way_out(terrace: Command) -> None:
    """One whole message, as a user reads it."""
    ended = terrace.run("apply", "dev")
    assert ended.returncode == 2
    assert ended.stderr == (
        "error: nothing is planned for dev on aws\n\nhint: see what would change first: `terrace plan dev`\n"
    )


def test_a_fault_of_ours_is_a_sentence_with_a_log(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(COMMANDS, "absent", "Its module is missing.")
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".terrace/logs").mkdir(parents=True)
    assert run(["absent"]) == 3
    shown = capsys.readouterr().err
    assert shown.startswith(
        "error: a fault in terrace itself: ModuleNotFoundError: No module named 'terrace.cli.absent'"
    )
    (log,) = (tmp_path / ".terrace/logs").iterdir()
    assert "Traceback" in log.read_text()
    assert "Traceback" not in shown


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", shell]) == 0
    assert "_TERRACE_COMPLETE" in capsys.readouterr().out


def test_completion_knows_the_environments(terrace: Command) -> None:
    ended = terrace.run(_TERRACE_COMPLETE="bash_complete", COMP_WORDS="terrace plan d", COMP_CWORD="2")
    assert ended.stdout == "plain,dev\n"


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("terrace 0.")
