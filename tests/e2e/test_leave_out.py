"""The life of a dev that leaves out what docs/guides/leave-out.md does, on an emulated AWS."""

import re
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from tests.demo.life import assert_complete, demo

pytestmark = pytest.mark.e2e

EXAMPLES = {"inner": "network:\n  entry: off\nmodules:", "bare": "cluster: off\n"}
"""Environment to how its example in the guide begins."""


def project(tmp_path: Path, name: str) -> Path:
    """A project with an environment that has the lines of an example."""
    folder = tmp_path / "project"
    (folder / "environments" / "clouds").mkdir(parents=True)
    for shared in ("modules", "cdktf.json"):
        (folder / shared).symlink_to(ROOT / shared)
    guide = (ROOT / "docs" / "guides" / "leave-out.md").read_text()
    (lines,) = [one for one in re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL) if one.startswith(EXAMPLES[name])]
    environments = ROOT / "environments"
    (folder / "environments" / "base.yaml").write_text((environments / "base.yaml").read_text())
    dev = (environments / "dev.yaml").read_text().replace("name: dev\n", "")
    (folder / "environments" / "plain.yaml").write_text(dev)
    (folder / "environments" / f"{name}.yaml").write_text(f"extends: plain.yaml\nname: {name}\n{lines}")
    account = yaml.safe_load((environments / "clouds" / "aws.yaml").read_text())["environments"]["dev"]
    (folder / "environments" / "clouds" / "aws.yaml").write_text(yaml.safe_dump({"environments": {name: account}}))
    return folder


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_demo_of_an_environment_that_leaves_something_out_leaves_nothing(tmp_path: Path, name: str) -> None:
    finished, evidence = demo(project(tmp_path, name), name)
    assert_complete(finished, evidence, name)
    assert list(evidence["guarantees"].values()).count("broken") == 0
