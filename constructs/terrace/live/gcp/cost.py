"""Checks of the budget and the sleep schedule (COST-1, COST-2)."""

import base64
import json
from collections.abc import Iterator
from typing import Any

from terrace.assurance.evaluation import NotRequired, Observation, at_least, check, equal, includes
from terrace.calls import Absent
from terrace.gcp import names
from terrace.live.gcp import cluster
from terrace.live.gcp.checks import Deployment

_MINUTES_PER_POOL = 10  # GKE changes one pool at a time: two calls for each, five minutes apart


def budget(deployment: Deployment) -> dict[str, Any]:
    """The budget, a resource of the billing account. Raises Absent."""
    parent = f"billingAccounts/{names.settings(deployment.target).billing_account}"
    for found in deployment.pages("billingbudgets", "billingAccounts.budgets.list", "budgets", parent=parent):
        if found.get("displayName") == deployment.prefix:
            ours: dict[str, Any] = found
            return ours
    raise Absent(f"budget {deployment.prefix}", where=parent)


@check("COST-1")
def alerts(deployment: Deployment) -> Iterator[Observation]:
    resource, found = f"budget {deployment.prefix}", budget(deployment)
    amount = float(found.get("amount", {}).get("specifiedAmount", {}).get("units", "inf"))
    yield equal(resource, "amount in USD", amount, float(deployment.environment.cost.budget_usd))
    period = found.get("budgetFilter", {}).get("calendarPeriod", "MONTH")
    yield equal(resource, "calendarPeriod", period, "MONTH")
    projects = found.get("budgetFilter", {}).get("projects", [])
    yield equal(resource, "projects", projects, [f"projects/{names.number(deployment.target)}"])
    rules = found.get("thresholdRules", [])
    actual = [f"{one['thresholdPercent'] * 100:g}" for one in rules if one.get("spendBasis") != "FORECASTED_SPEND"]
    yield includes(resource, "alerts at percent", actual, ["50", "80", "100"])
    channels = found.get("notificationsRule", {}).get("monitoringNotificationChannels", [])
    yield at_least(resource, "notification channels", len(channels), 1)


@check("COST-2")
def sleeps(deployment: Deployment) -> Iterator[Observation]:
    spec = deployment.environment.cost.sleep
    if spec is None:
        raise NotRequired("cost.sleep is not set")
    latest = _MINUTES_PER_POOL * len(deployment.environment.pools)
    for pool, found in cluster.pools(deployment):
        at = f"nodePools/{found['name']}"
        down, up = _job(deployment, f"nodes-{pool}-down"), _job(deployment, f"nodes-{pool}-up")
        size = _job(deployment, f"nodes-{pool}-size-down")
        for job, expected in ((down, False), (up, True)):
            scaling = _body(job).get("autoscaling", {}).get("enabled")
            yield equal(f"job {_name(job)}", "autoscaling", scaling, expected)
        yield equal(f"job {_name(size)}", "nodes", _body(size).get("nodeCount"), 0)
        yield from _runs(down, spec.down, spec.timezone, f"{at}:setAutoscaling", latest)
        yield from _runs(size, spec.down, spec.timezone, f"{at}:setSize", latest)
        yield from _runs(up, spec.up, spec.timezone, f"{at}:setAutoscaling", latest)
    if deployment.environment.database is None:
        return
    for word, time, policy in (("down", spec.down, "NEVER"), ("up", spec.up, "ALWAYS")):
        job = _job(deployment, f"database-{word}")
        switched = _body(job).get("settings", {}).get("activationPolicy")
        yield equal(f"job {_name(job)}", "activationPolicy", switched, policy)
        yield from _runs(job, time, spec.timezone, f"instances/{deployment.prefix}", latest)


def _job(deployment: Deployment, name: str) -> dict[str, Any]:
    full = f"{deployment.place}/jobs/{deployment.prefix}-{name}"
    return deployment.call("cloudscheduler", "projects.locations.jobs.get", name=full)


def _name(job: dict[str, Any]) -> str:
    return str(job["name"]).rpartition("/")[2]


def _body(job: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(base64.b64decode(str(job.get("httpTarget", {}).get("body", "e30="))))
    return body


def _runs(job: dict[str, Any], time: str, zone: str, url_end: str, latest: int) -> Iterator[Observation]:
    """Whether a job calls a URL at a time, or up to `latest` minutes after it."""
    resource, (hour, minute) = f"job {_name(job)}", (int(part) for part in time.split(":"))
    fields = str(job.get("schedule")).split()
    daily = len(fields) == 5 and fields[0].isdecimal() and fields[1].isdecimal()
    late = int(fields[1]) * 60 + int(fields[0]) - (hour * 60 + minute) if daily else None
    soon = late is not None and 0 <= late <= latest
    expected = f"{time}, or at most {latest} minutes later"
    yield Observation(resource, f"schedule = {job.get('schedule')}", soon, expected)
    yield equal(resource, "timeZone", job.get("timeZone"), zone)
    yield equal(resource, "state", job.get("state", "ENABLED"), "ENABLED")
    uri = str(job.get("httpTarget", {}).get("uri"))
    yield Observation(resource, f"calls {uri}", uri.endswith(url_end), url_end)
