"""The page of a run in a real Chromium, without engines."""

from pathlib import Path

import pytest

from terrace.flow.lineage import Edge
from terrace.flow.page import page
from terrace.flow.run import Evidence
from tests.assurance import browser

FOUND = Evidence(
    "orders", "dev", "none: stand-ins", 10, 1, events=10, quarantined=1, duplicates=1, silver=8, raw=8,
    reasons={"<amount>: missing": 1}, checks=[{"module": "great-expectations", "says": "raw.orders holds"}],
    marts={"customers": 3},
    rights=[
        {"group": "analysts", "column": "marts.customers.spent", "expected": "clear", "given": "clear"},
        {"group": "analysts", "column": "marts.customers.customer", "expected": "denied", "given": "clear"},
    ],
    lineage=[Edge("bronze.events.amount", "silver.orders.amount", "silver"),
             Edge("silver.orders.amount", "raw.orders.amount", "load")],
    erasure={"before": {"bronze": 2}, "after": {"bronze": 0}, "days": {"backups of the database": 7}},
    seconds={"bronze": 0.5}, failures=["analysts reads marts.customers.customer"],
)  # fmt: skip


@pytest.mark.skipif(browser.found() is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("dark", [False, True])
def test_the_page_shows_what_flowed(tmp_path: Path, dark: bool) -> None:
    file = tmp_path / "index.html"
    file.write_text(page(FOUND), encoding="utf-8")
    with browser.opened(file, dark=dark) as tab:
        assert tab.complaints == []
        assert tab.run("document.title") == "Terrace: flow of orders"
        text = tab.run("document.body.innerText")
        assert "<amount>: missing" in text and "2 of 2 columns" in text
        bars = tab.run("[...document.querySelectorAll('.bar')].map(one => one.getBoundingClientRect().width)")
        assert bars[0] == max(bars) > bars[4] > 0
        assert tab.run("document.querySelectorAll('.box').length") == 3
        assert tab.run("document.querySelectorAll('.edge').length") == 2
        wrong = tab.run("[...document.querySelectorAll('.wrong')].map(one => one.innerText)")
        assert "2 of 2 columns" in wrong and "1 failures." in wrong
        assert tab.run("document.documentElement.scrollWidth <= innerWidth")
