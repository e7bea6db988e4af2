"""Checks of CloudTrail, GuardDuty and Config (AUD-1 to AUD-3)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.evaluation import Observation, at_least, check, empty, equal, includes
from terrace.aws import names
from terrace.capabilities.spec import LAYERS
from terrace.live.aws import keys, lake, logs
from terrace.live.aws.checks import Deployment

_FEATURES = ("S3_DATA_EVENTS", "EKS_AUDIT_LOGS", "RDS_LOGIN_EVENTS")
_BASELINE = (
    "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED", "S3_BUCKET_SSL_REQUESTS_ONLY", "ENCRYPTED_VOLUMES",
    "RDS_STORAGE_ENCRYPTED", "RDS_INSTANCE_PUBLIC_ACCESS_CHECK", "EKS_SECRETS_ENCRYPTED",
    "CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED", "VPC_DEFAULT_SECURITY_GROUP_CLOSED", "REQUIRED_TAGS",
)  # fmt: skip
"""The rules that every deployment needs; it may have more."""


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
    layers = [f"{names.bucket_arn(deployment.target, layer)}/" for layer in LAYERS]
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
    detectors = deployment.pages("guardduty", "list_detectors", "DetectorIds")
    yield at_least(f"GuardDuty in {deployment.target.region}", "detectors", len(detectors), 1)
    for detector in detectors:
        found = deployment.call("guardduty", "get_detector", DetectorId=detector)
        yield equal(f"detector {detector}", "Status", found.get("Status"), "ENABLED")
        on = [feature["Name"] for feature in found.get("Features", []) if feature.get("Status") == "ENABLED"]
        yield includes(f"detector {detector}", "features", on, _FEATURES)


@check("AUD-3")
def compared(deployment: Deployment) -> Iterator[Observation]:
    # an account has one recorder in a region, of any environment
    region = deployment.target.region
    recorders = deployment.call("config", "describe_configuration_recorders")["ConfigurationRecorders"]
    everything = [one for one in recorders if one.get("recordingGroup", {}).get("allSupported")]
    yield at_least(f"Config in {region}", "recorders of all resource types", len(everything), 1)
    states = deployment.call("config", "describe_configuration_recorder_status")["ConfigurationRecordersStatus"]
    yield empty(f"Config in {region}", "stopped recorders", [one["name"] for one in states if not one["recording"]])
    channels = deployment.call("config", "describe_delivery_channels")["DeliveryChannels"]
    yield at_least(f"Config in {region}", "delivery channels", len(channels), 1)
    rules = deployment.pages("config", "describe_config_rules", "ConfigRules")
    active = [rule["Source"]["SourceIdentifier"] for rule in rules if rule.get("ConfigRuleState", "ACTIVE") == "ACTIVE"]
    yield includes(f"Config in {region}", "rules", active, _BASELINE)
