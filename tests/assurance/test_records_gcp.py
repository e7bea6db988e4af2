"""Alarms on records of Google Cloud's logs: a filter or a severity that the construct itself lost is found."""

import json
from dataclasses import replace

import pytest

from terrace.assurance.checks import Subject, evaluate
from terrace.assurance.checks.gcp import lookup
from terrace.assurance.guarantees import GUARANTEES
from terrace.assurance.view import View
from terrace.environment import target
from terrace.gcp.records import events
from tests.assurance.conftest import Written
from tests.assurance.test_gate import environment

AUD_6 = [row for row in GUARANTEES if row.id == "AUD-6"]


def test_each_kind_is_a_record_of_the_construct() -> None:
    assert set(lookup.CHANGES) | set(lookup.FINDINGS) <= set(lookup.RECORDS)
    assert all(severities and words for severities, words in lookup.RECORDS.values())


@pytest.mark.parametrize("word", ["securityPolicies", "firewalls"])
def test_a_filter_that_the_construct_narrows_is_found(
    written: Written, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    loaded = environment("dev", "gcp").environment
    text = written("gcp", "dev")
    subject = Subject(View(json.loads(text)), loaded, target(loaded))
    assert evaluate(subject, AUD_6)[0].passes or evaluate(subject, AUD_6)[0].status == "excepted"
    monkeypatch.setattr(
        lookup,
        "events",
        lambda *arguments, **keywords: {
            name: replace(one, filter=one.filter.replace(word, "none"))
            for name, one in events(*arguments, **keywords).items()
        },
    )
    narrowed = Subject(View(json.loads(text.replace(word, "none"))), loaded, target(loaded))
    assert evaluate(narrowed, AUD_6)[0].status == "broken"
