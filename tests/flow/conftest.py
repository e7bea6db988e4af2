"""The engines, prepared once for the tests of the flow, and what tests ask on them."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from terrace.flow import engines, product, run
from terrace.flow import plane as planes
from terrace.flow.plane import Plane
from terrace.flow.run import Evidence
from terrace.project.discovery import Project
from tests.conftest import ROOT

ROWS, SEED = 1500, 7
READY = ROOT / ".tools" / "flow" / ".ready"

needs_engines = [
    pytest.mark.skipif(not READY.is_file(), reason="the engines of the flow are not installed (make flow)"),
    pytest.mark.xdist_group("flow"),
]


@contextmanager
def started(home: Path, cloud: str = "aws") -> Iterator[Plane]:
    project = Project(ROOT)
    installed = engines.install(ROOT, project.tools, print)
    read = product.read(project, "dev", ROOT / product.EXAMPLE, home / "project", cloud)
    with planes.running(read, installed, home / "plane", print, foundation=False) as made:
        yield made


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    with started(tmp_path_factory.mktemp("flow")) as made:
        yield made


@pytest.fixture(scope="session")
def first(plane: Plane) -> Evidence:
    return run.flow(plane, ROWS, SEED)


def result(evidence: Evidence) -> dict[str, Any]:
    """What two runs of the same events have in common."""
    return {name: value for name, value in evidence.as_data().items() if name not in ("seconds", "dbt")}


def ask(plane: Plane, code: str) -> Any:
    """Run code with the product's wiring, in the engines' Python; it prints JSON last."""
    env = plane.environment("") | {"PYTHONPATH": str(plane.product.folder / "jobs")}
    done = subprocess.run([plane.engines.python, "-c", code], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
