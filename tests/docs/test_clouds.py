"""The clouds' pages name every exception, in the words of the code."""

import importlib

import pytest

from tests.conftest import ROOT


@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
def test_a_page_has_the_exceptions_of_its_cloud(cloud: str) -> None:
    page = (ROOT / "docs" / "clouds" / f"{cloud}.md").read_text()
    exceptions = importlib.import_module(f"terrace.{cloud}.exceptions").EXCEPTIONS
    rows = [line for line in page.splitlines() if line.count(" | ") == 3 and "why not" not in line]
    wanted = [f"| {e.guarantee} | {e.reason} | {e.compensation} | {e.source} |" for e in exceptions]
    assert rows == wanted
