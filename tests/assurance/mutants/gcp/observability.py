"""Logs, alarms and records (OBS-1 to AUD-3)."""

from tests.assurance.mutants import drop, inside, mutant, put, remove, words

ALERT, LOG, SINK = (
    "google_monitoring_alert_policy",
    "google_logging_project_bucket_config",
    "google_logging_project_sink",
)
CHANNEL, BOARD = "google_monitoring_notification_channel", ("google_monitoring_dashboard", "alarms/dashboard")
CALLS, POLICY = ("google_project_iam_audit_config", "audit/calls"), "google_org_policy_policy"

MUTANTS = [
    mutant("OBS-1", "a log under Google's own key", drop(LOG, "observability/platform-log", "cmek_settings")),
    mutant("OBS-1", "logs hardly kept", put(LOG, "observability/platform-log", "retention_days", 1)),
    mutant("OBS-1", "logs elsewhere", put(SINK, "observability/platform-sink", "destination", "x")),
    mutant("OBS-1", "logs go nowhere", put(SINK, "observability/platform-sink", "disabled", True)),
    mutant("OBS-2", "nobody watches the CPU", remove(ALERT, "alarms/database-cpu-warning")),
    mutant("OBS-2", "an alarm that is off", put(ALERT, "alarms/nodes-memory-warning", "enabled", False)),
    mutant(
        "OBS-2",
        "an alarm that comes too late",
        put(ALERT, "alarms/database-cpu-warning", "conditions.condition_threshold.threshold_value", 0.99),
    ),
    mutant(
        "OBS-2", "refusals are not counted", put("google_logging_metric", "alarms/lake-denials-count", "filter", "x")
    ),
    mutant(
        "OBS-2 OBS-3",
        "an alarm that tells nobody",
        put(ALERT, "alarms/database-storage-critical", "notification_channels", []),
    ),
    mutant("OBS-3", "a channel that is off", put(CHANNEL, "observability/channel-platform", "enabled", False)),
    mutant(
        "OBS-3",
        "somebody else hears",
        put(CHANNEL, "observability/channel-platform", "labels.email_address", "x@example.org"),
    ),
    mutant(
        "OBS-3",
        "messages under Google's own key",
        drop("google_pubsub_topic", "observability/critical", "kms_key_name"),
    ),
    mutant(
        "OBS-3",
        "it never becomes critical",
        put(ALERT, "alarms/database-cpu-critical", "conditions.condition_threshold.duration", "82800s"),
    ),
    mutant("OBS-4", "no dashboard", remove(*BOARD)),
    mutant(
        "OBS-4", "a signal is not shown", inside(*BOARD, "dashboard_json", words("disk/bytes_used", "disk/read_ops"))
    ),
    mutant("OBS-4", "no objective", inside(*BOARD, "dashboard_json", words("99.9 %", "many"))),
    mutant("OBS-4", "a lesser objective", put("google_monitoring_slo", "alarms/objective", "goal", 0.9)),
    mutant("OBS-4", "the budget burns unseen", remove(ALERT, "alarms/objective-fast")),
    mutant("AUD-1", "one service on record", put(*CALLS, "service", "storage.googleapis.com")),
    mutant("AUD-1", "reads are unrecorded", put(*CALLS, "audit_log_config", [{"log_type": "DATA_WRITE"}])),
    mutant("AUD-1", "somebody is spared", put(*CALLS, "audit_log_config.0.exempted_members", ["user:x@example.org"])),
    mutant("AUD-1", "the archive is off", put(SINK, "audit/archive", "disabled", True)),
    mutant("AUD-1", "the archive is elsewhere", put(SINK, "audit/archive", "destination", "storage.googleapis.com/x")),
    mutant(
        "AUD-1",
        "a part is archived",
        put(SINK, "audit/archive", "filter", 'log_id("cloudaudit.googleapis.com/activity")'),
    ),
    mutant("AUD-1", "the record ends in a month", put(LOG, "observability/trail-log", "retention_days", 30)),
    mutant(
        "AUD-1",
        "the record is locked briefly",
        put("google_storage_bucket", "lake/audit/bucket", "retention_policy.retention_period", "60"),
    ),
    mutant("AUD-2", "findings reach nobody", remove("google_scc_v2_project_notification_config", "audit/findings")),
    mutant(
        "AUD-2",
        "the worst alone",
        put(
            "google_scc_v2_project_notification_config",
            "audit/findings",
            "streaming_config.filter",
            'severity = "CRITICAL"',
        ),
    ),
    mutant(
        "AUD-2",
        "the cluster is not looked at",
        put("google_container_cluster", "cluster/cluster", "security_posture_config.mode", "DISABLED"),
    ),
    mutant("AUD-3", "no record of configuration", remove("google_cloud_asset_project_feed", "audit/resources")),
    mutant("AUD-3", "a part of it", put("google_cloud_asset_project_feed", "audit/resources", "asset_types", [])),
    mutant("AUD-3", "a rule less", remove(POLICY, "governance/storage-publicAccessPrevention")),
    mutant(
        "AUD-3", "a rule that is off", put(POLICY, "governance/sql-restrictPublicIp", "spec.rules.enforce", "FALSE")
    ),
]
