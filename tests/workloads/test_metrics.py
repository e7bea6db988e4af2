"""Alerts and dashboards read only metrics that some module exposes."""

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from terrace.modules.contract import Module
from terrace.modules.enabled import EnabledModule
from terrace.workloads import metrics, promql

from .modules_fixture import ROOT, module

FOLDERS = sorted(path.parent for path in (ROOT / "modules").glob("*/module.yaml"))


def test_unknown_metrics_of_every_kind_of_file(tmp_path: Path) -> None:
    slo = 'observability: {slo: {good: "sum(rate(good_total[$window]))", total: "sum(rate(all_total[$window]))"}}'
    app = module(tmp_path, "app", slo)
    (app.folder / "alerts").mkdir()
    (app.folder / "alerts" / "queue.yaml").write_text(
        "groups:\n  - name: queue\n    rules:\n"
        "      - {record: queue:max, expr: max(queue_length)}\n"
        "      - {alert: Long, expr: queue:max > 5 and queue_lenght > 5}\n"
    )
    (app.folder / "dashboards").mkdir()
    dashboard = {"panels": [{"panels": [{"targets": [{"expr": "sum(rate(al_total[5m]))"}]}]}]}
    (app.folder / "dashboards" / "jobs.json").write_text(json.dumps(dashboard))
    problems = list(metrics.unknown(app, {"queue_length", "all_total"}))
    assert [(problem.where, problem.message) for problem in problems] == [
        ("app/module.yaml", "no module exposes the metric 'good_total'."),
        ("app/alerts/queue.yaml", "no module exposes the metric 'queue_lenght'."),
        ("app/dashboards/jobs.json", "no module exposes the metric 'al_total'."),
    ]
    assert "queue_length" in problems[1].hint
    assert list(metrics.unknown(app, {"queue_length", "queue_lenght", "all_total", "al_total", "good_total"})) == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_modules_read_known_metrics(folder: Path) -> None:
    contract = Module.model_validate(YAML(typ="safe").load((folder / "module.yaml").read_text()))
    enabled = EnabledModule(folder.name, contract, folder, folder.name, "small", {}, {}, ())
    assert [str(problem) for problem in metrics.unknown(enabled, promql.known(FOLDERS))] == []
