"""CloudTrail, GuardDuty and Config (AUD-1 to AUD-3)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.checks import Subject
from terrace.assurance.checks.aws import lake, lookup
from terrace.assurance.evaluation import NotRequired, Observation, check, empty, equal, includes
from terrace.aws import names
from terrace.capabilities.spec import LAYERS

_FEATURES = ("S3_DATA_EVENTS", "EKS_AUDIT_LOGS", "RDS_LOGIN_EVENTS", "RUNTIME_MONITORING", "EBS_MALWARE_PROTECTION")
_BASELINE = (
    "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED", "S3_BUCKET_SSL_REQUESTS_ONLY", "ENCRYPTED_VOLUMES",
    "RDS_STORAGE_ENCRYPTED", "RDS_INSTANCE_PUBLIC_ACCESS_CHECK", "EKS_SECRETS_ENCRYPTED",
    "CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED", "VPC_DEFAULT_SECURITY_GROUP_CLOSED", "REQUIRED_TAGS",
)  # fmt: skip
"""The least that configuration is compared with; a deployment may have more rules."""
_ELSEWHERE = "another environment of the account carries it (owns_account)"


@check("AUD-1")
def recorded(stack: Subject) -> Iterator[Observation]:
    trail = stack.view.only("aws_cloudtrail")
    for name in ("is_multi_region_trail", "include_global_service_events", "enable_log_file_validation"):
        yield equal(str(trail), name, trail.get(name), True)
    yield equal(str(trail), "enable_logging", trail.get("enable_logging", True), True)
    yield equal(str(trail), "s3_bucket_name", trail.get("s3_bucket_name"), names.bucket(stack.target, "audit"))
    yield lookup.uses(stack, trail, trail.get("kms_key_id"), "kms_key_id", "audit")
    group = f"{names.log_group_arn(stack.target, 'trail')}:*"
    yield equal(str(trail), "cloud_watch_logs_group_arn", trail.get("cloud_watch_logs_group_arn"), group)
    chosen = [_fields(selector) for selector in trail.blocks("advanced_event_selector")]
    all_management = any("Management" in one.get("eventCategory", []) and len(one) == 1 for one in chosen)
    yield equal(str(trail), "every management event", all_management, True)
    read = [
        place
        for one in chosen
        if "AWS::S3::Object" in one.get("resources.type", []) and "readOnly" not in one
        for place in one.get("resources.ARN", [])
    ]
    layers = [f"{names.bucket_arn(stack.target, layer)}/" for layer in LAYERS]
    yield includes(str(trail), "recorded objects", read, layers)


@check("AUD-1")
def unchangeable(stack: Subject) -> Iterator[Observation]:
    days = max(stack.environment.audit.retention_days, 365)
    yield lookup.kept(stack, "trail", days)
    yield from lake.lock(stack, "audit", days)


def _fields(selector: dict[str, Any]) -> dict[str, list[str]]:
    return {
        str(field["field"]): [*(field.get("equals") or []), *(field.get("starts_with") or [])]
        for field in selector.get("field_selector", [])
    }


@check("AUD-2")
def threats_looked_for(stack: Subject) -> Iterator[Observation]:
    if not stack.target.settings.owns_account:
        raise NotRequired(_ELSEWHERE)
    detector = stack.view.only("aws_guardduty_detector")
    yield equal(str(detector), "enable", detector.get("enable"), True)
    features = stack.view.pointing("aws_guardduty_detector_feature", "detector_id", detector)
    on = [str(feature.get("name")) for feature in features if feature.get("status") == "ENABLED"]
    yield includes(str(detector), "features", on, _FEATURES)
    critical = names.topic_arn(stack.target, "critical")
    told = [
        str(stack.view.target(target.get("rule")))
        for target in stack.all("aws_cloudwatch_event_target")
        if target.get("arn") == critical
    ]
    yield includes(str(detector), "findings reach people by", told, ["audit/findings"])


@check("AUD-3")
def compared(stack: Subject) -> Iterator[Observation]:
    if not stack.target.settings.owns_account:
        raise NotRequired(_ELSEWHERE)
    recorder = stack.view.only("aws_config_configuration_recorder")
    yield equal(str(recorder), "all_supported", recorder.get("recording_group.all_supported"), True)
    if stack.environment.audit.continuous_recording:
        frequency = recorder.get("recording_mode.recording_frequency")
        yield equal(str(recorder), "recording_frequency", frequency, "CONTINUOUS")
    states = stack.view.pointing("aws_config_configuration_recorder_status", "name", recorder)
    yield equal(str(recorder), "is recording", [state.get("is_enabled") for state in states], [True])
    channel = stack.view.only("aws_config_delivery_channel")
    yield equal(str(channel), "s3_bucket_name", channel.get("s3_bucket_name"), names.bucket(stack.target, "audit"))
    rules = [str(rule.get("source.source_identifier")) for rule in stack.all("aws_config_config_rule")]
    yield includes("configuration", "rules", rules, _BASELINE)
    yield empty("configuration", "rules twice", sorted({rule for rule in rules if rules.count(rule) > 1}))
