"""Alerts: the rule files of a module as PrometheusRules, and their routes to the environment's channels (OBS-2, OBS-3).

Sources: Prometheus operator, PrometheusRule monitoring.coreos.com/v1; Alertmanager, configuration.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from terrace.capabilities.identity import given_secret
from terrace.capabilities.observability import EmailChannel, Thresholds
from terrace.capabilities.signals import WARNING_MINUTES
from terrace.documents.document import plain
from terrace.documents.reading import read
from terrace.environment.schema import Environment
from terrace.errors import AnswerIsNo, ContractError
from terrace.modules.enabled import EnabledModule
from terrace.workloads.context import Context, Object
from terrace.workloads.metadata import metadata
from terrace.workloads.secrets import external_secret

SEVERITIES = ("warning", "critical")
CONFIGURATION = "alertmanager-config"
"""Name of the Secret that Alertmanager reads; its key is alertmanager.yaml."""

_PASSWORD = "password of the mail server"


def objects(module: EnabledModule, context: Context) -> list[Object]:
    """A PrometheusRule per file in `alerts/`; beside the provider of `metrics` also the signals of the nodes, the
    escalation and the routes.

    Nothing if no module provides `metrics`.
    """
    provider = context.provider("metrics")
    if provider is None:
        return []
    result = [
        prometheus_rule(f"{module.name}-alerts-{path.stem}", groups, module, context)
        for path, groups in _files(module, context)
    ]
    if provider is module:
        minutes = context.environment.observability.escalation.critical_after_minutes
        result.append(prometheus_rule("signals", [signals(module, context)], module, context))
        result.append(prometheus_rule("escalation", [escalation(minutes, module, context)], module, context))
        result.append(_configuration(module, context))
    return result


def prometheus_rule(name: str, groups: Sequence[Mapping[str, Any]], module: EnabledModule, context: Context) -> Object:
    """Rule groups as an object."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": metadata(name, module, context),
        "spec": {"groups": [dict(group) for group in groups]},
    }


def runbook(module: EnabledModule, context: Context) -> str:
    """Where an operator reads on: the module's README in the repository, or the software's home page."""
    identity = context.environment.identity
    root = context.root.resolve()
    if not module.folder.resolve().is_relative_to(root):
        return module.contract.home
    path = (module.folder.resolve() / "README.md").relative_to(root).as_posix()
    return str(identity.tokens.file_url(identity, path))


def signals(module: EnabledModule, context: Context) -> dict[str, Any]:
    """The rule group of the foundation's signals about nodes, as the cluster itself measures them, with the thresholds
    of the environment. They are warnings, which the escalation makes critical."""
    return {
        "name": "signals",
        "rules": [
            {
                "alert": alert,
                "expr": expression,
                "for": f"{WARNING_MINUTES}m",
                "labels": {
                    "severity": "warning",
                    "module": module.name,
                    "owner": context.environment.ownership.owner,
                },
                "annotations": {"summary": summary, "runbook_url": runbook(module, context)},
            }
            for alert, expression, summary in _signals(context.environment.observability.thresholds)
        ],
    }


def _signals(limits: Thresholds) -> Iterator[tuple[str, str, str]]:
    """(alert, PromQL, summary) of each signal. Averages are over all nodes, as `Thresholds` defines them."""
    yield (
        "NodesCpu",
        f'100 * (1 - avg(rate(node_cpu_seconds_total{{mode="idle"}}[5m]))) > {limits.node_cpu_percent}',
        f"Nodes use more than {limits.node_cpu_percent} % of their CPU",
    )
    yield (
        "NodesMemory",
        f"100 * avg(1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes) > {limits.node_memory_percent}",
        f"Nodes use more than {limits.node_memory_percent} % of their memory",
    )
    yield (
        "NodesFailed",
        'sum(kube_node_status_condition{condition="Ready",status=~"false|unknown"}) > 0',
        "{{ $value }} nodes are not ready",
    )


def escalation(minutes: int, module: EnabledModule, context: Context) -> dict[str, Any]:
    """The rule group that makes a persisting warning critical; `signal` is the warning's name."""
    warnings = 'ALERTS{alertstate="firing", severity="warning"}'
    return {
        "name": "escalation",
        "rules": [
            {
                "alert": "WarningPersists",
                "expr": f'sum by (signal, module) (label_replace({warnings}, "signal", "$1", "alertname", "(.*)"))',
                "for": f"{minutes}m",
                "labels": {"severity": "critical", "owner": context.environment.ownership.owner},
                "annotations": {
                    "summary": f"{{{{ $labels.signal }}}} of {{{{ $labels.module }}}} persists for {minutes} minutes",
                    "runbook_url": runbook(module, context),
                },
            }
        ],
    }


def _configuration(module: EnabledModule, context: Context) -> Object:
    """Alertmanager's configuration as a Secret that external-secrets writes, because it has the mail server's password.

    The setting `smtp` of the module has `host` (name:port) and `from`, and `username` if the server asks for a log-in.
    """
    smtp = module.settings.get("smtp")
    if module.name not in context.outputs.secrets:
        raise ContractError(
            f"module {module.name} provides metrics, but has no secret of the foundation",
            where=f"{module.folder.name}/module.yaml",
            hint="declare needs.secrets",
        )
    text = json.dumps(alertmanager_config(context.environment, smtp))
    sources: dict[str, tuple[str, str | None]] = {"value": (context.outputs.secrets[module.name], None)}
    if smtp and "username" in smtp:
        sources["smtp"] = (given_secret(module.name, "smtp", context.target.prefix), None)
    return external_secret(
        metadata(CONFIGURATION, module, context),
        store=module.name,
        template={"alertmanager.yaml": text.replace(json.dumps(_PASSWORD), "{{ .smtp | toJson }}")},
        sources=sources,
        context=context,
    )


def alertmanager_config(environment: Environment, smtp: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Alertmanager's configuration: a receiver per severity with the environment's channels.

    Without `smtp`, channels with an address are left out; a rule of environments reports severities that then reach no
    channel. The password is a placeholder, which external-secrets replaces.
    """
    config: dict[str, Any] = {
        "route": {
            "receiver": "warning",
            "group_by": ["alertname", "module", "namespace"],
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": "12h",
            "routes": [
                {
                    "receiver": "watchdog",
                    "matchers": ['alertname = "Watchdog"'],
                },  # fires always, for a dead man's switch
                {"receiver": "critical", "matchers": ['severity = "critical"'], "repeat_interval": "4h"},
                {"receiver": "warning", "matchers": ['severity = "warning"']},
            ],
        },
        # A warning is not sent while the same alert is critical.
        "inhibit_rules": [
            {
                "source_matchers": ['severity = "critical"'],
                "target_matchers": ['severity = "warning"'],
                "equal": ["module", "namespace", "alertname"],
            }
        ],
        "receivers": [{"name": "watchdog"}, *(_receiver(severity, environment, smtp) for severity in SEVERITIES)],
    }
    if smtp:
        config["global"] = {"smtp_smarthost": smtp["host"], "smtp_from": smtp["from"], "smtp_require_tls": True}
        if "username" in smtp:
            config["global"] |= {"smtp_auth_username": smtp["username"], "smtp_auth_password": _PASSWORD}
    return config


def _receiver(severity: str, environment: Environment, smtp: Mapping[str, str] | None) -> dict[str, Any]:
    observability = environment.observability
    names: tuple[str, ...] = getattr(observability.escalation, severity)
    emails, webhooks = [], []
    for name in names:
        channel = observability.channels[name]
        if not isinstance(channel, EmailChannel):
            webhooks.append({"url": channel.url, "send_resolved": True})
        elif smtp:
            emails.append({"to": channel.address, "send_resolved": True})
    receiver: dict[str, Any] = {"name": severity}
    if emails:
        receiver["email_configs"] = emails
    if webhooks:
        receiver["webhook_configs"] = webhooks
    return receiver


def _files(module: EnabledModule, context: Context) -> Iterator[tuple[Path, list[dict[str, Any]]]]:
    """The rule groups of each file with the labels module, owner and severity, and the runbook.

    Raises AnswerIsNo for an alert without a severity of Terrace.
    """
    for path in sorted((module.folder / "alerts").glob("*.yaml")):
        shown = f"{module.folder.name}/alerts/{path.name}"
        groups = plain(read(path, shown).root).get("groups", [])
        for group in groups:
            for rule in group.get("rules", []):
                if "alert" in rule:
                    _complete(rule, shown, module, context)
        yield path, groups


def _complete(rule: dict[str, Any], shown: str, module: EnabledModule, context: Context) -> None:
    labels, annotations = rule.setdefault("labels", {}), rule.setdefault("annotations", {})
    severity = labels.get("severity")
    if severity not in SEVERITIES:
        message = f"alert {rule['alert']} has severity {severity!r}; expected warning or critical"
        raise AnswerIsNo(message, where=shown, hint="Set labels.severity.")
    labels.setdefault("module", module.name)
    labels.setdefault("owner", context.environment.ownership.owner)
    annotations.setdefault("runbook_url", runbook(module, context))
