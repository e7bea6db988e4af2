"""Stacks of a cloud as text."""

import json
from collections.abc import Callable

import pytest

from tests.conftest import Foundations

Written = Callable[[str, str], str]


@pytest.fixture(scope="session")
def written(foundation: Foundations) -> Written:
    """(cloud, environment) to the JSON of its foundation stack."""

    return lambda cloud, environment: json.dumps(foundation(environment, cloud).document)
