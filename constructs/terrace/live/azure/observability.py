"""Checks of Log Analytics, alerts and action groups (OBS-1 to OBS-5)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.checks.azure.lookup import PUBLISHED
from terrace.assurance.evaluation import Observation, asked, at_least, check, empty, equal, includes
from terrace.azure import names
from terrace.capabilities.observability import EmailChannel
from terrace.capabilities.spec import LAYERS
from terrace.environment.schema import Environment
from terrace.live.azure import database, lake
from terrace.live.azure.checks import Deployment, at, named, same
from terrace.live.azure.entry import gateway_id
from terrace.live.azure.lookup import activity_alerts, diagnostics, workspace_keeps

SIGNALS = (
    "cpu_percent", "storage_percent", "active_connections", "usedmemorypercentage", "evictedkeys",
    "node_cpu_usage_percentage", "node_memory_working_set_percentage", "SNATConnectionCount",
)  # fmt: skip
"""The metrics that every deployment needs alarms on, besides refusals by the lake and the budget (COST-1)."""
_LONGEST_DAYS = 730  # a workspace's maximum. Source: Log Analytics, data retention


def signals(environment: Environment) -> tuple[str, ...]:
    """The metrics of what the environment does not leave out, and of the foundation's own network and cluster."""
    without = {metric for name in environment.left_out for metric in PUBLISHED.get(name, ())}
    without |= {"SNATConnectionCount"} if environment.existing.network else set()
    if not environment.makes_cluster:
        without |= {metric for metric in SIGNALS if metric.startswith("node_")}
    return tuple(metric for metric in SIGNALS if metric not in without)


@check("OBS-1")
def one_place_kept(deployment: Deployment) -> Iterator[Observation]:
    days = min(deployment.environment.observability.retention_days, _LONGEST_DAYS)
    yield workspace_keeps(deployment, days)
    workspace = names.workspace_id(deployment.target)
    if monitoring := deployment.target.existing.monitoring:
        found, resource = deployment.get(workspace), f"workspace {named(workspace)}"
        yield equal(resource, "customerId", at(found, "customerId"), monitoring.workspace)
        yield equal(resource, "disableLocalAuth", at(found, "features.disableLocalAuth"), True)
        yield equal(resource, "location", found.get("location"), deployment.target.region)
    senders = [
        *([names.cluster_id(deployment.target)] if deployment.environment.makes_cluster else []),
        *([str(database.server(deployment)["id"])] if deployment.environment.database else []),
        *([f"{names.cache_id(deployment.target)}/databases/default"] if deployment.environment.cache else []),
        *([gateway_id(deployment)] if deployment.environment.network.entry else []),
        names.vault_id(deployment.target),
        names.subscription(deployment.target),
    ]
    for id in senders:
        settings = [one for one in diagnostics(deployment, id) if same(at(one, "workspaceId"), workspace)]
        yield at_least(
            f"logs of {id.split('/providers/')[-1]}", "settings that send to the workspace", len(settings), 1
        )
    accounts = {id.lower() for _, id, _ in lake.accounts(deployment)}
    for _, id, copy in lake.accounts(deployment):
        for setting in [] if copy else diagnostics(deployment, f"{id}/blobServices/default"):
            place = at(setting, "storageAccountId") or at(setting, "workspaceId")
            ours = same(place, workspace) or str(place).lower() in accounts
            yield Observation(
                f"logs of {named(id)}",
                f"sent to {named(place)}",
                ours,
                "the workspace or an account of the environment",
            )


def _alarms(deployment: Deployment, metric: str) -> list[dict[str, Any]]:
    found = deployment.all("Microsoft.Insights/metricAlerts")
    return [alarm for alarm in found if any(c.get("metricName") == metric for c in at(alarm, "criteria.allOf", []))]


def _reached(deployment: Deployment, alarms: list[dict[str, Any]]) -> list[str]:
    """The severities whose groups these alarms notify."""
    groups = {names.topic_id(deployment.target, word).lower(): word for word in ("warning", "critical")}
    armed = [alarm for alarm in alarms if at(alarm, "enabled", True)]
    notified = [str(action.get("actionGroupId")).lower() for alarm in armed for action in at(alarm, "actions", [])]
    return [groups[id] for id in notified if id in groups]


@check("OBS-2")
def signals_alarm(deployment: Deployment) -> Iterator[Observation]:
    expected = ["warning", "critical"]
    for metric in signals(deployment.environment):
        reached = _reached(deployment, _alarms(deployment, metric))
        yield includes(f"alarms on {metric}", "severities", reached, expected)
    for layer in LAYERS:
        account = names.account_id(deployment.target, layer)
        alarms = [
            alarm
            for alarm in _alarms(deployment, "Transactions")
            if any(same(scope, account) for scope in at(alarm, "scopes", []))
        ]
        yield includes(f"alarms on denials of {layer}", "severities", _reached(deployment, alarms), expected)


@check("OBS-3")
def people_hear(deployment: Deployment) -> Iterator[Observation]:
    spec = deployment.environment.observability
    for severity, channels in (("warning", spec.escalation.warning), ("critical", spec.escalation.critical)):
        group, resource = deployment.get(names.topic_id(deployment.target, severity)), f"action group {severity}"
        yield equal(resource, "enabled", at(group, "enabled", True), True)
        receivers = [str(one.get("emailAddress")) for one in at(group, "emailReceivers", [])]
        receivers += [str(one.get("serviceUri")) for one in at(group, "webhookReceivers", [])]
        chosen = [spec.channels[name] for name in channels]
        expected = [one.address if isinstance(one, EmailChannel) else one.url for one in chosen]
        yield includes(resource, "receivers", receivers, expected)


@check("OBS-4")
def dashboard(deployment: Deployment) -> Iterator[Observation]:
    board = deployment.get(
        names.id(deployment.target, "Microsoft.Insights/workbooks", names.guid(deployment.target, "dashboard"))
        + "?canFetchContent=true"
    )
    resource, text = f"workbook {deployment.prefix}", str(at(board, "serializedData", ""))
    yield empty(
        resource,
        "signals not shown",
        [metric for metric in signals(deployment.environment) if f"--{metric}" not in text],
    )
    if deployment.environment.network.entry is None:
        return  # the objective is the entry's
    objective = f"{deployment.environment.observability.slo_percent:g} %"
    yield equal(resource, f"shows the {objective} objective", objective in text, True)
    for word in ("fast", "slow"):
        name = f"{deployment.prefix}-objective-{word}"
        alarm = deployment.get(names.id(deployment.target, "Microsoft.Insights/scheduledQueryRules", name))
        queries = " ".join(str(one.get("query")) for one in at(alarm, "criteria.allOf", []))
        yield equal(f"alarm {name}", "queries the burn rate", "burn" in queries, True)
        yield equal(f"alarm {name}", "enabled", at(alarm, "enabled", True), True)
        yield at_least(f"alarm {name}", "action groups", len(at(alarm, "actions.actionGroups", [])), 1)


@check("OBS-5")
def database_events(deployment: Deployment) -> Iterator[Observation]:
    asked(deployment.environment.database, "database")
    expected = ["ResourceHealth", "ServiceHealth", "Microsoft.DBforPostgreSQL/flexibleServers/delete"]
    yield includes("critical alarms", "events of the database", activity_alerts(deployment), expected)
