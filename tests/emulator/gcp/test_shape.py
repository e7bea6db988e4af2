"""The core is small, a service's quirks fit on a screen or two, and everything in the table says why it is there."""

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


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.py")), ids=lambda path: path.name)
def test_quirks_and_refusals_are_short(path: Path) -> None:
    if path.name not in CORE:
        assert len(path.read_text().splitlines()) <= 150


def test_every_file_of_quirks_and_refusals_is_in_the_table() -> None:
    quirks.load()
    machinery = {"__init__", "call", "inventory", "policies", "quirks", "server"} | {Path(name).stem for name in CORE}
    assert {path.stem for path in FOLDER.glob("*.py")} - machinery == set(quirks.SERVICES)
    assert {path.stem for path in (FOLDER / "refusals").glob("*.py")} - {"__init__", "general", "schema"} == set(
        quirks.RULES
    )


def test_every_rule_names_its_source() -> None:
    quirks.load()
    rules = [rule for table in (quirks.REFUSALS, quirks.KEEPERS) for found in table.values() for rule in found]
    assert len(rules) > 90
    assert not [rule for rule in rules if "Source" not in (rule.__doc__ or "")]
