"""A project with modules, written by a test."""

from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
HEAD = """summary: Orders of the shop
category: applications
home: https://example.com/shop
licence: Apache-2.0
version: 1.4.2
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a module below a folder, by default `modules/` of the project, and return the project."""

    def write_module(name: str, body: str = "", *, folder: str = "modules") -> Path:
        directory = tmp_path / folder / name
        directory.mkdir(parents=True)
        (directory / "module.yaml").write_text(HEAD + body)
        (directory / "README.md").write_text(f"# {name}\n")
        return tmp_path

    return write_module
