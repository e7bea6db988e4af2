"""Each guarantee that is read live holds in a deployment that keeps it, and is named, alone, when it is broken."""

import pytest

from terrace import live
from terrace.assurance.guarantees import GUARANTEES as TABLE
from tests.live.gcp.breaks import BREAKS
from tests.live.gcp.built import data, ground, platform, watch
from tests.live.gcp.site import Site, environment


def test_every_guarantee_of_the_table_is_read_live() -> None:
    assert tuple(row.id for row in TABLE) == live.readable("gcp")


def test_every_guarantee_that_is_read_live_has_a_test_that_breaks_it() -> None:
    assert set(BREAKS) == set(live.readable("gcp"))


def test_a_deployment_that_keeps_them_holds_them_all(site: Site) -> None:
    results = site.read()
    assert [result.guarantee.id for result in results] == list(live.readable("gcp"))
    assert {result.guarantee.id: result.reason for result in results if result.status != "holds"} == {}
    assert all(result.evidence and result.resource for result in results)


@pytest.mark.parametrize("name", ["dev", "staging"])
def test_a_smaller_deployment_holds_what_its_environment_asks_for(name: str) -> None:
    small = Site(environment(name))
    for part in (ground, data, platform, watch):
        part.build(small)
    results = small.read()
    assert {result.guarantee.id: result.reason for result in results if not result.passes} == {}
    spared = {result.guarantee.id for result in results if result.status == "not_required"}
    assert spared == {"dev": {"NET-7", "DB-4", "DB-6", "LAKE-5"}, "staging": {"NET-7", "LAKE-5"}}[name]


@pytest.mark.parametrize("guarantee", live.readable("gcp"))
def test_a_broken_guarantee_is_named_and_no_other(site: Site, guarantee: str) -> None:
    BREAKS[guarantee](site)
    results = site.read()
    assert {result.guarantee.id: result.reason for result in results if result.status != "holds"}.keys() == {guarantee}
    found = next(result for result in results if result.guarantee.id == guarantee)
    assert found.status == "broken"
    assert found.reason
