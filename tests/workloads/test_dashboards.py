"""Dashboards as ConfigMaps, and the overview that Terrace generates."""

import json
from pathlib import Path

import pytest

from terrace.errors import AnswerIsNo
from terrace.workloads import dashboards, promql, slo
from terrace.workloads.context import Context

from .modules_fixture import PROVIDERS, context, one

SLO = 'observability: {slo: {good: "sum(rate(good_total[$window]))", total: "sum(rate(all_total[$window]))"}}'
KUBERNETES = {
    "kube_pod_status_ready", "kube_pod_container_status_restarts_total", "kube_pod_container_resource_limits",
    "container_cpu_usage_seconds_total", "container_cpu_cfs_throttled_periods_total",
    "container_memory_working_set_bytes", "kubelet_volume_stats_used_bytes", "kubelet_volume_stats_capacity_bytes",
}  # fmt: skip
"""Metrics of kube-state-metrics, cAdvisor and the kubelet that the overview reads."""


def app(folder: Path, content: str = "") -> Context:
    of = context(folder, prometheus=PROVIDERS["prometheus"], app=SLO)
    if content:
        (folder / "modules" / "app" / "dashboards").mkdir()
        (folder / "modules" / "app" / "dashboards" / "jobs.json").write_text(content)
    return of


def test_file_is_a_config_map_for_the_sidecar(tmp_path: Path) -> None:
    of = app(tmp_path, '{"title": "Jobs", "uid": "jobs", "panels": []}')
    (dashboard,) = dashboards.objects(of.modules["app"], of)
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert dashboard["metadata"]["annotations"] == {"grafana_folder": "applications"}
    assert json.loads(dashboard["data"]["app-jobs.json"])["title"] == "Jobs"


def test_module_without_dashboards_gets_an_overview(tmp_path: Path) -> None:
    of = app(tmp_path)
    first, second = (dashboards.objects(of.modules["app"], of) for _ in range(2))
    assert first == second
    dashboard = json.loads(one(first, "ConfigMap")["data"]["app-overview.json"])
    titles = [panel["title"] for panel in dashboard["panels"]]
    assert "Error budget left of 30 days" in titles and "Memory, share of the limit" in titles
    assert all('namespace="app-ns"' in each for each in dashboards.expressions(dashboard) if "terrace:slo" not in each)


def test_overview_reads_only_known_metrics(tmp_path: Path) -> None:
    of = app(tmp_path)
    module = of.modules["app"]
    rules = [rule for each in slo.objects(module, of) for group in each["spec"]["groups"] for rule in group["rules"]]
    recorded = {rule["record"] for rule in rules if "record" in rule}
    expressions = list(dashboards.expressions(dashboards.overview(module)))
    assert promql.unknown(expressions, KUBERNETES, recorded) == set()
    assert promql.unknown(expressions, KUBERNETES - {"kube_pod_status_ready"}, recorded) == {"kube_pod_status_ready"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", r"app/dashboards/jobs.json:1:2: invalid JSON"),
        ("[]", "not a dashboard"),
        ('{"title": "Jobs"}', "not a dashboard"),
        (json.dumps({"title": "Jobs", "uid": "jobs", "x": "x" * dashboards.MAX_BYTES}), "has at most 900000"),
    ],
)
def test_invalid_dashboard_is_an_error(tmp_path: Path, content: str, message: str) -> None:
    of = app(tmp_path, content)
    with pytest.raises(AnswerIsNo, match=message):
        dashboards.objects(of.modules["app"], of)


def test_nothing_without_a_provider_of_metrics(tmp_path: Path) -> None:
    of = context(tmp_path, app=SLO)
    assert dashboards.objects(of.modules["app"], of) == []
