"""The environments of docs/guides/shape.md are valid on every cloud, and no guarantee is broken in them."""

import json
import re
import shutil
from pathlib import Path

import pytest

from terrace.assurance import checks
from terrace.assurance.checks import Subject
from terrace.assurance.view import View
from terrace.capabilities.cloud import CLOUDS
from terrace.environment import load, target
from terrace.environment.loading import between
from terrace.project.discovery import Project
from terrace.project.synthesis import synthesize
from tests.conftest import ACCOUNTS, ROOT

PAGE = (ROOT / "docs" / "guides" / "shape.md").read_text()
BLOCKS = re.findall(r"```yaml\n# environments/(\S+)\.yaml[^\n]*\n(.*?)```", PAGE, re.DOTALL)
ACCOUNT = "clouds/aws"
NAMES = [name for name, _ in BLOCKS if name != ACCOUNT]
OWN = {
    "azure": "subscription_id: 00000000-0000-4000-8000-00000000010{number}",
    "gcp": 'project_id: acme-data-{name}\n    project_number: "99999999999{number}"',
}
SHOWN = {"qa": "aws", "paris": "azure", "lab": "gcp"}
"""Where each one is evaluated by default; the others take a minute together."""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    for folder in ("environments", "modules", "stacks"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "cdktf.json", tmp_path)
    environments = tmp_path / "environments"
    for name, text in BLOCKS:
        with (environments / f"{name}.yaml").open("a") as file:
            file.write(text)
    for cloud, settings in OWN.items():
        with (environments / "clouds" / f"{cloud}.yaml").open("a") as file:
            for number, name in enumerate(NAMES):
                shared = name == "lab"
                written = settings.format(name=name, number=number)
                if shared:
                    written = f"{settings.partition(':')[0]}: {ACCOUNTS[cloud]['dev']}\n    owns_account: false"
                    written += '\n    project_number: "123456789012"' if cloud == "gcp" else ""
                file.write(f"  {name}:\n    {written}\n")
    return Project(tmp_path)


def test_every_environment_is_valid_on_every_cloud_beside_the_others(project: Project) -> None:
    assert sorted(NAMES) == sorted(SHOWN)
    for cloud in CLOUDS:
        loaded = [load(name, project=project.root, cloud=cloud) for name in ("dev", *NAMES)]
        assert [str(problem) for problem in between(loaded)] == []


@pytest.mark.parametrize(
    ("name", "cloud"),
    [
        pytest.param(name, cloud, marks=() if SHOWN[name] == cloud else pytest.mark.e2e)
        for name in SHOWN
        for cloud in CLOUDS
    ],
)
def test_every_guarantee_passes(name: str, cloud: str, project: Project) -> None:
    synthesize(project, name, cloud=cloud, state="local")
    environment = load(name, project=project.root, cloud=cloud).environment
    stack = json.loads((project.stack(name) / "cdk.tf.json").read_text())
    found = checks.evaluate(Subject(View(stack), environment, target(environment)))
    assert {result.guarantee.id: result.reason for result in found if not result.passes} == {}
    (detection,) = (result for result in found if result.guarantee.id == "AUD-2")
    owned = {outcome.status for outcome in detection.outcomes} != {"not_required"}
    assert owned == (name != "lab")
