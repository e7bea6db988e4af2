"""Runs git in a project."""

import subprocess
from pathlib import Path

from terrace.errors import UsageError


def git(root: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run git in a directory, whatever its exit code. Raises UsageError if git is not installed."""
    try:
        return subprocess.run(
            ["git", "-C", str(root), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise UsageError("git is not installed", where=str(root), hint="install git") from None
