"""The graph of a live deployment is that of its stack, and shows what is changed by hand."""

from pathlib import Path

import pytest

from tests.live.access import Found, lines, of_stack, read, same
from tests.live.azure.changes import CHANGES
from tests.live.azure.site import Site
from tests.live.snapshot import Snapshot


def changed(site: Site, name: str) -> Found:
    CHANGES[name].make(site)
    site.reader.forget(site.touched)
    return read(site)


def test_the_graphs_are_those_of_the_stack(snapshot: Snapshot, tmp_path: Path) -> None:
    found: Found = snapshot.run(read)
    stack = of_stack("azure", tmp_path)
    assert found.unread == ()
    assert set(found.access.paths) == set(stack.paths)
    assert set(found.access.grants) == set(stack.grants)
    assert found.access.unknown == ()


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_by_hand_is_an_undeclared_edge(snapshot: Snapshot, name: str) -> None:
    found: Found = snapshot.run(changed, name)
    assert found.unread == ()
    assert same(CHANGES[name].shown, lines(found.differences)), lines(found.differences)
    assert found.differences.missing == ()
