"""`terrace emulator`, as people type it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
from click.testing import CliRunner, Result

from terrace.cli.emulator import command
from terrace.errors import AnswerIsNo


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))


def test_start_status_env_stop(tmp_path: Path) -> None:
    place = ["--directory", str(tmp_path)]
    absent = run("status", *place)
    assert isinstance(absent.exception, AnswerIsNo)
    assert isinstance(run("env", *place).exception, AnswerIsNo)
    assert run("stop", *place).output == "The aws emulator is not running.\n"

    started = run("start", *place, "--json")
    assert started.exit_code == 0
    facts = json.loads(started.stdout)
    try:
        assert "is already running" in run("start", *place).output
        assert "0 resources, 0 unsupported operations" in run("status", *place).output
        assert json.loads(run("status", *place, "--json").stdout)["resources"] == []
        variables = json.loads(run("env", *place, "--json").stdout)
        assert variables["HTTPS_PROXY"] == facts["proxy"]

        script = run("env", *place).stdout + "\nenv"
        shell = os.environ | {"AWS_PROFILE": "production", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
        said = subprocess.check_output(["sh", "-c", script.replace("unset AWS_PROFILE\n", "")], env=shell, text=True)
        assert f"AWS_CA_BUNDLE={facts['ca']}" in said.splitlines()
    finally:
        assert run("stop", *place).output == "The aws emulator is stopped.\n"
    assert not psutil.pid_exists(facts["pid"])


def test_env_unsets_what_names_a_real_account(tmp_path: Path) -> None:
    place = ["--directory", str(tmp_path)]
    run("start", *place)
    try:
        runner = CliRunner(env={"AWS_PROFILE": "production", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"})
        lines = runner.invoke(command, ["env", *place]).stdout.splitlines()
        assert {"unset AWS_PROFILE", "unset AWS_ENDPOINT_URL"} <= set(lines)
    finally:
        run("stop", *place)


def test_ctrl_c_leaves_no_process_behind(tmp_path: Path) -> None:
    program = "from terrace.cli.emulator import command; command()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "start", "--foreground", "--directory", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        # a shell that runs the tests in the background has them, and so their children, ignore a Ctrl-C
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout is not None
    assert "is running" in process.stdout.readline()
    server = json.loads((tmp_path / "emulator.json").read_text())["pid"]
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    deadline = time.monotonic() + 10
    while psutil.pid_exists(server) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not psutil.pid_exists(server)
