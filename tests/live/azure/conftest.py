"""The deployment that the tests of this folder break, one at a time."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.live.azure.site import Site
from tests.live.snapshot import Snapshot


@pytest.fixture(scope="session")
def snapshot() -> Iterator[Snapshot]:
    made = Snapshot(opened)
    yield made
    made.close()


@contextmanager
def opened() -> Iterator[Site]:
    """Prod in an emulator's memory."""
    from tests.live.azure.built import data, ground, platform

    site = Site()
    for part in (ground, data, platform):
        part.build(site)
    site.read()
    yield site
