"""The demos of whole environments; tests/demo/test_run.py has each step in a small one."""

from pathlib import Path

import pytest

from terrace.demo import run as demo_run
from terrace.deployment import binary, mirror
from terrace.emulator import Faults
from terrace.errors import TerraceError
from terrace.project.discovery import Project
from tests.conftest import ROOT
from tests.demo.life import assert_complete, demo

pytestmark = pytest.mark.e2e

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


def project(tmp_path: Path) -> Path:
    """A project with the environments of this repository."""
    folder = tmp_path / "project"
    folder.mkdir()
    for name in ("environments", "cdktf.json"):
        (folder / name).symlink_to(ROOT / name)
    return folder


def test_the_demo_of_dev_leaves_nothing(tmp_path):
    finished, evidence = demo(project(tmp_path), "dev")
    assert_complete(finished, evidence, "dev")
    assert evidence["resources_applied"] >= 330
    assert "resources applied" in finished.stdout


def test_the_demo_of_prod_leaves_nothing(tmp_path):
    finished, evidence = demo(project(tmp_path), "prod")
    assert_complete(finished, evidence, "prod")
    assert evidence["resources_applied"] >= 420


@pytest.mark.parametrize("environment", ["dev", "prod"])
@pytest.mark.parametrize("cloud", ["azure", "gcp"])
def test_the_demo_on_azure_and_google_cloud_leaves_nothing(tmp_path, cloud, environment):
    require_provider(cloud)
    finished, evidence = demo(project(tmp_path), environment, cloud)
    assert_complete(finished, evidence, environment, cloud)


@pytest.mark.parametrize("cloud", PROVIDERS)
def test_the_demo_converges_despite_injected_faults(tmp_path, cloud):
    """With throttling and delays, everything applies, the second plan is empty and nothing is left."""
    require_provider(cloud)
    evidence = demo_run.run(Project(ROOT, scratch=tmp_path), "dev", cloud=cloud, faults=FAULTS[cloud])
    assert evidence.failures == []
    assert evidence.resources_applied > 250
    assert evidence.second_plan_changes == 0
    assert evidence.leftovers == []
