"""Stacks of a cloud as text; those of an environment's own cloud are the ones that all tests share."""

import json
from collections.abc import Callable

import pytest

from terrace.environment import load
from tests.conftest import ROOT, Foundations

Written = Callable[[str, str], str]


@pytest.fixture(scope="session")
def written(foundation: Foundations) -> Written:
    """(cloud, environment) to the JSON of its foundation stack."""

    def of(cloud: str, environment: str) -> str:
        own = load(environment, project=ROOT).environment.cloud == cloud
        return json.dumps(foundation(environment, None if own else cloud).document)

    return of
