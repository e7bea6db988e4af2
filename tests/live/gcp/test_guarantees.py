"""Each guarantee holds on a recorded apply; each break breaks its own guarantee only."""

import pytest

from terrace import live
from terrace.assurance.guarantees import GUARANTEES as TABLE
from tests.live.gcp.breaks import BREAKS
from tests.live.gcp.site import Site
from tests.live.statuses import failing, recorded


def test_every_guarantee_can_be_read() -> None:
    assert tuple(row.id for row in TABLE if not row.stack_only) == live.readable("gcp")


def test_every_readable_guarantee_has_a_break() -> None:
    assert set(BREAKS) == set(recorded("gcp"))


def test_prod_holds_every_guarantee(site: Site) -> None:
    results = site.read()
    assert [result.guarantee.id for result in results] == recorded("gcp")
    assert failing(results, "gcp") == {}
    assert all(result.evidence and result.resource for result in results)


@pytest.mark.parametrize("name", ["dev", "staging"])
def test_a_smaller_environment_holds_what_it_requires(name: str) -> None:
    results = Site(name).read()
    assert {result.guarantee.id: result.reason for result in results if not result.passes} == {}
    not_required = {result.guarantee.id for result in results if result.status == "not_required"}
    unasked = {"NET-7", "LAKE-5", "LAKE-8", "AUD-4"}
    assert not_required == {"dev": unasked | {"DB-4", "DB-6", "K8S-11"}, "staging": unasked}[name]


@pytest.mark.parametrize("guarantee", recorded("gcp"))
def test_a_break_breaks_one_guarantee(site: Site, guarantee: str) -> None:
    BREAKS[guarantee](site)
    results = site.read()
    also = {"ID-2"} - {guarantee}  # of a right that the break gives or takes besides
    assert failing(results, "gcp").keys() - also == {guarantee}
    result = next(result for result in results if result.guarantee.id == guarantee)
    assert result.status == "broken"
    assert result.reason
