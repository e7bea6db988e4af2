"""A small project for tests: real Terraform, and a stub of `python -m stacks` that copies `stack.json`."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from terrace.deployment.deployment import Deployment
from terrace.emulator import Emulator, start
from terrace.project.discovery import Project

# Like the real one, it writes $TERRACE_OUT/stacks/<environment>/cdk.tf.json.
STACKS = """
import json, os, pathlib, sys
name = sys.argv[1]
stack = json.loads(pathlib.Path("stack.json").read_text())
if os.environ.get("TERRACE_UNPROTECT") and pathlib.Path("unprotected.json").exists():
    stack = json.loads(pathlib.Path("unprotected.json").read_text())
target = pathlib.Path(os.environ["TERRACE_OUT"]) / "stacks" / name
target.mkdir(parents=True, exist_ok=True)
(target / "cdk.tf.json").write_text(json.dumps(stack, indent=2))
"""

LOCAL = {"backend": {"local": {"path": "../../../.terrace/state/dev-aws-foundation.tfstate"}}}


def resource(path: str, **arguments: Any) -> dict[str, Any]:
    """A resource as the CDK synthesizes it, with its construct path."""
    return {"//": {"metadata": {"path": path, "uniqueId": path.replace("/", "_")}}, **arguments}


class SmallProject:
    """A project directory whose stack is `stack.json`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "environments").mkdir(parents=True)
        (root / "environments" / "dev.yaml").write_text("cloud: aws\n")
        (root / "cdktf.json").write_text("{}\n")
        (root / "stacks").mkdir()
        (root / "stacks" / "__init__.py").touch()  # otherwise Python finds the repository's package first
        (root / "stacks" / "__main__.py").write_text(STACKS)
        self.messages: list[str] = []

    def stack(self, resources: dict[str, Any], *, name: str = "stack.json", **more: Any) -> None:
        required = {"aws": {"source": "hashicorp/aws", "version": ">= 5.100, < 7"}} if "provider" in more else {}
        content = {"terraform": {**LOCAL, "required_providers": required}, "resource": resources, **more}
        (self.root / name).write_text(json.dumps(content))

    def deployment(self, **more: Any) -> Deployment:
        settings = {"variables": dict(os.environ), "on_message": self.messages.append} | more
        return Deployment(Project(self.root), "dev", "aws", **settings)


@pytest.fixture
def small(tmp_path: Path) -> SmallProject:
    return SmallProject(tmp_path / "project")


@pytest.fixture
def yes() -> Callable[[object], bool]:
    return lambda saved: True


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulated AWS shared by the tests of this worker; each test uses distinct resource names."""
    emulator = start("aws", tmp_path_factory.mktemp("emulator"), parent=os.getpid())
    yield emulator
    emulator.stop()
