"""Logs, alarms and audit (OBS-1 to AUD-3)."""

from tests.assurance.mutants import drop, every, inside, mutant, point, put, remove, words

TRAIL = ("aws_cloudtrail", "audit/trail")
LOGS_KEY = ("aws_kms_key", "keys/logs")

MUTANTS = [
    mutant(
        "OBS-1",
        "log group without a key",
        drop("aws_cloudwatch_log_group", "observability/postgresql-log", "kms_key_id"),
    ),
    mutant(
        "OBS-1", "short log retention", put("aws_cloudwatch_log_group", "observability/waf-log", "retention_in_days", 1)
    ),
    mutant(
        "OBS-1",
        "log group without retention",
        drop("aws_cloudwatch_log_group", "observability/hosts-log", "retention_in_days"),
    ),
    mutant("OBS-1", "missing log group", remove("aws_cloudwatch_log_group", "observability/containers-log")),
    mutant("OBS-2", "no CPU alarm", remove("aws_cloudwatch_metric_alarm", "alarms/database-cpu-warning")),
    mutant(
        "OBS-2",
        "alarm without a notification",
        put("aws_cloudwatch_metric_alarm", "alarms/database-storage-critical", "alarm_actions", []),
    ),
    mutant(
        "OBS-2",
        "disabled alarm",
        put("aws_cloudwatch_metric_alarm", "alarms/nodes-memory-warning", "actions_enabled", False),
    ),
    mutant(
        "OBS-2",
        "alarm threshold too high",
        put("aws_cloudwatch_metric_alarm", "alarms/database-cpu-warning", "threshold", 99),
    ),
    mutant(
        "OBS-2", "lake denials not counted", remove("aws_cloudwatch_log_metric_filter", "alarms/lake-denials-count")
    ),
    mutant(
        "OBS-2",
        "one cache node without an alarm",
        every(
            [
                remove("aws_cloudwatch_metric_alarm", "alarms/cache-memory-003-warning"),
                remove("aws_cloudwatch_metric_alarm", "alarms/cache-memory-003-critical"),
            ]
        ),
        only="prod",
    ),
    mutant("OBS-3", "no subscriber", remove("aws_sns_topic_subscription", "observability/warning-to-platform")),
    mutant(
        "OBS-3",
        "wrong subscriber",
        put("aws_sns_topic_subscription", "observability/critical-to-platform", "endpoint", "x@example.org"),
    ),
    mutant("OBS-3", "unencrypted notifications", drop("aws_sns_topic", "observability/critical", "kms_master_key_id")),
    mutant(
        "OBS-3",
        "critical alarm too late",
        put("aws_cloudwatch_metric_alarm", "alarms/database-cpu-critical", "evaluation_periods", 288),
    ),
    mutant("OBS-4", "no dashboard", remove("aws_cloudwatch_dashboard", "alarms/dashboard")),
    mutant(
        "OBS-4",
        "signal missing on the dashboard",
        inside(
            "aws_cloudwatch_dashboard",
            "alarms/dashboard",
            "dashboard_body",
            words("FreeStorageSpace", "ReadIOPS"),
        ),
    ),
    mutant(
        "OBS-4",
        "objective missing on the dashboard",
        inside("aws_cloudwatch_dashboard", "alarms/dashboard", "dashboard_body", words("99.9 %", "many")),
    ),
    mutant("OBS-4", "no burn rate alarm", remove("aws_cloudwatch_metric_alarm", "alarms/objective-fast")),
    mutant("AUD-1", "trail for one region only", put(*TRAIL, "is_multi_region_trail", False)),
    mutant("AUD-1", "no log file validation", put(*TRAIL, "enable_log_file_validation", False)),
    mutant("AUD-1", "trail logging stopped", put(*TRAIL, "enable_logging", False)),
    mutant("AUD-1", "trail with the wrong key", point(*TRAIL, "kms_key_id", LOGS_KEY)),
    mutant("AUD-1", "lake reads not logged", drop(*TRAIL, "advanced_event_selector.1")),
    mutant(
        "AUD-1",
        "only write events logged",
        put(
            *TRAIL,
            "advanced_event_selector.0.field_selector",
            [{"field": "eventCategory", "equals": ["Management"]}, {"field": "readOnly", "equals": ["false"]}],
        ),
    ),
    mutant(
        "AUD-1", "layer missing in the trail", drop(*TRAIL, "advanced_event_selector.1.field_selector.2.starts_with.3")
    ),
    mutant(
        "AUD-1",
        "audit log retention of a month",
        put("aws_cloudwatch_log_group", "observability/trail-log", "retention_in_days", 30),
    ),
    mutant(
        "AUD-1", "audit log without immutability", remove("aws_s3_bucket_object_lock_configuration", "lake/audit/lock")
    ),
    mutant(
        "AUD-1",
        "short audit log immutability",
        put("aws_s3_bucket_object_lock_configuration", "lake/audit/lock", "rule.default_retention.days", 30),
    ),
    mutant("AUD-2", "threat detection disabled", put("aws_guardduty_detector", "audit/detector", "enable", False)),
    mutant(
        "AUD-2",
        "cluster without threat detection",
        put("aws_guardduty_detector_feature", "audit/eks-audit-logs", "status", "DISABLED"),
    ),
    mutant("AUD-2", "no notification of findings", remove("aws_cloudwatch_event_target", "audit/findings-to-people")),
    mutant(
        "AUD-3",
        "configuration recorder stopped",
        put("aws_config_configuration_recorder_status", "audit/recording", "is_enabled", False),
    ),
    mutant(
        "AUD-3",
        "configuration recorder for some types only",
        put("aws_config_configuration_recorder", "audit/recorder", "recording_group.all_supported", False),
    ),
    mutant("AUD-3", "missing Config rule", remove("aws_config_config_rule", "audit/encrypted-volumes")),
    mutant(
        "AUD-3",
        "configuration history in another bucket",
        put("aws_config_delivery_channel", "audit/history", "s3_bucket_name", "elsewhere"),
    ),
]
