"""What Cloud Billing refuses of budgets."""

from collections.abc import Iterator

from terrace.emulator.gcp.call import Call
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.quirks import refuses


@refuses("billingbudgets", "budgets")
def budget(found: Json, call: Call) -> Iterator[str]:
    """Source: Cloud Billing Budget API, Budget: an amount of one kind; thresholds above 0; 5 channels at most."""
    amount = found.get("amount") or {}
    if len([each for each in ("specifiedAmount", "lastPeriodAmount") if each in amount]) != 1:
        yield "The amount of a budget is either specified or the last period's."
    for rule in found.get("thresholdRules", ()):
        if float(rule.get("thresholdPercent", 0)) <= 0:
            yield "The threshold of a budget must be greater than 0."
    if len((found.get("notificationsRule") or {}).get("monitoringNotificationChannels", ())) > 5:
        yield "A budget can have up to 5 notification channels."


@refuses("billingbudgets", "budgets")
def projects(found: Json, call: Call) -> Iterator[str]:
    """Source: Cloud Billing Budget API, Filter.projects: projects/number of projects that the account pays for."""
    own = (f"projects/{call.cloud.number}", f"projects/{call.cloud.project}")
    for each in (found.get("budgetFilter") or {}).get("projects", ()):
        if each not in own:
            yield f"The project {each} does not belong to the billing account."
