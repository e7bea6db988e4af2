"""Each guarantee holds on a recorded apply; each break breaks its own guarantee only."""

import pytest

from terrace import live
from terrace.assurance.evaluation import Result
from terrace.assurance.guarantees import GUARANTEES as TABLE
from terrace.calls import Unreadable
from tests.live.aws.breaks import BREAKS
from tests.live.aws.site import Site
from tests.live.snapshot import Snapshot
from tests.live.statuses import failing, recorded


def read(site: Site) -> list[Result]:
    return site.read()


def broken(site: Site, guarantee: str) -> list[Result]:
    BREAKS[guarantee](site)
    return site.read()


def test_every_guarantee_can_be_read() -> None:
    assert tuple(row.id for row in TABLE if not row.stack_only) == live.readable("aws")


def test_every_readable_guarantee_has_a_break() -> None:
    assert set(BREAKS) == set(recorded("aws"))


def test_prod_holds_every_guarantee(snapshot: Snapshot) -> None:
    results = snapshot.run(read)
    assert [result.guarantee.id for result in results] == recorded("aws")
    assert failing(results, "aws") == {}
    assert all(result.evidence and result.resource for result in results)


def unreadable() -> tuple[str, ...]:
    raise Unreadable("the cluster does not answer")


def scaling(site: Site) -> list[Result]:
    """K8S-6 where the autoscaler is in the cluster, where it is not, and where the cluster cannot be read."""
    asked = (lambda: ("cluster-autoscaler",), tuple, unreadable)
    return [live.verify(site.environment, site.target, only=["K8S-6"], installed=installed)[0] for installed in asked]


def test_scaling_is_prepared_until_the_autoscaler_is_in_the_cluster(snapshot: Snapshot) -> None:
    results = snapshot.run(scaling)
    assert [result.status for result in results] == ["holds", "prepared", "prepared"]
    needs = "needs the module cluster-autoscaler: "
    assert results[1].reason == f"{needs}not in the cluster; `terrace apply prod-workloads` installs it"
    assert results[2].reason == f"{needs}the cluster was not read: the cluster does not answer"


@pytest.mark.parametrize("guarantee", recorded("aws"))
def test_a_break_breaks_one_guarantee(snapshot: Snapshot, guarantee: str) -> None:
    results: list[Result] = snapshot.run(broken, guarantee)
    also = {"ID-2"} - {guarantee}  # of a right that the break gives or takes besides
    assert failing(results, "aws").keys() - also == {guarantee}
    result = next(result for result in results if result.guarantee.id == guarantee)
    assert result.status == "broken"
    assert result.reason
