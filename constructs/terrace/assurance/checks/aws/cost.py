"""Budgets and the sleep schedule (COST-1, COST-2)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.checks import Subject
from terrace.assurance.evaluation import NotRequired, Observation, at_least, at_most, check, equal, includes
from terrace.assurance.view import Resource, at


@check("COST-1")
def budget(stack: Subject) -> Iterator[Observation]:
    found = stack.view.only("aws_budgets_budget")
    yield at_most(
        str(found), "limit_amount", float(found.get("limit_amount", "inf")), stack.environment.cost.budget_usd
    )
    yield equal(str(found), "time_unit", found.get("time_unit"), "MONTHLY")
    alerts = found.blocks("notification")
    actual = [f"{alert.get('threshold'):g}" for alert in alerts if alert.get("notification_type") == "ACTUAL"]
    yield includes(str(found), "alerts at percent", actual, ["50", "80", "100"])
    for alert in alerts:
        people = [*(alert.get("subscriber_email_addresses") or []), *(alert.get("subscriber_sns_topic_arns") or [])]
        kind = str(alert.get("notification_type")).lower()
        yield at_least(str(found), f"who hears of {alert.get('threshold')} % {kind}", len(people), 1)


@check("COST-2")
def sleeps(stack: Subject) -> Iterator[Observation]:
    spec = stack.environment.cost.sleep
    if spec is None:
        raise NotRequired("it is always awake (cost.sleep)")
    schedules = stack.all("aws_scheduler_schedule")
    for name in stack.environment.cluster.pools:
        own = [(one, sizes) for one in schedules if (sizes := _sizes(one, name)) is not None]
        for word, at_time, asleep in (("down", spec.down, True), ("up", spec.up, False)):
            ready = [one for one, sizes in own if (sizes == (0, 0) or not asleep) and _at(one, at_time, spec)]
            yield at_least(f"pool {name}", f"schedules that scale {word} at {at_time}", len(ready), 1)
    yield from _database_sleeps(stack, schedules, spec)


def _sizes(schedule: Resource, pool: str) -> tuple[int, int] | None:
    """(least, wanted) number of nodes that a schedule gives to a pool; None when it is about something else."""
    if not str(schedule.get("target.arn")).endswith(":eks:updateNodegroupConfig"):
        return None
    if schedule.get("target.input.NodegroupName") != pool:
        return None
    sizes = schedule.get("target.input.ScalingConfig", {})
    return at(sizes, "MinSize", -1), at(sizes, "DesiredSize", -1)


def _at(schedule: Resource, time: str, spec: Any) -> bool:
    hour, minute = (int(part) for part in time.split(":"))
    return (
        schedule.get("state", "ENABLED") == "ENABLED"
        and schedule.get("schedule_expression_timezone") == spec.timezone
        and str(schedule.get("schedule_expression")).startswith(f"cron({minute} {hour} ")
    )


def _database_sleeps(stack: Subject, schedules: list[Resource], spec: Any) -> Iterator[Observation]:
    for word, operation, time in (("stop", "stopDBInstance", spec.down), ("start", "startDBInstance", spec.up)):
        ready = [
            one
            for one in schedules
            if str(one.get("target.arn")).endswith(f":rds:{operation}") and _at(one, time, spec)
        ]
        yield at_least("database", f"schedules that {word} it at {time}", len(ready), 1)
