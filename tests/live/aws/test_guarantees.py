"""Each guarantee holds on a recorded apply; each break breaks its own guarantee only."""

import pytest

from terrace import live
from terrace.assurance.evaluation import Result
from terrace.assurance.guarantees import GUARANTEES as TABLE
from tests.live.aws.breaks import BREAKS
from tests.live.aws.site import Site
from tests.live.snapshot import Snapshot
from tests.live.statuses import failing


def read(site: Site) -> list[Result]:
    return site.read()


def broken(site: Site, guarantee: str) -> list[Result]:
    BREAKS[guarantee](site)
    return site.read()


def test_every_guarantee_can_be_read() -> None:
    assert tuple(row.id for row in TABLE if not row.stack_only) == live.readable("aws")


def test_every_readable_guarantee_has_a_break() -> None:
    assert set(BREAKS) == set(live.readable("aws"))


def test_prod_holds_every_guarantee(snapshot: Snapshot) -> None:
    results = snapshot.run(read)
    assert [result.guarantee.id for result in results] == list(live.readable("aws"))
    assert failing(results, "aws") == {}
    assert all(result.evidence and result.resource for result in results)


@pytest.mark.parametrize("guarantee", live.readable("aws"))
def test_a_break_breaks_one_guarantee(snapshot: Snapshot, guarantee: str) -> None:
    results: list[Result] = snapshot.run(broken, guarantee)
    also = {"ID-2"} - {guarantee}  # of a right that the break gives or takes besides
    assert failing(results, "aws").keys() - also == {guarantee}
    result = next(result for result in results if result.guarantee.id == guarantee)
    assert result.status == "broken"
    assert result.reason
