"""docs/environments.md: its tables match the code, and its commands run.

To update the tables, run TERRACE_WRITE_EXPECTED=1 pytest tests/environment/test_docs.py.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from terrace.environment import Environment
from terrace.environment.regions import REGIONS
from terrace.environment.sizes import SIZES
from tests.environment.conftest import HERE

ROOT = HERE.parents[1]
PAGE = ROOT / "docs" / "environments.md"


def sections() -> Iterator[str]:
    yield "| key | |"
    yield "|---|---|"
    for name, info in Environment.model_fields.items():
        optional = "" if info.is_required() else " Optional."
        yield f"| `{name}` | {' '.join(str(info.description).split())}{optional} |"


def regions() -> Iterator[str]:
    yield "| region | AWS | Azure | Google Cloud | jurisdiction |"
    yield "|---|---|---|---|---|"
    for name, region in REGIONS.items():
        yield f"| {name} | {region.aws} | {region.azure} | {region.gcp} | {region.jurisdiction} |"


def sizes() -> Iterator[str]:
    yield "| | size | AWS | Azure | Google Cloud |"
    yield "|---|---|---|---|---|"
    for kind, by_size in SIZES.items():
        for size, by_cloud in by_size.items():
            cells = [f"{m.name} ({m.vcpu:g} vCPU, {m.memory_gb:g} GB)" for m in by_cloud.values()]
            yield f"| {kind} | {size} | {' | '.join(cells)} |"


@pytest.mark.parametrize("table", [sections, regions, sizes], ids=lambda table: table.__name__)
def test_tables_are_current(table: object) -> None:
    name, rows = table.__name__, "\n".join(table())  # type: ignore[attr-defined,operator]
    between = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    current = between.sub(lambda match: f"{match[1]}{rows}\n{match[2]}", PAGE.read_text())
    if os.environ.get("TERRACE_WRITE_EXPECTED"):
        PAGE.write_text(current)
    assert PAGE.read_text() == current


def test_commands_run(tmp_path: Path) -> None:
    """All shell blocks, in order, in a copy of the project."""
    shutil.copy(ROOT / "cdktf.json", tmp_path)
    for folder in ("environments", "modules"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) >= 5
    variables = {name: value for name, value in os.environ.items() if name != "TERRACE_CLOUD"}
    done = subprocess.run(
        ["sh", "-eu", "-c", "\n".join(blocks)], cwd=tmp_path, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "qa: valid (dev, aws, frankfurt)" in done.stdout
    assert "prod: valid (prod, azure, frankfurt)" in done.stdout


def test_quoted_output_is_current() -> None:
    """The text blocks with the output of validate and explain."""
    page = PAGE.read_text()
    for arguments in (["validate"], ["env", "explain", "prod", "database.size"]):
        done = subprocess.run(
            [ROOT / ".venv" / "bin" / "terrace", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert f"```text\n{done.stdout}```" in page
