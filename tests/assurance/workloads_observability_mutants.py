"""Deliberate faults in the logs, alerts, dashboards and objectives of the workloads (OBS-1 to OBS-4)."""

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from terrace.assurance.workloads_view import Workloads
from terrace.workloads.context import Object
from tests.assurance.workloads_mutants import Change, changed, without
from tests.conftest import ROOT


def with_values(workloads: Workloads, release: str, path: str, value: Any) -> Workloads:
    """The same workloads with one value of a release's chart."""

    def edited(values: Mapping[str, Any]) -> dict[str, Any]:
        result = copy.deepcopy(dict(values))
        *parents, last = path.split(".")
        place: Any = result
        for key in parents:
            place = place[int(key) if isinstance(place, list) else key]
        place[last] = value
        return result

    rendered = [
        replace(one, release=replace(one.release, values=edited(one.release.values)))
        if one.release.name == release
        else one
        for one in workloads.rendered
    ]
    return replace(workloads, rendered=rendered)


def of_vector(path: str, value: Any) -> Callable[[Workloads], Workloads]:
    return lambda workloads: with_values(workloads, "vector", path, value)


def of_opensearch(path: str, value: Any) -> Callable[[Workloads], Workloads]:
    return lambda workloads: with_values(workloads, "opensearch", path, value)


def without_retention(workloads: Workloads) -> Workloads:
    (values,) = [one.release.values for one in workloads.rendered if one.release.name == "opensearch"]
    rest = [one for one in values["extraObjects"] if one["kind"] != "CronJob"]
    return with_values(workloads, "opensearch", "extraObjects", rest)


def kept_for(days: str) -> Callable[[Workloads], Workloads]:
    def change(workloads: Workloads) -> Workloads:
        (values,) = [one.release.values for one in workloads.rendered if one.release.name == "opensearch"]
        objects = copy.deepcopy(values["extraObjects"])
        (job,) = [one for one in objects if one["kind"] == "CronJob"]
        (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
        container["env"][0]["value"] = days
        return with_values(workloads, "opensearch", "extraObjects", objects)

    return change


def on_rules(change: Change, *alerts: str) -> Change:
    """A change of rules: of these alerts, or of all."""

    def change_all(one: Object) -> None:
        for group in one["spec"]["groups"]:
            for rule in group["rules"]:
                if not alerts or rule.get("alert") in alerts:
                    change(rule)

    return change_all


def on_alertmanager(change: Change) -> Callable[[Workloads], Workloads]:
    """A change of Alertmanager's configuration."""

    def change_secret(one: Object) -> None:
        data = one["spec"]["target"]["template"]["data"]
        config = json.loads(data["alertmanager.yaml"])
        change(config)
        data["alertmanager.yaml"] = json.dumps(config)

    return lambda workloads: changed(workloads, "ExternalSecret", "alertmanager-config", change_secret)


def on_dashboard(change: Change) -> Change:
    def change_map(one: Object) -> None:
        for name, text in one["data"].items():
            dashboard = json.loads(text)
            change(dashboard)
            one["data"][name] = json.dumps(dashboard)

    return change_map


def to_panels(*titles: str) -> Change:
    """Keeps the panels with these titles."""
    return lambda board: board.update(panels=[one for one in board["panels"] if one["title"] in titles])


def replaced(key: str, old: str, new: str) -> Change:
    def change(rule: Object) -> None:
        assert old in rule[key]
        rule[key] = rule[key].replace(old, new)

    return change


def with_folder(workloads: Workloads, name: str, folder: Path) -> Workloads:
    """The same releases, of a module whose files are elsewhere."""
    context = workloads.context
    modules = {**context.modules, name: replace(context.modules[name], folder=folder)}
    return replace(workloads, context=replace(context, environment=context.environment.with_modules(modules)))


TRANSFORM = "customConfig.transforms.redacted"
SINK = "customConfig.sinks.opensearch"
PODS = "customConfig.sources.pods"
CONSOLE = {"type": "console", "inputs": ["fields"], "encoding": {"codec": "json"}}

MUTANTS: list[tuple[str, str, Callable[[Workloads], Workloads]]] = [
    ("logs-shipped", "no Vector", lambda w: without(w, "vector")),
    ("logs-shipped", "no source of pods", of_vector("customConfig.sources", {})),
    ("logs-shipped", "some pods", of_vector(f"{PODS}.extra_label_selector", "app!=x")),
    ("logs-shipped", "some files", of_vector(f"{PODS}.exclude_paths_glob_patterns", ["**/kube-system_*/**"])),
    ("logs-shipped", "not on tainted nodes", of_vector("tolerations", [])),
    ("logs-shipped", "not on each node", of_vector("role", "Aggregator")),
    ("logs-shipped", "without the redaction", of_vector(f"{SINK}.inputs", ["fields"])),
    ("logs-shipped", "what is not redacted too", of_vector(f"{SINK}.inputs", ["redacted", "redacted.dropped"])),
    ("logs-shipped", "an unknown input", of_vector(f"{SINK}.inputs", ["red*"])),
    ("logs-shipped", "a second sink", of_vector("customConfig.sinks.console", CONSOLE)),
    ("logs-shipped", "passes what fails", of_vector(f"{TRANSFORM}.drop_on_error", False)),
    ("logs-shipped", "other filters", of_vector(f"{TRANSFORM}.source", ".message = redact(.message, filters: [])")),
    ("logs-shipped", "a sample", of_vector("customConfig.transforms.fields.type", "sample")),
    ("logs-shipped", "no TLS", of_vector(f"{SINK}.endpoints", ["http://opensearch.opensearch:9200"])),
    ("logs-shipped", "another store", of_vector(f"{SINK}.endpoints", ["https://opensearch.example.com:9200"])),
    ("logs-shipped", "any certificate", of_vector(f"{SINK}.tls.verify_certificate", False)),
    ("logs-shipped", "any name", of_vector(f"{SINK}.tls.verify_hostname", False)),
    ("logs-retained", "no job", without_retention),
    ("logs-retained", "a week", kept_for("7")),
    ("logs-retained", "for ever", kept_for("36500")),
    ("logs-retained", "no volumes", of_opensearch("persistence.enabled", False)),
    ("logs-retained", "another class", of_opensearch("persistence.storageClass", "standard")),
    ("logs-retained", "no such class", lambda w: changed(w, "StorageClass", "*", None)),
    ("signal-alerts", "no alerts", lambda w: changed(w, "PrometheusRule", "signals", None)),
    (
        "signal-alerts",
        "a higher threshold",
        lambda w: changed(w, "PrometheusRule", "signals", on_rules(replaced("expr", "> 85", "> 99"), "NodesCpu")),
    ),
    (
        "signal-alerts",
        "later",
        lambda w: changed(w, "PrometheusRule", "signals", on_rules(lambda one: one.update({"for": "2h"}))),
    ),
    (
        "signal-alerts",
        "without a channel",
        lambda w: changed(w, "PrometheusRule", "signals", on_rules(lambda one: one["labels"].update(severity="info"))),
    ),
    (
        "notification-channels",
        "another configuration",
        lambda w: with_values(w, "prometheus", "alertmanager.alertmanagerSpec.configSecret", "alertmanager-example"),
    ),
    ("notification-channels", "no configuration", lambda w: changed(w, "ExternalSecret", "alertmanager-config", None)),
    ("notification-channels", "no pager", on_alertmanager(lambda c: c["receivers"][2].pop("webhook_configs"))),
    (
        "notification-channels",
        "another address",
        on_alertmanager(lambda c: c["receivers"][1]["email_configs"][0].update(to="someone@example.com")),
    ),
    ("notification-channels", "no mail server", on_alertmanager(lambda c: c.pop("global"))),
    (
        "notification-channels",
        "a route before",
        on_alertmanager(
            lambda c: c["route"]["routes"].insert(0, {"receiver": "watchdog", "matchers": ['severity =~ "c.*"']})
        ),
    ),
    (
        "notification-channels",
        "one alert elsewhere",
        on_alertmanager(
            lambda c: c["route"]["routes"][1].update(
                routes=[{"receiver": "watchdog", "matchers": ['alertname = "ErrorBudgetBurns"']}]
            )
        ),
    ),
    (
        "notification-channels",
        "critical ones silenced",
        on_alertmanager(
            lambda c: c["inhibit_rules"].append(
                {"source_matchers": ['alertname = "Watchdog"'], "target_matchers": ['severity != "info"']}
            )
        ),
    ),
    ("critical-escalation", "none", lambda w: changed(w, "PrometheusRule", "escalation", None)),
    (
        "critical-escalation",
        "a day",
        lambda w: changed(w, "PrometheusRule", "escalation", on_rules(lambda one: one.update({"for": "1d"}))),
    ),
    (
        "critical-escalation",
        "still a warning",
        lambda w: changed(
            w, "PrometheusRule", "escalation", on_rules(lambda one: one["labels"].update(severity="warning"))
        ),
    ),
    (
        "critical-escalation",
        "of other alerts",
        lambda w: changed(w, "PrometheusRule", "escalation", on_rules(replaced("expr", '"warning"', '"info"'))),
    ),
    ("dashboards-of-modules", "one lacks", lambda w: changed(w, "ConfigMap", "app-dashboard-overview", None)),
    ("dashboards-of-modules", "a declared one lacks", lambda w: with_folder(w, "app", ROOT / "modules" / "opencost")),
    (
        "dashboards-of-modules",
        "not found by Grafana",
        lambda w: changed(
            w, "ConfigMap", "app-dashboard-overview", lambda one: one["metadata"]["labels"].pop("grafana_dashboard")
        ),
    ),
    (
        "dashboards-of-modules",
        "no objective",
        lambda w: changed(w, "ConfigMap", "app-dashboard-overview", on_dashboard(to_panels("CPU by pod"))),
    ),
    (
        "dashboards-of-modules",
        "no panels",
        lambda w: changed(w, "ConfigMap", "search-dashboard-overview", on_dashboard(to_panels())),
    ),
    (
        "dashboards-of-modules",
        "one id for two",
        lambda w: changed(
            w, "ConfigMap", "app-dashboard-overview", on_dashboard(lambda one: one.update(uid="terrace-search"))
        ),
    ),
    (
        "dashboards-of-modules",
        "in one namespace",
        lambda w: with_values(w, "prometheus", "grafana.sidecar.dashboards.searchNamespace", "prometheus"),
    ),
    (
        "dashboards-of-modules",
        "no sidecar",
        lambda w: with_values(w, "prometheus", "grafana.sidecar.dashboards.enabled", False),
    ),
    ("burn-rate-alerts", "no rules", lambda w: changed(w, "PrometheusRule", "app-slo", None)),
    (
        "burn-rate-alerts",
        "a higher limit",
        lambda w: changed(
            w,
            "PrometheusRule",
            "app-slo",
            on_rules(lambda one: one.update(expr=one["expr"].replace("> 0.0144", "> 0.144")), "ErrorBudgetBurns"),
        ),
    ),
    (
        "burn-rate-alerts",
        "only warnings",
        lambda w: changed(
            w, "PrometheusRule", "app-slo", on_rules(lambda one: one["labels"].update(severity="warning"))
        ),
    ),
    (
        "burn-rate-alerts",
        "a window is not recorded",
        lambda w: changed(w, "PrometheusRule", "app-slo", lambda one: one["spec"]["groups"][0]["rules"].pop()),
    ),
    (
        "burn-rate-alerts",
        "other events",
        lambda w: changed(
            w,
            "PrometheusRule",
            "app-slo",
            lambda one: one["spec"]["groups"][0]["rules"][0].update(expr="1 - sum(rate(up[5m]))"),
        ),
    ),
]
