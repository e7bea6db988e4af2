"""The budget and the sleep schedule (COST-1, COST-2)."""

import base64
import json
from collections.abc import Iterator
from typing import Any

from terrace.assurance.checks import Subject
from terrace.assurance.evaluation import NotRequired, Observation, at_least, at_most, check, equal, includes
from terrace.assurance.view import Resource


@check("COST-1")
def budget(stack: Subject) -> Iterator[Observation]:
    found = stack.view.only("google_billing_budget")
    amount = float(found.get("amount.specified_amount.units", "inf"))
    yield at_most(str(found), "amount", amount, stack.environment.cost.budget_usd)
    yield equal(str(found), "calendar_period", found.get("budget_filter.calendar_period"), "MONTH")
    rules = found.blocks("threshold_rules")
    actual = [f"{one['threshold_percent'] * 100:g}" for one in rules if one.get("spend_basis") != "FORECASTED_SPEND"]
    yield includes(str(found), "alerts at percent", actual, ["50", "80", "100"])
    channels = found.get("all_updates_rule.monitoring_notification_channels", [])
    known = [one for one in channels if stack.view.target(one)]
    yield at_least(str(found), "who hears of it", len(known), 1)


@check("COST-2")
def sleeps(stack: Subject) -> Iterator[Observation]:
    spec = stack.environment.cost.sleep
    if spec is None:
        raise NotRequired("it is always awake (cost.sleep)")
    for name in stack.environment.cluster.pools:
        down = stack.one("google_cloud_scheduler_job", f"cost/nodes-{name}-size-down")
        yield equal(str(down), "nodes", _body(down).get("nodeCount"), 0)
        yield from _runs(down, spec.down, spec.timezone, f"nodePools/{name}:setSize")
        free = stack.one("google_cloud_scheduler_job", f"cost/nodes-{name}-down")
        held = _body(free).get("autoscaling", {}).get("enabled")
        yield equal(str(free), "autoscaling", held, False)
        yield from _runs(free, spec.down, spec.timezone, f"nodePools/{name}:setAutoscaling")
        up = stack.one("google_cloud_scheduler_job", f"cost/nodes-{name}-up")
        yield equal(str(up), "autoscaling", _body(up).get("autoscaling", {}).get("enabled"), True)
        yield from _runs(up, spec.up, spec.timezone, f"nodePools/{name}:setAutoscaling")
    for word, time, wanted in (("down", spec.down, "NEVER"), ("up", spec.up, "ALWAYS")):
        job = stack.one("google_cloud_scheduler_job", f"cost/database-{word}")
        yield equal(str(job), "activationPolicy", _body(job).get("settings", {}).get("activationPolicy"), wanted)
        yield from _runs(job, time, spec.timezone, f"instances/{stack.target.prefix}")


def _body(job: Resource) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(base64.b64decode(str(job.get("http_target.body", "e30="))))
    return body


def _runs(job: Resource, time: str, zone: str, what: str) -> Iterator[Observation]:
    """Whether a job calls `what` within half an hour of a time, so that one follows the other."""
    hour, minute = (int(part) for part in time.split(":"))
    written = str(job.get("schedule")).split()
    late = (int(written[1]) * 60 + int(written[0])) - (hour * 60 + minute) if written[0].isdecimal() else None
    good = late is not None and 0 <= late <= 30
    yield Observation(str(job), f"schedule = {job.get('schedule')}", good, f"{time} or soon after")
    yield equal(str(job), "time_zone", job.get("time_zone"), zone)
    yield equal(str(job), "paused", bool(job.get("paused")), False)
    uri = str(job.get("http_target.uri"))
    yield Observation(str(job), f"calls {uri}", uri.endswith(what), what)
