"""The budget and the sleep schedule (COST-1, COST-2)."""

from collections.abc import Iterator
from datetime import UTC, datetime

from terrace.assurance.checks import Subject
from terrace.assurance.checks.azure.lookup import unset
from terrace.assurance.evaluation import NotRequired, Observation, at_least, at_most, check, equal, includes
from terrace.assurance.view import blocks


@check("COST-1")
def budget_alerts(stack: Subject) -> Iterator[Observation]:
    budget = stack.view.only("azurerm_consumption_budget_subscription")
    yield at_most(str(budget), "amount", budget.get("amount"), stack.environment.cost.budget_usd)
    yield equal(str(budget), "time_grain", budget.get("time_grain"), "Monthly")
    starts, ends = (str(budget.get(f"time_period.{name}")) for name in ("start_date", "end_date"))
    today = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    yield Observation(str(budget), f"time_period = {starts} to {ends}", starts <= today <= ends, "now")
    tags = [(one.get("name"), one.get("values")) for one in blocks(budget.attributes, "filter.tag")]
    yield equal(str(budget), "filter by tags", tags, [("environment", [stack.target.environment])])
    yield from unset(budget, "filter.dimension")
    alerts = [one for one in budget.blocks("notification") if one.get("enabled", True)]
    actual = [f"{one.get('threshold'):g}" for one in alerts if one.get("threshold_type", "Actual") == "Actual"]
    yield includes(str(budget), "alerts at percent", actual, ["50", "80", "100"])
    for alert in alerts:
        yield equal(str(budget), "operator", alert.get("operator"), "GreaterThanOrEqualTo")
        recipients = [*(alert.get("contact_emails") or []), *(alert.get("contact_groups") or [])]
        yield at_least(str(budget), f"recipients of the {alert.get('threshold')} % alert", len(recipients), 1)


@check("COST-2")
def sleep_schedule(stack: Subject) -> Iterator[Observation]:
    spec = stack.environment.cost.sleep
    if spec is None:
        raise NotRequired("cost.sleep is not set")
    for component, kind in (("cluster", "managedClusters"), ("database", "flexibleServers")):
        if component in stack.environment.left_out:
            continue
        for direction, time, verb in (("down", spec.down, "stop"), ("up", spec.up, "start")):
            flow = stack.one("azurerm_logic_app_workflow", f"cost/{component}-{direction}")
            yield equal(str(flow), "enabled", flow.get("enabled", True), True)
            hour, minute = (int(part) for part in time.split(":"))
            triggers = stack.view.pointing("azurerm_logic_app_trigger_recurrence", "logic_app_id", flow)
            runs_at = [(one.get("schedule.at_these_hours"), one.get("schedule.at_these_minutes")) for one in triggers]
            yield equal(str(flow), "runs at", runs_at, [([hour], [minute])])
            calls = stack.view.pointing("azurerm_logic_app_action_custom", "logic_app_id", flow)
            uris = [str(one.get("body.inputs.uri")).partition("?")[0] for one in calls]
            ok = any(f"/{kind}/" in uri and uri.endswith(f"/{verb}") for uri in uris)
            yield Observation(str(flow), f"calls {', '.join(uris) or 'nothing'}", ok, f"{verb} of {kind}")
