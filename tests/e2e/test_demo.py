"""The whole life of an environment, as a user starts it: `terrace demo`, a real process, real Terraform."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from terrace.demo import run as life
from terrace.deployment import binary, mirror
from terrace.emulator import Faults
from terrace.errors import TerraceError
from terrace.project.discovery import Project
from tests.conftest import ROOT

TERRACE = Path(sys.executable).with_name("terrace")
PROVIDERS = {"aws": "hashicorp/aws", "azure": "hashicorp/azurerm", "gcp": "hashicorp/google"}
# what each emulated cloud can do wrong all the time, and a deployment has to live with
BAD_DAYS = {
    "aws": Faults(throttle_every=25),
    "azure": Faults(throttle_every=25, operation_seconds=2, iam_delay_seconds=3),
    "gcp": Faults(throttle_every=25, operation_seconds=2, iam_delay_seconds=3),
}


def provider_of(cloud: str) -> None:
    """Skips the test where the cloud's provider cannot be had."""
    try:
        mirror.choose(providers=[PROVIDERS[cloud]], host=binary.locate(ROOT).registry_host)
    except TerraceError as error:
        pytest.skip(f"{PROVIDERS[cloud]}: {error}")


def demo(
    tmp_path: Path, environment: str, cloud: str = "aws"
) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """Run the demo in a copy of the project, with credentials in the shell that must never be used."""
    project = tmp_path / "project"
    project.mkdir()
    for name in ("environments", "cdktf.json"):
        (project / name).symlink_to(ROOT / name)
    (tmp_path / "aws").mkdir()
    config = tmp_path / "aws" / "config"
    config.write_text("[profile payroll]\nregion = us-east-1\ncredential_process = /bin/false\n")
    evidence = tmp_path / "evidence.json"
    asked = ["--env", environment, "--cloud", cloud]
    variables = {
        **os.environ,
        "AWS_PROFILE": "payroll",
        "AWS_CONFIG_FILE": str(config),
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ROLE_ARN": "arn:aws:iam::999999999999:role/payroll",
        "NO_COLOR": "1",
        "COLUMNS": "160",
    }
    ended = subprocess.run(
        [str(TERRACE), "--project", str(project), "demo", *asked, "--json", str(evidence)],
        cwd=tmp_path,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=40 * 60,
    )
    return ended, json.loads(evidence.read_text()) if evidence.exists() else {}


def assert_a_whole_life(
    ended: subprocess.CompletedProcess[str], evidence: dict[str, Any], environment: str, cloud: str = "aws"
) -> None:
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert evidence["environment"] == environment
    assert evidence["cloud"] == cloud
    assert evidence["second_plan_changes"] == 0
    assert evidence["outputs_version"] == 1
    assert len(evidence["guarantees_verified"]) >= 25
    assert len(evidence["drift_injected"]) == 3
    assert evidence["drift_detected"] == evidence["drift_injected"]
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
        if "terrace.emulator" in (process.info["cmdline"] or []) and str(ended.args[2]) in process.info["cmdline"]
    ]
    assert running == []


def test_dev_comes_up_is_proven_and_goes_down_to_nothing(tmp_path):
    ended, evidence = demo(tmp_path, "dev")
    assert_a_whole_life(ended, evidence, "dev")
    assert evidence["resources_applied"] >= 330
    assert "resources applied" in ended.stdout


@pytest.mark.e2e
def test_prod_comes_up_is_proven_and_goes_down_to_nothing(tmp_path):
    ended, evidence = demo(tmp_path, "prod")
    assert_a_whole_life(ended, evidence, "prod")
    assert evidence["resources_applied"] >= 420


@pytest.mark.e2e
@pytest.mark.parametrize("environment", ["dev", "prod"])
@pytest.mark.parametrize("cloud", ["azure", "gcp"])
def test_the_other_clouds_come_up_are_proven_and_go_down_to_nothing(tmp_path, cloud, environment):
    provider_of(cloud)
    ended, evidence = demo(tmp_path, environment, cloud)
    assert_a_whole_life(ended, evidence, environment, cloud)


@pytest.mark.e2e
@pytest.mark.parametrize("cloud", PROVIDERS)
def test_a_cloud_on_a_bad_day_still_converges(tmp_path, cloud):
    """Throttled all the time and slow: everything applies, nothing is left to do, and nothing stays."""
    provider_of(cloud)
    evidence = life.run(Project(ROOT, scratch=tmp_path), "dev", cloud=cloud, faults=BAD_DAYS[cloud])
    assert evidence.failures == []
    assert evidence.resources_applied > 250
    assert evidence.second_plan_changes == 0
    assert evidence.leftovers == []
