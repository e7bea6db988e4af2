"""A project whose environment dev has remote state, in a shell with an emulator's credentials."""

import json
import os
import shutil
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from terrace.emulator import Emulator
from terrace.project.discovery import Project
from terrace.state import StateHome, home
from tests import forked
from tests.conftest import ROOT
from tests.state.conftest import environment


@dataclass
class Site:
    """A project whose environment dev has remote state, and whose state home does not exist yet."""

    emulator: Emulator
    root: Path
    bucket: str

    def run(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`terrace COMMAND dev ARGUMENTS`; the command may have two words."""
        shell = {"PATH": os.environ["PATH"], "HOME": str(self.root), "PYTHONPATH": f"{ROOT}:{ROOT / 'constructs'}"}
        words = (*command.split(), "dev", "--cloud", self.emulator.cloud, *arguments)
        return forked.terrace(*words, directory=self.root, environment=self.emulator.child_environment(shell))

    def bootstrap(self, *more: str) -> dict[str, Any]:
        finished = self.run("bootstrap", "--state-only", "--yes", "--json", *more)
        assert finished.returncode == 0, finished.stderr
        answer: dict[str, Any] = json.loads(finished.stdout)
        return answer

    def home(self) -> StateHome:
        return home(
            environment(self.emulator, self.bucket),
            project=Project(self.root),
            variables=self.emulator.child_environment({}),
        )


def made(emulator: Emulator, root: Path) -> Site:
    bucket = f"state{uuid.uuid4().hex[:10]}"
    shutil.copytree(ROOT / "environments", root / "environments")
    (root / "cdktf.json").write_text("{}")
    dev = root / "environments" / "dev.yaml"
    dev.write_text(dev.read_text().replace("backend: local", f"backend: remote\n  bucket: {bucket}"))
    return Site(emulator, root, bucket)
