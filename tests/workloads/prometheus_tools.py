"""promtool and amtool, the checks of Prometheus and Alertmanager (Debian: prometheus, prometheus-alertmanager)."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML


def write(path: Path, content: Any) -> Path:
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(content, file)
    return path


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a tool; skips the test when it is not installed."""
    tool = shutil.which(str(command[0]))
    if tool is None:
        pytest.skip(f"{command[0]} is not installed")
    return subprocess.run([tool, *map(str, command[1:])], capture_output=True, text=True, check=False, timeout=60)


def check_rules(groups: list[dict[str, Any]], folder: Path) -> None:
    """`promtool check rules` accepts the groups."""
    result = run("promtool", "check", "rules", write(folder / "rules.yaml", {"groups": groups}))
    assert result.returncode == 0, result.stdout + result.stderr
