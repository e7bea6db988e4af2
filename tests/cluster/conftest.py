"""The clusters of these tests."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cluster import binaries
from tests.cluster.control_plane import Cluster, cluster


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this directory."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.cluster)


@pytest.fixture(scope="session")
def empty_cluster() -> Iterator[Cluster]:
    """A cluster in which nothing is installed."""
    if reason := binaries.missing():
        pytest.skip(reason)
    with tempfile.TemporaryDirectory() as directory, cluster(Path(directory) / "c") as running:
        yield running
