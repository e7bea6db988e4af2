"""`terrace apply` and its interrupts."""

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

from terrace.emulator import Emulator
from tests.cli.conftest import GLASS, Command
from tests.deployment.conftest import resource
from tests.deployment.test_adoption import REGION
from tests.deployment.test_lifecycle import slow, state_of, two, wait_for

# Runs Terraform, records each interrupt and forwards it.
WRAPPER = """#!{python}
import os, signal, subprocess, sys
child = subprocess.Popen(["terraform", *sys.argv[1:]], start_new_session=True)
def forward(number, frame):
    with open({counted!r}, "a") as file:
        file.write("interrupt\\n")
    child.send_signal(number)
signal.signal(signal.SIGINT, forward)
while True:
    try:
        sys.exit(child.wait())
    except InterruptedError:
        pass
"""


def test_apply_requires_confirmation(terrace: Command) -> None:
    terrace.small.stack(two())
    assert terrace.run("plan", "dev").returncode == 1
    completed = terrace.run("apply", "dev", *GLASS)
    assert completed.returncode == 2
    assert (
        "error: cannot ask for confirmation: standard input is not a terminal\n\nhint: pass --yes" in completed.stderr
    )


def test_apply_prints_each_resource(terrace: Command) -> None:
    terrace.small.stack(two())
    terrace.run("plan", "dev")
    completed = terrace.run("apply", "dev", "--yes", *GLASS)
    assert (completed.returncode, completed.stdout) == (0, "dev on aws: 2 added\n")
    assert "[2/2] created terraform_data." in completed.stderr
    again = terrace.run("--quiet", "apply", "dev", "--yes", *GLASS)
    assert (again.returncode, again.stdout) == (2, "")


def test_terraform_gets_one_interrupt_for_one_ctrl_c_and_saves_its_state(terrace: Command, tmp_path: Path) -> None:
    """The terminal interrupts the whole process group; Terraform must be interrupted once, by terrace."""
    counted = tmp_path / "interrupts"
    wrapper = tmp_path / "terraform-counted"
    wrapper.write_text(WRAPPER.format(python=sys.executable, counted=str(counted)))
    wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
    terrace.small.stack(slow(3))
    terrace.run("plan", "dev")
    running = terrace.start("apply", "dev", "--yes", *GLASS, TERRACE_TERRAFORM=str(wrapper))
    wait_for(lambda: "apply_start" in log_of(terrace))
    os.killpg(running.pid, signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert counted.read_text() == "interrupt\n"
    assert "interrupting Terraform: it finishes what it has begun and saves its state" in err
    assert "interrupted; Terraform saved its state and released the lock" in err
    assert "Traceback" not in err
    names = {entry["name"] for entry in state_of(terrace.small)["resources"]}
    assert "quick" in names and "after" not in names
    assert not list((terrace.small.root / ".terrace/state").glob(".*.lock.info"))
    # the next run looks at what was half made
    assert (terrace.small.root / ".terrace" / "running-dev-aws.json").exists()
    terrace.small.stack(slow(0))
    assert terrace.run("plan", "dev").returncode == 1
    assert terrace.run("apply", "dev", "--yes", *GLASS).returncode == 0
    assert {entry["name"] for entry in state_of(terrace.small)["resources"]} == {"quick", "slow", "after"}


def test_after_terrace_was_killed_the_next_run_waits_for_its_terraform_and_recovers(terrace: Command) -> None:
    terrace.small.stack(slow(4))
    terrace.run("plan", "dev")
    running = terrace.start("apply", "dev", "--yes", *GLASS)
    wait_for(lambda: "apply_start" in log_of(terrace))
    running.kill()
    running.communicate()
    refused = terrace.run("apply", "dev", "--yes", *GLASS)
    assert refused.returncode == 1
    assert "was killed, but the Terraform it started is still running" in refused.stderr
    marker = json.loads((terrace.small.root / ".terrace/running-dev-aws.json").read_text())
    wait_for(lambda: not alive(marker["terraform"]["pid"]))
    finished = terrace.run("apply", "dev", "--yes", *GLASS)
    assert (finished.returncode, finished.stdout) == (0, "dev on aws: no changes\n")
    assert "was killed; searching for resources that it created but did not record" in finished.stderr


def log_of(terrace: Command) -> str:
    logs = sorted((terrace.small.root / ".terrace/logs").glob("*-apply-*.jsonl"))
    return logs[-1].read_text() if logs else ""


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_change_that_cannot_be_undone_is_asked_for_by_name(terrace: Command, aws: Emulator) -> None:
    """Object lock in compliance mode, on the emulated AWS."""
    variables = aws.environment()

    def stack(mode: str) -> None:
        rule = {"default_retention": {"mode": mode, "days": 1}}
        terrace.small.stack(
            {
                "aws_s3_bucket": {"b": resource("dev/lake/b", bucket="locked-for-good", object_lock_enabled=True)},
                "aws_s3_bucket_object_lock_configuration": {
                    "l": resource("dev/lake/lock", bucket="${aws_s3_bucket.b.id}", rule=rule)
                },
            },
            provider={"aws": [{"region": REGION}]},
        )
        terrace.run("plan", "dev", **variables)

    def apply(*more: str) -> "subprocess.CompletedProcess[str]":
        return terrace.run("apply", "dev", "--yes", *GLASS, *more, **variables)

    stack("GOVERNANCE")
    assert (first := apply()).returncode == 0, first.stderr
    stack("COMPLIANCE")
    refused = apply()
    assert "1 change cannot be undone:\n  aws_s3_bucket_object_lock_configuration.l: rule[0]" in refused.stderr
    assert (refused.returncode, refused.stderr.splitlines()[-1]) == (2, "hint: pass --irreversible dev")
    assert apply("--irreversible", "prod").returncode == 2
    assert (done := apply("--irreversible", "dev")).returncode == 0, done.stderr
    text = terrace.run("plan", "dev", **variables).stdout
    assert "No changes" in text
