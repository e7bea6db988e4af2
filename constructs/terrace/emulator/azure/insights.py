"""Microsoft.Insights, Microsoft.AlertsManagement and Microsoft.Consumption: diagnostics, alerts and budgets."""

from collections.abc import Mapping

from terrace.emulator.azure.ids import ResourceId
from terrace.emulator.azure.kind import Kind
from terrace.emulator.azure.refusals import observation as refused
from terrace.emulator.azure.store import Body, Store

KINDS = {
    "Microsoft.Insights/diagnosticSettings": Kind(rules=refused.DIAGNOSTICS, stateless=True),
    "Microsoft.Insights/metricAlerts": Kind(
        required=(".location", "scopes", "criteria", "severity"), rules=refused.METRIC_ALERT
    ),
    "Microsoft.Insights/scheduledQueryRules": Kind(
        required=(".location", "scopes", "criteria"), rules=refused.QUERY_ALERT
    ),
    "Microsoft.Insights/activityLogAlerts": Kind(
        deleted=200,
        required=(".location", "scopes", "condition", "actions"),
        rules=refused.ACTIVITY_ALERT,
        stateless=True,
    ),
    "Microsoft.Insights/actionGroups": Kind(
        required=(".location", "groupShortName"), rules=refused.ACTION_GROUP, stateless=True
    ),
    "Microsoft.Insights/workbooks": Kind(required=(".location", "displayName"), rules=refused.WORKBOOK),
    "Microsoft.AlertsManagement/actionRules": Kind(required=("scopes", "actions")),
    # the provider accepts only 200 for a budget's delete
    "Microsoft.Consumption/budgets": Kind(
        deleted=200, required=("amount", "timeGrain", "timePeriod.startDate"), rules=refused.BUDGET, stateless=True
    ),
}


def _activity(id: ResourceId, store: Store, query: Mapping[str, str]) -> list[Body]:
    """The Activity Log, newest first. Source: Azure Monitor, "Activity Logs - List"."""
    return list(reversed(store.activity))


COLLECTIONS = {"Microsoft.Insights/eventtypes/values": _activity}
