"""`terrace gate` and `terrace waivers`; plans that apply refuses."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests import forked
from tests.cli.conftest import GLASS, Command
from tests.conftest import ROOT, Foundations
from tests.deployment.test_lifecycle import two

# Replaces `python -m stacks`: copies stacks that are already synthesized.
STACKS = """
import os, pathlib, shutil, sys
saved = pathlib.Path("saved") / os.environ["TERRACE_CLOUD"]
for name in sys.argv[1:]:
    target = pathlib.Path(os.environ["TERRACE_OUT"]) / "stacks" / name
    target.mkdir(parents=True, exist_ok=True)
    shutil.copy(saved / f"{name}.json", target / "cdk.tf.json")
"""
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def project(tmp_path: Path, foundation: Foundations) -> Path:
    """A project with the repository's environments and policies; its stack of dev on AWS is `saved/aws/dev.json`."""
    root = tmp_path / "project"
    for name in ("environments", "policies"):
        shutil.copytree(ROOT / name, root / name)
    (root / "cdktf.json").write_text("{}\n")
    (root / "stacks").mkdir()
    (root / "stacks" / "__init__.py").touch()
    (root / "stacks" / "__main__.py").write_text(STACKS)
    (root / "saved" / "aws").mkdir(parents=True)
    (root / "saved" / "aws" / "dev.json").write_text(json.dumps(foundation("dev").document))
    return root


@pytest.fixture
def terrace_in(project: Path) -> Run:
    """Runs `terrace` in that project."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("TERRACE_", "AWS_", "NO_COLOR"))
    }

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        variables = {**inherited, "PYTHONPATH": f"{ROOT}:{ROOT / 'constructs'}", "PYTHONSAFEPATH": "1"}
        return forked.terrace(*arguments, directory=project, environment=variables)

    return run


def test_dev_passes_and_its_stack_is_synthesized_once(project: Path, terrace_in: Run) -> None:
    completed = terrace_in("gate", "dev")
    assert (completed.returncode, completed.stderr) == (0, "")
    assert completed.stdout.splitlines()[0].startswith("dev on aws: passes (")
    assert "528 of 528 resources checked" in completed.stdout
    (project / "stacks" / "__main__.py").write_text("raise SystemExit('synthesized again')\n")
    again = terrace_in("gate", "dev")
    assert (again.returncode, "synthesized again" in again.stdout) == (1, True)  # the stacks' code has changed
    (project / "stacks" / "__main__.py").write_text(STACKS)
    (project / "saved" / "aws" / "dev.json").unlink()
    assert terrace_in("gate", "dev").returncode == 0


def test_the_project_at_a_ref_is_checked_and_the_result_saved(project: Path, terrace_in: Run) -> None:
    git = ["git", "-c", "user.name=Test", "-c", "user.email=test@example.com"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "first"]):
        subprocess.run([*git, *command], cwd=project, check=True)
    saved = project / "saved" / "aws" / "dev.json"
    stack = json.loads(saved.read_text())
    del stack["resource"]["aws_guardduty_detector"]
    saved.write_text(json.dumps(stack))
    finished = terrace_in("gate", "dev", "--at", "HEAD", "--save", "before.json")
    assert finished.returncode == 0, finished.stderr
    (before,) = json.loads((project / "before.json").read_text())["stacks"]
    assert before["environment"] == "dev" and not any(one["blocks"] for one in before["findings"])
    missing = terrace_in("gate", "dev", "--at", "no-such-ref")
    assert (missing.returncode, "git knows no such commit" in missing.stderr) == (2, True)


def test_given_stacks_are_checked_each_with_its_exit_code(project: Path, terrace_in: Run) -> None:
    """Two stacks with the same policy of another content, and one that cannot be read; nothing is synthesized."""
    (project / "stacks" / "__main__.py").write_text("raise SystemExit('synthesized')\n")
    clean = json.loads((project / "saved" / "aws" / "dev.json").read_text())
    bad = json.loads(json.dumps(clean))
    for body in bad["resource"]["aws_db_instance"].values():
        body["publicly_accessible"] = True
    for name, content in {"bad": json.dumps(bad), "clean": json.dumps(clean), "broken": "{"}.items():
        (project / f"{name}.json").write_text(content)
    files = ("bad.json", "clean.json", "broken.json", "bad.json")
    completed = terrace_in("gate", "dev", "--cloud", "aws", "--json", "--stack", *files)
    assert (completed.returncode, completed.stderr) == (1, "")
    found = json.loads(completed.stdout)
    assert not found["passed"]
    assert [(one["file"], one["exit_code"]) for one in found["stacks"]] == list(zip(files, (1, 0, 1, 1), strict=True))
    assert [one["id"] for one in found["stacks"][2]["findings"]] == ["gate.unreadable-stack"]
    (finding,) = [one for one in found["stacks"][0]["findings"] if one["blocks"]]
    assert (finding["guarantee"], finding["construct"]) == ("DB-1", "database/server")
    alone = terrace_in("gate", "dev", "--stack", "clean.json")
    assert (alone.returncode, alone.stdout.splitlines()[0].startswith("dev on aws (clean.json): passes")) == (0, True)


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"resource": {"aws_quantum_link": {"q": {}}}}'])
def test_a_stack_that_cannot_be_evaluated_is_a_finding(project: Path, terrace_in: Run, content: str) -> None:
    (project / "saved" / "aws" / "dev.json").write_text(content)
    completed = terrace_in("gate", "dev")
    assert (completed.returncode, completed.stderr) == (1, "")
    assert "dev on aws: does not pass" in completed.stdout
    assert "gate." in completed.stdout


def test_a_stack_that_does_not_synthesize_is_a_finding(project: Path, terrace_in: Run) -> None:
    (project / "stacks" / "__main__.py").write_text("import sys\nsys.exit('error: no such size')\n")
    completed = terrace_in("gate", "dev", "--output", "json")
    assert completed.returncode == 1
    (stack,) = json.loads(completed.stdout)["stacks"]
    assert [one["id"] for one in stack["findings"]] == ["gate.synthesis-failed"]
    assert "no such size" in stack["findings"][0]["sentence"]


@pytest.mark.parametrize(
    "body, id",
    [
        ("raise KeyError(1)", "gate.check-error"),
        ("while True: pass", "gate.check-timeout"),
        ("return CheckResult.FAILED", "CKV2_OWN_1"),
    ],
)
def test_a_check_of_the_project_is_evaluated(project: Path, terrace_in: Run, body: str, id: str) -> None:
    from tests.assurance.test_checkov import OWN

    (project / "policies" / "checkov" / "__init__.py").touch()
    (project / "policies" / "checkov" / "own.py").write_text(OWN.format(body=body))
    completed = terrace_in("gate", "dev", "--output", "json")
    findings = [one for one in json.loads(completed.stdout)["stacks"][0]["findings"] if one["id"] == id]
    assert findings and all(one["severity"] == "high" for one in findings)
    assert completed.returncode == (1 if id.startswith("gate.") else 0)  # unrated checks are high, a warning in dev


def test_an_unreadable_plan_is_a_finding(project: Path, terrace_in: Run) -> None:
    for content in ("{", "[]", '{"format_version": "1.2"}'):
        (project / "plan.json").write_text(content)
        completed = terrace_in("gate", "dev", "--plan", "plan.json")
        assert (completed.returncode, "gate.unreadable-plan" in completed.stdout) == (1, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("nope",),
        ("--all", "dev"),
        ("dev", "staging", "--plan", "plan.json"),
        ("dev", "--output", "xml"),
        ("--stack", "plan.json"),
        ("dev", "--stack", "none.json"),
        ("dev-workloads", "--stack", "plan.json"),
        ("dev", "--stack", "plan.json", "plan.json", "--plan", "plan.json"),
        ("dev", "--cloud", "aws", "--cloud", "gcp", "--stack", "plan.json"),
    ],
)
def test_usage_errors(project: Path, terrace_in: Run, arguments: tuple[str, ...]) -> None:
    (project / "plan.json").write_text("{}")
    completed = terrace_in("gate", *arguments)
    assert (completed.returncode, completed.stdout) == (2, "")
    assert completed.stderr.startswith("error: ")


def test_a_bad_waiver_is_refused_with_file_and_line(project: Path, terrace_in: Run) -> None:
    path = project / "policies" / "waivers.yaml"
    path.write_text('waivers:\n  - id: CKV_AWS_62\n    reason: none yet\n    resource: "*"\n')
    completed = terrace_in("gate", "dev")
    assert (completed.returncode, completed.stdout) == (1, "")
    assert "policies/waivers.yaml:4:15 resource: is too broad" in completed.stderr


def test_waivers_are_listed_and_added(project: Path, terrace_in: Run) -> None:
    listed = terrace_in("waivers", "list", "--json")
    assert len(json.loads(listed.stdout)) > 10
    where = ("CKV_AWS_18", "lake/bronze/bucket", "--env", "dev", "--cloud", "aws")
    texts = (
        "--reason",
        "Only the platform team reads this bucket.",
        "--control",
        "CloudTrail records every read of it.",
    )
    who = ("--owner", "data-platform", "--approved-by", "security", "--relies-on", "AUD-1")
    refused = terrace_in("waivers", "add", *where, *texts, *who, "--expires", "2099-01-01")
    assert (refused.returncode, "more than 180 days ahead" in refused.stderr) == (1, True)
    assert terrace_in("waivers", "list", "--json").stdout == listed.stdout
    soon = str(datetime.now(UTC).date() + timedelta(days=30))
    added = terrace_in("waivers", "add", *where, *texts, *who, "--expires", soon)
    assert (added.returncode, added.stderr) == (0, "")
    assert len(json.loads(terrace_in("waivers", "list", "--json").stdout)) == len(json.loads(listed.stdout)) + 1
    completed = terrace_in("gate", "dev")
    assert (completed.returncode, "gate.unused-waiver" in completed.stdout) == (1, True)


def test_apply_refuses_a_plan_that_fails_the_gate_and_records_break_glass(terrace: Command) -> None:
    terrace.small.stack(two())
    planned = terrace.run("plan", "dev")
    assert planned.returncode == 1
    sidecar = json.loads((terrace.small.root / ".terrace/plans/dev-aws.tfplan.json").read_text())
    assert sidecar["gate"]["passes"] is False and sidecar["plan_sha256"]
    log = terrace.small.root / ".terrace" / "break-glass.jsonl"

    refused = terrace.run("apply", "dev", "--yes")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "the plan does not pass the gate" in refused.stderr
    assert "--break-glass" in refused.stderr
    short = terrace.run("apply", "dev", "--yes", "--break-glass", "now")
    assert (short.returncode, "is too short" in short.stderr) == (2, True)
    assert not log.exists() and not list((terrace.small.root / ".terrace/state").iterdir())

    applied = terrace.run("apply", "dev", "--yes", *GLASS)
    assert applied.returncode == 0
    (line,) = [json.loads(line) for line in log.read_text().splitlines()]
    assert (line["reason"], line["plan_sha256"]) == (GLASS[1], sidecar["plan_sha256"])
    assert line["who"] and line["refused_for"] and line["environment"] == "dev"
    assert log.stat().st_mode & 0o077 == 0


def test_apply_refuses_a_plan_that_the_gate_did_not_evaluate(terrace: Command) -> None:
    terrace.small.stack(two())
    terrace.run("plan", "dev")
    path = terrace.small.root / ".terrace/plans/dev-aws.tfplan.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "gate": None}))
    refused = terrace.run("apply", "dev", "--yes")
    assert (refused.returncode, "the gate has not evaluated this plan" in refused.stderr) == (1, True)
