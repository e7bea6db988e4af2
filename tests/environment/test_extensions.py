"""The function of an extension is found, or a problem names the line of the setting and of the file."""

from pathlib import Path

import pytest

from terrace.environment import load
from terrace.errors import InvalidEnvironment
from terrace.project.source_map import environment_line

ENVIRONMENT = """extends: base.yaml
name: qa
extensions:
  exports: {function: "stacks.exports:bucket"}
"""


def problem(project: Path, code: str | None) -> str:
    (project / "environments" / "qa.yaml").write_text(ENVIRONMENT)
    (project / "stacks").mkdir()
    if code is not None:
        (project / "stacks" / "exports.py").write_text(code)
    with pytest.raises(InvalidEnvironment) as raised:
        load("qa", project=project)
    return str(raised.value)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (None, "stacks/exports.py does not exist. Write the file, or correct the name."),
        (
            "def buckets(scope, handles, target): ...",
            "stacks/exports.py has no function bucket. Did you mean 'buckets'?",
        ),
        ("X = 1\ndef bucket(scope): ...", "bucket at stacks/exports.py:2 has 1 parameter, not 3."),
        ("def bucket(a, b, c, *, d): ...", "bucket at stacks/exports.py:1 has a keyword parameter without a default."),
        ("\ndef bucket(:", "stacks/exports.py:2 is not valid Python: invalid syntax."),
    ],
    ids=["file", "function", "parameters", "keyword", "syntax"],
)
def test_a_function_that_cannot_be_called_is_a_problem_with_both_lines(
    project: Path, code: str | None, message: str
) -> None:
    assert problem(project, code).startswith(f"environments/qa.yaml:4:23 extensions.exports.function: {message}")


def test_a_function_is_found_where_it_is(project: Path) -> None:
    (project / "environments" / "qa.yaml").write_text(ENVIRONMENT)
    (project / "stacks").mkdir()
    (project / "stacks" / "exports.py").write_text("import os\n\ndef bucket(scope, handles, target, *more): ...\n")
    loaded = load("qa", project=project)
    assert loaded.extensions == {"exports": "stacks/exports.py:3:1"}
    assert environment_line(loaded, "qa/extensions/exports/bucket") == "stacks/exports.py:3:1"
