"""The fake GitHub, and the tools that check and run workflows. Tests that need a missing tool are skipped by name."""

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.pipelines.forge import Forge
from tests.pipelines.runner import act


def _tool(variable: str, name: str) -> str:
    return os.environ.get(variable) or shutil.which(name) or ""


@pytest.fixture
def forge() -> Iterator[Forge]:
    running = Forge()
    yield running
    running.close()


@pytest.fixture(scope="session")
def actionlint() -> str:
    if not (path := _tool("TERRACE_ACTIONLINT", "actionlint")):
        pytest.skip("actionlint is not installed (TERRACE_ACTIONLINT): workflows are not linted")
    return path


@pytest.fixture(scope="session")
def zizmor() -> str:
    if not (path := _tool("TERRACE_ZIZMOR", "zizmor")):
        pytest.skip("zizmor is not installed (TERRACE_ZIZMOR): workflows are not audited")
    return path


@pytest.fixture(scope="session")
def runs_workflows() -> None:
    if not act():
        pytest.skip("act is not installed (TERRACE_ACT): workflows are not run")
