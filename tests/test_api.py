"""The public Python API."""

import ast
import subprocess
import sys

import terrace
from tests.conftest import ROOT


def test_the_types_agree_with_the_api() -> None:
    """The stub, which type checkers read, has every public name from the module that defines it."""
    stub = ast.parse((ROOT / "constructs/terrace/__init__.pyi").read_text())
    names = {alias.name for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert names == set(terrace.__all__) - {"__version__"}


def test_the_import_is_cheap_and_each_name_can_be_imported() -> None:
    script = (
        "import sys, terrace\n"
        "assert not {'pydantic', 'click', 'cdktn'} & sys.modules.keys()\n"
        "print([name for name in terrace.__all__ if getattr(terrace, name) is None])"
    )
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"
