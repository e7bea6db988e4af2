"""Each guarantee that is read live holds in a deployment that keeps it, and is named, alone, when it is broken."""

import pytest

from terrace import live
from terrace.assurance.evaluation import Result
from terrace.assurance.guarantees import GUARANTEES as TABLE
from tests.live.azure.breaks import BREAKS
from tests.live.azure.site import Site
from tests.live.snapshot import Snapshot


def read(site: Site) -> list[Result]:
    return site.read()


def broken(site: Site, guarantee: str) -> list[Result]:
    BREAKS[guarantee](site)
    return site.read()


def test_every_guarantee_of_the_table_is_read_live() -> None:
    assert tuple(row.id for row in TABLE) == live.readable("azure")


def test_every_guarantee_that_is_read_live_has_a_test_that_breaks_it() -> None:
    assert set(BREAKS) == set(live.readable("azure"))


def test_a_deployment_that_keeps_them_holds_them_all(snapshot: Snapshot) -> None:
    results = snapshot.run(read)
    assert [result.guarantee.id for result in results] == list(live.readable("azure"))
    assert {result.guarantee.id: result.reason for result in results if result.status != "holds"} == {}
    assert all(result.evidence and result.resource for result in results)


@pytest.mark.parametrize("guarantee", live.readable("azure"))
def test_a_broken_guarantee_is_named_and_no_other(snapshot: Snapshot, guarantee: str) -> None:
    results: list[Result] = snapshot.run(broken, guarantee)
    assert {result.guarantee.id: result.reason for result in results if result.status != "holds"}.keys() == {guarantee}
    found = next(result for result in results if result.guarantee.id == guarantee)
    assert found.status == "broken"
    assert found.reason
