"""`terrace apply` and its interrupts."""

import json
import os
import signal
import stat
import sys
from pathlib import Path

from tests.cli.conftest import GLASS, Command
from tests.deployment.test_lifecycle import slow, state_of, two, wait_for

# Stands between terrace and Terraform, counts the interrupts it gets, and passes them on.
WRAPPER = """#!{python}
import os, signal, subprocess, sys
child = subprocess.Popen(["terraform", *sys.argv[1:]], start_new_session=True)
def pass_on(number, frame):
    with open({counted!r}, "a") as file:
        file.write("interrupt\\n")
    child.send_signal(number)
signal.signal(signal.SIGINT, pass_on)
while True:
    try:
        sys.exit(child.wait())
    except InterruptedError:
        pass
"""


def test_it_asks_first(terrace: Command) -> None:
    terrace.small.stack(two())
    assert terrace.run("plan", "dev").returncode == 1
    ended = terrace.run("apply", "dev", *GLASS)
    assert ended.returncode == 2
    assert (
        "error: this asks first, and there is no terminal to ask on\n\nhint: answer beforehand with --yes"
        in ended.stderr
    )


def test_it_tells_each_resource(terrace: Command) -> None:
    terrace.small.stack(two())
    terrace.run("plan", "dev")
    ended = terrace.run("apply", "dev", "--yes", *GLASS)
    assert (ended.returncode, ended.stdout) == (0, "dev on aws: 2 added\n")
    assert "[2/2] created terraform_data." in ended.stderr
    again = terrace.run("--quiet", "apply", "dev", "--yes", *GLASS)
    assert (again.returncode, again.stdout) == (2, "")


def test_one_ctrl_c_is_one_interrupt_and_the_state_is_saved(terrace: Command, tmp_path: Path) -> None:
    """The terminal interrupts the whole process group; Terraform must get that interrupt once, from terrace."""
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
    assert "interrupt passed on: Terraform finishes what it has begun and saves its state" in err
    assert "in good order: its state is saved, its lock released" in err
    assert "Traceback" not in err
    names = {entry["name"] for entry in state_of(terrace.small)["resources"]}
    assert "quick" in names and "after" not in names
    assert not list((terrace.small.root / ".terrace/state").glob(".*.lock.info"))
    assert not list((terrace.small.root / ".terrace").glob("running-*"))
    terrace.small.stack(slow(0))
    assert terrace.run("plan", "dev").returncode == 1
    assert terrace.run("apply", "dev", "--yes", *GLASS).returncode == 0
    assert {entry["name"] for entry in state_of(terrace.small)["resources"]} == {"quick", "slow", "after"}


def test_killed_itself_terraform_goes_on_and_the_next_run_knows(terrace: Command) -> None:
    terrace.small.stack(slow(4))
    terrace.run("plan", "dev")
    running = terrace.start("apply", "dev", "--yes", *GLASS)
    wait_for(lambda: "apply_start" in log_of(terrace))
    running.kill()
    running.communicate()
    refused = terrace.run("apply", "dev", "--yes", *GLASS)
    assert refused.returncode == 3
    assert "died, but the Terraform it started is still at work" in refused.stderr
    marker = json.loads((terrace.small.root / ".terrace/running-dev-aws.json").read_text())
    wait_for(lambda: not alive(marker["terraform"]["pid"]))
    finished = terrace.run("apply", "dev", "--yes", *GLASS)
    assert (finished.returncode, finished.stdout) == (0, "dev on aws: nothing to do\n")
    assert "did not end in good order" in finished.stderr


def log_of(terrace: Command) -> str:
    logs = sorted((terrace.small.root / ".terrace/logs").glob("*-apply-*.jsonl"))
    return logs[-1].read_text() if logs else ""


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
