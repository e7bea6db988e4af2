"""Alerts: the rule files of a module as PrometheusRules, and their routes to the environment's channels (OBS-2, OBS-3).

Sources: Prometheus operator, PrometheusRule monitoring.coreos.com/v1; Alertmanager, configuration.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from terrace.capabilities.observability import EmailChannel
from terrace.documents.document import plain
from terrace.documents.reading import read
from terrace.environment.schema import Environment
from terrace.errors import AnswerIsNo
from terrace.modules.enabled import EnabledModule
from terrace.workloads.context import Context, Object
from terrace.workloads.metadata import metadata

SEVERITIES = ("warning", "critical")


def objects(module: EnabledModule, context: Context) -> list[Object]:
    """A PrometheusRule per file in `alerts/`, and the escalation beside the metrics' provider.

    Nothing if no module provides `metrics`.
    """
    provider = context.provider("metrics")
    if provider is None:
        return []
    result = [
        prometheus_rule(f"{module.name}-{path.stem}", groups, module, context)
        for path, groups in _files(module, context)
    ]
    if provider is module:
        minutes = context.environment.observability.escalation.critical_after_minutes
        result.append(prometheus_rule("escalation", [escalation(minutes, module, context)], module, context))
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
    return f"https://github.com/{identity.repository}/blob/{identity.main_branch}/{path}"


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


def alertmanager_config(environment: Environment, smtp: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Alertmanager's configuration: a receiver per severity with the environment's channels.

    `smtp` has `host` (name:port), `from`, and, if the server asks for a log-in, `username` and `password-file`: the
    path of a mounted secret. Without it, channels of kind email are left out; see `unreachable`.
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
    if smtp is not None:
        config["global"] = {
            "smtp_smarthost": smtp["host"],
            "smtp_from": smtp["from"],
            "smtp_require_tls": True,
        }
        if "username" in smtp:
            config["global"] |= {
                "smtp_auth_username": smtp["username"],
                "smtp_auth_password_file": smtp["password-file"],
            }
    return config


def unreachable(environment: Environment, smtp: Mapping[str, str] | None = None) -> Iterator[str]:
    """The severities whose alerts reach no channel, because all of them are email addresses and there is no `smtp`."""
    for severity in SEVERITIES:
        if len(_receiver(severity, environment, smtp)) == 1:
            yield severity


def _receiver(severity: str, environment: Environment, smtp: Mapping[str, str] | None) -> dict[str, Any]:
    observability = environment.observability
    names: tuple[str, ...] = getattr(observability.escalation, severity)
    emails, webhooks = [], []
    for name in names:
        channel = observability.channels[name]
        if not isinstance(channel, EmailChannel):
            webhooks.append({"url": channel.url, "send_resolved": True})
        elif smtp is not None:
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
