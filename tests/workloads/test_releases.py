"""terrace.workloads.releases: which releases an environment has, and their order."""

from pathlib import Path

import pytest

from terrace.errors import ContractError, TerraceError
from terrace.modules.contract import ChartSpec
from terrace.workloads.release import WIRING, Release
from terrace.workloads.releases import in_order, releases
from tests.workloads.trial import Trial, app, context_of

ADMISSION = app(module="provides: [admission]\n")


def order(found: tuple[Release, ...]) -> list[str]:
    return [release.name for release in found]


def after(found: tuple[Release, ...], name: str) -> set[str]:
    """Everything that is installed before a release because the release needs it."""
    by_name = {release.name: release for release in found}
    pending, needed = [name], set[str]()
    while pending:
        for other in by_name[pending.pop()].after:
            if other not in needed:
                needed.add(other)
                pending.append(other)
    return needed


def test_a_module_has_its_base_first(tmp_path: Path) -> None:
    found = releases(context_of(tmp_path, {"shop": app()}))
    assert order(found) == ["shop-base", "storage", "shop"]
    base, _, chart = found
    assert (base.chart, chart.chart) == (WIRING, tmp_path / "modules" / "shop" / "chart")
    assert chart.after == ("shop-base", "storage") and chart.namespace == "shop"
    assert chart.values == {"replicas": 1}


def test_charts_wait_for_the_charts_of_needed_modules(tmp_path: Path) -> None:
    modules = {"shop": app(module="needs: {modules: [stock]}\n"), "stock": app()}
    found = releases(context_of(tmp_path, modules))
    assert "stock" in after(found, "shop")
    assert order(found).index("stock") < order(found).index("shop")


def test_a_module_without_a_chart_is_waited_for_by_its_base(tmp_path: Path) -> None:
    modules = {"shop": app(module="needs: {modules: [plain]}\n"), "plain": Trial()}
    found = releases(context_of(tmp_path, modules))
    assert "plain" not in order(found)
    assert "plain-base" in after(found, "shop")


def test_policies_come_after_their_controller_and_before_other_charts(tmp_path: Path) -> None:
    modules = {"shop": app(), "law": ADMISSION}
    found = releases(context_of(tmp_path, modules))
    assert "law" in after(found, "policies")
    assert "policies" in after(found, "shop")
    assert "policies" not in after(found, "law")


def test_modules_that_the_policies_controller_needs_do_not_wait_for_policies(tmp_path: Path) -> None:
    law = app(module="provides: [admission]\nneeds: {modules: [early]}\n")
    found = releases(context_of(tmp_path, {"early": app(), "law": law, "late": app()}))
    assert "policies" not in after(found, "early")
    assert "policies" in after(found, "late")


def test_the_order_is_the_same_in_every_run(tmp_path: Path) -> None:
    modules = {name: app() for name in ("ab", "cd", "ef", "gh")}
    context = context_of(tmp_path, modules)
    assert releases(context) == releases(context)


def test_each_error_of_a_module_reaches_the_caller(tmp_path: Path) -> None:
    modules = {"good": app(), "bad": app(template="a: {{ nothing }}\n"), "worse": app(template="a: {{ other }}\n")}
    context = context_of(tmp_path, modules)
    with pytest.raises(TerraceError, match=r"'nothing' is undefined|'other' is undefined"):
        releases(context)
    failed: dict[str, TerraceError] = {}
    assert "good" in order(releases(context, failed.__setitem__))
    assert sorted(failed) == ["bad", "worse"]


def release(name: str, *after: str) -> Release:
    return Release(name, name, name, ChartSpec(name=name, version="1.0.0"), {}, after)


def test_releases_that_wait_for_each_other_are_an_error() -> None:
    with pytest.raises(ContractError, match="releases wait for each other: "):
        in_order([release("one", "two"), release("two", "one")])


def test_two_releases_of_a_name_are_an_error() -> None:
    with pytest.raises(ContractError, match="two releases have the name one"):
        in_order([release("one"), release("one")])
