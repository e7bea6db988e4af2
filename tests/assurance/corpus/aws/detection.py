"""Detection: the trail, detectors, event rules, filters, alarms, subscriptions."""

from typing import Any

from tests.assurance.corpus import Danger
from tests.assurance.mutants import Stack, add, body, drop, inside, put, to

TRAIL = ("aws_cloudtrail", "audit/trail")
RULE = ("aws_cloudwatch_event_rule", "audit/findings")
TARGET = ("aws_cloudwatch_event_target", "audit/findings-to-people")
LAKE_FILTER = ("aws_cloudwatch_log_metric_filter", "alarms/lake-denials-count")
ALARM = "aws_cloudwatch_metric_alarm"


def selector(change: Any) -> Any:
    """Change the selectors of the trail's events."""

    def edit(stack: Stack) -> None:
        change(body(stack, *TRAIL)["advanced_event_selector"])

    return edit


def exclude_kms(selectors: list[Any]) -> None:
    selectors[0]["field_selector"].append({"field": "eventSource", "not_equals": ["kms.amazonaws.com"]})


def writes_only(selectors: list[Any]) -> None:
    selectors[1]["field_selector"].append({"field": "readOnly", "equals": ["false"]})


def without_gold(selectors: list[Any]) -> None:
    arns = selectors[1]["field_selector"][2]["starts_with"]
    arns[:] = [arn for arn in arns if "-gold-" not in arn] + ["arn:aws:s3:::dpf-prod-gold-777788889999/nothing/"]


def not_me(selectors: list[Any]) -> None:
    identity = {"field": "userIdentity.arn", "not_starts_with": ["arn:aws:sts::777788889999:assumed-role/dpf"]}
    selectors[1]["field_selector"].append(identity)


DANGERS = [
    Danger("detection", "the event rule of findings is disabled", put(*RULE, "state", "DISABLED"), " ".join(RULE)),
    Danger(
        "detection",
        "the event rule of findings is disabled by the older argument",
        put(*RULE, "is_enabled", False),
        " ".join(RULE),
    ),
    Danger(
        "detection",
        "findings are reported from a severity that GuardDuty does not have",
        inside(
            *RULE, "event_pattern", lambda pattern: pattern["detail"].update({"severity": [{"numeric": [">=", 11]}]})
        ),
        " ".join(RULE),
    ),
    Danger(
        "detection",
        "findings of another service are reported instead",
        inside(*RULE, "event_pattern", lambda pattern: pattern.update({"source": ["aws.health"]})),
        " ".join(RULE),
    ),
    Danger(
        "detection",
        "findings are reported for one account that does not exist",
        inside(*RULE, "event_pattern", lambda pattern: pattern.update({"account": ["000000000000"]})),
        " ".join(RULE),
    ),
    Danger(
        "detection",
        "findings become a text without content",
        put(*TARGET, "input", '"ok"'),
        " ".join(TARGET),
    ),
    Danger(
        "detection",
        "findings are archived before anyone sees them",
        add(
            "aws_guardduty_filter",
            "audit/quiet",
            {
                "name": "quiet",
                "action": "ARCHIVE",
                "rank": 1,
                "detector_id": to("aws_guardduty_detector", "audit/detector", "id"),
                "finding_criteria": {"criterion": [{"field": "severity", "greater_than_or_equal": "1"}]},
            },
        ),
        "aws_guardduty_filter audit/quiet",
    ),
    Danger(
        "detection",
        "an address of an attacker is trusted by threat detection",
        add(
            "aws_guardduty_ipset",
            "audit/trusted",
            {
                "activate": True,
                "format": "TXT",
                "location": "https://s3.amazonaws.com/x/list.txt",
                "name": "trusted",
                "detector_id": to("aws_guardduty_detector", "audit/detector", "id"),
            },
        ),
        "aws_guardduty_ipset audit/trusted",
    ),
    Danger(
        "detection",
        "findings wait for six hours",
        put("aws_guardduty_detector", "audit/detector", "finding_publishing_frequency", "SIX_HOURS"),
        "aws_guardduty_detector audit/detector",
    ),
    Danger(
        "detection",
        "runtime monitoring has no agent on the nodes",
        put(
            "aws_guardduty_detector_feature",
            "audit/runtime-monitoring",
            "additional_configuration.0.status",
            "DISABLED",
        ),
        "aws_guardduty_detector_feature audit/runtime-monitoring",
    ),
    Danger("detection", "the trail does not log", put(*TRAIL, "enable_logging", False), " ".join(TRAIL)),
    Danger("detection", "the trail leaves out calls of KMS", selector(exclude_kms), " ".join(TRAIL)),
    Danger("detection", "the trail leaves out reads of the lake", selector(writes_only), " ".join(TRAIL)),
    Danger("detection", "the trail leaves out gold", selector(without_gold), " ".join(TRAIL)),
    Danger("detection", "the trail leaves out the platform's own identities", selector(not_me), " ".join(TRAIL)),
    Danger(
        "detection",
        "the recorder leaves out security groups and roles",
        put(
            "aws_config_configuration_recorder",
            "audit/recorder",
            "recording_group",
            {
                "all_supported": True,
                "exclusion_by_resource_types": [{"resource_types": ["AWS::EC2::SecurityGroup", "AWS::IAM::Role"]}],
                "recording_strategy": [{"use_only": "EXCLUSION_BY_RESOURCE_TYPES"}],
            },
        ),
        "aws_config_configuration_recorder audit/recorder",
    ),
    Danger(
        "detection",
        "the recorder records one type daily",
        put(
            "aws_config_configuration_recorder",
            "audit/recorder",
            "recording_mode.recording_mode_override",
            [{"recording_frequency": "DAILY", "resource_types": ["AWS::EC2::SecurityGroup"]}],
        ),
        "aws_config_configuration_recorder audit/recorder",
    ),
    Danger(
        "detection",
        "a Config rule looks at one resource only",
        put(
            "aws_config_config_rule",
            "audit/encrypted-volumes",
            "scope",
            {"compliance_resource_id": "vol-0", "compliance_resource_types": ["AWS::EC2::Volume"]},
        ),
        "aws_config_config_rule audit/encrypted-volumes",
    ),
    Danger(
        "detection",
        "the access analyzer archives what it finds",
        add(
            "aws_accessanalyzer_archive_rule",
            "audit/archive",
            {
                "analyzer_name": "dpf-prod",
                "rule_name": "all",
                "filter": [{"criteria": "isPublic", "exists": "true"}],
            },
        ),
        "aws_accessanalyzer_archive_rule audit/archive",
    ),
    Danger(
        "detection",
        "Security Hub evaluates nothing",
        put("aws_securityhub_account", "audit/security-hub", "auto_enable_controls", False),
        "aws_securityhub_account audit/security-hub",
    ),
    Danger(
        "detection",
        "the filter for denials in the lake matches nothing",
        put(
            *LAKE_FILTER,
            "pattern",
            '{ ($.eventSource = "s3.amazonaws.com") && ($.errorCode = "AccessDenied") && ($.x = 1) }',
        ),
        " ".join(LAKE_FILTER),
    ),
    Danger(
        "detection",
        "the filter for denials in the lake counts zero",
        put(*LAKE_FILTER, "metric_transformation.value", "0"),
        " ".join(LAKE_FILTER),
    ),
    Danger(
        "detection",
        "the filter for the root user reads another log",
        put(
            "aws_cloudwatch_log_metric_filter",
            "alarms/root-used-count",
            "log_group_name",
            "/terrace/dpf-prod/flow",
        ),
        "aws_cloudwatch_log_metric_filter alarms/root-used-count",
    ),
    Danger(
        "detection",
        "the alarm about a stopped trail has a threshold of 100000",
        put(ALARM, "alarms/trail-stopped-critical", "threshold", 100000),
        f"{ALARM} alarms/trail-stopped-critical",
    ),
    Danger(
        "detection",
        "the alarm about the root user compares the other way round",
        put(ALARM, "alarms/root-used-critical", "comparison_operator", "LessThanThreshold"),
        f"{ALARM} alarms/root-used-critical",
    ),
    Danger(
        "detection",
        "the alarm about the root user takes missing data for trouble and never changes",
        put(ALARM, "alarms/root-used-critical", "datapoints_to_alarm", 12),
        f"{ALARM} alarms/root-used-critical",
    ),
    Danger(
        "detection",
        "the alarm about the database's storage watches another instance",
        put(ALARM, "alarms/database-storage-critical", "dimensions", {"DBInstanceIdentifier": "dpf-dev"}),
        f"{ALARM} alarms/database-storage-critical",
    ),
    Danger(
        "detection",
        "the alarm about the database's storage starts at one byte",
        put(ALARM, "alarms/database-storage-warning", "threshold", 1),
        f"{ALARM} alarms/database-storage-warning",
    ),
    Danger(
        "detection",
        "the alarm about database CPU takes the minimum",
        put(ALARM, "alarms/database-cpu-critical", "statistic", "Minimum"),
        f"{ALARM} alarms/database-cpu-critical",
    ),
    Danger(
        "detection",
        "alarm without a notification",
        put(ALARM, "alarms/nodes-failed-critical", "actions_enabled", False),
        f"{ALARM} alarms/nodes-failed-critical",
    ),
    Danger(
        "detection",
        "the burn rate of the objective is compared with a million",
        put(ALARM, "alarms/objective-fast", "threshold", 1000000),
        f"{ALARM} alarms/objective-fast",
    ),
    Danger(
        "detection",
        "the subscription of the pager passes no message",
        put(
            "aws_sns_topic_subscription",
            "observability/critical-to-pager",
            "filter_policy",
            '{"severity": ["none"]}',
        ),
        "aws_sns_topic_subscription observability/critical-to-pager",
    ),
    Danger(
        "detection",
        "alarms go to a private address as well",
        add(
            "aws_sns_topic_subscription",
            "observability/private",
            {
                "topic_arn": to("aws_sns_topic", "observability/critical", "arn"),
                "protocol": "email",
                "endpoint": "someone@mail.example",
            },
        ),
        "aws_sns_topic_subscription observability/private",
    ),
    Danger(
        "detection",
        "logs are copied to another account",
        add(
            "aws_cloudwatch_log_subscription_filter",
            "observability/copy",
            {
                "name": "copy",
                "log_group_name": "/terrace/dpf-prod/trail",
                "filter_pattern": "",
                "destination_arn": "arn:aws:logs:eu-central-1:999999999999:destination:copy",
            },
        ),
        "aws_cloudwatch_log_subscription_filter observability/copy",
    ),
    Danger(
        "detection",
        "the flow log keeps two fields",
        put("aws_flow_log", "network/flow-log", "log_format", "${version} ${account-id}"),
        "aws_flow_log network/flow-log",
    ),
    Danger(
        "detection",
        "the database's failures are not announced",
        put("aws_db_event_subscription", "database/events", "enabled", False),
        "aws_db_event_subscription database/events",
    ),
    Danger(
        "detection",
        "connections to the database are not logged",
        drop("aws_db_parameter_group", "database/parameters", "parameter.0"),
        "aws_db_parameter_group database/parameters",
    ),
    Danger(
        "detection",
        "findings of the recovery region go to another bus",
        put(
            "aws_cloudwatch_event_target",
            "audit/recovery/findings-home",
            "arn",
            "arn:aws:events:eu-central-1:999999999999:event-bus/default",
        ),
        "aws_cloudwatch_event_rule audit/recovery/findings",
    ),
    Danger(
        "detection",
        "a detector of the recovery region publishes every six hours",
        put("aws_guardduty_detector", "audit/recovery/detector", "finding_publishing_frequency", "SIX_HOURS"),
        "aws_guardduty_detector audit/recovery/detector",
    ),
    Danger(
        "detection",
        "the recorder of the recovery region leaves out keys",
        put(
            "aws_config_configuration_recorder",
            "audit/recovery/recorder",
            "recording_group.exclusion_by_resource_types",
            {"resource_types": ["AWS::KMS::Key"]},
        ),
        "aws_config_configuration_recorder audit/recovery/recorder",
    ),
    Danger(
        "detection",
        "failed controls of one resource only are sent",
        inside(
            "aws_cloudwatch_event_rule",
            "audit/control-findings",
            "event_pattern",
            lambda pattern: pattern["detail"]["findings"].update(Resources={"Id": ["arn:aws:s3:::none"]}),
        ),
        "aws_cloudwatch_event_rule audit/control-findings",
    ),
    Danger(
        "detection",
        "changes of policies are counted for one user",
        put(
            "aws_cloudwatch_log_metric_filter",
            "alarms/identities-changed-count",
            "pattern",
            '{ ($.eventSource = "iam.amazonaws.com") && ($.userIdentity.userName = "no-such-user") }',
        ),
        "aws_cloudwatch_log_metric_filter alarms/identities-changed-count",
    ),
    Danger(
        "detection",
        "the alarm on disabled keys has no actions",
        put(ALARM, "alarms/keys-disabled-critical", "actions_enabled", False),
        f"{ALARM} alarms/keys-disabled-critical",
    ),
    Danger(
        "detection",
        "reads of the copy of bronze are not in the trail",
        selector(lambda selectors: selectors[1]["field_selector"][2]["starts_with"].pop(4)),
        " ".join(TRAIL),
    ),
    Danger(
        "detection",
        "DNS queries are logged in another account",
        put(
            "aws_route53_resolver_query_log_config",
            "network/query-log",
            "destination_arn",
            "arn:aws:logs:eu-central-1:999999999999:log-group:dns",
        ),
        "aws_route53_resolver_query_log_config network/query-log",
    ),
    Danger(
        "detection",
        "the search for sensitive data leaves out objects",
        put(
            "aws_macie2_classification_job",
            "lake/discovery-job",
            "s3_job_definition.scoping",
            {"excludes": {"and": [{"simple_scope_term": {"comparator": "STARTS_WITH", "key": "OBJECT_KEY"}}]}},
        ),
        "aws_macie2_classification_job lake/discovery-job",
    ),
]
