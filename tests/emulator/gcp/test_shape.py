"""The core is small, each module is short, and each rule has a source."""

import ast
import io
import tokenize
from pathlib import Path

import pytest

from terrace.emulator import gcp
from terrace.emulator.gcp import quirks

FOLDER = Path(gcp.__file__).parent
CORE = ("documents.py", "fields.py", "operations.py", "store.py", "verbs.py")


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


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.py")), ids=lambda path: path.name)
def test_modules_have_at_most_200_lines(path: Path) -> None:
    if path.name not in CORE:
        assert len(path.read_text().splitlines()) <= 200


def test_every_module_is_loaded() -> None:
    quirks.load()
    support = {
        "__init__",
        "call",
        "contents",
        "databases",
        "generations",
        "inventory",
        "policies",
        "quirks",
        "rights",
        "server",
    } | {Path(name).stem for name in CORE}
    assert {path.stem for path in FOLDER.glob("*.py")} - support == set(quirks.SERVICES)
    assert {path.stem for path in (FOLDER / "refusals").glob("*.py")} - {"__init__", "general", "schema"} == set(
        quirks.RULES
    )


def test_every_rule_has_a_source() -> None:
    quirks.load()
    rules = [
        rule for table in (quirks.REFUSALS, quirks.DELETE_REFUSALS) for entries in table.values() for rule in entries
    ]
    assert len(rules) > 90
    assert not [rule for rule in rules if "Source" not in (rule.__doc__ or "")]
