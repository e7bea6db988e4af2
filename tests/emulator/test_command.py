"""The command `terrace emulator`."""

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
    options = ["--directory", str(tmp_path)]
    absent = run("status", *options)
    assert isinstance(absent.exception, AnswerIsNo)
    assert isinstance(run("env", *options).exception, AnswerIsNo)
    assert run("stop", *options).output == "The aws emulator is not running.\n"

    started = run("start", *options, "--json")
    assert started.exit_code == 0
    facts = json.loads(started.stdout)
    try:
        assert "is already running" in run("start", *options).output
        assert "0 resources, 0 unsupported operations" in run("status", *options).output
        assert json.loads(run("status", *options, "--json").stdout)["resources"] == []
        variables = json.loads(run("env", *options, "--json").stdout)
        assert variables["HTTPS_PROXY"] == facts["proxy"]

        script = run("env", *options).stdout + "\nenv"
        shell = os.environ | {"AWS_PROFILE": "production", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
        output = subprocess.check_output(["sh", "-c", script.replace("unset AWS_PROFILE\n", "")], env=shell, text=True)
        assert f"AWS_CA_BUNDLE={facts['ca']}" in output.splitlines()
    finally:
        assert run("stop", *options).output == "The aws emulator is stopped.\n"
    assert not psutil.pid_exists(facts["pid"])


def test_env_unsets_variables_that_name_a_real_account(tmp_path: Path) -> None:
    options = ["--directory", str(tmp_path)]
    run("start", *options)
    try:
        runner = CliRunner(env={"AWS_PROFILE": "production", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"})
        lines = runner.invoke(command, ["env", *options]).stdout.splitlines()
        assert {"unset AWS_PROFILE", "unset AWS_ENDPOINT_URL"} <= set(lines)
    finally:
        run("stop", *options)


def test_ctrl_c_stops_the_server_process(tmp_path: Path) -> None:
    program = "from terrace.cli.emulator import command; command()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "start", "--foreground", "--directory", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        # a shell that runs the tests in the background makes their child processes ignore Ctrl-C
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
