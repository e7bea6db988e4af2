"""Wrong configurations of what watches, warns and counts."""

from tests.emulator.azure.bodies import CLUSTER, SERVER
from tests.emulator.azure.bodies import at as place
from tests.emulator.azure.mistakes.mistake import Mistake, p

MISTAKES = (
    Mistake("setting_without_destination", "diagnostics", "BadRequest", p("workspaceId", None)),
    Mistake("category_unknown", "diagnostics", "BadRequest", p("logs.0.category", "PostgreSQLLogs")),
    Mistake(
        "sink_used_twice",
        "diagnostics",
        "Conflict",
        at=f"{CLUSTER}/providers/Microsoft.Insights/diagnosticSettings/again",
    ),
    Mistake("window_shorter_than_frequency", "metric-alert", "BadRequest", p("windowSize", "PT1M")),
    Mistake("many_kinds_watched", "metric-alert", "BadRequest", p("scopes", [SERVER, CLUSTER])),
    Mistake("short_name_too_long", "action-group", "InvalidShortName", p("groupShortName", "all-the-people")),
    Mistake("workbook_of_any_name", "workbook", "BadRequest", at=place("Insights/workbooks", "signals")),
    Mistake("retention_out_of_range", "workspace", "InvalidParameter", p("retentionInDays", 7)),
    Mistake("budget_heard_by_nobody", "budget", "BadRequest", p("notifications.actual-80.contactEmails", [])),
    Mistake("budget_starts_in_the_middle", "budget", "BadRequest", p("timePeriod.startDate", "2026-01-15T00:00:00Z")),
    Mistake(
        "budget_of_many_voices",
        "budget",
        "BadRequest",
        p("notifications", {f"n{number}": {"contactEmails": ["a@example.com"]} for number in range(6)}),
    ),
)
