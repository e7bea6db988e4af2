"""The deployment that the tests of this folder break, one at a time."""

from collections.abc import Iterator

import pytest

from tests.live.azure.snapshot import Snapshot


@pytest.fixture(scope="session")
def snapshot() -> Iterator[Snapshot]:
    made = Snapshot()
    yield made
    made.close()
