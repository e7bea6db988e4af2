"""Each step of `terrace demo` with real Terraform on an emulated AWS, in a small project with few guarantees.

tests/e2e/test_demo.py has the demos of whole environments on every cloud.
"""

import shutil
from pathlib import Path

from ruamel.yaml import YAML

from tests.conftest import ROOT
from tests.demo.life import assert_complete, demo
from tests.pipelines.team import GUARANTEES, few_guarantees


def test_the_demo_makes_each_step_and_leaves_nothing(tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(Path(__file__).parent / "project", project)
    buckets = ROOT / "tests" / "pipelines" / "project" / "stacks" / "__main__.py"
    shutil.copy(buckets, project / "stacks" / "buckets.py")
    shutil.copytree(ROOT / "environments", project / "environments")
    yaml, base = YAML(), project / "environments" / "base.yaml"
    content = yaml.load(base)
    content["modules"] = {}
    yaml.dump(content, base)
    constructs = few_guarantees(tmp_path / "terrace")
    finished, evidence = demo(project, "dev", PYTHONPATH=str(constructs), PYTHONDONTWRITEBYTECODE="")
    assert_complete(finished, evidence, "dev", guarantees=len(GUARANTEES))
    assert evidence["resources_applied"] >= 25
    assert "resources applied" in finished.stdout
