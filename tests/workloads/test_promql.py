"""Metric names in PromQL."""

from pathlib import Path

import pytest

from terrace.workloads import promql

from .prometheus_tools import run

EXPRESSIONS = [
    ("up == 0", {"up"}),
    ('sum by (pod, le) (rate(http_seconds_bucket{code=~"5..", path="a{b}"}[5m]))', {"http_seconds_bucket"}),
    ("histogram_quantile(0.99, sum(rate(x_bucket[5m])) by (le))", {"x_bucket"}),
    ("a / on (pod) group_left (node) b", {"a", "b"}),
    ("a and b or c unless on () d", {"a", "b", "c", "d"}),
    ("max_over_time(sum(a)[1h:5m] offset 1d) > bool 1e3", {"a"}),
    ("job:errors:ratio_rate5m > 14.4 * 0.001", {"job:errors:ratio_rate5m"}),
    ('{__name__="exact", job="x"}', {"exact"}),
    ("label_replace(a, 'x', '$1', 'y', '(.*)') # sum(comment)", {"a"}),
    ('sum(rate(a{namespace="$namespace"}[$__rate_interval]))', {"a"}),
    ("time() - timestamp(a @ end())", {"a"}),
    ('count_values without (x) ("version", build_info) * Inf', {"build_info"}),
]


@pytest.mark.parametrize(("expression", "names"), EXPRESSIONS)
def test_metric_names(expression: str, names: set[str]) -> None:
    assert promql.metric_names(expression) == names


@pytest.mark.parametrize("expression", [expression for expression, _ in EXPRESSIONS if "$namespace" not in expression])
def test_the_expressions_are_promql(tmp_path: Path, expression: str) -> None:
    """promtool 2.42 has no format check of a single expression, but of a rule."""
    rules = tmp_path / "rules.yaml"
    rules.write_text("groups: [{name: a, rules: [{record: b, expr: " + repr_yaml(expression) + "}]}]")
    result = run("promtool", "check", "rules", rules)
    assert result.returncode == 0, result.stdout + result.stderr


def repr_yaml(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def test_known_names_are_those_of_the_files(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "metrics.txt").write_text(
        "# source: the exporter's documentation\nqueue_length  # a gauge\n\nwait_seconds  main.go\n"
    )
    names = promql.known([tmp_path / "a", tmp_path / "without"])
    assert "queue_length" in names and "up" in names
    assert promql.unknown(["queue_length + queue_lenght"], names) == {"queue_lenght"}
    assert promql.unknown(["rate(wait_seconds_bucket[5m]) / wait_seconds_max"], names) == {"wait_seconds_max"}
    assert promql.unknown(["queue:max"], names, recorded=["queue:max"]) == set()
