"""A purge removes nothing while an object is locked. The clouds' own parts are tested in tests/live/<cloud>."""

import pytest

from terrace.environment import load
from terrace.errors import AnswerIsNo
from terrace.purge import refuse_locked
from tests.live.recording import ROOT

ENVIRONMENT = load("prod", project=ROOT).environment


def test_without_locks_it_returns() -> None:
    refuse_locked(ENVIRONMENT, [], "object versions")


def test_the_first_ten_locks_are_named() -> None:
    with pytest.raises(AnswerIsNo) as raised:
        refuse_locked(ENVIRONMENT, [f"object {number}" for number in range(12)], "object version")
    lines = raised.value.message.splitlines()
    assert lines[0] == "cannot remove 12 locked object versions:"
    assert lines[1:] == [f"  object {number}" for number in range(10)] + ["  and 2 more"]
    assert raised.value.where == "environment prod"
