"""The scans of a cluster in a report: in every format, and never zero where nothing was read."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from terrace.assurance.report import live
from terrace.assurance.report.build import files
from terrace.assurance.report.live import LiveDeployment
from terrace.assurance.report.model import Report
from terrace.assurance.report.scans import ImageScan, ModuleScans, ObjectScan, Scans, unread
from tests.assurance.test_report import gate, report

DAY = datetime(2026, 1, 1, 5, tzinfo=UTC)
SHOP = ModuleScans(
    modules=("shop",),
    namespace="shop",
    images=(ImageScan(image="example/shop:1", scanned=DAY, vulnerabilities={"critical": 3, "high": 0}),),
    unscanned=("example/side<car>:2",),
    configuration=ObjectScan(objects=7, scanned=DAY, failed={"critical": 0, "high": 2}),
)
STORE = ModuleScans(modules=("store", "vault"), namespace="store", unscanned=("example/store:1",))
READ = Scans(status="read", severities=("critical", "high"), fixed_only=True, modules=(SHOP, STORE))


def with_scans(scans: Scans | None) -> Report:
    return report(gate(), live=(LiveDeployment(environment="prod", cloud="aws", guarantees=(), scans=scans),))


def test_every_format_names_the_counts_and_the_images_without_a_report() -> None:
    contents = files(with_scans(READ))
    for name in ("index.html", "scans.csv", "report.json", "oscal/test.assessment-results.json"):
        assert "example/store:1" in contents[name], name
    page = contents["index.html"]
    assert "1 image scanned; 3 critical, 0 high vulnerabilities with a fix (medium, low, unknown not reported)" in page
    assert "2 images without a report" in page and "example/side&lt;car&gt;:2" in page
    assert "7 objects checked, failed: 0 critical, 2 high; oldest of 2026-01-01" in page
    data = json.loads(contents["report.json"])["scans"]["prod/aws"]
    assert Scans.model_validate(data) == READ
    rows = list(csv.reader(io.StringIO(contents["scans.csv"], newline="")))
    body = rows[next(number for number, row in enumerate(rows) if row and row[0] == "environment") + 1 :]
    assert [row[2:10] for row in body] == [
        ["shop", "shop", "example/shop:1", "2026-01-01T05:00:00+00:00", "3", "0", "", ""],
        ["shop", "shop", "example/side<car>:2", "", "", "", "", ""],
        ["store, vault", "store", "example/store:1", "", "", "", "", ""],
    ]
    assert body[1][-1] == "no report covers it"


def test_a_module_without_scanned_images_has_no_zero() -> None:
    page = files(with_scans(READ))["index.html"]
    row = page[page.index('<th scope="row">store, vault</th>') :]
    row = row[: row.index("</tr>")]
    assert row.count('<td class="number">-</td>') == 5 and '<td class="number">0</td>' in row


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (report(gate()), "not read: no live deployment was read for this report"),
        (with_scans(None), "not read: the live evidence has no scans; `terrace verify` without --only writes them"),
        (with_scans(unread("the API server does not respond")), "not read: the API server does not respond"),
        (
            with_scans(Scans(status="off", reason="no enabled module provides scanning")),
            "images were not scanned: no enabled module provides scanning",
        ),
    ],
)
def test_a_stack_without_scans_says_why(made: Report, sentence: str) -> None:
    contents = files(made)
    for name in ("index.html", "scans.csv", "oscal/test.assessment-results.json"):
        assert sentence[1:] in contents[name], name
    assert "0 critical" not in contents["index.html"]
    assert json.loads(contents["report.json"])["scans"]["prod/aws"]["status"] in ("unread", "off")


def test_scans_decide_no_outcome() -> None:
    assert with_scans(READ).passes


def test_the_file_of_verify_has_the_scans(tmp_path: Path) -> None:
    path = tmp_path / "live.json"
    document = {"environment": "prod", "cloud": "aws", "guarantees": [], "scans": READ.model_dump(mode="json")}
    path.write_text(json.dumps(document))
    assert live.read(path).scans == READ
