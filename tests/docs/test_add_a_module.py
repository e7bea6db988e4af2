"""The example of docs/guides/add-a-module.md is one folder that works as written, on every cloud."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from terrace.capabilities.cloud import CLOUDS
from tests.conftest import ROOT
from tests.docs.test_extending import apply, steps

PAGE = ROOT / "docs" / "guides" / "add-a-module.md"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the steps of the page applied."""
    root = tmp_path_factory.mktemp("project")
    for name in ("constructs", "docs", "environments", "modules", "policies", "stacks", "cdktf.json", "pyproject.toml"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, root / name)
    (root / ".venv").symlink_to(sys.prefix)
    for step in steps(PAGE):
        if step.verb != "Run":
            apply(step, root)
    return root


def terrace(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "terrace.cli.main", "--project", str(project), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
