"""The deployment that the tests of this folder change, each in a copy of its own."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.live.azure.site import Site
from tests.live.snapshot import Snapshot


@pytest.fixture(scope="session")
def snapshot() -> Iterator[Snapshot]:
    created = Snapshot(opened)
    yield created
    created.close()


@contextmanager
def opened() -> Iterator[Site]:
    """The recorded apply of prod in an emulator of this process."""
    site = Site()
    site.read()
    yield site
