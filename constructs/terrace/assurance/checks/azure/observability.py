"""Log Analytics, alerts and action groups (OBS-1 to OBS-4)."""

import json
import re
from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.azure.lookup import meant, workspace_keeps
from terrace.assurance.evaluation import Observation, at_least, at_most, check, empty, equal, includes
from terrace.assurance.view import Resource, at
from terrace.azure import names
from terrace.capabilities.observability import EmailChannel
from terrace.capabilities.spec import LAYERS

SIGNALS = (
    "cpu_percent", "storage_percent", "active_connections", "usedmemorypercentage", "evictedkeys",
    "node_cpu_usage_percentage", "node_memory_working_set_percentage", "SNATConnectionCount",
)  # fmt: skip
"""What every deployment watches, in Azure Monitor's words; refusals by the lake come apart, the budget is COST-1's."""


@check("OBS-1")
def one_place_kept(stack: Subject) -> Iterator[Observation]:
    workspace = stack.view.only("azurerm_log_analytics_workspace")
    yield workspace_keeps(stack, stack.environment.observability.retention_days)
    local = workspace.get("local_authentication_enabled", True)  # Azure's own default
    yield equal(str(workspace), "local_authentication_enabled", local, False)
    for setting in stack.all("azurerm_monitor_diagnostic_setting"):
        place = setting.get("log_analytics_workspace_id") or setting.get("storage_account_id")
        ours = place == names.workspace_id(stack.target) or meant(stack, "azurerm_storage_account", place) is not None
        yield Observation(str(setting), f"goes to {place}", ours, "the workspace, or an account of ours")


def _reached(stack: Subject, alarms: list[Resource]) -> list[str]:
    """The severities whose groups these alarms reach."""
    groups = [
        meant(stack, "azurerm_monitor_action_group", place)
        for alarm in alarms
        if alarm.get("enabled", True)
        for place in [
            *(action.get("action_group_id") for action in alarm.blocks("action")),
            *(alarm.get("action.action_groups") or []),
        ]
    ]
    return [group.path.removeprefix("observability/") for group in groups if group]


def _on(stack: Subject, metric: str) -> list[Resource]:
    alarms = stack.all("azurerm_monitor_metric_alert")
    return [alarm for alarm in alarms if any(one.get("metric_name") == metric for one in alarm.blocks("criteria"))]


@check("OBS-2")
def signals_alarm(stack: Subject) -> Iterator[Observation]:
    for metric in SIGNALS:
        yield includes(
            f"alarms on {metric}", "severities", _reached(stack, _on(stack, metric)), ["warning", "critical"]
        )
    for layer in LAYERS:
        account = names.account_id(stack.target, layer)
        alarms = [alarm for alarm in _on(stack, "Transactions") if account in alarm.get("scopes", [])]
        yield includes(f"alarms on refusals by {layer}", "severities", _reached(stack, alarms), ["warning", "critical"])


@check("OBS-2")
def thresholds(stack: Subject) -> Iterator[Observation]:
    wanted = stack.environment.observability.thresholds
    for metric, most in (
        ("cpu_percent", wanted.database_cpu_percent),
        ("storage_percent", 100 - wanted.database_free_storage_percent),
        ("active_connections", wanted.database_connections),
        ("usedmemorypercentage", wanted.cache_memory_percent),
        ("evictedkeys", wanted.cache_evictions),
        ("node_cpu_usage_percentage", wanted.node_cpu_percent),
        ("node_memory_working_set_percentage", wanted.node_memory_percent),
        ("Transactions", wanted.lake_denials),
    ):
        for alarm in _on(stack, metric):
            yield at_most(str(alarm), "threshold", alarm.get("criteria.threshold"), most)


@check("OBS-3")
def people_hear(stack: Subject) -> Iterator[Observation]:
    spec = stack.environment.observability
    for severity, channels in (("warning", spec.escalation.warning), ("critical", spec.escalation.critical)):
        group = stack.one("azurerm_monitor_action_group", f"observability/{severity}")
        yield equal(str(group), "enabled", group.get("enabled", True), True)
        told = [str(one.get("email_address")) for one in group.blocks("email_receiver")]
        told += [str(one.get("service_uri")) for one in group.blocks("webhook_receiver")]
        chosen = [spec.channels[name] for name in channels]
        wanted = [one.address if isinstance(one, EmailChannel) else one.url for one in chosen]
        yield includes(str(group), "who hears", told, wanted)


@check("OBS-3")
def escalates(stack: Subject) -> Iterator[Observation]:
    minutes = stack.environment.observability.escalation.critical_after_minutes
    for alarm in stack.all("azurerm_monitor_metric_alert"):
        if "critical" in _reached(stack, [alarm]):
            lasted = _minutes(str(alarm.get("window_size")))
            yield at_most(str(alarm), "minutes until it is critical", lasted, minutes)


def _minutes(period: str) -> int | None:
    found = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?", period)
    if not found:
        return None
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return (days * 24 + hours) * 60 + minutes


@check("OBS-4")
def dashboard(stack: Subject) -> Iterator[Observation]:
    board = stack.one("azurerm_application_insights_workbook", "alarms/dashboard")
    text = json.dumps(board.get("data_json"), default=str)
    absent = [metric for metric in SIGNALS if f"--{metric}" not in text]
    yield empty(str(board), "signals that it does not show", absent)
    objective = f"{stack.environment.observability.slo_percent:g} %"
    yield equal(str(board), f"shows the objective of {objective}", objective in text, True)


@check("OBS-4")
def objective_burns(stack: Subject) -> Iterator[Observation]:
    for word in ("fast", "slow"):
        alarm = stack.one("azurerm_monitor_scheduled_query_rules_alert_v2", f"alarms/objective-{word}")
        query = str(at(alarm.get("criteria"), "query", ""))
        yield equal(str(alarm), "asks for the burn rate", "burn" in query, True)
        yield at_least(str(alarm), "groups told", len(_reached(stack, [alarm])), 1)
