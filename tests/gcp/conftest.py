"""The foundations of the shipped environments, on Google Cloud."""

from collections.abc import Callable

import pytest

from terrace import engine
from tests.conftest import Foundations, SynthesizedStack

__all__ = ["On", "engine", "gcp"]  # engine: see tests/aws/conftest.py

On = Callable[[str], SynthesizedStack]


@pytest.fixture
def gcp(foundation: Foundations) -> On:
    """The foundation of an environment on Google Cloud."""
    return lambda environment: foundation(environment, cloud="gcp")
