"""Logs, alarms and records (OBS-1 to AUD-3)."""

from tests.assurance.mutants import drop, every, inside, mutant, point, put, remove, words

TRAIL = ("aws_cloudtrail", "audit/trail")
LOGS_KEY = ("aws_kms_key", "keys/logs")

MUTANTS = [
    mutant(
        "OBS-1", "a log in the clear", drop("aws_cloudwatch_log_group", "observability/postgresql-log", "kms_key_id")
    ),
    mutant(
        "OBS-1", "a log hardly kept", put("aws_cloudwatch_log_group", "observability/waf-log", "retention_in_days", 1)
    ),
    mutant(
        "OBS-1",
        "a log without an end",
        drop("aws_cloudwatch_log_group", "observability/hosts-log", "retention_in_days"),
    ),
    mutant("OBS-1", "a log that nobody made", remove("aws_cloudwatch_log_group", "observability/containers-log")),
    mutant("OBS-2", "nobody watches the CPU", remove("aws_cloudwatch_metric_alarm", "alarms/database-cpu-warning")),
    mutant(
        "OBS-2",
        "an alarm that tells nobody",
        put("aws_cloudwatch_metric_alarm", "alarms/database-storage-critical", "alarm_actions", []),
    ),
    mutant(
        "OBS-2",
        "an alarm that is off",
        put("aws_cloudwatch_metric_alarm", "alarms/nodes-memory-warning", "actions_enabled", False),
    ),
    mutant(
        "OBS-2",
        "an alarm that comes too late",
        put("aws_cloudwatch_metric_alarm", "alarms/database-cpu-warning", "threshold", 99),
    ),
    mutant(
        "OBS-2", "refusals are not counted", remove("aws_cloudwatch_log_metric_filter", "alarms/lake-denials-count")
    ),
    mutant(
        "OBS-2",
        "one node of the cache unwatched",
        every(
            [
                remove("aws_cloudwatch_metric_alarm", "alarms/cache-memory-003-warning"),
                remove("aws_cloudwatch_metric_alarm", "alarms/cache-memory-003-critical"),
            ]
        ),
        only="prod",
    ),
    mutant("OBS-3", "nobody hears", remove("aws_sns_topic_subscription", "observability/warning-to-platform")),
    mutant(
        "OBS-3",
        "somebody else hears",
        put("aws_sns_topic_subscription", "observability/critical-to-platform", "endpoint", "x@example.org"),
    ),
    mutant("OBS-3", "messages in the clear", drop("aws_sns_topic", "observability/critical", "kms_master_key_id")),
    mutant(
        "OBS-3",
        "it never becomes critical",
        put("aws_cloudwatch_metric_alarm", "alarms/database-cpu-critical", "evaluation_periods", 288),
    ),
    mutant("OBS-4", "no dashboard", remove("aws_cloudwatch_dashboard", "alarms/dashboard")),
    mutant(
        "OBS-4",
        "a signal is not shown",
        inside(
            "aws_cloudwatch_dashboard",
            "alarms/dashboard",
            "dashboard_body",
            words("FreeStorageSpace", "ReadIOPS"),
        ),
    ),
    mutant(
        "OBS-4",
        "no objective",
        inside("aws_cloudwatch_dashboard", "alarms/dashboard", "dashboard_body", words("99.9 %", "many")),
    ),
    mutant("OBS-4", "the budget burns unseen", remove("aws_cloudwatch_metric_alarm", "alarms/objective-fast")),
    mutant("AUD-1", "one region on record", put(*TRAIL, "is_multi_region_trail", False)),
    mutant("AUD-1", "nobody sees what was changed", put(*TRAIL, "enable_log_file_validation", False)),
    mutant("AUD-1", "the trail stands still", put(*TRAIL, "enable_logging", False)),
    mutant("AUD-1", "the trail under another key", point(*TRAIL, "kms_key_id", LOGS_KEY)),
    mutant("AUD-1", "reads of the lake unrecorded", drop(*TRAIL, "advanced_event_selector.1")),
    mutant(
        "AUD-1",
        "only writes are recorded",
        put(
            *TRAIL,
            "advanced_event_selector.0.field_selector",
            [{"field": "eventCategory", "equals": ["Management"]}, {"field": "readOnly", "equals": ["false"]}],
        ),
    ),
    mutant("AUD-1", "a layer unrecorded", drop(*TRAIL, "advanced_event_selector.1.field_selector.2.starts_with.3")),
    mutant(
        "AUD-1",
        "the record ends in a month",
        put("aws_cloudwatch_log_group", "observability/trail-log", "retention_in_days", 30),
    ),
    mutant("AUD-1", "the record can be changed", remove("aws_s3_bucket_object_lock_configuration", "lake/audit/lock")),
    mutant(
        "AUD-1",
        "the record is locked briefly",
        put("aws_s3_bucket_object_lock_configuration", "lake/audit/lock", "rule.default_retention.days", 30),
    ),
    mutant("AUD-2", "detection is off", put("aws_guardduty_detector", "audit/detector", "enable", False)),
    mutant(
        "AUD-2",
        "the cluster is not watched",
        put("aws_guardduty_detector_feature", "audit/eks-audit-logs", "status", "DISABLED"),
    ),
    mutant("AUD-2", "findings reach nobody", remove("aws_cloudwatch_event_target", "audit/findings-to-people")),
    mutant(
        "AUD-3",
        "the recorder stands still",
        put("aws_config_configuration_recorder_status", "audit/recording", "is_enabled", False),
    ),
    mutant(
        "AUD-3",
        "a part is recorded",
        put("aws_config_configuration_recorder", "audit/recorder", "recording_group.all_supported", False),
    ),
    mutant("AUD-3", "a rule less", remove("aws_config_config_rule", "audit/encrypted-volumes")),
    mutant(
        "AUD-3",
        "the record goes elsewhere",
        put("aws_config_delivery_channel", "audit/history", "s3_bucket_name", "elsewhere"),
    ),
]
