"""What `verify` says about existing resources: it reads them by their ids, and they never simply hold."""

from dataclasses import replace

import pytest

from terrace import live
from terrace.assurance.evaluation import Result, by_owner
from terrace.capabilities.existing import ExistingSpec
from terrace.capabilities.keys import PURPOSES
from terrace.environment import target
from terrace.gcp import names
from tests.live.gcp.breaks import BREAKS
from tests.live.gcp.site import Site

IDS = ["KEY-1", "KEY-2", "KEY-3"]


def read(site: Site, broken: str = "") -> list[Result]:
    """The deployment's own keys, named as existing ones."""
    existing = ExistingSpec(keys={purpose: names.key(site.target, purpose) for purpose in PURPOSES})
    environment = site.environment.model_copy(update={"existing": existing})
    if broken:
        BREAKS[broken](site)
    deployment = replace(site.deployment, environment=environment, target=target(environment))
    return [by_owner(live.evaluate_guarantee(id, "gcp", deployment), existing.kinds) for id in IDS]


def test_existing_keys_that_are_as_expected_are_by_the_owner(site: Site) -> None:
    results = read(site)
    assert [result.status for result in results] == ["by_owner"] * 3, [result.reason for result in results]
    assert all(result.evidence and "existing keys (" in result.reason for result in results)


@pytest.mark.parametrize("id", IDS)
def test_an_existing_key_that_is_not_as_expected_is_broken(id: str, site: Site) -> None:
    assert {result.guarantee.id for result in read(site, id) if result.status == "broken"} == {id}
