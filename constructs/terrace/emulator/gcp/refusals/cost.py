"""Refusals of Cloud Billing budgets."""

from collections.abc import Iterator

from terrace.emulator.gcp.call import Call
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.quirks import refuses


@refuses("billingbudgets", "budgets")
def budget(resource: Json, call: Call) -> Iterator[str]:
    """Source: Cloud Billing Budget API, Budget: one kind of amount; thresholds above 0; at most 5 channels."""
    amount = resource.get("amount") or {}
    if len([each for each in ("specifiedAmount", "lastPeriodAmount") if each in amount]) != 1:
        yield "The amount of a budget is either specified or the last period's."
    for rule in resource.get("thresholdRules", ()):
        if float(rule.get("thresholdPercent", 0)) <= 0:
            yield "The threshold of a budget must be greater than 0."
    if len((resource.get("notificationsRule") or {}).get("monitoringNotificationChannels", ())) > 5:
        yield "A budget can have up to 5 notification channels."


@refuses("billingbudgets", "budgets")
def projects(resource: Json, call: Call) -> Iterator[str]:
    """Source: Cloud Billing Budget API, Filter.projects: projects of the billing account."""
    own = (f"projects/{call.cloud.number}", f"projects/{call.cloud.project}")
    for each in (resource.get("budgetFilter") or {}).get("projects", ()):
        if each not in own:
            yield f"The project {each} does not belong to the billing account."
