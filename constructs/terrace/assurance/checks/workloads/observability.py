"""Checks of alerts and their recipients, dashboards and objectives in the cluster (OBS-2 to OBS-4).

The objects are Terrace's own; whether Alertmanager and Grafana read them is in the values of their chart.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from terrace.assurance.checks.workloads.lookup import alerts_in, at, rules_in, spec_of, values_of
from terrace.assurance.evaluation import (
    NotRequired,
    Observation,
    at_least,
    at_most,
    check,
    empty,
    equal,
    includes,
)  # fmt: skip
from terrace.assurance.workloads_view import Workloads
from terrace.calls import Absent
from terrace.capabilities.observability import EmailChannel, Thresholds
from terrace.capabilities.signals import SEVERITIES, WARNING_MINUTES
from terrace.modules.contract import Slo
from terrace.modules.enabled import EnabledModule
from terrace.workloads import alerts, dashboards, promql, slo
from terrace.workloads.context import Object

NODE_SIGNALS: Mapping[str, str] = {
    "nodes-cpu": "node_cpu_seconds_total",
    "nodes-memory": "node_memory_MemAvailable_bytes",
    "nodes-failed": "kube_node_status_condition",
}
"""The foundation's signals about the cluster, and the metric of each. Those about databases, caches, buckets and NAT
are measured by the cloud only."""

_LIMIT = re.compile(r">=?\s*([\d.]+)\s*$")
_DURATION = re.compile(r"(\d+)([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_MATCHER = re.compile(r'\s*(\w+)\s*(=~|!~|!=|=)\s*"(.*)"\s*')
_BURN = re.compile(r'terrace:slo_errors:ratio_rate(\w+)\{module="([^"]+)"\} > ([\d.e-]+)')
_OBJECTIVE = "terrace:slo_"


@check("OBS-2")
def signal_alerts(workloads: Workloads) -> Iterator[Observation]:
    """Each signal about nodes has an alert in the cluster, at the environment's threshold or below."""
    _metrics(workloads)
    limits = node_limits(workloads.context.environment.observability.thresholds)
    found = alerts_in(workloads.objects)
    for signal, metric in NODE_SIGNALS.items():
        measured = [
            (float(limit[1]), _minutes(rule.get("for", "0s")))
            for rule in found
            if metric in promql.metric_names(str(rule["expr"])) and rule.get("labels", {}).get("severity") in SEVERITIES
            if (limit := _LIMIT.search(str(rule["expr"])))
        ]
        yield at_least(f"alerts on {signal}", "number", len(measured), 1)
        if measured:
            threshold, minutes = min(measured)
            yield at_most(f"alerts on {signal}", "threshold", threshold, limits[signal])
            yield at_most(f"alerts on {signal}", "minutes until the alert", minutes, WARNING_MINUTES)


def node_limits(thresholds: Thresholds) -> Mapping[str, float]:
    """The threshold of each of NODE_SIGNALS."""
    return {
        "nodes-cpu": thresholds.node_cpu_percent,
        "nodes-memory": thresholds.node_memory_percent,
        "nodes-failed": 0,
    }


@check("OBS-3")
def notification_channels(workloads: Workloads) -> Iterator[Observation]:
    """Alertmanager sends the alerts of each severity to the environment's channels."""
    provider = _metrics(workloads)
    secret = alerts.CONFIGURATION
    used = at(values_of(workloads, provider), "alertmanager.alertmanagerSpec.configSecret")
    yield equal(provider.name, "Secret that Alertmanager reads", used, secret)
    config = _alertmanager(workloads, provider)
    mail = bool(at(config, "global.smtp_smarthost"))
    receivers = {one["name"]: _addresses(one, mail) for one in config["receivers"]}
    names = {(rule["alert"], rule.get("labels", {}).get("severity")) for rule in alerts_in(workloads.objects)}
    observability = workloads.context.environment.observability
    for severity in SEVERITIES:
        channels = [observability.channels[name] for name in getattr(observability.escalation, severity)]
        expected = [one.address if isinstance(one, EmailChannel) else one.url for one in channels]
        for name in ["of any other name", *sorted(name for name, of in names if of == severity)]:
            routed = _receivers(config["route"], {"alertname": name, "severity": severity}, "")
            yield includes(
                f"{severity} alert {name}", "channels", {a for r in routed for a in receivers.get(r, ())}, expected
            )
    inhibited = [
        one
        for one in config.get("inhibit_rules", [])
        if all(_matches(matcher, {"severity": "critical"}) for matcher in one.get("target_matchers", []))
    ]
    yield equal(f"Secret {secret}", "rules that silence critical alerts", len(inhibited), 0)


@check("OBS-3")
def critical_escalation(workloads: Workloads) -> Iterator[Observation]:
    """A warning that persists becomes a critical alert after the environment's minutes."""
    _metrics(workloads)
    minutes = workloads.context.environment.observability.escalation.critical_after_minutes
    found = [
        rule
        for rule in alerts_in(workloads.objects)
        if promql.metric_names(str(rule["expr"])) == {"ALERTS"}
        and {'alertstate="firing"', 'severity="warning"'} <= set(re.findall(r'\w+="\w+"', str(rule["expr"])))
        and rule.get("labels", {}).get("severity") == "critical"
    ]
    if not found:
        raise Absent("no alert reads the warnings that persist")
    yield at_most(
        "warnings that persist",
        "minutes until critical",
        min(_minutes(rule.get("for", "0s")) for rule in found),
        minutes,
    )


@check("OBS-4")
def dashboards_of_modules(workloads: Workloads) -> Iterator[Observation]:
    """Grafana finds a dashboard of each module: the declared ones, and one that shows the objective if there is one."""
    provider = _metrics(workloads)
    sidecar = at(values_of(workloads, provider), "grafana.sidecar.dashboards") or {}
    wanted = {"enabled": True, "searchNamespace": "ALL", **_label()}
    yield equal(f"{provider.name}/sidecar", "settings", {key: sidecar.get(key) for key in wanted}, wanted)
    uids: list[str] = []
    for module in workloads.modules:
        files = _dashboards(workloads, module)
        declared = [f"{module.name}-{path.stem}.json" for path in (module.folder / "dashboards").glob("*.json")]
        if declared:
            yield includes(module.name, "dashboards", files, declared)
        read = [expression for one in files.values() for expression in dashboards.expressions(one)]
        yield at_least(module.name, "panels with a query", len(read), 1)
        if module.contract.observability.slo:
            objective = any(_OBJECTIVE in expression for expression in read)
            yield Observation(module.name, f"a dashboard shows the objective: {objective}", objective, "one")
        uids += [str(one.get("uid")) for one in files.values()]
    yield empty("all dashboards", "ids used twice", {uid for uid in uids if uids.count(uid) > 1})


@check("OBS-4")
def burn_rate_alerts(workloads: Workloads) -> Iterator[Observation]:
    """Each objective has the alerts on its error budget, and rules record what they read."""
    _metrics(workloads)
    modules = [(one, one.contract.observability.slo) for one in workloads.modules if one.contract.observability.slo]
    if not modules:
        raise NotRequired("no module has an objective")
    for module, objective in modules:
        assert objective is not None
        rules = rules_in(workloads.kind("PrometheusRule", namespace=module.namespace))
        burning = [
            (window, float(limit), rule.get("labels", {}).get("severity"))
            for rule in rules
            if "alert" in rule
            for window, name, limit in _BURN.findall(str(rule["expr"]))
            if name == module.name
        ]
        for rate, allowed in _rates(objective):
            for window in (rate.long, rate.short):
                limits = [limit for read, limit, severity in burning if (read, severity) == (window, rate.severity)]
                name = f"share of errors in {window} that is {rate.severity}"
                yield at_most(module.name, name, min(limits, default=None), allowed)
        recorded = [rule["record"].removeprefix(f"{_OBJECTIVE}errors:ratio_rate") for rule in rules
                    if "record" in rule and _measures(rule, module, objective)]  # fmt: skip
        yield includes(module.name, "windows that rules record", recorded, {window for window, _, _ in burning})


def _rates(objective: Slo) -> Iterator[tuple[slo.BurnRate, float]]:
    """The burn rates that the objective makes possible, each with the share of errors that is its limit."""
    for rate in slo.BURN_RATES:
        allowed = float(f"{rate.factor * (1 - objective.objective / 100):g}")  # as precise as the rules
        if allowed < 1:
            yield rate, allowed


def _measures(rule: Object, module: EnabledModule, objective: Slo) -> bool:
    """Whether a rule records the share of errors of the module's own events."""
    read = promql.metric_names(objective.good + " / " + objective.total)
    return rule.get("labels", {}).get("module") == module.name and read <= promql.metric_names(str(rule["expr"]))


def _metrics(workloads: Workloads) -> EnabledModule:
    provider = workloads.context.provider("metrics")
    if provider is None:
        raise NotRequired("no enabled module provides metrics; the cloud's own alarms are the foundation's")
    return provider


def _minutes(duration: str) -> float:
    return sum(int(number) * _SECONDS[unit] for number, unit in _DURATION.findall(str(duration))) / 60


def _alertmanager(workloads: Workloads, provider: EnabledModule) -> Any:
    """Alertmanager's configuration in the Secret that external-secrets writes. Raises Absent."""
    for one in workloads.kind("ExternalSecret", namespace=provider.namespace):
        if one["metadata"]["name"] == alerts.CONFIGURATION:
            text = spec_of(one)["target"]["template"]["data"]["alertmanager.yaml"]
            return json.loads(re.sub(r"\{\{.*?\}\}", '"given by the secret manager"', text))
    raise Absent(f"no ExternalSecret {alerts.CONFIGURATION}, the configuration of Alertmanager")


def _addresses(receiver: Object, mail: bool) -> set[str]:
    """The addresses and URLs of a receiver; addresses only if there is a mail server."""
    emails = receiver.get("email_configs", []) if mail else []
    return {one["to"] for one in emails} | {one["url"] for one in receiver.get("webhook_configs", [])}


def _receivers(route: Object, labels: Mapping[str, str], inherited: str) -> Sequence[str]:
    """The receivers of an alert. Source: Alertmanager, "Configuration", `<route>`: the first child that matches, and
    those after it only with `continue`; without one, the route itself."""
    receiver: str = route.get("receiver", inherited)
    found: list[str] = []
    for child in route.get("routes", []):
        if all(_matches(matcher, labels) for matcher in child.get("matchers", [])):
            found += _receivers(child, labels, receiver)
            if not child.get("continue"):
                break
    return found or [receiver]


def _matches(matcher: str, labels: Mapping[str, str]) -> bool:
    """Whether labels meet a matcher such as `severity = "critical"`. Raises ValueError for one that is invalid."""
    parts = _MATCHER.fullmatch(matcher)
    if parts is None:
        raise ValueError(f"invalid matcher {matcher!r}")
    name, operator, value = parts.groups()
    actual = labels.get(name, "")
    met = bool(re.fullmatch(value, actual)) if "~" in operator else actual == value
    return met != operator.startswith("!")


def _label() -> dict[str, str]:
    """The label of dashboards as settings of the sidecar."""
    ((label, value),) = dashboards.LABEL.items()
    return {"label": label, "labelValue": value}


def _dashboards(workloads: Workloads, module: EnabledModule) -> dict[str, Any]:
    """The dashboards in ConfigMaps that the sidecar finds, of a module, by file name."""
    return {
        name: json.loads(text)
        for one in workloads.kind("ConfigMap", namespace=module.namespace)
        if {**dashboards.LABEL, "terrace.dev/module": module.name}.items() <= one["metadata"].get("labels", {}).items()
        for name, text in (one.get("data") or {}).items()
    }
