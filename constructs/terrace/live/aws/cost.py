"""Checks of budgets and the sleep schedule (COST-1, COST-2)."""

import json
from collections.abc import Iterator
from typing import Any

from terrace.assurance.evaluation import NotRequired, Observation, at_least, check, equal, includes
from terrace.aws import names
from terrace.live.aws import cluster
from terrace.live.aws.checks import Deployment


@check("COST-1")
def budget(deployment: Deployment) -> Iterator[Observation]:
    resource = f"budget {deployment.prefix}"
    who = {"AccountId": names.account(deployment.target), "BudgetName": deployment.prefix}
    found = deployment.call("budgets", "describe_budget", **who)["Budget"]
    limit = float(found["BudgetLimit"]["Amount"])
    yield equal(resource, "limit in USD", limit, float(deployment.environment.cost.budget_usd))
    alerts = deployment.pages("budgets", "describe_notifications_for_budget", "Notifications", **who)
    actual = [f"{alert['Threshold']:g}" for alert in alerts if alert["NotificationType"] == "ACTUAL"]
    yield includes(resource, "alerts at percent", actual, ["50", "80", "100"])
    for alert in alerts:
        people = deployment.pages(
            "budgets", "describe_subscribers_for_notification", "Subscribers", Notification=alert, **who
        )
        yield at_least(
            resource,
            f"subscribers of the alert at {alert['Threshold']:g} % {alert['NotificationType'].lower()}",
            len(people),
            1,
        )


@check("COST-2")
def sleeps(deployment: Deployment) -> Iterator[Observation]:
    spec = deployment.environment.cost.sleep
    if spec is None:
        raise NotRequired("cost.sleep is not set")
    schedules = [
        deployment.call("scheduler", "get_schedule", Name=entry["Name"], GroupName=entry["GroupName"])
        for entry in deployment.pages("scheduler", "list_schedules", "Schedules", NamePrefix=deployment.prefix)
    ]
    for name, pool in deployment.environment.pools.items():
        group = str(cluster.pool(deployment, name)["nodegroupName"])
        own = [(one, _sizes(one, group)) for one in schedules if _sizes(one, group) is not None]
        for word, at, size in (("down", spec.down, 0), ("up", spec.up, pool.min_nodes)):
            hour, minute = (int(part) for part in at.split(":"))
            ready = [
                one
                for one, sizes in own
                if sizes == size
                and one.get("State") == "ENABLED"
                and one.get("ScheduleExpressionTimezone") == spec.timezone
                and one["ScheduleExpression"].startswith(f"cron({minute} {hour} ")
            ]
            yield at_least(f"pool {name}", f"schedules that scale {word} to {size} at {at}", len(ready), 1)
    for verb, at in (("stop", spec.down), ("start", spec.up)) if deployment.environment.database else ():
        hour, minute = (int(part) for part in at.split(":"))
        ready = [
            one
            for one in schedules
            if str(one["Target"]["Arn"]).endswith(f":rds:{verb}DBInstance")
            and one.get("State") == "ENABLED"
            and one.get("ScheduleExpressionTimezone") == spec.timezone
            and one["ScheduleExpression"].startswith(f"cron({minute} {hour} ")
        ]
        yield at_least(f"db instance {deployment.prefix}", f"schedules that {verb} it at {at}", len(ready), 1)


def _sizes(schedule: dict[str, Any], group: str) -> int | None:
    """The minimum size that a schedule sets for a node group; None if it is for another one."""
    target = schedule.get("Target", {})
    if not str(target.get("Arn")).endswith(":eks:updateNodegroupConfig"):
        return None
    expected = json.loads(target.get("Input") or "{}")
    if expected.get("NodegroupName") != group:
        return None
    size = expected.get("ScalingConfig", {}).get("MinSize")
    return None if size is None else int(size)
