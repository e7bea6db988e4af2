"""Parity: every guarantee holds or is excepted on the complete clouds, and the page is up to date."""

import json

import pytest

from terrace.assurance import parity
from terrace.assurance.checks import exceptions, of_cloud
from terrace.assurance.guarantees import BY_ID, GUARANTEES, TABLE
from terrace.assurance.output import html, json_data, markdown, terminal
from terrace.assurance.parity import Matrix
from terrace.assurance.report.provenance import provenance
from terrace.capabilities.cloud import CLOUDS
from terrace.environment import names
from terrace.project.discovery import Project
from tests.assurance.conftest import Written
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def matrix(written: Written) -> Matrix:
    environments = parity.ordered(ROOT, names(ROOT))
    stacks = [(cloud, environment) for cloud in CLOUDS for environment in environments]
    return Matrix({stack: parity.complete(Project.find(ROOT), *stack, written(*stack)) for stack in stacks})


@pytest.mark.parametrize("cloud", CLOUDS)
def test_nothing_is_broken_and_nothing_unproven(cloud: str, matrix: Matrix) -> None:
    failing = {
        (environment, result.guarantee.id): result.reason
        for (on, environment), results in matrix.stacks.items()
        for result in results
        if on == cloud and not result.passes
    }
    assert failing == {}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_guarantee_holds_or_is_prepared_or_excepted_in_some_environment(cloud: str, matrix: Matrix) -> None:
    for row in GUARANTEES:
        statuses = {matrix.result(row.id, cloud, environment).status for environment in matrix.environments}
        if row.capability == "streams":
            assert statuses == {"not_required"}, row.id  # which no shipped environment has: test_streams.py
            continue
        assert statuses & {"holds", "prepared", "excepted"}, row.id


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


def test_docs_parity_is_up_to_date(matrix: Matrix) -> None:
    page = (ROOT / "docs" / "parity.md").read_text()
    assert page == markdown.parity(matrix), "run: terrace parity --markdown docs/parity.md"


def test_a_cloud_without_checks_is_unproven_and_does_not_pass() -> None:
    empty = Matrix({("gcp", "dev"): parity.unproven("no check on this cloud")})
    assert not empty.passes
    assert empty.counts("gcp") == {"unproven": len(TABLE)}
    assert f"gcp: {len(TABLE)} unproven" in terminal.parity(empty)
    assert not Matrix({}).passes


def test_every_page_shows_every_cell(matrix: Matrix) -> None:
    source = provenance(ROOT, [])
    page, data = html.parity(matrix, source), json.loads(json_data.parity(matrix))
    cells = len(TABLE) * len(matrix.stacks)
    assert page.count('<td class="status') == cells == len(data["cells"])
    assert "K8S-7" in terminal.parity(matrix)
    assert f"commit {source.commit[:12]}" in page and f"{source.created:%Y-%m-%d %H:%M UTC}" in page
    assert "://" not in page and "src=" not in page, "the page has no external resources"
