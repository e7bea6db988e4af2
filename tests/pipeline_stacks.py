"""Foundations of a repository whose tokens have GitHub's ids in their subject."""

import json
import shutil
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock

from terrace.environment import load
from terrace.environment.schema import Environment
from terrace.project.discovery import Project
from terrace.project.synthesis import synthesize
from tests.conftest import ROOT

IDS = '  owner_id: "583231"\n  repository_id: "1296269"\n'


class PipelineStacks(Protocol):
    """dev on a cloud, and its foundation's stack."""

    def __call__(self, cloud: str) -> tuple[Environment, dict[str, Any]]: ...


def synthesized(shared: Path, cloud: str) -> tuple[Environment, dict[str, Any]]:
    """dev and its stack, in a copy of this repository's environments with the ids; `shared` is the run's directory."""
    project, saved = shared / "pipelines", shared / f"pipelines-{cloud}.json"
    with FileLock(shared / "pipelines.lock"):
        if not project.exists():
            for folder in ("environments", "modules"):
                shutil.copytree(ROOT / folder, project / folder)
            shutil.copy(ROOT / "cdktf.json", project)
            base = project / "environments" / "base.yaml"
            own = "  repository: acme/terrace\n"
            base.write_text(base.read_text().replace(own, f"{own}{IDS}"))
        if not saved.exists():
            made = Project(project)
            synthesize(made, "dev", cloud=cloud, state="local")
            shutil.copy(made.stack("dev") / "cdk.tf.json", saved)
    return load("dev", project=project, cloud=cloud).environment, json.loads(saved.read_text())
