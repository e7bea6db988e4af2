"""What `verify` says about existing resources: it reads them by their ids, and they never simply hold."""

import pytest

from terrace import live
from terrace.assurance.evaluation import Result
from terrace.capabilities.existing import ExistingSpec
from terrace.capabilities.keys import PURPOSES
from terrace.environment import target
from tests.live.aws.breaks import BREAKS
from tests.live.aws.site import Site
from tests.live.snapshot import Snapshot

IDS = ["KEY-1", "KEY-2", "KEY-3"]


def read(site: Site, broken: str = "") -> list[Result]:
    """The deployment's own keys, named as existing ones."""
    existing = ExistingSpec(keys={purpose: site.key(purpose) for purpose in PURPOSES})
    environment = site.environment.model_copy(update={"existing": existing})
    if broken:
        BREAKS[broken](site)
    return live.verify(environment, target(environment), only=IDS)


def test_existing_keys_that_are_as_expected_are_by_the_owner(snapshot: Snapshot) -> None:
    results = snapshot.run(read)
    assert [result.status for result in results] == ["by_owner"] * 3, [result.reason for result in results]
    assert all(result.evidence and "existing keys (" in result.reason for result in results)


@pytest.mark.parametrize("id", IDS)
def test_an_existing_key_that_is_not_as_expected_is_broken(id: str, snapshot: Snapshot) -> None:
    assert {result.guarantee.id for result in snapshot.run(read, id) if result.status == "broken"} == {id}
