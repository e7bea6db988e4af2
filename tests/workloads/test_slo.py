"""Burn-rate alerts, with Prometheus' own evaluation."""

from pathlib import Path
from typing import Any

import pytest

from terrace.errors import AnswerIsNo
from terrace.workloads import slo
from terrace.workloads.context import Context

from . import crds
from .modules_fixture import PROVIDERS, context, one
from .prometheus_tools import check_rules, run, write

APP = """
observability:
  slo:
    objective: {objective}
    good: sum(rate(requests_total{{code!~"5.."}}[$window]))
    total: sum(rate(requests_total[$window]))
"""


def app(folder: Path, objective: float = 99.9) -> Context:
    return context(folder, prometheus=PROVIDERS["prometheus"], app=APP.format(objective=objective))


def groups(folder: Path, objective: float = 99.9) -> list[dict[str, Any]]:
    of = app(folder, objective)
    result: list[dict[str, Any]] = one(slo.objects(of.modules["app"], of), "PrometheusRule")["spec"]["groups"]
    return result


def alerts(folder: Path, objective: float = 99.9) -> dict[str, dict[str, Any]]:
    rules = [rule for group in groups(folder, objective) for rule in group["rules"] if "alert" in rule]
    return {rule["labels"]["severity"]: rule for rule in rules}


def test_thresholds_are_those_of_the_workbook(tmp_path: Path) -> None:
    by_severity = alerts(tmp_path)
    fast, slow = by_severity["critical"]["expr"], by_severity["warning"]["expr"]
    for window, limit, expression in (
        ("1h", "0.0144", fast),
        ("5m", "0.0144", fast),
        ("6h", "0.006", fast),
        ("30m", "0.006", fast),
        ("1d", "0.003", slow),
        ("2h", "0.003", slow),
        ("3d", "0.001", slow),
        ("6h", "0.001", slow),
    ):
        assert f'terrace:slo_errors:ratio_rate{window}{{module="app"}} > {limit}' in expression
    assert by_severity["critical"]["labels"]["owner"] == "data-platform"


def test_each_window_of_an_alert_is_recorded(tmp_path: Path) -> None:
    recorded = {rule["record"] for group in groups(tmp_path) for rule in group["rules"] if "record" in rule}
    assert {f"terrace:slo_errors:ratio_rate{window}" for window in slo.WINDOWS} <= recorded
    assert {rate.long for rate in slo.BURN_RATES} | {rate.short for rate in slo.BURN_RATES} == set(slo.WINDOWS)


def test_impossible_burn_rates_are_left_out(tmp_path: Path) -> None:
    assert "ratio_rate1h" not in alerts(tmp_path, 90)["critical"]["expr"]  # 144 % of the events
    assert "critical" not in alerts(tmp_path, 80)  # 120 %


def test_expression_without_window_is_an_error(tmp_path: Path) -> None:
    of = context(
        tmp_path,
        prometheus=PROVIDERS["prometheus"],
        app='observability: {slo: {good: "sum(rate(good[5m]))", total: "sum(rate(all[$window]))"}}',
    )
    with pytest.raises(AnswerIsNo, match=r"app/module.yaml: observability.slo.good has no \$window"):
        slo.objects(of.modules["app"], of)


def test_promtool_accepts_the_rules(tmp_path: Path) -> None:
    check_rules(groups(tmp_path), tmp_path)


def evaluate(folder: Path, series: list[dict[str, str]], expression: str, at: str, expected: dict[str, float]) -> None:
    """`promtool test rules`: with these series, an expression has exactly these samples at a time."""
    rules = write(folder / "rules.yaml", {"groups": groups(folder)})
    samples = [{"labels": labels, "value": value} for labels, value in expected.items()]
    query = {"expr": expression, "eval_time": at, "exp_samples": samples}
    test = {"interval": "1m", "input_series": series, "promql_expr_test": [query]}
    content = {"rule_files": [rules.name], "evaluation_interval": "1m", "tests": [test]}
    result = run("promtool", "test", "rules", write(folder / "test.yaml", content))
    assert result.returncode == 0, result.stdout + result.stderr


def assert_firing(folder: Path, series: list[dict[str, str]], at: str, *severities: str) -> None:
    """Exactly the alerts with these severities fire at a time."""
    expected = {f'{{severity="{severity}"}}': 1.0 for severity in severities}
    evaluate(folder, series, 'count by (severity) (ALERTS{alertstate="firing", module="app"})', at, expected)


def requests(good: str, bad: str) -> list[dict[str, str]]:
    return [
        {"series": 'requests_total{code="200"}', "values": good},
        {"series": 'requests_total{code="500"}', "values": bad},
    ]


def test_an_outage_fires_both(tmp_path: Path) -> None:
    """5 % errors for 70 minutes: 50 times the allowed rate."""
    assert_firing(tmp_path, requests("0+950x70", "0+50x70"), "70m", "critical", "warning")


def test_total_failure_without_any_good_series_fires(tmp_path: Path) -> None:
    series = [{"series": 'requests_total{code="500"}', "values": "0+10x70"}]
    assert_firing(tmp_path, series, "70m", "critical", "warning")


def test_a_slow_burn_only_warns(tmp_path: Path) -> None:
    """0.4 % errors: four times the allowed rate, below the pages' six."""
    assert_firing(tmp_path, requests("0+996x600", "0+4x600"), "10h", "warning")


def test_few_errors_fire_nothing(tmp_path: Path) -> None:
    """0.05 % errors: half of what the objective allows."""
    assert_firing(tmp_path, requests("0+1999x300", "0+1x300"), "5h")


def test_no_requests_fire_nothing(tmp_path: Path) -> None:
    assert_firing(tmp_path, requests("5x90", "3x90"), "80m")


def test_recovery_ends_the_page(tmp_path: Path) -> None:
    """100 minutes of errors, then none: the short windows end the page while the long ones still hold the errors."""
    series = requests("0+950x300", "0+50x100 5000+0x200")
    assert_firing(tmp_path, series, "100m", "critical", "warning")
    assert_firing(tmp_path, series, "170m", "warning")


def test_budget_is_what_remains_of_thirty_days(tmp_path: Path) -> None:
    """0.05 % errors spend half of a budget of 0.1 %."""
    expression = "round(terrace:slo_budget:remaining_ratio30d, 0.001)"
    evaluate(tmp_path, requests("0+1999x300", "0+1x300"), expression, "5h", {'{module="app"}': 0.5})


def test_nothing_without_a_provider_of_metrics(tmp_path: Path) -> None:
    of = context(tmp_path, app=APP.format(objective=99.9))
    assert slo.objects(of.modules["app"], of) == []


def test_objects_match_their_definitions(tmp_path: Path) -> None:
    of = app(tmp_path)
    assert crds.errors(slo.objects(of.modules["app"], of)) == []
