"""The command in its own process, in a small project whose stacks are written by the test instead of the CDK."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import forked
from tests.conftest import ROOT
from tests.deployment.conftest import SmallProject, aws

__all__ = ["GLASS", "aws", "terrace"]

GLASS = ("--break-glass", "the guarantees do not hold in a stack this small")
"""The gate refuses the plans of these tests: `plan` exits with 1, and `apply` requires a reason."""


class Command:
    """Runs `terrace` in a project with the repository's environments and a stack that the test writes."""

    def __init__(self, small: SmallProject) -> None:
        self.small = small
        for folder in ("environments", "modules"):
            shutil.copytree(ROOT / folder, small.root / folder, dirs_exist_ok=True)

    def environment(self, **more: str) -> dict[str, str]:
        """The caller's environment without credentials and settings; the state is local, the modules are these."""
        inherited = {
            n: v for n, v in os.environ.items() if not n.startswith(("TERRACE_", "AWS_", "TF_", "_TERRACE", "NO_COLOR"))
        }
        modules = {"PYTHONPATH": f"{ROOT}:{ROOT / 'constructs'}", "PYTHONSAFEPATH": "1"}
        return inherited | {"TERRACE_STATE": "local"} | modules | more

    def start(self, *arguments: str, **more: str) -> "subprocess.Popen[str]":
        """Start the command in a new session, as a shell gives a job its own process group."""
        return subprocess.Popen(
            [sys.executable, "-m", "terrace.cli.main", *arguments],
            cwd=self.small.root,
            env=self.environment(**more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
        return forked.terrace(*arguments, directory=self.small.root, environment=self.environment(**more))


@pytest.fixture
def terrace(tmp_path: Path) -> Command:
    return Command(SmallProject(tmp_path / "project"))
