"""The core is small and independent of any service, and each namespace's table is short."""

import ast
import io
import tokenize
from pathlib import Path

import pytest

from terrace.emulator import azure
from terrace.emulator.azure import namespaces

FOLDER = Path(azure.__file__).parent
CORE = ("arm.py", "ids.py", "store.py")
SUPPORT = ("call.py", "checks.py", "kind.py", "operations.py", "pages.py")


def _code_lines(path: Path) -> int:
    """Lines that are neither blank, nor comment, docstring or import."""
    text = path.read_text()
    excluded: set[int] = set()
    for node in (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt)):
        value = node.value if isinstance(node, ast.Expr) else None
        is_text = isinstance(value, ast.Constant) and isinstance(value.value, str)
        if is_text or isinstance(node, ast.Import | ast.ImportFrom):
            excluded |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    blank = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return len({token.start[0] for token in tokens if token.type not in blank} - excluded)


def test_the_core_has_fewer_than_400_lines_of_code() -> None:
    assert sum(_code_lines(FOLDER / name) for name in CORE) < 400


@pytest.mark.parametrize("name", (*CORE, *SUPPORT))
def test_the_core_names_no_service(name: str) -> None:
    spaces = {type.split("/")[0] for type in namespaces.KINDS} - {"microsoft.resources", "microsoft.authorization"}
    text = (FOLDER / name).read_text().lower()
    assert not [space for space in spaces if f'"{space}' in text]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_modules_have_at_most_200_lines(path: Path) -> None:
    if path.name not in CORE:
        assert len(path.read_text().splitlines()) <= 200
