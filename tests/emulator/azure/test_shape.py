"""The core is small and knows no service; a namespace's quirks fit on a screen or two."""

import ast
import io
import tokenize
from pathlib import Path

import pytest

from terrace.emulator import azure
from terrace.emulator.azure import namespaces

FOLDER = Path(azure.__file__).parent
CORE = ("arm.py", "ids.py", "store.py")
BESIDE = ("call.py", "checks.py", "kind.py", "operations.py", "pages.py")


def _code_lines(path: Path) -> int:
    """Lines that are neither blank, nor comment, docstring or import."""
    text = path.read_text()
    left: set[int] = set()
    for node in (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt)):
        value = node.value if isinstance(node, ast.Expr) else None
        is_text = isinstance(value, ast.Constant) and isinstance(value.value, str)
        if is_text or isinstance(node, ast.Import | ast.ImportFrom):
            left |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    blank = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return len({token.start[0] for token in tokens if token.type not in blank} - left)


def test_the_core_stays_small() -> None:
    assert sum(_code_lines(FOLDER / name) for name in CORE) < 400


@pytest.mark.parametrize("name", (*CORE, *BESIDE))
def test_the_core_knows_no_service(name: str) -> None:
    spaces = {type.split("/")[0] for type in namespaces.KINDS} - {"microsoft.resources", "microsoft.authorization"}
    text = (FOLDER / name).read_text().lower()
    assert not [space for space in spaces if f'"{space}' in text]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_quirks_are_short(path: Path) -> None:
    if path.name not in CORE:
        assert len(path.read_text().splitlines()) <= 150
