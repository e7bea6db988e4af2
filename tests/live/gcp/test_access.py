"""The graph of a live deployment is that of its stack, and shows what is changed by hand."""

from pathlib import Path

import pytest

from tests.live.access import lines, of_stack, read, same
from tests.live.gcp.changes import CHANGES
from tests.live.gcp.site import Site


def test_the_graphs_are_those_of_the_stack(site: Site, tmp_path: Path) -> None:
    found, stack = read(site), of_stack("gcp", tmp_path)
    assert found.unread == ()
    assert set(found.access.paths) == set(stack.paths)
    assert set(found.access.grants) == set(stack.grants)
    assert found.access.unknown == ()


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_by_hand_is_an_undeclared_edge(site: Site, name: str) -> None:
    CHANGES[name].make(site)
    found = read(site)
    assert found.unread == ()
    assert same(CHANGES[name].shown, lines(found.differences)), lines(found.differences)
    assert found.differences.missing == ()
