"""Logs, alarms and audit (OBS-1 to OBS-5, AUD-1 to AUD-6)."""

from dataclasses import replace

from tests.assurance.mutants import Mutant, drop, every, inside, mutant, point, put, remove, words

TRAIL = ("aws_cloudtrail", "audit/trail")
LOGS_KEY = ("aws_kms_key", "keys/logs")

_AWAY = "audit/recovery"
_RECOVERY = [
    mutant("AUD-4", "recovery region without a detector", remove("aws_guardduty_detector", f"{_AWAY}/detector")),
    mutant(
        "AUD-4",
        "recovery region without detection in buckets",
        put("aws_guardduty_detector_feature", f"{_AWAY}/s3-data-events", "status", "DISABLED"),
    ),
    mutant(
        "AUD-4",
        "recorder of the recovery region stopped",
        put("aws_config_configuration_recorder_status", f"{_AWAY}/recording", "is_enabled", False),
    ),
    mutant(
        "AUD-4",
        "rule missing in the recovery region",
        remove("aws_config_config_rule", f"{_AWAY}/rds-storage-encrypted"),
    ),
    mutant("AUD-4", "recovery region without Security Hub", remove("aws_securityhub_account", f"{_AWAY}/security-hub")),
    mutant(
        "AUD-4",
        "recovery region without a baseline",
        remove("aws_securityhub_standards_subscription", f"{_AWAY}/cis-aws-foundations-benchmark"),
    ),
    mutant(
        "AUD-4",
        "recovery region without an analyzer",
        remove("aws_accessanalyzer_analyzer", f"{_AWAY}/outside-access"),
    ),
    mutant(
        "AUD-4", "second detector of the home region", drop("aws_guardduty_detector", f"{_AWAY}/detector", "provider")
    ),
    mutant(
        "AUD-4",
        "disks of the recovery region not encrypted by default",
        remove("aws_ebs_encryption_by_default", "governance/recovery/disk-encryption"),
    ),
    mutant(
        "AUD-4",
        "snapshots of the recovery region may be shared",
        remove("aws_ebs_snapshot_block_public_access", "governance/recovery/snapshots"),
    ),
    mutant(
        "AUD-4",
        "machines of the recovery region with IMDSv1",
        put("aws_ec2_instance_metadata_defaults", "governance/recovery/instance-metadata", "http_tokens", "optional"),
    ),
    mutant(
        "AUD-4",
        "copies of images not scanned",
        put("aws_ecr_registry_scanning_configuration", "registry/scanning-recovery", "scan_type", "BASIC"),
    ),
]
_RECOVERY = [replace(each, environments=("prod",)) for each in _RECOVERY]
"""Dev has no recovery region."""


def _rule(name: str, error: str, **only: str) -> Mutant:
    return mutant("AUD-5", error, put("aws_cloudwatch_event_rule", f"audit/{name}", "state", "DISABLED"), **only)


_FINDINGS = [
    mutant("AUD-5", "no notification of findings", remove("aws_cloudwatch_event_target", "audit/findings-to-people")),
    *(
        _rule(f"{kind}-findings", f"{kind} findings not sent")
        for kind in ("control", "access", "compliance", "vulnerability", "image", "data")
    ),
    _rule("recovery/control-findings", "findings of the recovery region not sent", only="prod"),
    mutant(
        "AUD-5",
        "findings of the recovery region without a target",
        remove("aws_cloudwatch_event_target", f"{_AWAY}/findings-home"),
        only="prod",
    ),
    mutant(
        "AUD-5",
        "findings of the recovery region sent without a role",
        drop("aws_cloudwatch_event_target", f"{_AWAY}/findings-home", "role_arn"),
        only="prod",
    ),
    mutant(
        "AUD-5",
        "findings of the recovery region sent without permission",
        remove("aws_iam_role_policy", f"{_AWAY}/sender-send"),
        only="prod",
    ),
    mutant(
        "AUD-5",
        "failed controls of one severity only",
        inside(
            "aws_cloudwatch_event_rule",
            "audit/control-findings",
            "event_pattern",
            lambda pattern: pattern["detail"]["findings"]["Severity"].update(Label=["CRITICAL"]),
        ),
    ),
]
_METRICS = (
    "sign-in-without-mfa sign-in-failed trail-stopped configuration-record-changed detectors-changed keys-disabled"
    " identities-changed buckets-changed security-groups-changed access-lists-changed gateways-changed routes-changed"
    " networks-changed event-rules-changed root-used api-denials"
)
_CHANGES = [
    *(
        mutant(
            "AUD-6",
            f"{name} not counted",
            put("aws_cloudwatch_log_metric_filter", f"alarms/{name}-count", "pattern", "x"),
        )
        for name in _METRICS.split()
    ),
    mutant(
        "AUD-6",
        "keys disabled without an alarm",
        remove("aws_cloudwatch_metric_alarm", "alarms/keys-disabled-critical"),
    ),
    mutant(
        "AUD-6",
        "changes of routes without an alarm",
        put("aws_cloudwatch_metric_alarm", "alarms/routes-changed-warning", "alarm_actions", []),
    ),
    mutant(
        "AUD-6",
        "changes of policies alarm late",
        put("aws_cloudwatch_metric_alarm", "alarms/identities-changed-warning", "threshold", 100),
    ),
    mutant(
        "AUD-6",
        "narrowed trail not counted",
        put(
            "aws_cloudwatch_log_metric_filter",
            "alarms/trail-stopped-count",
            "pattern",
            '{ ($.eventSource = "cloudtrail.amazonaws.com") && (($.eventName = "StopLogging")'
            ' || ($.eventName = "DeleteTrail")) }',
        ),
    ),
]

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
    mutant("OBS-5", "no events of the database", remove("aws_db_event_subscription", "database/events")),
    mutant(
        "OBS-5",
        "failovers not sent",
        put("aws_db_event_subscription", "database/events", "event_categories", ["maintenance"]),
    ),
    mutant(
        "OBS-5",
        "events of another instance",
        put("aws_db_event_subscription", "database/events", "source_ids", ["other"]),
    ),
    mutant(
        "OBS-5",
        "events to an unknown topic",
        put("aws_db_event_subscription", "database/events", "sns_topic", "arn:aws:sns:eu-central-1:1:other"),
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
        "copies of a layer missing in the trail",
        drop(*TRAIL, "advanced_event_selector.1.field_selector.2.starts_with.7"),
        only="prod",
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
    mutant(
        "AUD-3",
        "configuration recorder with another role",
        put("aws_config_configuration_recorder", "audit/recorder", "role_arn", "arn:aws:iam::1:role/other"),
    ),
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
    *_RECOVERY,
    *_FINDINGS,
    *_CHANGES,
]
