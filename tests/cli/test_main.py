"""The command line as a whole: overview, errors, exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from terrace.cli.main import COMMANDS, run
from tests.cli.conftest import Command
from tests.conftest import ROOT


def test_scripts_holds_one_thin_file_for_each_command_and_no_other() -> None:
    files = {path.stem: path.read_text() for path in (ROOT / "scripts").glob("*.py") if path.stem != "__init__"}
    assert files.keys() == COMMANDS.keys()
    for name, text in files.items():
        code = text.partition('"""\n\n')[2]
        assert code == (
            f'from terrace.cli.main import run_command\n\nif __name__ == "__main__":\n    run_command("{name}")\n'
        )


@pytest.mark.parametrize("command", [["-m", "scripts.validate"], ["scripts/validate.py"]])
def test_a_script_runs_as_a_module_and_as_a_file(command: list[str]) -> None:
    variables = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'constructs'}"}
    completed = subprocess.run(
        [sys.executable, *command, "dev"], cwd=ROOT, env=variables, capture_output=True, text=True, check=True
    )
    assert completed.stdout == "dev: valid (dev, aws, frankfurt)\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_text(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    assert f"Usage: terrace {name}" in capsys.readouterr().out


def test_the_overview_lists_the_commands_in_the_order_of_a_deployments_life(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    printed = capsys.readouterr().out
    positions = [printed.index(f"\n  {name} ") for name in COMMANDS]
    assert positions == sorted(positions)


HEAVY = ("rich", "pydantic", "boto3", "cdktn", "jsii", "ruamel")


def test_the_overview_imports_nothing_heavy() -> None:
    """Measures the processor time, the best of five runs, since the machine may be busy."""
    code = "import sys; from terrace.cli.main import run; run(['--help'])\n"
    code += f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    taken = []
    for _ in range(5):
        before = os.times()
        completed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        after = os.times()
        taken.append(after.children_user + after.children_system - before.children_user - before.children_system)
        assert completed.stderr.strip() == "[]"
    assert min(taken) < 0.25


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["validate", "dev"], 0),
        (["env", "show", "dev"], 0),
        (["graph", "dev", "--json"], 0),
        (["modules", "list"], 0),
        (["modules", "render", "falco", "dev"], 0),
        (["modules", "schema", "--print"], 0),
        (["completion", "bash"], 0),
        (["modules", "images", "--check"], 1),  # some images are not pinned: the answer remains no
    ],
)
def test_a_closed_pipe_ends_no_command(terrace: Command, arguments: list[str], code: int) -> None:
    process = terrace.start(*arguments)
    assert process.stdout and process.stderr
    process.stdout.close()
    errors = process.stderr.read()
    assert "Traceback" not in errors and "BrokenPipe" not in errors and "error:" not in errors
    assert process.wait(timeout=120) == code


def test_a_closed_pipe_of_both_streams_ends_no_command(terrace: Command) -> None:
    process = terrace.start("modules", "render", "falco", "dev")
    assert process.stdout and process.stderr
    process.stdout.close()
    process.stderr.close()
    assert process.wait(timeout=120) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plna"], "error: No such command 'plna'. Did you mean 'plan'?"),
        (["zzz"], "error: No such command 'zzz'"),
        (["plan"], "error: Missing argument 'STACK'"),
        (["plan", "dev", "--colud", "aws"], "error: No such option '--colud'"),
        (["plan", "dev", "--cloud", "ibm"], "error: Invalid value for '--cloud': 'ibm' is not one of"),
        (["--project", "/nowhere", "plan", "dev"], "error: not a Terrace project"),
        (["plan", "nope"], "error: unknown environment 'nope'"),
    ],
)
def test_a_usage_error_has_a_hint_and_exit_code_2(terrace: Command, arguments: list[str], message: str) -> None:
    completed = terrace.run(*arguments)
    assert completed.returncode == 2
    assert completed.stderr.startswith(message)
    assert "\n\nhint: " in completed.stderr
    assert completed.stdout == ""


def test_a_whole_error_message(terrace: Command) -> None:
    completed = terrace.run("apply", "dev")
    assert completed.returncode == 2
    assert completed.stderr == ("error: no saved plan for dev on aws\n\nhint: run `terrace plan dev` first\n")


def test_an_internal_error_is_one_sentence_and_a_log(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(COMMANDS, "absent", "Its module is missing.")
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".terrace/logs").mkdir(parents=True)
    assert run(["absent"]) == 3
    printed = capsys.readouterr().err
    assert printed.startswith("error: internal error: ModuleNotFoundError: No module named 'terrace.cli.absent'")
    (log,) = (tmp_path / ".terrace/logs").iterdir()
    assert "Traceback" in log.read_text()
    assert "Traceback" not in printed


def test_a_full_disk_is_one_sentence(terrace: Command) -> None:
    with Path("/dev/full").open("wb") as full:
        completed = subprocess.run(
            [sys.executable, "-m", "terrace.cli.main", "env", "list"],
            cwd=terrace.small.root,
            env=terrace.environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert completed.returncode == 3
    assert completed.stderr.startswith("error: no space is left where the output goes\n\nhint: ")
    assert len(completed.stderr.splitlines()) == 3


def test_with_json_an_error_is_json_too(terrace: Command) -> None:
    completed = terrace.run("plan", "nope", "--json")
    (line,) = completed.stderr.splitlines()
    error = json.loads(line)
    assert (completed.returncode, error["level"], error["message"]) == (2, "error", "unknown environment 'nope'")
    assert error["hint"]


@pytest.mark.parametrize("arguments", [["-q", "graph", "dev"], ["graph", "dev", "-q"], ["env", "list", "--quiet"]])
def test_quiet_may_come_before_and_after_the_command(terrace: Command, arguments: list[str]) -> None:
    loud = [argument for argument in arguments if argument not in ("-q", "--quiet")]
    expected = terrace.run(*loud)
    completed = terrace.run(*arguments)
    assert (completed.returncode, completed.stdout, completed.stderr) == (0, expected.stdout, "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", shell]) == 0
    assert "_TERRACE_COMPLETE" in capsys.readouterr().out


def test_completion_offers_the_stacks(terrace: Command) -> None:
    completed = terrace.run(_TERRACE_COMPLETE="bash_complete", COMP_WORDS="terrace plan d", COMP_CWORD="2")
    assert completed.stdout == "plain,dev-bootstrap\nplain,dev\nplain,dev-workloads\n"


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("terrace 0.")


def test_a_read_only_checkout_is_one_sentence_and_output_goes_elsewhere(terrace: Command, tmp_path: Path) -> None:
    """Permissions do not restrict root, but no user can create a folder in /sys."""
    terrace.small.stack({"terraform_data": {"a": {}}})
    for name in ("cdktf.out", ".terrace"):
        (terrace.small.root / name).symlink_to("/sys/kernel")
    refused = terrace.run("plan", "dev")
    assert refused.returncode == 3
    assert refused.stderr.startswith("error: cannot write or read ") and "TERRACE_SCRATCH" in refused.stderr
    assert "internal error" not in refused.stderr and len(refused.stderr.strip().splitlines()) == 3

    scratch = tmp_path / "scratch"
    planned = terrace.run("plan", "dev", TERRACE_SCRATCH=str(scratch))
    assert (scratch / ".terrace" / "plans" / "dev-aws.tfplan").is_file(), planned.stderr
    assert (scratch / "cdktf.out" / "stacks" / "dev" / "cdk.tf.json").is_file()
