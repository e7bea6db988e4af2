"""The graph of a live deployment is that of its stack, and shows what is changed by hand."""

from pathlib import Path

import pytest

from tests.live.access import Found, assert_equals_stack, assert_shows, read
from tests.live.azure.changes import CHANGES
from tests.live.azure.site import Site
from tests.live.snapshot import Snapshot


def changed(site: Site, name: str) -> Found:
    CHANGES[name].make(site)
    site.reader.forget(site.touched)
    return read(site)


def test_the_graphs_are_those_of_the_stack(snapshot: Snapshot, tmp_path: Path) -> None:
    assert_equals_stack(snapshot.run(read), "azure", tmp_path)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_by_hand_is_an_undeclared_edge(snapshot: Snapshot, name: str) -> None:
    assert_shows(snapshot.run(changed, name), CHANGES[name])
