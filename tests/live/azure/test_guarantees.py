"""Each guarantee holds on a recorded apply; each break breaks its own guarantee only."""

from collections.abc import Callable

import pytest

from terrace import live
from terrace.assurance.evaluation import Result
from terrace.assurance.guarantees import GUARANTEES as TABLE
from terrace.azure import names
from terrace.capabilities.target import Target
from tests.live.azure.breaks import BREAKS
from tests.live.azure.site import Site
from tests.live.snapshot import Snapshot
from tests.live.statuses import failing, recorded


def read(site: Site) -> list[Result]:
    return site.read()


def broken(site: Site, guarantee: str) -> list[Result]:
    BREAKS[guarantee](site)
    return site.read()


def test_every_guarantee_can_be_read() -> None:
    assert tuple(row.id for row in TABLE if not row.stack_only) == live.readable("azure")


def test_every_readable_guarantee_has_a_break() -> None:
    assert set(BREAKS) == set(recorded("azure"))


def test_prod_holds_every_guarantee(snapshot: Snapshot) -> None:
    results = snapshot.run(read)
    assert [result.guarantee.id for result in results] == recorded("azure")
    assert failing(results, "azure") == {}
    assert all(result.evidence and result.resource for result in results)


def widened(site: Site, change: str) -> list[Result]:
    WIDER[change][0](site)
    return site.read()


def _writers(**permissions: list[str]) -> Callable[[Site], None]:
    """Other permissions of the role for writing blobs."""

    def change(site: Site) -> None:
        role = f"providers/Microsoft.Authorization/roleDefinitions/{names.guid(site.target, names.BLOB_WRITER)}"
        id = f"{names.group_id(site.target)}/{role}"
        (granted,) = site.reader.get(id)["properties"]["permissions"]
        site.change(id, permissions=[{**granted, **permissions}])

    return change


def _contributor(purpose: str, scope: Callable[[Target], str]) -> Callable[[Site], None]:
    """Azure's own role for writing blobs, which also deletes containers."""
    return lambda site: site.grant(site.principal(purpose), "Storage Blob Data Contributor", scope(site.target))


_DELETE = "Microsoft.Storage/storageAccounts/blobServices/containers/delete"
WIDER: dict[str, tuple[Callable[[Site], object], set[str]]] = {
    "writers delete containers": (_writers(actions=[_DELETE]), {"LAKE-7", "BAK-2", "ID-2"}),
    "writers have every action": (_writers(actions=["*"]), {"LAKE-7", "BAK-2", "ID-2"}),
    "writers have every data action": (_writers(dataActions=["*"]), {"LAKE-7", "BAK-2", "ID-2"}),
    "spark has Azure's role": (
        _contributor("module-spark", lambda target: names.container_id(target, "gold")),
        {"LAKE-7", "ID-2"},
    ),
    "Velero has Azure's role": (
        _contributor("velero", lambda target: names.container_id(target, "backups")),
        {"BAK-2", "ID-2"},
    ),
    "plans have Azure's role": (_contributor("ci-plan", names.subscription), {"ID-1", "ID-2"}),
}
"""Name to a change of the roles for blobs and the guarantees that it breaks."""


@pytest.mark.parametrize("change", WIDER)
def test_a_wider_role_for_blobs_is_found(snapshot: Snapshot, change: str) -> None:
    results: list[Result] = snapshot.run(widened, change)
    assert {result.guarantee.id for result in results if result.status == "broken"} == WIDER[change][1]
    assert {result.guarantee.id for result in results if result.status == "unproven"} == set()


@pytest.mark.parametrize("guarantee", recorded("azure"))
def test_a_break_breaks_one_guarantee(snapshot: Snapshot, guarantee: str) -> None:
    results: list[Result] = snapshot.run(broken, guarantee)
    also = {"ID-2"} - {guarantee}  # of a right that the break gives or takes besides
    assert failing(results, "azure").keys() - also == {guarantee}
    result = next(result for result in results if result.guarantee.id == guarantee)
    assert result.status == "broken"
    assert result.reason
