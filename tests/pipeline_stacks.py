"""Foundations of a repository whose tokens have GitHub's ids in their subject."""

import json
import shutil
from pathlib import Path
from typing import Any, Protocol

from terrace.environment import load
from terrace.environment.schema import Environment
from terrace.project.discovery import Project
from terrace.project.synthesis import synthesize
from tests.conftest import ROOT

IDS = '  owner_id: "583231"\n  repository_id: "1296269"\n'


class PipelineStacks(Protocol):
    """dev on a cloud, and its foundation's stack."""

    def __call__(self, cloud: str) -> tuple[Environment, dict[str, Any]]: ...


def synthesized(project: Path, cloud: str) -> tuple[Environment, dict[str, Any]]:
    """dev and its stack, in a copy of this repository's environments with the ids."""
    if not (project / "cdktf.json").exists():
        for folder in ("environments", "modules"):
            shutil.copytree(ROOT / folder, project / folder)
        shutil.copy(ROOT / "cdktf.json", project)
        base = project / "environments" / "base.yaml"
        base.write_text(base.read_text().replace("  repository: acme/terrace\n", f"  repository: acme/terrace\n{IDS}"))
    made = Project(project)
    synthesize(made, "dev", cloud=cloud, state="local")
    stack: dict[str, Any] = json.loads((made.stack("dev") / "cdk.tf.json").read_text())
    return load("dev", project=project, cloud=cloud).environment, stack
