"""Vector's removal of secrets from logs: its filters, applied to the cases of its own unit tests.

Vector itself is not run: the filters' syntax is common to its regular expressions and Python's, except `\\z`.
"""

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

MODULE = Path(__file__).parents[2] / "modules" / "vector"
TESTS: list[dict[str, Any]] = YAML(typ="safe").load(MODULE / "tests" / "redaction.yaml")["tests"]
SOURCE = (MODULE / "values.yaml.j2").read_text(encoding="utf-8")
FILTERS = [re.compile(one.replace(r"\z", r"\Z")) for one in re.findall(r"^ +r'(.*)',$", SOURCE, re.MULTILINE)]


def messages(kind: str) -> list[str]:
    return [test["inputs"][0]["log_fields"]["message"] for test in TESTS if test["name"].startswith(kind)]


def redacted(message: str, filters: list[re.Pattern[str]]) -> str:
    for one in filters:
        message = one.sub("[REDACTED]", message)
    return message


@pytest.mark.parametrize("message", messages("removed: "))
def test_secret_is_removed(message: str) -> None:
    assert "hunter2" in message.lower()
    assert "hunter2" not in redacted(message, FILTERS).lower()


@pytest.mark.parametrize("message", messages("unchanged: "))
def test_other_text_is_unchanged(message: str) -> None:
    assert redacted(message, FILTERS) == message


@pytest.mark.parametrize("removed", range(len(FILTERS)), ids=lambda index: FILTERS[index].pattern[:20])
def test_every_filter_is_needed(removed: int) -> None:
    others = [one for index, one in enumerate(FILTERS) if index != removed]
    assert any("hunter2" in redacted(message, others).lower() for message in messages("removed: "))
