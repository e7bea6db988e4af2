"""Budgets and the sleep schedule (COST-1, COST-2)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.checks import Subject
from terrace.assurance.checks.aws import lookup
from terrace.assurance.evaluation import NotRequired, Observation, at_least, at_most, check, equal, includes
from terrace.assurance.view import Resource, at


@check("COST-1")
def budget_alerts(stack: Subject) -> Iterator[Observation]:
    budget = stack.view.only("aws_budgets_budget")
    yield at_most(
        str(budget), "limit_amount", float(budget.get("limit_amount", "inf")), stack.environment.cost.budget_usd
    )
    yield equal(str(budget), "time_unit", budget.get("time_unit"), "MONTHLY")
    alerts = budget.blocks("notification")
    actual = [f"{alert.get('threshold'):g}" for alert in alerts if alert.get("notification_type") == "ACTUAL"]
    yield includes(str(budget), "alerts at percent", actual, ["50", "80", "100"])
    for alert in alerts:
        recipients = [*(alert.get("subscriber_email_addresses") or []), *(alert.get("subscriber_sns_topic_arns") or [])]
        kind = str(alert.get("notification_type")).lower()
        yield at_least(str(budget), f"recipients of the {alert.get('threshold')} % {kind} alert", len(recipients), 1)


@check("COST-2")
def sleep_schedule(stack: Subject) -> Iterator[Observation]:
    spec = stack.environment.cost.sleep
    if spec is None:
        raise NotRequired("cost.sleep is not set")
    schedules = stack.all("aws_scheduler_schedule")
    for name in stack.environment.pools:
        group = str(lookup.pool(stack, name).get("node_group_name"))
        pool_schedules = [(one, sizes) for one in schedules if (sizes := _sizes(one, group)) is not None]
        for action, at_time, asleep in (("down", spec.down, True), ("up", spec.up, False)):
            matching = [
                one for one, sizes in pool_schedules if (sizes == (0, 0) or not asleep) and _at(one, at_time, spec)
            ]
            yield at_least(f"pool {name}", f"schedules that scale {action} at {at_time}", len(matching), 1)
    if stack.environment.database:
        yield from _database_schedule(stack, schedules, spec)


def _sizes(schedule: Resource, group: str) -> tuple[int, int] | None:
    """(minimum, desired) size that a schedule sets for a node group; None when it schedules something else."""
    if not str(schedule.get("target.arn")).endswith(":eks:updateNodegroupConfig"):
        return None
    if schedule.get("target.input.NodegroupName") != group:
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


def _database_schedule(stack: Subject, schedules: list[Resource], spec: Any) -> Iterator[Observation]:
    for action, operation, time in (("stop", "stopDBInstance", spec.down), ("start", "startDBInstance", spec.up)):
        matching = [
            one
            for one in schedules
            if str(one.get("target.arn")).endswith(f":rds:{operation}") and _at(one, time, spec)
        ]
        yield at_least("database", f"schedules that {action} it at {time}", len(matching), 1)
