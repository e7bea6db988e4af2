"""The budget and the sleep schedule (COST-1, COST-2)."""

import base64
import json
from collections.abc import Iterator
from typing import Any

from terrace.assurance.checks import Subject
from terrace.assurance.checks.gcp.lookup import pools
from terrace.assurance.evaluation import NotRequired, Observation, at_least, at_most, check, equal, includes
from terrace.assurance.view import Resource


@check("COST-1")
def budget_alerts(stack: Subject) -> Iterator[Observation]:
    budget = stack.view.only("google_billing_budget")
    amount = float(budget.get("amount.specified_amount.units", "inf"))
    yield at_most(str(budget), "amount", amount, stack.environment.cost.budget_usd)
    default = "unset" if budget.get("budget_filter.custom_period") else "MONTH"  # the provider plans null for MONTH
    yield equal(str(budget), "calendar_period", budget.get("budget_filter.calendar_period", default), "MONTH")
    rules = budget.blocks("threshold_rules")
    actual = [f"{one['threshold_percent'] * 100:g}" for one in rules if one.get("spend_basis") != "FORECASTED_SPEND"]
    yield includes(str(budget), "alerts at percent", actual, ["50", "80", "100"])
    channels = budget.get("all_updates_rule.monitoring_notification_channels", [])
    recipients = [one for one in channels if stack.view.target(one)]
    yield at_least(str(budget), "recipients of the alerts", len(recipients), 1)


@check("COST-2")
def sleep_schedule(stack: Subject) -> Iterator[Observation]:
    spec = stack.environment.cost.sleep
    if spec is None:
        raise NotRequired("cost.sleep is not set")
    for name, pool in pools(stack) if stack.environment.cluster else ():
        at = f"nodePools/{pool.get('name')}"
        down = stack.one("google_cloud_scheduler_job", f"cost/nodes-{name}-size-down")
        yield equal(str(down), "nodes", _body(down).get("nodeCount"), 0)
        yield from _runs(down, spec.down, spec.timezone, f"{at}:setSize")
        disable = stack.one("google_cloud_scheduler_job", f"cost/nodes-{name}-down")
        autoscaling = _body(disable).get("autoscaling", {}).get("enabled")
        yield equal(str(disable), "autoscaling", autoscaling, False)
        yield from _runs(disable, spec.down, spec.timezone, f"{at}:setAutoscaling")
        up = stack.one("google_cloud_scheduler_job", f"cost/nodes-{name}-up")
        yield equal(str(up), "autoscaling", _body(up).get("autoscaling", {}).get("enabled"), True)
        yield from _runs(up, spec.up, spec.timezone, f"{at}:setAutoscaling")
    if stack.environment.database is None:
        return
    for direction, time, expected in (("down", spec.down, "NEVER"), ("up", spec.up, "ALWAYS")):
        job = stack.one("google_cloud_scheduler_job", f"cost/database-{direction}")
        yield equal(str(job), "activationPolicy", _body(job).get("settings", {}).get("activationPolicy"), expected)
        yield from _runs(job, time, spec.timezone, f"instances/{stack.target.prefix}")


def _body(job: Resource) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(base64.b64decode(str(job.get("http_target.body", "e30="))))
    return body


def _runs(job: Resource, time: str, zone: str, call: str) -> Iterator[Observation]:
    """Whether a job calls `call` at a time, or within the half hour after it, so that jobs can follow each other."""
    hour, minute = (int(part) for part in time.split(":"))
    fields = str(job.get("schedule")).split()
    delay = (int(fields[1]) * 60 + int(fields[0])) - (hour * 60 + minute) if fields[0].isdecimal() else None
    ok = delay is not None and 0 <= delay <= 30
    yield Observation(str(job), f"schedule = {job.get('schedule')}", ok, f"{time} or up to 30 minutes later")
    yield equal(str(job), "time_zone", job.get("time_zone"), zone)
    yield equal(str(job), "paused", bool(job.get("paused")), False)
    uri = str(job.get("http_target.uri"))
    yield Observation(str(job), f"calls {uri}", uri.endswith(call), call)
