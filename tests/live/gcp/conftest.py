"""The deployment that the tests of this folder change."""

import pytest

from tests.live.gcp.site import Site


@pytest.fixture(scope="session")
def recorded() -> Site:
    return Site()


@pytest.fixture
def site(recorded: Site) -> Site:
    """The deployment as it was recorded."""
    recorded.restore()
    return recorded
