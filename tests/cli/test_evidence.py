"""`terrace evidence`, and the records that `terrace apply` and `terrace destroy` write themselves."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.cli.conftest import GLASS, Command
from tests.conftest import ROOT
from tests.deployment.conftest import resource
from tests.deployment.test_lifecycle import two

CI = {
    "GITHUB_ACTOR": "ada", "GITHUB_RUN_ID": "7", "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "example/platform",
}  # fmt: skip


def records(terrace: Command) -> list[dict[str, Any]]:
    listed = terrace.run("evidence", "list", "dev", "--json")
    assert listed.returncode == 0, listed.stderr
    found: list[dict[str, Any]] = json.loads(listed.stdout)["records"]
    return found


def chain(terrace: Command) -> Path:
    return terrace.small.root / ".terrace" / "state" / "dev" / "aws" / "evidence.jsonl"


def test_an_apply_is_recorded_with_who_what_and_when(terrace: Command) -> None:
    root = terrace.small.root
    git = ["git", "-C", str(root), "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for command in (["init", "-q"], ["add", "environments"], ["commit", "-qm", "one"]):
        subprocess.run([*git, *command], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    terrace.small.stack(two())
    terrace.run("plan", "dev")
    plan = json.loads((root / ".terrace/plans/dev-aws.tfplan.json").read_text())["plan_sha256"]
    applied = terrace.run("apply", "dev", "--yes", *GLASS, **CI)
    assert (applied.returncode, applied.stdout) == (0, "dev on aws: 2 added\n")

    glass, apply = records(terrace)
    both = {
        "environment": "dev", "cloud": "aws", "stack": "dev", "plan": plan, "commit": commit, "modified": False,
        "operator": "ada", "run": "https://github.com/example/platform/actions/runs/7",
    }  # fmt: skip
    assert both.items() <= glass.items() and both.items() <= apply.items()
    assert (glass["kind"], glass["passed"], glass["detail"]) == ("break-glass", False, GLASS[1])
    assert (apply["kind"], apply["passed"], apply["summary"]) == ("apply", True, {"add": 2})
    checked = terrace.run("evidence", "check", "dev")
    assert (checked.returncode, "2 records, unbroken" in checked.stdout) == (0, True)
    listed = terrace.run("evidence", "list", "dev").stdout
    assert "2 add" in listed and commit[:12] in listed and plan[:12] in listed


def test_a_failed_apply_is_recorded_and_a_refused_one_is_not(terrace: Command) -> None:
    provisioner = [{"local-exec": {"command": "exit 3"}}]
    terrace.small.stack({"terraform_data": {"broken": resource("dev/database/broken", provisioner=provisioner)}})
    terrace.run("plan", "dev")
    assert terrace.run("apply", "dev", "--yes").returncode == 1
    assert records(terrace) == []
    assert terrace.run("apply", "dev", "--yes", *GLASS).returncode == 3
    glass, apply = records(terrace)
    assert (glass["kind"], apply["kind"], apply["passed"]) == ("break-glass", "apply", False)
    assert apply["detail"] == "TerraformFailed"


def test_an_apply_that_cannot_be_recorded_says_so_and_what_to_do(terrace: Command) -> None:
    terrace.small.stack(two())
    terrace.run("plan", "dev")
    assert terrace.run("apply", "dev", "--yes", *GLASS).returncode == 0
    intact = chain(terrace).read_text()
    chain(terrace).write_text(intact.replace('"passed":true', '"passed":false'))
    checked = terrace.run("evidence", "check", "dev")
    assert (checked.returncode, "broken" in checked.stdout) == (1, True)

    terrace.small.stack(two(second="other"))
    terrace.run("plan", "dev")
    applied = terrace.run("apply", "dev", "--yes", *GLASS)
    assert (applied.returncode, applied.stdout) == (3, "dev on aws: 1 replaced\n"), applied.stderr
    assert "error: dev on aws is applied, but the audit trail has no record of it" in applied.stderr
    assert "the chain is broken" in applied.stderr and "hint: keep .terrace/evidence/" in applied.stderr

    unwritten = sorted(map(str, (terrace.small.root / ".terrace" / "evidence").glob("*.json")))
    assert len(unwritten) == 2  # to break the glass, and the apply
    chain(terrace).write_text(intact)
    added = terrace.run("evidence", "add", *unwritten)
    assert added.returncode == 0, added.stderr
    assert [one["kind"] for one in records(terrace)] == ["break-glass", "apply"] * 2
    assert not list((terrace.small.root / ".terrace" / "evidence").glob("*.json"))
    assert terrace.run("evidence", "check", "dev").returncode == 0


def test_a_recorded_run_and_a_copied_hash(terrace: Command, tmp_path: Path) -> None:
    output = tmp_path / "gate.json"
    output.write_text(json.dumps({"findings": [1, 2], "resources": 30, "passed": True}))
    recorded = terrace.run("evidence", "record", "dev", "gate", str(output), "--json")
    record = json.loads(recorded.stdout)
    assert (record["kind"], record["summary"]) == ("gate", {"findings": 2, "resources": 30})
    assert terrace.run("evidence", "check", "dev", "--head", record["hash"]).returncode == 0
    unknown = terrace.run("evidence", "check", "dev", "--head", "0" * 64)
    assert (unknown.returncode, "no record has the hash" in unknown.stderr) == (1, True)
    assert terrace.run("evidence", "record", "dev", "apply", str(output)).returncode == 2

    copy = tmp_path / "copy.jsonl"
    copy.write_text(chain(terrace).read_text())
    without_head = terrace.run("evidence", "check", "dev", "--file", str(copy))
    assert (without_head.returncode, "has no head" in without_head.stderr) == (1, True)
    copy.with_suffix(".head").write_text(chain(terrace).with_suffix(".head").read_text())
    assert terrace.run("evidence", "check", "dev", "--file", str(copy)).returncode == 0


def test_a_report_shows_the_evidence_over_time_and_refuses_a_broken_one(terrace: Command, tmp_path: Path) -> None:
    for folder in ("policies", "stacks"):
        shutil.copytree(ROOT / folder, terrace.small.root / folder, dirs_exist_ok=True)
    output = tmp_path / "verify.json"
    output.write_text("{}")
    assert terrace.run("evidence", "record", "dev", "verify", str(output), "--failed").returncode == 0
    options = ("report", "--framework", "soc2", "--env", "dev", "--out", str(tmp_path / "report"))
    assert terrace.run(*options).returncode == 0
    (without,) = json.loads((tmp_path / "report" / "report.json").read_text())["stacks"].values()
    assert (without["evidence_over_time"], without["last_record"]) == ([], "")
    assert terrace.run(*options, "--evidence").returncode == 0
    (stack,) = json.loads((tmp_path / "report" / "report.json").read_text())["stacks"].values()
    (period,) = stack["evidence_over_time"]
    assert (period["kind"], period["runs"], period["exceptions"]) == ("verify", 1, [1])
    assert stack["last_record"] == chain(terrace).with_suffix(".head").read_text().splitlines()[0]

    chain(terrace).write_text("")
    chain(terrace).with_suffix(".head").write_text(f"2 {'0' * 64}\n")
    refused = terrace.run(*options, "--evidence")
    assert (refused.returncode, "the evidence over time is broken" in refused.stderr) == (1, True)


def test_what_is_no_record_is_not_added(terrace: Command, tmp_path: Path) -> None:
    for text in ("{}", "[]", "no"):
        (tmp_path / "record.json").write_text(text)
        added = terrace.run("evidence", "add", str(tmp_path / "record.json"))
        assert (added.returncode, "not a record of a run" in added.stderr) == (2, True)
