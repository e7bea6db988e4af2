"""Stub until the branch contract lands."""

from collections.abc import Sequence
from pathlib import Path


def folders(project: Path, modules_from: Sequence[str]) -> dict[str, Path]:
    found = {}
    for base in ("modules", *modules_from):
        for file in sorted((project / base).glob("*/module.yaml")):
            found[file.parent.name] = file.parent
    return found
