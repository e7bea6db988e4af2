"""CloudTrail, GuardDuty, Config, the recovery region, findings and changes (AUD-1 to AUD-6)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from terrace.assurance.checks import Subject
from terrace.assurance.checks.aws import lake, lookup
from terrace.assurance.evaluation import NotRequired, Observation, at_most, check, empty, equal, includes
from terrace.assurance.view import Resource
from terrace.aws import names
from terrace.capabilities.signals import TOLERATED_DENIALS
from terrace.capabilities.spec import LAYERS

_FEATURES = ("S3_DATA_EVENTS", "EKS_AUDIT_LOGS", "RDS_LOGIN_EVENTS", "RUNTIME_MONITORING", "EBS_MALWARE_PROTECTION")
_OBJECT_FIELDS = {"eventCategory", "resources.type", "resources.ARN"}
"""The fields that select objects of buckets, without a restriction to certain callers."""
_DETAILS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "findings": ("aws.guardduty", "GuardDuty Finding", {"severity": [{"numeric": [">=", 4]}]}),
    "control-findings": (
        "aws.securityhub", "Security Hub Findings - Imported",
        {"findings": {
            "ProductName": [{"anything-but": ["GuardDuty", "IAM Access Analyzer", "Inspector", "Macie"]}],
            "RecordState": ["ACTIVE"], "Severity": {"Label": ["HIGH", "CRITICAL"]}, "Workflow": {"Status": ["NEW"]},
        }},
    ),
    "access-findings": ("aws.access-analyzer", "Access Analyzer Finding", {"status": ["ACTIVE"]}),
    "compliance-findings": (
        "aws.config", "Config Rules Compliance Change", {"newEvaluationResult": {"complianceType": ["NON_COMPLIANT"]}},
    ),
    "vulnerability-findings": (
        "aws.inspector2", "Inspector2 Finding", {"severity": ["HIGH", "CRITICAL"], "status": ["ACTIVE"]},
    ),
    "image-findings": (
        "aws.ecr", "ECR Image Scan",
        {"finding-severity-counts": {"$or": [{"HIGH": [{"exists": True}]}, {"CRITICAL": [{"exists": True}]}]}},
    ),
    "data-findings": ("aws.macie", "Macie Finding", {"severity": {"description": ["Medium", "High"]}}),
}  # fmt: skip
"""The findings that people see, by rule: source, kind and detail of their events. The four products of the second rule
have a rule of their own. Source: each service's page on Amazon EventBridge; GuardDuty User Guide, "Severity levels"."""
_BASELINE = (
    "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED", "S3_BUCKET_SSL_REQUESTS_ONLY", "ENCRYPTED_VOLUMES",
    "RDS_STORAGE_ENCRYPTED", "RDS_INSTANCE_PUBLIC_ACCESS_CHECK", "EKS_SECRETS_ENCRYPTED",
    "CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED", "VPC_DEFAULT_SECURITY_GROUP_CLOSED", "REQUIRED_TAGS",
)  # fmt: skip
"""The minimum set of Config rules; a deployment may have more."""
_EVERYWHERE = tuple(rule for rule in _BASELINE if rule != "EKS_SECRETS_ENCRYPTED")
"""The rules of the recovery region, which has no cluster."""
_STANDARDS = ("aws-foundational-security-best-practices", "cis-aws-foundations-benchmark")
_CALL = re.compile(r'\$\.eventName = "(\w+)"')
_LONGEST_PATTERN = 1024
"""Source: CloudWatch Logs API Reference, PutMetricFilter."""
_NO_REGION = "recovery_region is not set"
_NOT_OWNED = "owns_account is false; another environment manages the account"


@check("AUD-1")
def all_calls_logged(stack: Subject) -> Iterator[Observation]:
    trail = stack.one("aws_cloudtrail", "audit/trail")
    for name in ("is_multi_region_trail", "include_global_service_events", "enable_log_file_validation"):
        yield equal(str(trail), name, trail.get(name), True)
    yield equal(str(trail), "enable_logging", trail.get("enable_logging", True), True)
    yield equal(str(trail), "s3_bucket_name", trail.get("s3_bucket_name"), names.bucket(stack.target, "audit"))
    yield lookup.uses(stack, trail, trail.get("kms_key_id"), "kms_key_id", "audit")
    group = f"{names.log_group_arn(stack.target, 'trail')}:*"
    yield equal(str(trail), "cloud_watch_logs_group_arn", trail.get("cloud_watch_logs_group_arn"), group)
    selectors = [_fields(selector) for selector in trail.blocks("advanced_event_selector")]
    all_management = any(one == {"eventCategory": ["Management"]} for one in selectors)
    yield equal(str(trail), "selects all management events", all_management, True)
    object_arns = [
        arn
        for one in selectors
        if "AWS::S3::Object" in one.get("resources.type", []) and set(one) == _OBJECT_FIELDS
        for arn in one.get("resources.ARN", [])
    ]
    regions = (False, True) if stack.environment.lake.replicate else (False,)
    layers = [f"{names.bucket_arn(stack.target, layer, recovery=copy)}/" for copy in regions for layer in LAYERS]
    yield includes(str(trail), "data event resources", object_arns, layers)


@check("AUD-1")
def log_immutable(stack: Subject) -> Iterator[Observation]:
    retention_days = max(stack.environment.audit.retention_days, 365)
    yield lookup.retained(stack, "trail", retention_days)
    yield from lake.lock(stack, "audit", retention_days)


def _fields(selector: dict[str, Any]) -> dict[str, list[str]]:
    return {
        str(field["field"]): [*(field.get("equals") or []), *(field.get("starts_with") or [])]
        if not {key for key, value in field.items() if value} - {"field", "equals", "starts_with"}
        else ["excludes some"]
        for field in selector.get("field_selector", [])
    }


@check("AUD-2")
def threat_detection_enabled(stack: Subject) -> Iterator[Observation]:
    if not stack.target.settings.owns_account:
        raise NotRequired(_NOT_OWNED)
    yield from _detects(stack, "audit")


def _detects(stack: Subject, under: str) -> Iterator[Observation]:
    """The detector of a region: its construct is below `under`."""
    detector = stack.one("aws_guardduty_detector", f"{under}/detector")
    yield equal(str(detector), "enable", detector.get("enable"), True)
    features = stack.view.pointing("aws_guardduty_detector_feature", "detector_id", detector)
    on = [str(feature.get("name")) for feature in features if feature.get("status") == "ENABLED"]
    yield includes(str(detector), "features", on, _FEATURES)
    frequency = detector.get("finding_publishing_frequency")
    yield equal(str(detector), "finding_publishing_frequency", frequency, "FIFTEEN_MINUTES")
    for feature in features:
        agents = {one.get("name"): one.get("status") for one in feature.blocks("additional_configuration")}
        if feature.get("name") == "RUNTIME_MONITORING":
            yield equal(str(feature), "EKS_ADDON_MANAGEMENT", agents.get("EKS_ADDON_MANAGEMENT"), "ENABLED")


@check("AUD-3")
def configuration_baseline(stack: Subject) -> Iterator[Observation]:
    if not stack.target.settings.owns_account:
        raise NotRequired(_NOT_OWNED)
    yield from _compares(stack, "audit", _BASELINE)


def _compares(stack: Subject, under: str, baseline: Sequence[str]) -> Iterator[Observation]:
    """The record of configuration of a region and the rules that evaluate it: their constructs are below `under`."""
    recorder = stack.one("aws_config_configuration_recorder", f"{under}/recorder")
    yield equal(str(recorder), "all_supported", recorder.get("recording_group.all_supported"), True)
    role = stack.view.target(recorder.get("role_arn"))
    linked = role is not None and role.type == "aws_iam_service_linked_role"
    service = role.get("aws_service_name") if role is not None and linked else None
    yield equal(str(recorder), "service of the linked role", service, "config.amazonaws.com")
    if stack.environment.audit.continuous_recording:
        frequency = recorder.get("recording_mode.recording_frequency")
        yield equal(str(recorder), "recording_frequency", frequency, "CONTINUOUS")
    excluding = ("recording_group.exclusion_by_resource_types", "recording_mode.recording_mode_override")
    yield from lookup.unnarrowed(recorder, *excluding)
    for hub in _of(stack, "aws_securityhub_account", under):
        yield equal(str(hub), "auto_enable_controls", hub.get("auto_enable_controls", True), True)
    states = stack.view.pointing("aws_config_configuration_recorder_status", "name", recorder)
    yield equal(str(recorder), "recorder is_enabled", [state.get("is_enabled") for state in states], [True])
    channel = stack.one("aws_config_delivery_channel", f"{under}/history")
    yield equal(str(channel), "s3_bucket_name", channel.get("s3_bucket_name"), names.bucket(stack.target, "audit"))
    found = _of(stack, "aws_config_config_rule", under)
    for rule in found:
        yield from lookup.unnarrowed(rule, "scope")
    rules = [str(rule.get("source.source_identifier")) for rule in found]
    yield includes("configuration", "rules", rules, baseline)
    yield empty("configuration", "duplicate rules", sorted({rule for rule in rules if rules.count(rule) > 1}))


def _of(stack: Subject, type: str, under: str) -> list[Resource]:
    """The resources of a type in the region of a construct: those of the recovery region are below audit/recovery, and
    all others count for the home region."""
    recovery = under == "audit/recovery"
    return [one for one in stack.all(type) if one.path.startswith("audit/recovery/") is recovery]


@check("AUD-4")
def recovery_region_watched(stack: Subject) -> Iterator[Observation]:
    if not stack.target.recovery_region:
        raise NotRequired(_NO_REGION)
    if not stack.target.settings.owns_account:
        raise NotRequired(_NOT_OWNED)
    under = "audit/recovery"
    yield from _detects(stack, under)
    yield from _compares(stack, under, _EVERYWHERE)
    hub = stack.one("aws_securityhub_account", f"{under}/security-hub")
    standards = [str(one.get("standards_arn")) for one in _of(stack, "aws_securityhub_standards_subscription", under)]
    region = stack.target.recovery_region
    for standard in _STANDARDS:
        there = any(f":{region}::standards/{standard}/" in arn for arn in standards)
        yield equal(str(hub), f"subscribes to {standard}", there, True)
    analyzer = stack.one("aws_accessanalyzer_analyzer", f"{under}/outside-access")
    yield equal(str(analyzer), "type", analyzer.get("type", "ACCOUNT"), "ACCOUNT")
    disks = stack.one("aws_ebs_encryption_by_default", "governance/recovery/disk-encryption")
    yield equal(str(disks), "enabled", disks.get("enabled", True), True)
    snapshots = stack.one("aws_ebs_snapshot_block_public_access", "governance/recovery/snapshots")
    yield equal(str(snapshots), "state", snapshots.get("state"), "block-all-sharing")
    machines = stack.one("aws_ec2_instance_metadata_defaults", "governance/recovery/instance-metadata")
    yield equal(str(machines), "http_tokens", machines.get("http_tokens"), "required")
    scanning = []  # of an existing registry, its owner copies the images and scans the copies
    if not stack.target.existing.registry:
        scanning = [stack.one("aws_ecr_registry_scanning_configuration", "registry/scanning-recovery")]
    continuous = stack.environment.registry.scanning == "continuous"
    for images in scanning:
        yield equal(str(images), "scan_type", images.get("scan_type"), "ENHANCED" if continuous else "BASIC")
        frequencies = [rule.get("scan_frequency") for rule in images.blocks("rule")]
        yield equal(str(images), "scan_frequency", frequencies, ["CONTINUOUS_SCAN" if continuous else "SCAN_ON_PUSH"])
    for one in (*stack.view.under(under), disks, snapshots, machines, *scanning):
        if not one.type.startswith("aws_iam_"):
            yield equal(str(one), "provider", one.get("provider"), "aws.recovery")


@check("AUD-5")
def findings_sent(stack: Subject) -> Iterator[Observation]:
    if not stack.target.settings.owns_account:
        raise NotRequired(_NOT_OWNED)
    critical = names.topic_arn(stack.target, "critical")
    for name in _DETAILS:
        rule = stack.one("aws_cloudwatch_event_rule", f"audit/{name}")
        yield _matches(stack, rule, name)
        yield from lookup.sends(stack, rule, critical)
    if stack.target.recovery_region:
        bus = names.arn(stack.target, "events", "event-bus/default")
        for name in _DETAILS:
            rule = stack.one("aws_cloudwatch_event_rule", f"audit/recovery/{name}")
            yield equal(str(rule), "provider", rule.get("provider"), "aws.recovery")
            yield _matches(stack, rule, name)
            yield from lookup.sends(stack, rule, bus)
            for one in stack.view.pointing("aws_cloudwatch_event_target", "rule", rule):
                yield equal(str(one), "role_arn", str(stack.view.target(one.get("role_arn"))), "audit/recovery/sender")
        sender = stack.one("aws_iam_role", "audit/recovery/sender")
        sends = any(
            lookup.allows(one, "events:PutEvents") and bus in lookup.values(one.get("Resource"))
            for policy in stack.view.pointing("aws_iam_role_policy", "role", sender)
            for one in lookup.statements(policy.get("policy") or {})
        )
        yield equal(str(sender), f"allows events:PutEvents on {bus}", sends, True)
    yield empty("account", "filters that archive findings", [str(one) for one in _archiving(stack)])


def _matches(stack: Subject, rule: Resource, name: str) -> Observation:
    """Whether a rule matches the findings of its name."""
    source, kind, detail = _DETAILS[name]
    if name == "compliance-findings":  # Security Hub's own rules are among its findings
        detail = {**detail, "configRuleName": [{"prefix": f"{stack.target.prefix}-"}]}
    expected = {"source": [source], "detail-type": [kind], "detail": detail}
    return equal(str(rule), "event_pattern", rule.get("event_pattern"), expected)


def _archiving(stack: Subject) -> list[Resource]:
    types = ("aws_guardduty_filter", "aws_accessanalyzer_archive_rule", "aws_securityhub_automation_rule")
    return [one for type in types for one in stack.all(type, or_none=True)]


_CRITICAL_CALLS = {
    "TrailStopped": (
        "cloudtrail", "CreateTrail DeleteTrail PutEventSelectors PutInsightSelectors StartLogging StopLogging"
        " UpdateTrail",
    ),
    "ConfigurationRecordChanged": (
        "config", "DeleteConfigRule DeleteConfigurationRecorder DeleteDeliveryChannel PutConfigurationRecorder"
        " PutDeliveryChannel StopConfigurationRecorder",
    ),
    "DetectorsChanged": (
        "", "BatchDisableStandards CreateArchiveRule CreateFilter DeleteAlarms DeleteAnalyzer DeleteDetector"
        " DeleteFlowLogs DeleteLogGroup DeleteMetricFilter DisableAlarmActions DisableMacie"
        " DisableSecurityHub UpdateDetector",
    ),
    "KeysDisabled": ("kms", "DisableKey ScheduleKeyDeletion"),
}  # fmt: skip
"""Counts of calls that weaken records and keys: an alarm of each severity. The event source, and the calls."""
_CALLS = {
    "EventRulesChanged": ("events", "DeleteRule DisableRule RemoveTargets"),
    "IdentitiesChanged": (
        "iam", "AttachGroupPolicy AttachRolePolicy AttachUserPolicy CreateAccessKey CreateLoginProfile"
        " CreatePolicy CreatePolicyVersion CreateUser DeleteGroupPolicy DeletePolicy DeletePolicyVersion"
        " DeleteRolePermissionsBoundary DeleteRolePolicy DeleteUserPolicy DetachGroupPolicy"
        " DetachRolePolicy DetachUserPolicy PutGroupPolicy PutRolePolicy PutUserPolicy"
        " SetDefaultPolicyVersion UpdateAssumeRolePolicy",
    ),
    "BucketsChanged": (
        "s3", "DeleteAccountPublicAccessBlock DeleteBucketCors DeleteBucketEncryption DeleteBucketLifecycle"
        " DeleteBucketPolicy DeleteBucketPublicAccessBlock DeleteBucketReplication PutAccountPublicAccessBlock"
        " PutBucketAcl PutBucketCors PutBucketLifecycle PutBucketPolicy PutBucketPublicAccessBlock"
        " PutBucketReplication PutBucketVersioning",
    ),
    "SecurityGroupsChanged": (
        "ec2", "AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress CreateSecurityGroup DeleteSecurityGroup"
        " ModifySecurityGroupRules RevokeSecurityGroupEgress RevokeSecurityGroupIngress",
    ),
    "AccessListsChanged": (
        "ec2", "CreateNetworkAcl CreateNetworkAclEntry DeleteNetworkAcl DeleteNetworkAclEntry"
        " ReplaceNetworkAclAssociation ReplaceNetworkAclEntry",
    ),
    "GatewaysChanged": (
        "ec2", "AttachInternetGateway CreateCustomerGateway CreateInternetGateway CreateNatGateway"
        " DeleteCustomerGateway DeleteInternetGateway DeleteNatGateway DetachInternetGateway",
    ),
    "RoutesChanged": (
        "ec2", "CreateRoute CreateRouteTable DeleteRoute DeleteRouteTable DisassociateRouteTable ReplaceRoute"
        " ReplaceRouteTableAssociation",
    ),
    "NetworksChanged": (
        "ec2", "AcceptVpcPeeringConnection CreateVpc CreateVpcEndpoint CreateVpcPeeringConnection DeleteVpc"
        " DeleteVpcEndpoints DeleteVpcPeeringConnection ModifyVpcAttribute ModifyVpcEndpoint"
        " RejectVpcPeeringConnection",
    ),
}  # fmt: skip
"""Counts of other changes, which ordinary applies make too: at least a warning. Source: CIS AWS Foundations Benchmark
3.0.0, 4.4 to 4.14, with calls that have been added to AWS since."""
_USES = {
    "RootUsed": (
        ("critical", "warning"),
        '{ ($.userIdentity.type = "Root") && ($.userIdentity.invokedBy NOT EXISTS)'
        ' && ($.eventType != "AwsServiceEvent") }',
    ),
    "SignInWithoutMfa": (
        ("critical", "warning"),
        '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes")'
        ' && ($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }',
    ),
    "SignInFailed": (
        ("warning",), '{ ($.eventName = "ConsoleLogin") && ($.errorMessage = "Failed authentication") }',
    ),
    "ApiDenials": (
        ("critical", "warning"), '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }',
    ),
}  # fmt: skip
"""Counts of other records: the severities of their alarms, and the pattern. Source: the same, 4.1 to 4.3 and 4.6."""


@check("AUD-6")
def changes_alarmed(stack: Subject) -> Iterator[Observation]:
    group, namespace = names.log_group(stack.target, "trail"), names.metric_namespace(stack.target)
    for metric, (severities, pattern, limit) in _expected_alarms().items():
        counting = [
            one for one in stack.all("aws_cloudwatch_log_metric_filter")
            if one.get("metric_transformation.name") == metric
            and one.get("metric_transformation.namespace") == namespace
        ]  # fmt: skip
        yield equal(f"count {metric}", "filters", len(counting), 1)
        for one in counting:
            yield equal(str(one), "log_group_name", one.get("log_group_name"), group)
            written = _calls(str(one.get("pattern")))
            yield equal(str(one), "pattern", written, _calls(pattern))
            yield at_most(str(one), "characters of the pattern", len(str(one.get("pattern"))), _LONGEST_PATTERN)
            yield equal(str(one), "value", str(one.get("metric_transformation.value")), "1")
            yield from lookup.unnarrowed(one, "metric_transformation.dimensions")
        alarms = [
            one for one in stack.all("aws_cloudwatch_metric_alarm")
            if (one.get("namespace"), one.get("metric_name")) == (namespace, metric)
        ]  # fmt: skip
        notified = [action for one in alarms for action in one.get("alarm_actions", [])]
        expected = [names.topic_arn(stack.target, severity) for severity in severities]
        yield includes(f"alarms on {metric}", "notified topics", notified, expected)
        for alarm in alarms:
            yield equal(str(alarm), "comparison_operator", alarm.get("comparison_operator"), "GreaterThanThreshold")
            yield equal(str(alarm), "statistic", alarm.get("statistic"), "Sum")
            yield at_most(str(alarm), "threshold", alarm.get("threshold"), limit)
            yield equal(str(alarm), "actions_enabled", alarm.get("actions_enabled", True), True)
            periods = alarm.get("evaluation_periods", 0)
            if limit == 0:
                yield equal(str(alarm), "evaluation_periods", periods, 1)
            yield at_most(str(alarm), "datapoints_to_alarm", alarm.get("datapoints_to_alarm", periods), periods)


def _expected_alarms() -> Mapping[str, tuple[Sequence[str], str, int]]:
    """Metric to the severities of its alarms, the pattern of its filter and the number of records that is tolerated."""
    tolerated = {"ApiDenials": TOLERATED_DENIALS}
    table = {name: (who, pattern, tolerated.get(name, 0)) for name, (who, pattern) in _USES.items()}
    for severities, calls in ((("critical", "warning"), _CRITICAL_CALLS), (("warning",), _CALLS)):
        for name, (source, listed) in calls.items():
            any_call = " || ".join(f'($.eventName = "{call}")' for call in listed.split())
            of_source = f'($.eventSource = "{source}.amazonaws.com") && ({any_call})' if source else any_call
            table[name] = (severities, f"{{ {of_source} }}", 0)
    return table


def _calls(pattern: str) -> str:
    """A filter pattern with the calls that it names in alphabetical order: their order has no meaning."""
    named = _CALL.findall(pattern)
    return f"{_CALL.sub('call', pattern)} {' '.join(sorted(named))}" if len(named) > 1 else pattern
