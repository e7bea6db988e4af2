"""`terrace demo` as a user runs it: a real process with real Terraform."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from terrace.demo import run as demo_run
from terrace.deployment import binary, mirror
from terrace.emulator import Faults
from terrace.errors import TerraceError
from terrace.project.discovery import Project
from tests.conftest import ROOT

TERRACE = Path(sys.executable).with_name("terrace")
PROVIDERS = {"aws": "hashicorp/aws", "azure": "hashicorp/azurerm", "gcp": "hashicorp/google"}
# faults of each emulated cloud that a deployment must tolerate
FAULTS = {
    "aws": Faults(throttle_every=25),
    "azure": Faults(throttle_every=25, operation_seconds=2, iam_delay_seconds=3),
    "gcp": Faults(throttle_every=25, operation_seconds=2, iam_delay_seconds=3),
}


def require_provider(cloud: str) -> None:
    """Skip the test if the cloud's provider is not available."""
    try:
        mirror.choose(providers=[PROVIDERS[cloud]], host=binary.locate(ROOT).registry_host)
    except TerraceError as error:
        pytest.skip(f"{PROVIDERS[cloud]}: {error}")


def demo(
    tmp_path: Path, environment: str, cloud: str = "aws"
) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """Run the demo in a copy of the project, with credentials in the environment that it must never use."""
    project = tmp_path / "project"
    project.mkdir()
    for name in ("environments", "cdktf.json"):
        (project / name).symlink_to(ROOT / name)
    (tmp_path / "aws").mkdir()
    config = tmp_path / "aws" / "config"
    config.write_text("[profile payroll]\nregion = us-east-1\ncredential_process = /bin/false\n")
    evidence = tmp_path / "evidence.json"
    options = ["--env", environment, "--cloud", cloud]
    variables = {
        **os.environ,
        "AWS_PROFILE": "payroll",
        "AWS_CONFIG_FILE": str(config),
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ROLE_ARN": "arn:aws:iam::999999999999:role/payroll",
        "NO_COLOR": "1",
        "COLUMNS": "160",
    }
    finished = subprocess.run(
        [str(TERRACE), "--project", str(project), "demo", *options, "--json", str(evidence)],
        cwd=tmp_path,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=40 * 60,
    )
    return finished, json.loads(evidence.read_text()) if evidence.exists() else {}


def assert_complete(
    finished: subprocess.CompletedProcess[str], evidence: dict[str, Any], environment: str, cloud: str = "aws"
) -> None:
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert evidence["environment"] == environment
    assert evidence["cloud"] == cloud
    assert evidence["second_plan_changes"] == 0
    assert evidence["outputs_version"] == 2
    assert list(evidence["guarantees"].values()).count("holds") >= 25
    assert len(evidence["drift_injected"]) == 3
    assert evidence["drift_detected"] == evidence["drift_injected"]
    assert (evidence["drift_after_apply"], evidence["drift_entries"]) == ([], 3)
    assert evidence["drift_repaired"] is True
    assert evidence["leftovers"] == []
    assert evidence["unsupported_calls"] == []
    assert evidence["failures"] == []
    assert evidence["not_emulated"]
    for step in ("synthesize", "plan", "apply", "plan again", "verify live", "destroy"):
        assert evidence["seconds"][step] > 0
    running = [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if "terrace.emulator" in (process.info["cmdline"] or []) and str(finished.args[2]) in process.info["cmdline"]
    ]
    assert running == []


def test_the_demo_of_dev_leaves_nothing(tmp_path):
    finished, evidence = demo(tmp_path, "dev")
    assert_complete(finished, evidence, "dev")
    assert evidence["resources_applied"] >= 330
    assert "resources applied" in finished.stdout


@pytest.mark.e2e
def test_the_demo_of_prod_leaves_nothing(tmp_path):
    finished, evidence = demo(tmp_path, "prod")
    assert_complete(finished, evidence, "prod")
    assert evidence["resources_applied"] >= 420


@pytest.mark.e2e
@pytest.mark.parametrize("environment", ["dev", "prod"])
@pytest.mark.parametrize("cloud", ["azure", "gcp"])
def test_the_demo_on_azure_and_google_cloud_leaves_nothing(tmp_path, cloud, environment):
    require_provider(cloud)
    finished, evidence = demo(tmp_path, environment, cloud)
    assert_complete(finished, evidence, environment, cloud)


@pytest.mark.e2e
@pytest.mark.parametrize("cloud", PROVIDERS)
def test_the_demo_converges_despite_injected_faults(tmp_path, cloud):
    """With throttling and delays, everything applies, the second plan is empty and nothing is left."""
    require_provider(cloud)
    evidence = demo_run.run(Project(ROOT, scratch=tmp_path), "dev", cloud=cloud, faults=FAULTS[cloud])
    assert evidence.failures == []
    assert evidence.resources_applied > 250
    assert evidence.second_plan_changes == 0
    assert evidence.leftovers == []
