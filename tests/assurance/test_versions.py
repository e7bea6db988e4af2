"""The versions that clouds support, and the steps between them."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from terrace.assurance import versions
from terrace.assurance.severities import InvalidPolicies
from terrace.capabilities.cloud import CLOUDS
from terrace.environment import load, names
from terrace.errors import AnswerIsNo
from tests.conftest import ROOT


def steps(deployed: str, pools: dict[str, str], wanted: str) -> list[str]:
    return [str(step) for step in versions.kubernetes_steps(deployed, pools, wanted)]


def test_no_minor_is_skipped_and_the_control_plane_is_before_its_pools() -> None:
    assert steps("1.33", {"system": "1.33", "spot": "1.33"}, "1.35") == [
        "control plane to 1.34",
        "node pool system to 1.34",
        "node pool spot to 1.34",
        "control plane to 1.35",
        "node pool system to 1.35",
        "node pool spot to 1.35",
    ]


def test_a_pool_that_was_left_behind_comes_first() -> None:
    assert steps("1.34", {"system": "1.33"}, "1.34") == ["node pool system to 1.34"]


@pytest.mark.parametrize(
    ("deployed", "pools", "wanted", "message"),
    [
        ("1.35", {}, "1.34", "older than the deployed"),
        ("1.34", {"system": "1.35"}, "1.35", "newer than the control plane"),
    ],
)
def test_an_impossible_upgrade_is_refused(deployed: str, pools: dict[str, str], wanted: str, message: str) -> None:
    with pytest.raises(AnswerIsNo, match=message):
        versions.kubernetes_steps(deployed, pools, wanted)


def test_an_environment_that_skips_a_minor_is_refused() -> None:
    versions.require_next("1.34", "1.35")
    with pytest.raises(AnswerIsNo, match=r"1\.33 to 1\.35 skips 1\.34"):
        versions.require_next("1.33", "1.35")


def test_every_environment_asks_for_listed_versions() -> None:
    known = versions.load(ROOT)
    for name in names(ROOT):
        for cloud in CLOUDS:
            for product, version in versions.current(load(name, project=ROOT, cloud=cloud).environment).items():
                assert version in versions.supported(known, product, cloud), (name, cloud, product)


def test_support_that_ends_is_reported() -> None:
    until = date(2026, 6, 30)
    found = {"1.34": versions.Support(until=until, source="https://example.com/versions")}
    assert versions.unsupported(found, "1.34", until - timedelta(days=91)) == ""
    assert versions.unsupported(found, "1.34", until - timedelta(days=90)) == "ends soon"
    assert versions.unsupported(found, "1.34", until) == "ends soon"
    assert versions.unsupported(found, "1.34", until + timedelta(days=1)) == "ended"
    assert versions.unsupported(found, "1.20", until) == "unknown"


def test_a_version_without_a_source_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "versions.yaml").write_text(
        "kubernetes: {aws: {'1.35': {until: 2027-01-31}}}\npostgresql: {}\n"
    )
    with pytest.raises(InvalidPolicies, match=r"policies/versions.yaml:1:\d+ .*source: is missing"):
        versions.load(tmp_path)
