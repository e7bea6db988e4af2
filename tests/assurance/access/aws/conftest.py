"""The access of a stack of AWS, as synthesized or after edits."""

import json
from collections.abc import Callable

import pytest

from terrace.assurance import access
from terrace.assurance.access.model import Access, Differences
from terrace.assurance.checks import Subject
from terrace.assurance.view import View
from terrace.environment import load, target
from tests.assurance.conftest import Written
from tests.assurance.mutants import Edit
from tests.conftest import ROOT

Read = Callable[..., Subject]
Changed = Callable[..., Differences]


@pytest.fixture
def subject(written: Written) -> Read:
    """(environment, edits) to the subject of checks."""

    def of(environment: str, *edits: Edit) -> Subject:
        document = json.loads(written("aws", environment))
        for edit in edits:
            edit(document)
        loaded = load(environment, project=ROOT, cloud="aws").environment
        return Subject(View(document), loaded, target(loaded))

    return of


@pytest.fixture
def changed(subject: Read) -> Changed:
    """Edits of prod to the differences that they make."""

    def of(*edits: Edit) -> Differences:
        return access.differences(subject("prod", *edits))

    return of


@pytest.fixture
def found(subject: Read) -> Callable[..., Access]:
    """(environment, edits) to what is read."""

    def of(environment: str, *edits: Edit) -> Access:
        return access.read(subject(environment, *edits))

    return of
