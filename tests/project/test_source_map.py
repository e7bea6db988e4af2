"""The capability and the environment line behind a construct."""

import pytest

from terrace.environment import load
from terrace.project.source_map import capability_of, environment_line
from tests.conftest import ROOT


def test_the_capability_is_the_element_below_the_stack() -> None:
    assert capability_of("dev/database/server") == "database"
    assert capability_of("dev/topic") == "other"
    assert capability_of("") == "other"


@pytest.mark.parametrize("construct", ["dev/database/server", "dev/entry/waf", "dev/alarms/latency"])
def test_a_construct_has_the_line_of_its_section(construct: str) -> None:
    line = environment_line(load("dev", project=ROOT), construct)
    assert line and line.startswith("environments/")


def test_a_construct_without_a_section_has_no_line() -> None:
    assert environment_line(load("dev", project=ROOT), "dev/topic") is None
