"""Checks of the budget and the sleep schedule (COST-1, COST-2)."""

from collections.abc import Iterator

from terrace.assurance.evaluation import NotRequired, Observation, at_least, check, equal, includes
from terrace.azure import names
from terrace.live.azure.checks import Deployment, at


@check("COST-1")
def budget(deployment: Deployment) -> Iterator[Observation]:
    resource = f"budget {deployment.prefix}"
    place = f"{names.subscription(deployment.target)}/providers/Microsoft.Consumption/budgets/{deployment.prefix}"
    found = deployment.get(place)
    amount = float(at(found, "amount", 0))
    yield equal(resource, "limit in USD", amount, float(deployment.environment.cost.budget_usd))
    yield equal(resource, "timeGrain", at(found, "timeGrain"), "Monthly")
    alerts = [one for one in at(found, "notifications", {}).values() if one.get("enabled")]
    actual = [f"{one['threshold']:g}" for one in alerts if one.get("thresholdType", "Actual") == "Actual"]
    yield includes(resource, "alerts at percent", actual, ["50", "80", "100"])
    for alert in alerts:
        people = [*(alert.get("contactEmails") or []), *(alert.get("contactGroups") or [])]
        kind = str(alert.get("thresholdType", "Actual")).lower()
        yield at_least(resource, f"recipients of the alert at {alert['threshold']:g} % {kind}", len(people), 1)


@check("COST-2")
def sleeps(deployment: Deployment) -> Iterator[Observation]:
    spec = deployment.environment.cost.sleep
    if spec is None:
        raise NotRequired("cost.sleep is not set")
    for thing, kind in (("cluster", "managedClusters"), ("database", "flexibleServers")):
        if thing in deployment.environment.left_out:
            continue
        for word, time, verb in (("down", spec.down, "stop"), ("up", spec.up, "start")):
            name = f"{deployment.prefix}-{thing}-{word}"
            resource = f"workflow {name}"
            flow = deployment.get(names.id(deployment.target, "Microsoft.Logic/workflows", name))
            yield equal(resource, "state", at(flow, "state", "Enabled"), "Enabled")
            hour, minute = (int(part) for part in time.split(":"))
            schedules = [
                (one.get("recurrence", {}).get("schedule", {}).get("hours"),
                 one.get("recurrence", {}).get("schedule", {}).get("minutes"))
                for one in at(flow, "definition.triggers", {}).values()
            ]  # fmt: skip
            yield equal(resource, "runs at", schedules, [([hour], [minute])])
            actions = at(flow, "definition.actions", {}).values()
            places = [str(one.get("inputs", {}).get("uri")).partition("?")[0] for one in actions]
            good = any(f"/{kind}/" in place and place.endswith(f"/{verb}") for place in places)
            yield Observation(resource, f"calls {', '.join(places) or 'nothing'}", good, f"{verb} of {kind}")
