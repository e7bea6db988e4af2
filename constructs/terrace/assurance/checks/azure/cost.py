"""The budget and the sleep schedule (COST-1, COST-2)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.evaluation import NotRequired, Observation, at_least, at_most, check, equal, includes


@check("COST-1")
def budget(stack: Subject) -> Iterator[Observation]:
    found = stack.view.only("azurerm_consumption_budget_subscription")
    yield at_most(str(found), "amount", found.get("amount"), stack.environment.cost.budget_usd)
    yield equal(str(found), "time_grain", found.get("time_grain"), "Monthly")
    alerts = [one for one in found.blocks("notification") if one.get("enabled", True)]
    actual = [f"{one.get('threshold'):g}" for one in alerts if one.get("threshold_type", "Actual") == "Actual"]
    yield includes(str(found), "alerts at percent", actual, ["50", "80", "100"])
    for alert in alerts:
        people = [*(alert.get("contact_emails") or []), *(alert.get("contact_groups") or [])]
        yield at_least(str(found), f"who hears of {alert.get('threshold')} %", len(people), 1)


@check("COST-2")
def sleeps(stack: Subject) -> Iterator[Observation]:
    spec = stack.environment.cost.sleep
    if spec is None:
        raise NotRequired("it is always awake (cost.sleep)")
    for thing, kind in (("cluster", "managedClusters"), ("database", "flexibleServers")):
        for word, time, verb in (("down", spec.down, "stop"), ("up", spec.up, "start")):
            flow = stack.one("azurerm_logic_app_workflow", f"cost/{thing}-{word}")
            yield equal(str(flow), "enabled", flow.get("enabled", True), True)
            hour, minute = (int(part) for part in time.split(":"))
            times = stack.view.pointing("azurerm_logic_app_trigger_recurrence", "logic_app_id", flow)
            at = [(one.get("schedule.at_these_hours"), one.get("schedule.at_these_minutes")) for one in times]
            yield equal(str(flow), "runs at", at, [([hour], [minute])])
            calls = stack.view.pointing("azurerm_logic_app_action_custom", "logic_app_id", flow)
            places = [str(one.get("body.inputs.uri")).partition("?")[0] for one in calls]
            good = any(f"/{kind}/" in place and place.endswith(f"/{verb}") for place in places)
            yield Observation(str(flow), f"calls {', '.join(places) or 'nothing'}", good, f"{verb} of {kind}")
