"""terrace.workloads.value_keys: keys that a chart does not know."""

from pathlib import Path
from typing import Any

import pytest

from terrace.workloads import charts, value_keys

VALUES = """\
# extra: documented, but without a default
replicas: 1
web: {port: 80, labels: {}}
"""
TEMPLATE = """\
{{ .Values.undocumented }}{{ index .Values "dashed-key" }}{{ .Values.web.host }}
"""


@pytest.fixture
def chart(tmp_path: Path) -> charts.LocalChart:
    for name, text in {
        "Chart.yaml": "name: shop\nversion: 1.0.0\ndependencies: [{name: store, alias: shelf, version: 1.0.0}]\n",
        "values.yaml": VALUES,
        "templates/all.yaml": TEMPLATE,
        "charts/store/Chart.yaml": "name: store\nversion: 1.0.0\n",
        "charts/store/values.yaml": "size: 1\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return charts.local(tmp_path)


@pytest.mark.parametrize(
    ("values", "unknown"),
    [
        ({"replicas": 2, "web": {"port": 81}}, []),
        ({"extra": 1, "undocumented": 1, "dashed-key": 1, "global": {"any": 1}}, []),
        ({"web": {"labels": {"free": "form"}, "host": "a"}}, []),
        ({"replicaz": 2}, [("replicaz",)]),
        ({"host": "a"}, [("host",)]),
        ({"web": {"prot": 81}}, [("web", "prot")]),
        ({"shelf": {"size": 2, "sise": 3}}, [("shelf", "sise")]),
    ],
)
def test_unknown_keys(chart: charts.LocalChart, values: dict[str, Any], unknown: list[tuple[str, ...]]) -> None:
    assert value_keys.unknown(chart, values) == unknown


def test_a_copy_without_a_key_changes_nothing_else() -> None:
    values = {"a": {"b": 1, "c": 2}, "d": 3}
    assert value_keys.without(values, ("a", "b")) == {"a": {"c": 2}, "d": 3}
    assert values == {"a": {"b": 1, "c": 2}, "d": 3}


def test_a_chart_with_random_functions_may_vary(chart: charts.LocalChart) -> None:
    assert not value_keys.may_vary(chart)
    (chart.path / "templates" / "secret.yaml").write_text("key: {{ randAlphaNum 8 }}\n")
    assert value_keys.may_vary(charts.local(chart.path))
