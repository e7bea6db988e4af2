"""Logs, alarms and audit (OBS-1 to AUD-6)."""

from tests.assurance.mutants import drop, inside, mutant, put, remove, words

ALERT, LOG, SINK = (
    "google_monitoring_alert_policy",
    "google_logging_project_bucket_config",
    "google_logging_project_sink",
)
FINDINGS = ("google_scc_v2_project_notification_config", "audit/findings")
CHANGES = (
    "access-changed", "buckets-changed", "database-changed", "detection-changed", "firewall-changed", "network-changed",
    "policies-changed", "record-narrowed", "roles-changed", "routes-changed",
)  # fmt: skip
MATCHED, INBOX = "conditions.0.condition_matched_log", ("google_pubsub_subscription", "audit/findings-inbox")
CHANNEL, BOARD = "google_monitoring_notification_channel", ("google_monitoring_dashboard", "alarms/dashboard")
CALLS, POLICY = ("google_project_iam_audit_config", "audit/calls"), "google_org_policy_policy"

MUTANTS = [
    mutant("OBS-1", "log bucket with Google's own key", drop(LOG, "observability/platform-log", "cmek_settings")),
    mutant("OBS-1", "short log retention", put(LOG, "observability/platform-log", "retention_days", 1)),
    mutant("OBS-1 ID-2", "logs in another destination", put(SINK, "observability/platform-sink", "destination", "x")),
    mutant("OBS-1", "disabled log sink", put(SINK, "observability/platform-sink", "disabled", True)),
    mutant("OBS-2", "no CPU alarm", remove(ALERT, "alarms/database-cpu-warning")),
    mutant("OBS-2", "disabled alarm", put(ALERT, "alarms/nodes-memory-warning", "enabled", False)),
    mutant(
        "OBS-2",
        "alarm threshold too high",
        put(ALERT, "alarms/database-cpu-warning", "conditions.condition_threshold.threshold_value", 0.99),
    ),
    mutant(
        "OBS-2", "lake denials not counted", put("google_logging_metric", "alarms/lake-denials-count", "filter", "x")
    ),
    mutant(
        "OBS-2 OBS-3",
        "alarm without a notification",
        put(ALERT, "alarms/database-storage-critical", "notification_channels", []),
    ),
    mutant("OBS-3", "disabled notification channel", put(CHANNEL, "observability/channel-platform", "enabled", False)),
    mutant(
        "OBS-3",
        "wrong subscriber",
        put(CHANNEL, "observability/channel-platform", "labels.email_address", "x@example.org"),
    ),
    mutant(
        "OBS-3",
        "notifications with Google's own key",
        drop("google_pubsub_topic", "observability/critical", "kms_key_name"),
    ),
    mutant(
        "OBS-3",
        "critical alarm too late",
        put(ALERT, "alarms/database-cpu-critical", "conditions.condition_threshold.duration", "82800s"),
    ),
    mutant("OBS-4", "no dashboard", remove(*BOARD)),
    mutant(
        "OBS-4",
        "signal missing on the dashboard",
        inside(*BOARD, "dashboard_json", words("disk/bytes_used", "disk/read_ops")),
    ),
    mutant("OBS-4", "objective missing on the dashboard", inside(*BOARD, "dashboard_json", words("99.9 %", "many"))),
    mutant("OBS-4", "lower objective", put("google_monitoring_slo", "alarms/objective", "goal", 0.9)),
    mutant("OBS-4", "no burn rate alarm", remove(ALERT, "alarms/objective-fast")),
    mutant("AUD-1", "audit logs for one service only", put(*CALLS, "service", "storage.googleapis.com")),
    mutant("AUD-1", "data reads not logged", put(*CALLS, "audit_log_config", [{"log_type": "DATA_WRITE"}])),
    mutant("AUD-1", "exempted member", put(*CALLS, "audit_log_config.0.exempted_members", ["user:x@example.org"])),
    mutant("AUD-1", "disabled archive sink", put(SINK, "audit/archive", "disabled", True)),
    mutant(
        "AUD-1 ID-2", "archive in another bucket", put(SINK, "audit/archive", "destination", "storage.googleapis.com/x")
    ),
    mutant(
        "AUD-1",
        "archive with a narrower filter",
        put(SINK, "audit/archive", "filter", 'log_id("cloudaudit.googleapis.com/activity")'),
    ),
    mutant("AUD-1", "audit log retention of a month", put(LOG, "observability/trail-log", "retention_days", 30)),
    mutant(
        "AUD-1",
        "short audit log immutability",
        put("google_storage_bucket", "lake/audit/bucket", "retention_policy.retention_period", "60"),
    ),
    mutant("AUD-2", "no notification of findings", remove(*FINDINGS), only="dev"),
    mutant("AUD-2 AUD-4", "no notification of findings", remove(*FINDINGS), only="prod"),
    mutant(
        "AUD-2",
        "notification of critical findings only",
        put(
            "google_scc_v2_project_notification_config",
            "audit/findings",
            "streaming_config.filter",
            'severity = "CRITICAL"',
        ),
    ),
    mutant(
        "AUD-2",
        "security posture disabled",
        put("google_container_cluster", "cluster/cluster", "security_posture_config.mode", "DISABLED"),
    ),
    mutant("AUD-3", "no asset feed", remove("google_cloud_asset_project_feed", "audit/resources")),
    mutant(
        "AUD-3",
        "asset feed for some types only",
        put("google_cloud_asset_project_feed", "audit/resources", "asset_types", []),
    ),
    mutant("AUD-3", "missing organization policy", remove(POLICY, "governance/storage-publicAccessPrevention")),
    mutant(
        "AUD-3",
        "organization policy not enforced",
        put(POLICY, "governance/sql-restrictPublicIp", "spec.rules.enforce", "FALSE"),
    ),
    mutant(
        "OBS-2 AUD-6", "alarm on another record", put(ALERT, "alarms/trail-stopped-warning", f"{MATCHED}.filter", "x")
    ),
    mutant(
        "AUD-4",
        "findings of one location",
        put("google_scc_v2_project_notification_config", "audit/findings", "location", "europe-west3"),
        only="prod",
    ),
    mutant("AUD-4", "no alarm on the replica's lag", remove(ALERT, "alarms/recovery-lag-critical"), only="prod"),
    mutant(
        "AUD-4",
        "alarm on the lag of another replica",
        put(
            ALERT,
            "alarms/recovery-lag-warning",
            "conditions.0.condition_threshold.filter",
            'metric.type="cloudsql.googleapis.com/database/replication/replica_lag"'
            ' AND resource.type="cloudsql_database" AND resource.labels.database_id="x:y"',
        ),
        only="prod",
    ),
    mutant("AUD-5", "no alarm on findings", remove(ALERT, "alarms/findings-waiting-critical")),
    mutant("AUD-5", "inbox without most findings", put(*INBOX, "filter", 'attributes.x = "y"')),
    mutant("AUD-5", "no alarm on findings of GKE", remove(ALERT, "alarms/cluster-finding-critical")),
    mutant(
        "AUD-5", "alarm on another policy", put(ALERT, "alarms/policy-violated-warning", f"{MATCHED}.filter", "false")
    ),
    *(mutant("AUD-6", f"no alarm: {kind}", remove(ALERT, f"alarms/{kind}-warning")) for kind in CHANGES),
    mutant("AUD-6", "alarm that is off", put(ALERT, "alarms/firewall-changed-warning", "enabled", False)),
    mutant("OBS-5", "no alarm on a failover", remove(ALERT, "alarms/database-failover-critical")),
    mutant("OBS-5", "no alarm on deleted databases", remove(ALERT, "alarms/database-deleted-warning")),
    mutant("OBS-5", "no alarm on a full disk", remove(ALERT, "alarms/database-grown-warning")),
    mutant("OBS-5", "no alarm on maintenance", remove(ALERT, "alarms/database-maintenance-warning")),
    mutant(
        "OBS-5",
        "alarm on one state of one server",
        put(ALERT, "alarms/database-failed-critical", "conditions.0.condition_threshold.filter", "x"),
    ),
]
