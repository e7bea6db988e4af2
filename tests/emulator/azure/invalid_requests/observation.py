"""Invalid configurations of diagnostics, alerts and budgets."""

from tests.emulator.azure.bodies import CLUSTER, SERVER, resource_id
from tests.emulator.azure.invalid_requests.invalid_request import InvalidRequest, set_property

INVALID_REQUESTS = (
    InvalidRequest("setting_without_destination", "diagnostics", "BadRequest", set_property("workspaceId", None)),
    InvalidRequest("category_unknown", "diagnostics", "BadRequest", set_property("logs.0.category", "PostgreSQLLogs")),
    InvalidRequest(
        "sink_used_twice",
        "diagnostics",
        "Conflict",
        path=f"{CLUSTER}/providers/Microsoft.Insights/diagnosticSettings/again",
    ),
    InvalidRequest(
        "storage_in_another_region",
        "diagnostics",
        "BadRequest",
        set_property("storageAccountId", resource_id("Storage/storageAccounts", "faraway")),
    ),
    InvalidRequest(
        "service_health_below_subscription",
        "activity-alert",
        "BadRequest",
        set_property("condition.allOf.0.equals", "ServiceHealth"),
    ),
    InvalidRequest("window_shorter_than_frequency", "metric-alert", "BadRequest", set_property("windowSize", "PT1M")),
    InvalidRequest("mixed_alert_scopes", "metric-alert", "BadRequest", set_property("scopes", [SERVER, CLUSTER])),
    InvalidRequest(
        "short_name_too_long", "action-group", "InvalidShortName", set_property("groupShortName", "all-the-people")
    ),
    InvalidRequest(
        "workbook_name_not_guid", "workbook", "BadRequest", path=resource_id("Insights/workbooks", "signals")
    ),
    InvalidRequest("retention_out_of_range", "workspace", "InvalidParameter", set_property("retentionInDays", 7)),
    InvalidRequest(
        "budget_without_contact", "budget", "BadRequest", set_property("notifications.actual-80.contactEmails", [])
    ),
    InvalidRequest(
        "budget_start_not_first_of_month",
        "budget",
        "BadRequest",
        set_property("timePeriod.startDate", "2026-01-15T00:00:00Z"),
    ),
    InvalidRequest(
        "too_many_budget_notifications",
        "budget",
        "BadRequest",
        set_property("notifications", {f"n{number}": {"contactEmails": ["a@example.com"]} for number in range(6)}),
    ),
)
