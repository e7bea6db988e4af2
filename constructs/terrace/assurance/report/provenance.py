"""The provenance of a report: commit, time, tool versions, and the hash of every input."""

import hashlib
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from terrace.errors import UsageError

PACKAGES = ("terrace", "checkov", "cdktn", "pydantic", "compliance-trestle", "jinja2")


@dataclass(frozen=True)
class Provenance:
    """`commit` is "" outside of version control; `modified`: tracked files differ from it.

    `inputs` are SHA-256 sums by input, beyond those of each stack.
    """

    created: datetime
    commit: str
    modified: bool
    tools: Mapping[str, str]
    inputs: Mapping[str, str]


def provenance(root: Path, files: Iterable[tuple[str, Path]], environ: Mapping[str, str] = os.environ) -> Provenance:
    """The provenance of a report made now, or at SOURCE_DATE_EPOCH. `files` are (name, path). Raises UsageError."""
    commit = _git(root, "rev-parse", "HEAD")
    return Provenance(
        created=created(environ),
        commit=commit,
        modified=bool(commit and _git(root, "status", "--porcelain", "--untracked-files=no")),
        tools={**{name: found for name in PACKAGES if (found := _version(name))}, "python": platform.python_version()},
        inputs={shown: hashlib.sha256(path.read_bytes()).hexdigest() for shown, path in sorted(files)},
    )


def created(environ: Mapping[str, str] = os.environ) -> datetime:
    """The time of a report, in UTC and whole seconds. Source: reproducible-builds.org, SOURCE_DATE_EPOCH."""
    epoch = environ.get("SOURCE_DATE_EPOCH", "")
    if not epoch:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        return datetime.fromtimestamp(int(epoch), UTC)
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            f"invalid SOURCE_DATE_EPOCH {epoch!r}; expected seconds since 1970", hint="`date +%s` prints them"
        ) from None


def _git(root: Path, *arguments: str) -> str:
    try:
        ended = subprocess.run(
            ["git", "-C", str(root), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return ""
    return ended.stdout.strip() if ended.returncode == 0 else ""


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
