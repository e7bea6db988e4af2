"""Stacks of Azure with an edit, as the access model reads them."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from terrace.assurance import access
from terrace.assurance.access.model import Access, Differences
from terrace.assurance.checks import Subject
from terrace.assurance.view import View
from terrace.environment import load, target
from tests.assurance.conftest import Written
from tests.assurance.mutants import Edit
from tests.conftest import ROOT

Read = Callable[..., tuple[Access, Differences]]
_LOADED = cache(lambda name: load(name, project=ROOT, cloud="azure").environment)


@pytest.fixture
def read(written: Written) -> Read:
    """(edits, environment) to the graphs of the edited stack and their differences."""

    def of(*edits: Edit, environment: str = "prod") -> tuple[Access, Differences]:
        document: dict[str, Any] = json.loads(written("azure", environment))
        for edit in edits:
            edit(document)
        loaded = _LOADED(environment)
        subject = Subject(View(document), loaded, target(loaded))
        return access.read(subject), access.differences(subject)

    return of
