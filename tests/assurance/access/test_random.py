"""No random opening or grant that is wider than declared passes.

The default is a few dozen cases a cloud; TERRACE_CASES sets another number.
"""

import json
import os

import pytest
from hypothesis import HealthCheck, given, settings

from terrace.assurance import access
from terrace.assurance.checks import Subject
from terrace.assurance.view import View
from terrace.capabilities.cloud import CLOUDS
from terrace.environment import load, target
from tests.assurance.access.openings import Case, cases
from tests.assurance.conftest import Written
from tests.conftest import ROOT

CASES = int(os.environ.get("TERRACE_CASES", "40"))


@pytest.mark.parametrize("cloud", CLOUDS)
def test_no_random_opening_or_grant_passes(cloud: str, written: Written) -> None:
    stack = written(cloud, "prod")
    environment = load("prod", project=ROOT, cloud=cloud).environment
    place = target(environment)

    @settings(max_examples=CASES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(cases(cloud))  # type: ignore[arg-type]
    def found(case: Case) -> None:
        path, edit = case
        document = json.loads(stack)
        edit(document)
        differences = access.differences(Subject(View(document), environment, place))
        named = [by for one in differences.undeclared for by in one.by] + [one.by for one in differences.unknown]
        assert any(path in by for by in named), differences

    found()
