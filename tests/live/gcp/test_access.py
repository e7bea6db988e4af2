"""The graph of a live deployment is that of its stack, and shows what is changed by hand."""

from pathlib import Path

import pytest

from tests.live.access import assert_equals_stack, assert_shows, read
from tests.live.gcp.changes import CHANGES
from tests.live.gcp.site import Site


def test_the_graphs_are_those_of_the_stack(site: Site, tmp_path: Path) -> None:
    assert_equals_stack(read(site), "gcp", tmp_path)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_by_hand_is_an_undeclared_edge(site: Site, name: str) -> None:
    CHANGES[name].make(site)
    assert_shows(read(site), CHANGES[name])
