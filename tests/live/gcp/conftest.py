"""The deployment that the tests of this folder break, one at a time."""

import pytest

from tests.live.gcp.built import data, ground, platform, watch
from tests.live.gcp.site import Site


@pytest.fixture(scope="session")
def built() -> Site:
    made = Site()
    for part in (ground, data, platform, watch):
        part.build(made)
    made.keep()
    return made


@pytest.fixture
def site(built: Site) -> Site:
    """The deployment as it was built."""
    built.restore()
    return built
