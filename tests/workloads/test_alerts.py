"""Alerts of modules, their escalation, and their routes to the environment's channels."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from terrace.environment import load
from terrace.environment.schema import Environment
from terrace.errors import AnswerIsNo
from terrace.workloads import alerts, promql
from terrace.workloads.context import Context

from . import crds
from .modules_fixture import PROVIDERS, ROOT, context, one
from .prometheus_tools import check_rules, run, write

QUEUE = """
groups:
  - name: queue
    rules:
      - alert: QueueIsLong
        expr: queue_length{queue="jobs"} > 100
        for: 10m
        labels: {severity: SEVERITY}
        annotations: {summary: "{{ $value }} jobs wait"}
      - record: queue:length:max
        expr: max(queue_length)
"""
SMTP = {"host": "smtp.example.com:587", "from": "alerts@example.com", "username": "alerts"}


def app(folder: Path, severity: str = "warning") -> Context:
    of = context(folder, prometheus=PROVIDERS["prometheus"], app="")
    (folder / "modules" / "app" / "alerts").mkdir()
    (folder / "modules" / "app" / "alerts" / "queue.yaml").write_text(QUEUE.replace("SEVERITY", severity))
    return of


def prod() -> Environment:
    return load("prod", project=ROOT).environment


def test_alert_gets_owner_module_and_runbook(tmp_path: Path) -> None:
    of = app(tmp_path)
    rule = one(alerts.objects(of.modules["app"], of), "PrometheusRule", "app-alerts-queue")
    (group,) = rule["spec"]["groups"]
    alert, record = group["rules"]
    assert alert["labels"] == {"severity": "warning", "module": "app", "owner": "data-platform"}
    assert alert["annotations"]["runbook_url"] == "https://github.com/acme/terrace/blob/main/modules/app/README.md"
    assert record == {"record": "queue:length:max", "expr": "max(queue_length)"}
    check_rules(rule["spec"]["groups"], tmp_path)


def test_module_of_another_folder_links_to_its_home_page(tmp_path: Path) -> None:
    of = context(tmp_path, app="")
    elsewhere = replace(of, root=tmp_path / "other")
    assert alerts.runbook(of.modules["app"], elsewhere) == "https://example.com/software"


def test_unknown_severity_is_an_error(tmp_path: Path) -> None:
    of = app(tmp_path, "page")
    with pytest.raises(AnswerIsNo, match=r"app/alerts/queue.yaml: alert QueueIsLong has severity 'page'"):
        alerts.objects(of.modules["app"], of)


def test_nothing_without_a_provider_of_metrics(tmp_path: Path) -> None:
    of = context(tmp_path, app="")
    assert alerts.objects(of.modules["app"], of) == []


def test_persisting_warning_becomes_critical(tmp_path: Path) -> None:
    of = app(tmp_path)
    rule = one(alerts.objects(of.modules["prometheus"], of), "PrometheusRule", "escalation")
    rules = write(tmp_path / "rules.yaml", {"groups": rule["spec"]["groups"]})
    series = {
        "series": 'ALERTS{alertname="QueueIsLong", alertstate="firing", severity="warning", module="app"}',
        "values": "1x120",
    }
    query = 'count by (signal, module, severity) (ALERTS{alertname="WarningPersists", alertstate="firing"})'
    sample = {"labels": '{module="app", severity="critical", signal="QueueIsLong"}', "value": 1}
    tests = [
        {"expr": query, "eval_time": "59m", "exp_samples": []},
        {"expr": query, "eval_time": "61m", "exp_samples": [sample]},
    ]
    content: dict[str, Any] = {
        "rule_files": [rules.name],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": [series], "promql_expr_test": tests}],
    }
    result = run("promtool", "test", "rules", write(tmp_path / "test.yaml", content))
    assert result.returncode == 0, result.stdout + result.stderr


NODES: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "NodesCpu": (
        # seconds of an idle minute: 17 of 120 on both nodes are less than 15 %, 19 are more
        {'node_cpu_seconds_total{mode="idle",instance="a"}': "0+6x60",
         'node_cpu_seconds_total{mode="idle",instance="b"}': "0+11x60"},
        {'node_cpu_seconds_total{mode="idle",instance="a"}': "0+6x60",
         'node_cpu_seconds_total{mode="idle",instance="b"}': "0+13x60"},
    ),
    "NodesMemory": (
        {'node_memory_MemAvailable_bytes{instance="a"}': "14x60", 'node_memory_MemTotal_bytes{instance="a"}': "100x60"},
        {'node_memory_MemAvailable_bytes{instance="a"}': "16x60", 'node_memory_MemTotal_bytes{instance="a"}': "100x60"},
    ),
    "NodesFailed": (
        {'kube_node_status_condition{condition="Ready",status="unknown",node="a"}': "1x60"},
        {'kube_node_status_condition{condition="Ready",status="true",node="a"}': "1x60",
         'kube_node_status_condition{condition="Ready",status="false",node="a"}': "0x60"},
    ),
}  # fmt: skip
"""Alert to series over the threshold of dev, and to series below it."""


@pytest.mark.parametrize("name", NODES)
def test_signal_of_the_nodes_alerts_at_the_threshold_of_the_environment(tmp_path: Path, name: str) -> None:
    of = app(tmp_path)
    rule = one(alerts.objects(of.modules["prometheus"], of), "PrometheusRule", "signals")
    rules = write(tmp_path / "rules.yaml", {"groups": rule["spec"]["groups"]})
    query = f'count by (severity) (ALERTS{{alertname="{name}", alertstate="firing"}})'
    firing = [{"labels": '{severity="warning"}', "value": 1}]
    over, below = NODES[name]
    tests: list[tuple[dict[str, str], list[tuple[str, list[dict[str, Any]]]]]] = [
        (over, [("14m", []), ("25m", firing)]),
        (below, [("25m", []), ("50m", [])]),
    ]
    content: dict[str, Any] = {
        "rule_files": [rules.name],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": series, "values": values} for series, values in given.items()],
                "promql_expr_test": [
                    {"expr": query, "eval_time": time, "exp_samples": samples} for time, samples in expected
                ],
            }
            for given, expected in tests
        ],
    }
    result = run("promtool", "test", "rules", write(tmp_path / "test.yaml", content))
    assert result.returncode == 0, result.stdout + result.stderr


def test_signals_read_metrics_of_the_module_that_provides_them(tmp_path: Path) -> None:
    of = app(tmp_path)
    group = alerts.signals(of.modules["prometheus"], of)
    read = [rule["expr"] for rule in group["rules"]]
    assert promql.unknown(read, promql.known([ROOT / "modules" / "prometheus"])) == set()


def test_objects_match_their_definitions(tmp_path: Path) -> None:
    of = app(tmp_path)
    assert crds.errors([each for module in of.modules.values() for each in alerts.objects(module, of)]) == []


def test_receivers_are_the_channels_of_the_environment() -> None:
    config = alerts.alertmanager_config(prod(), SMTP)
    critical = next(each for each in config["receivers"] if each["name"] == "critical")
    assert [each["to"] for each in critical["email_configs"]] == ["platform@example.com"]
    assert [each["url"] for each in critical["webhook_configs"]] == [
        "https://events.pager.example.com/integration/platform/enqueue"
    ]
    warning = next(each for each in config["receivers"] if each["name"] == "warning")
    assert "webhook_configs" not in warning


def test_configuration_is_a_secret_with_the_password_of_the_manager(tmp_path: Path) -> None:
    smtp = json.dumps({"settings": {"smtp": SMTP}})[1:-1]
    of = context(tmp_path, prometheus="{" + smtp + ", provides: [metrics]}")
    secret = one(alerts.objects(of.modules["prometheus"], of), "ExternalSecret", "alertmanager-config")
    remote = {each["secretKey"]: each["remoteRef"]["key"] for each in secret["spec"]["data"]}
    assert remote["smtp"] == "key-of-dpf-dev-prometheus-smtp"
    text = secret["spec"]["target"]["template"]["data"]["alertmanager.yaml"]
    config = json.loads(text.replace("{{ .smtp | toJson }}", '"secret"'))  # as external-secrets does it
    assert config["global"]["smtp_auth_password"] == "secret"
    expected = alerts.alertmanager_config(of.environment, SMTP)
    expected["global"]["smtp_auth_password"] = "secret"
    assert config == expected


@pytest.mark.parametrize("smtp", [SMTP, None])
@pytest.mark.parametrize("name", ["dev", "staging", "prod"])
def test_amtool_accepts_the_configuration(tmp_path: Path, name: str, smtp: dict[str, str] | None) -> None:
    config = alerts.alertmanager_config(load(name, project=ROOT).environment, smtp)
    result = run("amtool", "check-config", write(tmp_path / "alertmanager.yaml", config))
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (["severity=critical", "alertname=ErrorBudgetBurns"], "critical"),
        (["severity=warning", "alertname=ErrorBudgetBurns"], "warning"),
        (["severity=none", "alertname=Watchdog"], "watchdog"),
        (["alertname=OfAnotherChart"], "warning"),
    ],
)
def test_amtool_routes(tmp_path: Path, labels: list[str], receiver: str) -> None:
    file = write(tmp_path / "alertmanager.yaml", alerts.alertmanager_config(prod(), SMTP))
    result = run(
        "amtool", "config", "routes", "test", f"--config.file={file}", f"--verify.receivers={receiver}", *labels
    )
    assert result.returncode == 0, result.stdout + result.stderr
