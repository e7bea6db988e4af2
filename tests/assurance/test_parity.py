"""Parity: everything proven on the clouds that are complete, and a page that is what was computed."""

import pytest

from terrace.assurance import parity
from terrace.assurance.checks import of_cloud
from terrace.assurance.guarantees import BY_ID, GUARANTEES
from terrace.assurance.output import parity_pages
from terrace.assurance.parity import Matrix
from terrace.assurance.proof import exceptions
from terrace.capabilities.cloud import CLOUDS
from terrace.environment import names
from tests.assurance.conftest import Written
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def matrix(written: Written) -> Matrix:
    return parity.matrix(ROOT, parity.ordered(ROOT, names(ROOT)), CLOUDS, written)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_nothing_is_broken_and_nothing_unproven(cloud: str, matrix: Matrix) -> None:
    faults = {
        (environment, proof.guarantee.id): proof.why
        for (on, environment), proofs in matrix.stacks.items()
        for proof in proofs
        if on == cloud and proof.status in ("broken", "unproven")
    }
    assert faults == {}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_guarantee_is_proven_somewhere(cloud: str, matrix: Matrix) -> None:
    for row in GUARANTEES:
        statuses = {matrix.proof(row.id, cloud, environment).status for environment in matrix.environments}
        assert statuses & {"proven", "exception"}, row.id


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_table_and_the_checks_name_each_other(cloud: str) -> None:
    by_table = {id: row.id for row in GUARANTEES for id in row.clouds.get(cloud, ())}  # type: ignore[call-overload]
    assert by_table == {id: check.guarantee for id, check in of_cloud(cloud).items()}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_exceptions_are_few_and_reasoned(cloud: str) -> None:
    found = exceptions(cloud)
    assert found.keys() <= BY_ID.keys()
    assert len(found) <= len(GUARANTEES) // 6
    for exception in found.values():
        assert min(map(len, (exception.reason, exception.compensation, exception.source))) >= 20


def test_the_page_is_what_terrace_parity_computes(matrix: Matrix) -> None:
    page = (ROOT / "docs" / "parity.md").read_text()
    assert page == parity_pages.markdown(matrix), "run: terrace parity --markdown docs/parity.md"


def test_a_cloud_without_checks_is_unproven_and_does_not_pass() -> None:
    empty = Matrix({("gcp", "dev"): parity.unproven("")})
    assert not empty.passes
    assert empty.counts("gcp") == {"unproven": len(GUARANTEES)}
    assert f"gcp: {len(GUARANTEES)} unproven" in parity_pages.text(empty)
    assert not Matrix({}).passes


def test_every_page_shows_every_cell(matrix: Matrix) -> None:
    html, data = parity_pages.html(matrix), parity_pages.data(matrix)
    cells = len(GUARANTEES) * len(matrix.stacks)
    assert html.count('<td class="status') == cells == len(data["cells"])
    assert "K8S-7" in parity_pages.text(matrix)
    assert "://" not in html and "src=" not in html, "the page needs nothing from elsewhere"
