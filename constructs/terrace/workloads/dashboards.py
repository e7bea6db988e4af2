"""Dashboards: the module's files as ConfigMaps for Grafana's sidecar, or an overview that Terrace generates (OBS-2).

Source: Grafana's chart, `sidecar.dashboards` (label grafana_dashboard, annotation grafana_folder).
"""

import json
from collections.abc import Iterator
from typing import Any

from terrace.errors import AnswerIsNo
from terrace.modules.enabled import EnabledModule
from terrace.workloads.context import Context, Object
from terrace.workloads.metadata import metadata

LABEL = {"grafana_dashboard": "1"}
"""The label by which the sidecar finds a ConfigMap."""

MAX_BYTES = 900_000
"""A ConfigMap holds at most 1 MiB."""

_DATASOURCE = {"type": "prometheus", "uid": "prometheus"}


def objects(module: EnabledModule, context: Context) -> list[Object]:
    """A ConfigMap per dashboard, if a module provides `metrics`."""
    if context.provider("metrics") is None:
        return []
    dashboards = dict(_files(module)) or {"overview": overview(module)}
    return [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": metadata(
                f"{module.name}-dashboard-{name}",
                module,
                context,
                labels=LABEL,
                annotations={"grafana_folder": module.contract.category},
            ),
            # sorted and compact, so that equal dashboards give equal releases
            "data": {f"{module.name}-{name}.json": json.dumps(dashboard, sort_keys=True, separators=(",", ":"))},
        }
        for name, dashboard in dashboards.items()
    ]


def expressions(dashboard: dict[str, Any]) -> Iterator[str]:
    """The PromQL expressions of a dashboard."""
    for panel in dashboard.get("panels", []):
        for target in panel.get("targets", []):
            if target.get("expr"):
                yield target["expr"]
        yield from expressions(panel)


def overview(module: EnabledModule) -> dict[str, Any]:
    """Pods, restarts, processor time, memory against its limits, and the error budget, of a module's namespace."""
    here = f'namespace="{module.namespace}"'
    containers = f'{here}, container!=""'
    restarts = f"sum by (pod) (increase(kube_pod_container_status_restarts_total{{{here}}}[1h]))"
    throttled = f"sum by (pod) (rate(container_cpu_cfs_throttled_periods_total{{{containers}}}[5m]))"
    memory = (
        f"sum by (pod) (container_memory_working_set_bytes{{{containers}}})"
        f' / sum by (pod) (kube_pod_container_resource_limits{{{here}, resource="memory"}})'
    )
    volumes = f"kubelet_volume_stats_used_bytes{{{here}}} / kubelet_volume_stats_capacity_bytes{{{here}}}"
    panels = [
        ("Pods not ready", f'sum(kube_pod_status_ready{{{here}, condition="false"}})', "short"),
        ("Restarts in an hour", restarts, "short"),
        ("CPU by pod", f"sum by (pod) (rate(container_cpu_usage_seconds_total{{{containers}}}[5m]))", "short"),
        ("CPU throttled", throttled, "short"),
        ("Memory, share of the limit", memory, "percentunit"),
        ("Volumes, share used", volumes, "percentunit"),
    ]
    if module.contract.observability.slo is not None:
        of_module = f'{{module="{module.name}"}}'
        panels += [
            ("Errors in an hour", f"terrace:slo_errors:ratio_rate1h{of_module}", "percentunit"),
            ("Error budget left of 30 days", f"terrace:slo_budget:remaining_ratio30d{of_module}", "percentunit"),
        ]
    return {
        "uid": f"terrace-{module.name}"[:40],
        "title": f"{module.name}: overview",
        "tags": ["terrace", module.contract.category],
        "editable": False,
        "refresh": "1m",
        "schemaVersion": 39,
        "time": {"from": "now-6h", "to": "now"},
        "panels": [_panel(number, *panel) for number, panel in enumerate(panels)],
    }


def _panel(number: int, title: str, expression: str, unit: str) -> dict[str, Any]:
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": title,
        "datasource": _DATASOURCE,
        "gridPos": {"x": 12 * (number % 2), "y": 8 * (number // 2), "w": 12, "h": 8},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": [{"refId": "A", "datasource": _DATASOURCE, "expr": expression, "legendFormat": "{{pod}}"}],
    }


def _files(module: EnabledModule) -> Iterator[tuple[str, dict[str, Any]]]:
    """The module's dashboards. Raises AnswerIsNo for one that is no dashboard or too large."""
    for path in sorted((module.folder / "dashboards").glob("*.json")):
        where = f"{module.folder.name}/dashboards/{path.name}"
        content = path.read_text(encoding="utf-8")
        try:
            dashboard = json.loads(content)
        except json.JSONDecodeError as error:
            raise AnswerIsNo(f"invalid JSON: {error.msg}", where=f"{where}:{error.lineno}:{error.colno}") from error
        if not isinstance(dashboard, dict) or not dashboard.get("uid") or not dashboard.get("title"):
            raise AnswerIsNo("not a dashboard; expected an object with uid and title", where=where)
        if len(content.encode()) > MAX_BYTES:
            raise AnswerIsNo(f"{len(content.encode())} bytes; a dashboard has at most {MAX_BYTES}", where=where)
        yield path.stem, dashboard
