"""`terrace demo` as a user runs it, and what has to be true after it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil

STEPS = ("synthesize", "plan", "apply", "plan again", "verify live", "detect drift", "repair drift", "destroy")


def demo(
    project: Path, environment: str, cloud: str = "aws", **more: str
) -> tuple["subprocess.CompletedProcess[str]", dict[str, Any]]:
    """Run the demo in a project, with credentials in the environment that it must never use."""
    config = project.parent / "aws" / "config"
    config.parent.mkdir()
    config.write_text("[profile payroll]\nregion = us-east-1\ncredential_process = /bin/false\n")
    evidence = project.parent / "evidence.json"
    options = ["--env", environment, "--cloud", cloud]
    variables = {
        **os.environ,
        "AWS_PROFILE": "payroll",
        "AWS_CONFIG_FILE": str(config),
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ROLE_ARN": "arn:aws:iam::999999999999:role/payroll",
        "NO_COLOR": "1",
        "COLUMNS": "160",
        **more,
    }
    command = [sys.executable, "-m", "terrace.cli.main", "--project", str(project), "demo"]
    finished = subprocess.run(
        [*command, *options, "--json", str(evidence)],
        cwd=project.parent,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=40 * 60,
    )
    return finished, json.loads(evidence.read_text()) if evidence.exists() else {}


def assert_complete(
    finished: "subprocess.CompletedProcess[str]",
    evidence: dict[str, Any],
    environment: str,
    cloud: str = "aws",
    *,
    guarantees: int = 25,
    drifts: int = 3,
) -> None:
    """Each step was made, and nothing is left; at least this many guarantees hold."""
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert evidence["environment"] == environment
    assert evidence["cloud"] == cloud
    assert evidence["second_plan_changes"] == 0
    assert evidence["outputs_version"] == 2
    assert list(evidence["guarantees"].values()).count("holds") >= guarantees
    assert len(evidence["drift_injected"]) == drifts
    assert evidence["drift_detected"] == evidence["drift_injected"]
    assert (evidence["drift_after_apply"], evidence["drift_entries"]) == ([], drifts)
    assert evidence["drift_repaired"] is True
    assert evidence["leftovers"] == []
    assert evidence["unsupported_calls"] == []
    assert evidence["failures"] == []
    assert evidence["not_emulated"]
    for step in STEPS:
        assert evidence["seconds"][step] > 0
    project = finished.args[finished.args.index("--project") + 1]
    running = [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if "terrace.emulator" in (process.info["cmdline"] or [])
        and any(word.startswith(project) for word in process.info["cmdline"])
    ]
    assert running == []
