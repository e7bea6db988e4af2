"""Log Analytics, alerts and action groups (OBS-1 to OBS-5)."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from terrace.assurance.checks import Subject
from terrace.assurance.checks.azure.lookup import PUBLISHED, referenced, unnarrowed, unset, workspace_retains
from terrace.assurance.evaluation import Observation, asked, at_least, at_most, check, empty, equal, includes
from terrace.assurance.view import Resource, at, blocks
from terrace.azure import names
from terrace.capabilities.observability import EmailChannel
from terrace.capabilities.signals import BURNS, TOLERATED_DENIALS
from terrace.capabilities.spec import LAYERS
from terrace.environment.schema import Environment

SIGNALS = (
    "cpu_percent", "storage_percent", "active_connections", "usedmemorypercentage", "evictedkeys",
    "node_cpu_usage_percentage", "node_memory_working_set_percentage", "SNATConnectionCount",
)  # fmt: skip
"""The metrics that every deployment has alarms on. Lake denials have their own check, the budget is COST-1."""
_DISK_PERCENT = 85
_EVENTS = {
    "api-denials": "AzureActivity | where ActivityStatusValue == 'Failure'"
    " and tostring(Properties_d.statusCode) == 'Forbidden'",
    "trail-stopped": "AzureActivity | where OperationNameValue =~ 'MICROSOFT.INSIGHTS/DIAGNOSTICSETTINGS/DELETE'"
    " and ResourceId endswith '{prefix}'",
    "lock-removed": "AzureActivity | where OperationNameValue =~ 'MICROSOFT.AUTHORIZATION/LOCKS/DELETE'"
    " and ActivityStatusValue == 'Success'",
}
"""Alarms on records of the activity log, with their queries."""
_WARNINGS = (
    "alarms-changed", "api-denials", "entry-firewall-changed", "gateways-changed", "identities-changed",
    "network-changed", "objective-slow", "policies-changed", "roles-changed", "routes-changed",
    "security-groups-changed", "storage-changed", "vaults-changed",
)  # fmt: skip
"""Alarms on records that are no emergency."""
_EVENT_ALERT = "azurerm_monitor_activity_log_alert"
_SERVERS = "Microsoft.DBforPostgreSQL/flexibleServers"
_RECEIVERS = """
    arm_role_receiver automation_runbook_receiver azure_app_push_receiver azure_function_receiver event_hub_receiver
    itsm_receiver logic_app_receiver sms_receiver voice_receiver
"""
"""Ways of notification that no channel of an environment uses."""


def signals(environment: Environment) -> tuple[str, ...]:
    """The metrics of what the environment does not leave out, and of the foundation's own network and cluster."""
    without = {metric for name in environment.left_out for metric in PUBLISHED.get(name, ())}
    without |= {"SNATConnectionCount"} if environment.existing.network else set()
    if not environment.makes_cluster:
        without |= {metric for metric in SIGNALS if metric.startswith("node_")}
    return tuple(metric for metric in SIGNALS if metric not in without)


@check("OBS-1")
def log_storage(stack: Subject) -> Iterator[Observation]:
    if not stack.target.existing.monitoring:
        yield from _workspace(stack)
    for setting in stack.all("azurerm_monitor_diagnostic_setting"):
        destination = setting.get("log_analytics_workspace_id") or setting.get("storage_account_id")
        ok = (
            destination == names.workspace_id(stack.target)
            or referenced(stack, "azurerm_storage_account", destination) is not None
        )
        yield Observation(
            str(setting), f"destination = {destination}", ok, "the workspace or a storage account of the stack"
        )
        yield from unset(setting, "eventhub_authorization_rule_id", "eventhub_name", "partner_solution_id")
        logs = [str(one.get("category") or one.get("category_group")) for one in setting.blocks("enabled_log")]
        yield at_least(str(setting), "log categories", len(logs), 1)


def _workspace(stack: Subject) -> Iterator[Observation]:
    workspace = stack.view.only("azurerm_log_analytics_workspace")
    yield workspace_retains(stack, stack.environment.observability.retention_days)
    local = workspace.get("local_authentication_enabled", True)  # Azure's own default
    yield equal(str(workspace), "local_authentication_enabled", local, False)
    quota = workspace.get("daily_quota_gb", -1)
    yield equal(str(workspace), "daily_quota_gb", quota, -1)  # unlimited
    yield from unset(workspace, "data_collection_rule_id", "immediate_data_purge_on_30_days_enabled")


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


@dataclass(frozen=True)
class _Signal:
    """What an alarm compares: `above` is its operator, `part` the end of the id of what it watches."""

    aggregation: str
    limit: float
    part: str
    above: bool = True
    dimension: tuple[tuple[str, tuple[str, ...]], ...] = ()


def _signals(stack: Subject) -> dict[str, _Signal]:
    """The signals of the environment by metric; those of the lake, which share one, are in lake_denial_alarms."""
    limits, target = stack.environment.observability.thresholds, stack.target
    database, cluster = names.database_id(target), names.cluster_id(target)
    cache, nat = names.cache_id(target), names.id(target, "Microsoft.Network/natGateways", target.prefix)
    return {
        "cpu_percent": _Signal("Average", limits.database_cpu_percent, database),
        "storage_percent": _Signal("Maximum", 100 - limits.database_free_storage_percent, database),
        "active_connections": _Signal("Maximum", limits.database_connections, database),
        "is_db_alive": _Signal("Maximum", 1, database, above=False),
        "usedmemorypercentage": _Signal("Maximum", limits.cache_memory_percent, cache),
        "evictedkeys": _Signal("Total", limits.cache_evictions, cache),
        "node_cpu_usage_percentage": _Signal("Average", limits.node_cpu_percent, cluster),
        "node_memory_working_set_percentage": _Signal("Average", limits.node_memory_percent, cluster),
        "node_disk_usage_percentage": _Signal("Maximum", _DISK_PERCENT, cluster),
        "SNATConnectionCount": _Signal("Total", 0, nat, dimension=(("ConnectionState", ("Failed",)),)),
    }


@check("OBS-2")
def signal_alarms(stack: Subject) -> Iterator[Observation]:
    for metric in signals(stack.environment):
        yield includes(
            f"alarms on {metric}", "severities", _severities(stack, _alarms_on(stack, metric)), ["warning", "critical"]
        )
    for alarm in stack.all("azurerm_monitor_metric_alert"):
        yield equal(str(alarm), "enabled", alarm.get("enabled", True), True)
        yield equal(str(alarm), "notifies", len(_severities(stack, [alarm])), 1)
        yield at_most(str(alarm), "minutes between evaluations", _minutes(str(alarm.get("frequency"))), 5)


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
    expected = _signals(stack)
    denials = stack.environment.observability.thresholds.lake_denials
    refused = (("ResponseType", ("AuthorizationError", "AuthenticationError")),)
    accounts = {names.account_id(stack.target, layer) for layer in LAYERS}
    for alarm in stack.all("azurerm_monitor_metric_alert"):
        scopes = [str(scope) for scope in alarm.get("scopes") or []]
        for criterion in alarm.blocks("criteria"):
            metric = str(criterion.get("metric_name"))
            signal = expected.get(metric)
            if metric == "Transactions":
                scope = scopes[0] if scopes and scopes[0] in accounts else "a layer's storage account"
                signal = _Signal("Total", denials, scope, dimension=refused)
            if signal is None:
                yield Observation(str(alarm), f"metric = {metric}", False, "a signal of the environment")
                continue
            yield equal(str(alarm), "scopes", scopes, [signal.part])
            yield equal(str(alarm), "aggregation", criterion.get("aggregation"), signal.aggregation)
            yield equal(
                str(alarm), "operator", criterion.get("operator"), "GreaterThan" if signal.above else "LessThan"
            )
            yield equal(str(alarm), "threshold", criterion.get("threshold"), signal.limit)
            dimensions = [
                (str(one.get("name")), tuple(one.get("values") or ())) for one in blocks(criterion, "dimension")
            ]
            yield equal(str(alarm), "dimensions", dimensions, list(signal.dimension))


@check("OBS-2")
def event_alarms(stack: Subject) -> Iterator[Observation]:
    for alarm in stack.all("azurerm_monitor_scheduled_query_rules_alert_v2"):
        where, name = str(alarm), alarm.path.removeprefix("alarms/")
        yield equal(where, "enabled", alarm.get("enabled", True), True)
        yield equal(where, "scopes", alarm.get("scopes"), [names.workspace_id(stack.target)])
        yield equal(where, "operator", alarm.get("criteria.operator"), "GreaterThan")
        yield equal(where, "time_aggregation_method", alarm.get("criteria.time_aggregation_method"), "Count")
        tolerated = TOLERATED_DENIALS if name == "api-denials" else 0
        yield equal(where, "threshold", alarm.get("criteria.threshold"), tolerated)
        severity = "warning" if name in _WARNINGS else "critical"
        yield equal(where, "severities", _severities(stack, [alarm]), [severity])
        yield from unset(alarm, "mute_actions_after_alert_duration", "criteria.failing_periods", "criteria.dimension")
        if name in _EVENTS:
            query = alarm.get("criteria.query")
            ok = query == _EVENTS[name].format(prefix=stack.target.prefix)
            yield Observation(where, f"query = {query}", ok, _EVENTS[name].format(prefix=stack.target.prefix))


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
        yield equal(str(group), "receivers", sorted(receivers), sorted(expected))
        yield from unset(group, *_RECEIVERS.split())


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
    missing = [metric for metric in signals(stack.environment) if f"--{metric}" not in text]
    yield empty(str(board), "signals not shown", missing)
    if stack.environment.network.entry:
        objective = f"{stack.environment.observability.slo_percent:g} %"
        yield equal(str(board), f"shows the {objective} objective", objective in text, True)


@check("OBS-4")
def slo_burn_rate_alarms(stack: Subject) -> Iterator[Observation]:
    asked(stack.environment.network.entry, "entry")  # the objective is the entry's
    budget = round(1 - stack.environment.observability.slo_percent / 100, 6)
    gateway = names.id(stack.target, "Microsoft.Network/applicationGateways", stack.target.prefix)
    for speed, burn in BURNS.items():
        alarm = stack.one("azurerm_monitor_scheduled_query_rules_alert_v2", f"alarms/objective-{speed}")
        query = str(at(alarm.get("criteria"), "query", ""))
        expected = (
            f"AGWAccessLogs | where _ResourceId =~ '{gateway}'"
            " | summarize failed = countif(HttpStatus >= 500), answered = count()"
            f" | extend burn = todouble(failed) / answered / {budget:g}"
            f" | where answered > 0 and burn > {burn.rate:g}"
        )
        yield Observation(str(alarm), f"query = {query}", query == expected, expected)
        yield at_least(str(alarm), "notified action groups", len(_severities(stack, [alarm])), 1)


@check("OBS-5")
def database_events(stack: Subject) -> Iterator[Observation]:
    asked(stack.environment.database, "database")  # a full disk is a signal, which OBS-2 proves
    group, subscription = names.group_id(stack.target), names.subscription(stack.target)
    expected = {
        "database-health": ("ResourceHealth", group),
        "database-maintenance": ("ServiceHealth", subscription),
        "database-deleted": ("Administrative", group),
    }
    for name, (category, scope) in expected.items():
        alarm = stack.one(_EVENT_ALERT, f"alarms/{name}")
        yield equal(str(alarm), "category", alarm.get("criteria.category"), category)
        yield equal(str(alarm), "scopes", alarm.get("scopes"), [scope])
        yield unnarrowed(alarm)
    health = stack.one(_EVENT_ALERT, "alarms/database-health")
    yield equal(str(health), "resource_types", health.get("criteria.resource_types"), [_SERVERS])
    states = health.get("criteria.resource_health.current") or []
    yield includes(str(health), "states", states, ["Degraded", "Unavailable"])
    reasons = health.get("criteria.resource_health.reason") or []
    yield includes(str(health), "reasons", reasons, ["PlatformInitiated", "Unknown"])
    yield from unset(health, "criteria.resource_health.previous")
    service = stack.one(_EVENT_ALERT, "alarms/database-maintenance")
    events = service.get("criteria.service_health.events") or []
    yield includes(str(service), "events", events, ["ActionRequired", "Incident", "Maintenance"])
    services = service.get("criteria.service_health.services") or []
    yield includes(str(service), "services", services, ["Azure Database for PostgreSQL flexible servers"])
    regions = service.get("criteria.service_health.locations") or []
    yield includes(str(service), "locations", regions, [str(stack.target.region)])
    deleted = stack.one(_EVENT_ALERT, "alarms/database-deleted")
    yield equal(str(deleted), "operation_name", deleted.get("criteria.operation_name"), f"{_SERVERS}/delete")
    yield equal(str(deleted), "statuses", deleted.get("criteria.statuses"), ["Succeeded"])
    yield from unset(deleted, "criteria.resource_types")
    for alarm in stack.all(_EVENT_ALERT):
        yield equal(str(alarm), "enabled", alarm.get("enabled", True), True)
        destinations = [action.get("action_group_id") for action in alarm.blocks("action")]
        groups = [str(referenced(stack, "azurerm_monitor_action_group", one)) for one in destinations]
        yield equal(str(alarm), "action groups", groups, ["observability/critical"])
