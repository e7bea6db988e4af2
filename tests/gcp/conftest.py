"""The foundations of the shipped environments, on Google Cloud."""

from collections.abc import Callable

import pytest

from tests.conftest import Foundations, SynthesizedStack

On = Callable[[str], SynthesizedStack]


@pytest.fixture
def gcp(foundation: Foundations) -> On:
    """The foundation of an environment on Google Cloud."""
    return lambda environment: foundation(environment, cloud="gcp")
