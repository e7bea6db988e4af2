"""Checks of CloudTrail, GuardDuty, Config, the recovery region, findings and changes (AUD-1 to AUD-6)."""

from collections.abc import Iterator, Sequence
from typing import Any

from terrace.assurance.evaluation import NotRequired, Observation, at_least, check, empty, equal, includes
from terrace.aws import names
from terrace.capabilities.spec import LAYERS
from terrace.live.aws import events, keys, lake, logs
from terrace.live.aws.checks import Deployment

_FEATURES = ("S3_DATA_EVENTS", "EKS_AUDIT_LOGS", "RDS_LOGIN_EVENTS")
_BASELINE = (
    "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED", "S3_BUCKET_SSL_REQUESTS_ONLY", "ENCRYPTED_VOLUMES",
    "RDS_STORAGE_ENCRYPTED", "RDS_INSTANCE_PUBLIC_ACCESS_CHECK", "EKS_SECRETS_ENCRYPTED",
    "CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED", "VPC_DEFAULT_SECURITY_GROUP_CLOSED", "REQUIRED_TAGS",
)  # fmt: skip
"""The rules that every deployment needs; it may have more."""
_STANDARDS = ("aws-foundational-security-best-practices", "cis-aws-foundations-benchmark")
_SOURCES = {
    "findings": "aws.guardduty", "control-findings": "aws.securityhub", "access-findings": "aws.access-analyzer",
    "compliance-findings": "aws.config", "vulnerability-findings": "aws.inspector2", "image-findings": "aws.ecr",
    "data-findings": "aws.macie",
}  # fmt: skip
"""Event rules to the detectors whose findings they send."""
_CHANGES = {
    "RootUsed": "Root", "SignInWithoutMfa": "ConsoleLogin IAMUser", "SignInFailed": "ConsoleLogin",
    "ApiDenials": "AccessDenied* *UnauthorizedOperation",
    "TrailStopped": "DeleteTrail StopLogging UpdateTrail PutEventSelectors",
    "ConfigurationRecordChanged": "StopConfigurationRecorder DeleteDeliveryChannel PutConfigurationRecorder",
    "DetectorsChanged": "DeleteDetector DisableSecurityHub DeleteAlarms DeleteMetricFilter",
    "EventRulesChanged": "DeleteRule DisableRule", "KeysDisabled": "DisableKey ScheduleKeyDeletion",
    "IdentitiesChanged": "PutRolePolicy AttachRolePolicy CreatePolicyVersion UpdateAssumeRolePolicy",
    "BucketsChanged": "PutBucketPolicy PutBucketAcl PutBucketPublicAccessBlock",
    "SecurityGroupsChanged": "AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress ModifySecurityGroupRules",
    "AccessListsChanged": "CreateNetworkAclEntry ReplaceNetworkAclEntry", "RoutesChanged": "CreateRoute ReplaceRoute",
    "GatewaysChanged": "AttachInternetGateway CreateCustomerGateway",
    "NetworksChanged": "CreateVpc CreateVpcPeeringConnection AcceptVpcPeeringConnection",
}  # fmt: skip
"""Metrics that count changes of security settings, and words that their filters need at least."""


@check("AUD-1")
def recorded(deployment: Deployment) -> Iterator[Observation]:
    resource = f"trail {deployment.prefix}"
    trail = deployment.call("cloudtrail", "get_trail", Name=names.trail_arn(deployment.target))["Trail"]
    yield equal(resource, "IsMultiRegionTrail", trail.get("IsMultiRegionTrail"), True)
    yield equal(resource, "IncludeGlobalServiceEvents", trail.get("IncludeGlobalServiceEvents"), True)
    yield equal(resource, "LogFileValidationEnabled", trail.get("LogFileValidationEnabled"), True)
    yield equal(resource, "S3BucketName", trail.get("S3BucketName"), names.bucket(deployment.target, "audit"))
    yield keys.used(deployment, resource, "KmsKeyId", trail.get("KmsKeyId"), "audit")
    status = deployment.call("cloudtrail", "get_trail_status", Name=names.trail_arn(deployment.target))
    yield equal(resource, "IsLogging", status.get("IsLogging"), True)
    selectors = deployment.call("cloudtrail", "get_event_selectors", TrailName=names.trail_arn(deployment.target))
    chosen = [_fields(selector) for selector in selectors.get("AdvancedEventSelectors", [])]
    yield equal(
        resource, "management events", any("Management" in fields.get("eventCategory", []) for fields in chosen), True
    )
    read = [
        arn
        for fields in chosen
        if "AWS::S3::Object" in fields.get("resources.type", [])
        for arn in fields.get("resources.ARN", [])
    ]
    copies = (False, True) if deployment.environment.lake.replicate else (False,)
    layers = [f"{names.bucket_arn(deployment.target, layer, recovery=copy)}/" for copy in copies for layer in LAYERS]
    yield includes(resource, "recorded objects", [arn.rstrip("*") for arn in read], layers)
    days = deployment.environment.audit.retention_days
    yield logs.kept(deployment, "trail", days)
    yield from lake.lock(deployment, "audit")


def _fields(selector: dict[str, Any]) -> dict[str, list[str]]:
    return {
        field["Field"]: [*field.get("Equals", []), *field.get("StartsWith", [])] for field in selector["FieldSelectors"]
    }


@check("AUD-2")
def threats_looked_for(deployment: Deployment) -> Iterator[Observation]:
    yield from _detects(deployment, deployment.target.region)


def _detects(deployment: Deployment, region: str) -> Iterator[Observation]:
    detectors = deployment.pages("guardduty", "list_detectors", "DetectorIds", region=region)
    yield at_least(f"GuardDuty in {region}", "detectors", len(detectors), 1)
    for detector in detectors:
        found = deployment.call("guardduty", "get_detector", region=region, DetectorId=detector)
        yield equal(f"detector {detector}", "Status", found.get("Status"), "ENABLED")
        on = [feature["Name"] for feature in found.get("Features", []) if feature.get("Status") == "ENABLED"]
        yield includes(f"detector {detector}", "features", on, _FEATURES)


@check("AUD-3")
def compared(deployment: Deployment) -> Iterator[Observation]:
    yield from _compares(deployment, deployment.target.region, _BASELINE)


def _compares(deployment: Deployment, region: str, baseline: Sequence[str]) -> Iterator[Observation]:
    # an account has one recorder in a region, of any environment
    resource = f"Config in {region}"
    recorders = deployment.call("config", "describe_configuration_recorders", region=region)["ConfigurationRecorders"]
    everything = [one for one in recorders if one.get("recordingGroup", {}).get("allSupported")]
    yield at_least(resource, "recorders of all resource types", len(everything), 1)
    for one in everything:
        linked = "/aws-service-role/config.amazonaws.com/" in one.get("roleARN", "")
        yield equal(resource, "records with the service-linked role", linked, True)
    states = deployment.call("config", "describe_configuration_recorder_status", region=region)
    stopped = [one["name"] for one in states["ConfigurationRecordersStatus"] if not one["recording"]]
    yield empty(resource, "stopped recorders", stopped)
    channels = deployment.call("config", "describe_delivery_channels", region=region)["DeliveryChannels"]
    yield at_least(resource, "delivery channels", len(channels), 1)
    rules = deployment.pages("config", "describe_config_rules", "ConfigRules", region=region)
    active = [rule["Source"]["SourceIdentifier"] for rule in rules if rule.get("ConfigRuleState", "ACTIVE") == "ACTIVE"]
    yield includes(resource, "rules", active, baseline)


@check("AUD-4")
def recovery_watched(deployment: Deployment) -> Iterator[Observation]:
    region = deployment.target.recovery_region
    if not region:
        raise NotRequired("recovery_region is not set")
    yield from _detects(deployment, region)
    yield from _compares(deployment, region, [rule for rule in _BASELINE if rule != "EKS_SECRETS_ENCRYPTED"])
    hub = f"Security Hub in {region}"
    found = deployment.call("securityhub", "get_enabled_standards", region=region)["StandardsSubscriptions"]
    standards = [one["StandardsArn"].partition("standards/")[2].partition("/")[0] for one in found]
    yield includes(hub, "standards", standards, _STANDARDS)
    analyzers = deployment.pages("accessanalyzer", "list_analyzers", "analyzers", region=region, type="ACCOUNT")
    active = [one["name"] for one in analyzers if one.get("status") == "ACTIVE"]
    yield at_least(f"Access Analyzer in {region}", "analyzers of the account", len(active), 1)
    account = f"account in {region}"
    disks = deployment.call("ec2", "get_ebs_encryption_by_default", region=region)
    yield equal(account, "EbsEncryptionByDefault", disks.get("EbsEncryptionByDefault"), True)
    snapshots = deployment.call("ec2", "get_snapshot_block_public_access_state", region=region)
    yield equal(account, "snapshot block public access", snapshots.get("State"), "block-all-sharing")
    machines = deployment.call("ec2", "get_instance_metadata_defaults", region=region).get("AccountLevel", {})
    yield equal(account, "HttpTokens", machines.get("HttpTokens"), "required")


@check("AUD-5")
def findings_sent(deployment: Deployment) -> Iterator[Observation]:
    critical = names.topic_arn(deployment.target, "critical")
    bus = names.arn(deployment.target, "events", "event-bus/default")
    regions = {deployment.target.region: critical}
    if deployment.target.recovery_region:
        regions[deployment.target.recovery_region] = bus
    for region, destination in regions.items():
        for name, source in _SOURCES.items():
            yield from events.sent(deployment, f"{deployment.prefix}-{name}", source, destination, region)


@check("AUD-6")
def changes_alarm(deployment: Deployment) -> Iterator[Observation]:
    group = names.log_group(deployment.target, "trail")
    filters = deployment.pages("logs", "describe_metric_filters", "metricFilters", logGroupName=group)
    patterns = {
        transformation["metricName"]: str(entry.get("filterPattern", ""))
        for entry in filters
        for transformation in entry["metricTransformations"]
        if transformation["metricNamespace"] == names.metric_namespace(deployment.target)
    }
    for metric, words in _CHANGES.items():
        counted = [word for word in words.split() if f'"{word}"' in patterns.get(metric, "")]
        yield includes(f"records counted as {metric}", "counted", counted, words.split())
    alarms = deployment.pages(
        "cloudwatch", "describe_alarms", "MetricAlarms",
        AlarmNamePrefix=f"{deployment.prefix}-", AlarmTypes=["MetricAlarm"],
    )  # fmt: skip
    topics = {names.topic_arn(deployment.target, severity) for severity in ("warning", "critical")}
    notifying = [
        alarm.get("MetricName")
        for alarm in alarms
        if alarm.get("ActionsEnabled") and topics & set(alarm.get("AlarmActions", []))
    ]
    yield includes("alarms on changes", "metrics", notifying, _CHANGES)
