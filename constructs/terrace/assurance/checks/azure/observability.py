"""Log Analytics, alerts and action groups (OBS-1 to OBS-4)."""

import json
import re
from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.azure.lookup import referenced, workspace_retains
from terrace.assurance.evaluation import Observation, at_least, at_most, check, empty, equal, includes
from terrace.assurance.view import Resource, at
from terrace.azure import names
from terrace.capabilities.observability import EmailChannel
from terrace.capabilities.spec import LAYERS

SIGNALS = (
    "cpu_percent", "storage_percent", "active_connections", "usedmemorypercentage", "evictedkeys",
    "node_cpu_usage_percentage", "node_memory_working_set_percentage", "SNATConnectionCount",
)  # fmt: skip
"""The metrics that every deployment has alarms on. Lake denials have their own check, the budget is COST-1."""


@check("OBS-1")
def log_storage(stack: Subject) -> Iterator[Observation]:
    workspace = stack.view.only("azurerm_log_analytics_workspace")
    yield workspace_retains(stack, stack.environment.observability.retention_days)
    local = workspace.get("local_authentication_enabled", True)  # Azure's own default
    yield equal(str(workspace), "local_authentication_enabled", local, False)
    for setting in stack.all("azurerm_monitor_diagnostic_setting"):
        destination = setting.get("log_analytics_workspace_id") or setting.get("storage_account_id")
        ok = (
            destination == names.workspace_id(stack.target)
            or referenced(stack, "azurerm_storage_account", destination) is not None
        )
        yield Observation(
            str(setting), f"destination = {destination}", ok, "the workspace or a storage account of the stack"
        )


def _severities(stack: Subject, alarms: list[Resource]) -> list[str]:
    """The severities whose action groups these alarms notify."""
    groups = [
        referenced(stack, "azurerm_monitor_action_group", destination)
        for alarm in alarms
        if alarm.get("enabled", True)
        for destination in [
            *(action.get("action_group_id") for action in alarm.blocks("action")),
            *(alarm.get("action.action_groups") or []),
        ]
    ]
    return [group.path.removeprefix("observability/") for group in groups if group]


def _alarms_on(stack: Subject, metric: str) -> list[Resource]:
    alarms = stack.all("azurerm_monitor_metric_alert")
    return [alarm for alarm in alarms if any(one.get("metric_name") == metric for one in alarm.blocks("criteria"))]


@check("OBS-2")
def signal_alarms(stack: Subject) -> Iterator[Observation]:
    for metric in SIGNALS:
        yield includes(
            f"alarms on {metric}", "severities", _severities(stack, _alarms_on(stack, metric)), ["warning", "critical"]
        )


@check("OBS-2")
def lake_denial_alarms(stack: Subject) -> Iterator[Observation]:
    for layer in LAYERS:
        account = names.account_id(stack.target, layer)
        alarms = [alarm for alarm in _alarms_on(stack, "Transactions") if account in alarm.get("scopes", [])]
        yield includes(
            f"alarms on denials by {layer}", "severities", _severities(stack, alarms), ["warning", "critical"]
        )


@check("OBS-2")
def alarm_thresholds(stack: Subject) -> Iterator[Observation]:
    expected = stack.environment.observability.thresholds
    for metric, limit in (
        ("cpu_percent", expected.database_cpu_percent),
        ("storage_percent", 100 - expected.database_free_storage_percent),
        ("active_connections", expected.database_connections),
        ("usedmemorypercentage", expected.cache_memory_percent),
        ("evictedkeys", expected.cache_evictions),
        ("node_cpu_usage_percentage", expected.node_cpu_percent),
        ("node_memory_working_set_percentage", expected.node_memory_percent),
        ("Transactions", expected.lake_denials),
    ):
        for alarm in _alarms_on(stack, metric):
            yield at_most(str(alarm), "threshold", alarm.get("criteria.threshold"), limit)


@check("OBS-3")
def notification_channels(stack: Subject) -> Iterator[Observation]:
    spec = stack.environment.observability
    for severity, channels in (("warning", spec.escalation.warning), ("critical", spec.escalation.critical)):
        group = stack.one("azurerm_monitor_action_group", f"observability/{severity}")
        yield equal(str(group), "enabled", group.get("enabled", True), True)
        receivers = [str(one.get("email_address")) for one in group.blocks("email_receiver")]
        receivers += [str(one.get("service_uri")) for one in group.blocks("webhook_receiver")]
        chosen_channels = [spec.channels[name] for name in channels]
        expected = [one.address if isinstance(one, EmailChannel) else one.url for one in chosen_channels]
        yield includes(str(group), "receivers", receivers, expected)


@check("OBS-3")
def critical_escalation(stack: Subject) -> Iterator[Observation]:
    minutes = stack.environment.observability.escalation.critical_after_minutes
    for alarm in stack.all("azurerm_monitor_metric_alert"):
        if "critical" in _severities(stack, [alarm]):
            minutes_to_critical = _minutes(str(alarm.get("window_size")))
            yield at_most(str(alarm), "minutes until critical", minutes_to_critical, minutes)


def _minutes(period: str) -> int | None:
    match = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?", period)
    if not match:
        return None
    days, hours, minutes = (int(part or 0) for part in match.groups())
    return (days * 24 + hours) * 60 + minutes


@check("OBS-4")
def dashboard(stack: Subject) -> Iterator[Observation]:
    board = stack.one("azurerm_application_insights_workbook", "alarms/dashboard")
    text = json.dumps(board.get("data_json"), default=str)
    missing = [metric for metric in SIGNALS if f"--{metric}" not in text]
    yield empty(str(board), "signals not shown", missing)
    objective = f"{stack.environment.observability.slo_percent:g} %"
    yield equal(str(board), f"shows the {objective} objective", objective in text, True)


@check("OBS-4")
def slo_burn_rate_alarms(stack: Subject) -> Iterator[Observation]:
    for speed in ("fast", "slow"):
        alarm = stack.one("azurerm_monitor_scheduled_query_rules_alert_v2", f"alarms/objective-{speed}")
        query = str(at(alarm.get("criteria"), "query", ""))
        yield equal(str(alarm), "query reads the burn rate", "burn" in query, True)
        yield at_least(str(alarm), "notified action groups", len(_severities(stack, [alarm])), 1)
