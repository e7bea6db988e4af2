"""The table of environment variables: no code reads a variable that is not in it."""

import re
from pathlib import Path

import pytest

from terrace.variables import VARIABLES, Variable
from tests.conftest import ROOT

PREFIX = "TERRACE_"
NAME = re.compile(r"(?<![A-Z0-9_])TERRACE_[A-Z][A-Z0-9_]*")
READ_BY_TESTS = re.compile(r"environ(?:\.get\(|\[)\"(TERRACE_[A-Z0-9_]+)\"")
OF_THE_FORGE = re.compile(r"TERRACE_[A-Z0-9_]+_CLIENT_ID")  # in TERRACE_CI_VARIABLES, one an environment and role
FILES = (
    "Makefile", "constructs/terrace/**/*.py", "scripts/*.py", "stacks/*.py", "benchmarks/*.py", ".github/**/*.yml",
    "docs/**/*.md", "modules/**/*.y*ml",
)  # fmt: skip


def unlisted(root: Path) -> list[str]:
    """Names of variables in the code of a project that are not in the table, with their files."""
    listed = {variable.name for variable in VARIABLES}
    found = {
        (str(path.relative_to(root)), name)
        for patterns, expression in ((FILES, NAME), (("tests/**/*.py",), READ_BY_TESTS))
        for pattern in patterns
        for path in root.glob(pattern)
        for name in expression.findall(path.read_text(encoding="utf-8"))
    }
    return sorted(f"{file}: {name}" for file, name in found if name not in listed and not OF_THE_FORGE.fullmatch(name))


def test_every_variable_in_the_code_is_in_the_table() -> None:
    assert unlisted(ROOT) == []


def test_an_unlisted_variable_is_found(tmp_path: Path) -> None:
    for file, text in (
        ("stacks/one.py", f'os.environ.get("{PREFIX}NEW")'),
        ("tests/cli/test_one.py", f'os.environ["{PREFIX}OTHER"], {{"{PREFIX}NOT_READ": "1"}}'),
        ("docs/page.md", "`CKV2_TERRACE_5`, `_TERRACE_COMPLETE`, `TERRACE_CLOUD`, TERRACE_"),
    ):
        path = tmp_path / file
        path.parent.mkdir(parents=True)
        path.write_text(text)
    assert unlisted(tmp_path) == ["stacks/one.py: TERRACE_NEW", "tests/cli/test_one.py: TERRACE_OTHER"]


def test_names_are_unique_and_described() -> None:
    assert len({variable.name for variable in VARIABLES}) == len(VARIABLES)
    assert not [one.name for one in VARIABLES if not one.effect.endswith(".") or not one.default]


@pytest.mark.parametrize(("environ", "value"), [({}, ""), ({"A": ""}, ""), ({"A": "b"}, "b")])
def test_a_variable_that_is_not_set_is_empty(environ: dict[str, str], value: str) -> None:
    assert Variable("A", "Does something.", "nothing").read(environ) == value
