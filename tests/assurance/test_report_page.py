"""The report's page in a real Chromium: filters, keyboard, access, print."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from terrace.assurance import parity
from terrace.assurance.output import html
from terrace.assurance.parity import Matrix
from terrace.assurance.report import model
from terrace.assurance.report.model import Report
from terrace.capabilities.cloud import CLOUDS
from tests.assurance import browser
from tests.assurance.browser import Page
from tests.assurance.test_report import SOURCE, WAIVER, finding, real
from tests.conftest import ROOT

__all__ = ["real"]

AXE = Path(os.environ.get("TERRACE_AXE", ROOT / "node_modules" / "axe-core" / "axe.min.js"))
"""axe-core's script, as `npm install axe-core` puts it."""

pytestmark = pytest.mark.skipif(browser.found() is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def file(real: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "index.html"
    path.write_text(html.report(real), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def opened(file: Path) -> Iterator[Page]:
    with browser.opened(file) as tab:
        yield tab


SHOWN = "[...document.querySelectorAll('tbody.requirement')].filter(row => row.checkVisibility())"


def choose(tab: Page, **filters: str) -> None:
    """Set filters as a person does; those not named show all."""
    tab.run("document.querySelector('#filters button[type=reset]').click(); new Promise(done => setTimeout(done, 50))")
    for name, value in filters.items():
        select = f"document.querySelector('#filters select[name={name}]')"
        tab.run(f"{select}.value = {json.dumps(value)}; {select}.dispatchEvent(new Event('change', {{bubbles: true}}))")


def test_the_page_loads_without_errors_or_requests(opened: Page) -> None:
    choose(opened)
    assert opened.complaints == []
    assert opened.run("document.title").startswith("SOC 2 and HIPAA: evidence of prod on AWS and Azure")


def test_filters_show_the_matching_requirements(opened: Page, real: Report) -> None:
    rows = [(one, row) for one in real.frameworks for row in one.requirements]
    capabilities = {guarantee.id: guarantee.capability for guarantee in real.guarantees}

    def shown() -> int:
        count = opened.run(f"{SHOWN}.length")
        assert opened.run("document.getElementById('shown').textContent") == f"{count} of {len(rows)} requirements"
        return int(count)

    choose(opened)
    assert shown() == len(rows)
    choose(opened, framework="hipaa")
    assert shown() == sum(one.name == "hipaa" for one, _ in rows)
    choose(opened, outcome="excepted")
    excepted = [row for _, row in rows if "excepted" in {real.answered(row, s).outcome for s in real.stacks}]
    assert shown() == len(excepted) > 0
    choose(opened, outcome="excepted", cloud="aws")
    assert shown() == sum(real.answered(row, real.stacks[0]).outcome == "excepted" for _, row in rows) < len(excepted)
    assert opened.run("[...document.querySelectorAll('[data-cloud=azure]')].every(one => !one.checkVisibility())")
    choose(opened, capability="database")
    of_database = [row for _, row in rows if "database" in {capabilities[id] for id in row.evidence}]
    assert shown() == len(of_database)
    visible = opened.run(
        "[...document.querySelectorAll('article')].filter(one => one.checkVisibility()).map(one => one.id)"
    )
    assert visible == [guarantee.id for guarantee in real.guarantees if guarantee.capability == "database"]


def test_a_link_shows_what_a_filter_hides(opened: Page) -> None:
    choose(opened, capability="cache")
    opened.run("location.hash = 'DB-2'; new Promise(done => setTimeout(done, 100))")
    assert opened.run("document.getElementById('DB-2').checkVisibility()")
    assert opened.run("document.activeElement.id") == "DB-2"
    opened.run("location.hash = 'soc2-CC6.7'; new Promise(done => setTimeout(done, 100))")
    assert opened.run("document.querySelector('#soc2-CC6\\\\.7 details').open")


def test_the_keyboard_reaches_the_content_first(file: Path) -> None:
    with browser.opened(file) as tab:
        tab.press("Tab")
        assert tab.run("document.activeElement.className") == "skip"
        tab.press("Enter")
        assert tab.run("document.activeElement.id") == "content"


def test_colours_follow_the_system_and_the_button(file: Path) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    with browser.opened(file) as tab:
        light = tab.run(paper)
        tab.media(dark=True)
        dark = tab.run(paper)
        assert light != dark
        tab.run("document.getElementById('theme').click()")
        assert tab.run(paper) == light
        assert tab.run("document.getElementById('theme').textContent") == "Dark colours"


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("stacks", [2, 6])
def test_the_page_is_no_wider_than_the_window(real: Report, tmp_path: Path, width: int, stacks: int) -> None:
    results = [replace(one, environment=f"{one.environment}{n}") for n in range(stacks // 2) for one in real.results]
    made = model.build(real.frameworks[:1], results, real.provenance, lambda *_: "environments/prod.yaml:27:1")
    path = tmp_path / "index.html"
    path.write_text(html.report(made), encoding="utf-8")
    with browser.opened(path, width) as tab:
        tab.run("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        assert tab.run("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize(("width", "kind"), [(1280, "screen"), (390, "screen"), (700, "print")])
def test_every_column_of_parity_fits_the_window_and_the_paper(tmp_path: Path, width: int, kind: str) -> None:
    rows = parity.unproven("not checked")
    matrix = Matrix({(cloud, name): rows for cloud in CLOUDS for name in ("dev", "staging", "prod")})
    path = tmp_path / "parity.html"
    path.write_text(html.parity(matrix, SOURCE), encoding="utf-8")
    with browser.opened(path, width) as tab:
        tab.media(kind=kind)
        cells = "[...document.querySelectorAll('thead th, td.status')]"
        assert tab.run(f"Math.max(...{cells}.map(cell => cell.getBoundingClientRect().right))") <= width
        assert tab.run("document.documentElement.scrollWidth") == width


def test_print_opens_all_details_and_hides_controls(file: Path) -> None:
    with browser.opened(file) as tab:
        tab.media(kind="print")
        assert tab.run("document.querySelector('.requirements details .evidence').checkVisibility()")
        assert not tab.run("document.getElementById('filters').checkVisibility()")
        tab.media()
        assert tab.run("document.querySelectorAll('details[open]').length") == 0
        assert tab.pdf().startswith(b"%PDF-")
        assert tab.run("document.querySelectorAll('details[open]').length") == 0


@pytest.mark.skipif(
    not AXE.is_file(), reason="no axe-core: npm install axe-core, or name its axe.min.js in TERRACE_AXE"
)
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, False)])
def test_axe_finds_no_serious_violation(real: Report, tmp_path: Path, width: int, dark: bool) -> None:
    """One framework, with a finding that blocks and one that is waived, all of it unfolded."""
    findings = (finding(), finding(id="CKV_X_1", status="waived", waiver=WAIVER, blocks=False))
    result = replace(real.results[0], findings=findings)
    made = model.build(real.frameworks[:1], [result], real.provenance, lambda *_: "environments/prod.yaml:27:1")
    path = tmp_path / "index.html"
    path.write_text(html.report(made), encoding="utf-8")
    with browser.opened(path, width, dark=dark) as tab:
        tab.run("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        tab.run(f"{AXE.read_text(encoding='utf-8')}; 1")
        found = json.loads(
            tab.run("axe.run(document, {resultTypes: ['violations']}).then(found => JSON.stringify(found.violations))")
        )
        serious = [(one["id"], one["nodes"][0]["target"]) for one in found if one["impact"] in ("serious", "critical")]
        assert serious == []
