"""The command as people run it: a process of its own, in a project of its own with a stand-in for the CDK."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.deployment.conftest import SmallProject, aws

__all__ = ["GLASS", "aws", "terrace"]

GLASS = ("--break-glass", "a stack this small keeps no guarantee")
"""The gate judges plans of tests too, and refuses them: `plan` says 1, and `apply` wants a reason."""


class Command:
    """`terrace` in a project. Its environments are the repository's; its stack is what the test writes."""

    def __init__(self, small: SmallProject) -> None:
        self.small = small
        shutil.copytree(ROOT / "environments", small.root / "environments", dirs_exist_ok=True)

    def environment(self, **more: str) -> dict[str, str]:
        """Nothing of the caller's credentials or settings; the state is local."""
        kept = {
            n: v for n, v in os.environ.items() if not n.startswith(("TERRACE_", "AWS_", "TF_", "_TERRACE", "NO_COLOR"))
        }
        return kept | {"TERRACE_STATE": "local"} | more

    def start(self, *arguments: str, **more: str) -> "subprocess.Popen[str]":
        """In a session of its own, as a shell gives a job its own process group."""
        return subprocess.Popen(
            [sys.executable, "-m", "terrace.cli.main", *arguments],
            cwd=self.small.root,
            env=self.environment(PYTHONPATH=f"{ROOT}:{ROOT / 'constructs'}", PYTHONSAFEPATH="1") | more,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
        process = self.start(*arguments, **more)
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)


@pytest.fixture
def terrace(tmp_path: Path) -> Command:
    return Command(SmallProject(tmp_path / "project"))
