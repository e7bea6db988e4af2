"""Threat detection (GuardDuty), configuration against a baseline (Config, Security Hub), and the findings of every
detector for people (AUD-2 to AUD-5).

The environment that owns the account creates what exists once per account and region, in the recovery region too.
"""

import json
from collections.abc import Mapping
from typing import Any

from cdktn_provider_aws.accessanalyzer_analyzer import AccessanalyzerAnalyzer
from cdktn_provider_aws.cloudwatch_event_rule import CloudwatchEventRule
from cdktn_provider_aws.cloudwatch_event_target import CloudwatchEventTarget
from cdktn_provider_aws.config_config_rule import ConfigConfigRule, ConfigConfigRuleSource
from cdktn_provider_aws.config_configuration_recorder import (
    ConfigConfigurationRecorder,
    ConfigConfigurationRecorderRecordingGroup,
    ConfigConfigurationRecorderRecordingMode,
)
from cdktn_provider_aws.config_configuration_recorder_status import ConfigConfigurationRecorderStatus
from cdktn_provider_aws.config_delivery_channel import (
    ConfigDeliveryChannel,
    ConfigDeliveryChannelSnapshotDeliveryProperties,
)
from cdktn_provider_aws.guardduty_detector import GuarddutyDetector
from cdktn_provider_aws.guardduty_detector_feature import (
    GuarddutyDetectorFeature,
    GuarddutyDetectorFeatureAdditionalConfiguration,
)
from cdktn_provider_aws.iam_service_linked_role import IamServiceLinkedRole
from cdktn_provider_aws.provider import AwsProvider
from cdktn_provider_aws.securityhub_account import SecurityhubAccount
from cdktn_provider_aws.securityhub_standards_subscription import SecurityhubStandardsSubscription
from constructs import Construct

from terrace.aws import iam, names, providers
from terrace.capabilities.audit import AuditSpec
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.lake import LakeHandle
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.target import Target

_DETECTION = ("S3_DATA_EVENTS", "EKS_AUDIT_LOGS", "EBS_MALWARE_PROTECTION", "RDS_LOGIN_EVENTS", "LAMBDA_NETWORK_LOGS")
_RUNTIME_AGENTS = {
    "EKS_ADDON_MANAGEMENT": "ENABLED",
    "ECS_FARGATE_AGENT_MANAGEMENT": "DISABLED",  # the platform does not use ECS
    "EC2_AGENT_MANAGEMENT": "DISABLED",  # Bottlerocket cannot run the agent
}
_BASELINE = (
    "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED",  # LAKE-1
    "S3_BUCKET_SSL_REQUESTS_ONLY",  # LAKE-2
    "ENCRYPTED_VOLUMES",  # K8S-9
    "RDS_STORAGE_ENCRYPTED",  # DB-3
    "RDS_INSTANCE_PUBLIC_ACCESS_CHECK",  # DB-1
    "EKS_SECRETS_ENCRYPTED",  # K8S-2
    "EKS_ENDPOINT_NO_PUBLIC_ACCESS",  # K8S-1; intentionally non-compliant where public ranges are allowed
    "CMK_BACKING_KEY_ROTATION_ENABLED",  # KEY-1
    "CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED",  # AUD-1
    "VPC_DEFAULT_SECURITY_GROUP_CLOSED",  # NET-4
    "EC2_IMDSV2_CHECK",  # K8S-4
    "IAM_USER_NO_POLICIES_CHECK",  # ID-1
)
"""AWS Config's managed rules that correspond to guarantees (AUD-3)."""
_HOME_ONLY = ("EKS_SECRETS_ENCRYPTED", "EKS_ENDPOINT_NO_PUBLIC_ACCESS", "IAM_USER_NO_POLICIES_CHECK")
"""Rules about the cluster, and about IAM users, which Config would report once per region."""
_STANDARDS = ("aws-foundational-security-best-practices/v/1.0.0", "cis-aws-foundations-benchmark/v/3.0.0")
_MEDIUM_SEVERITY = 4
"""GuardDuty's scale: 1 to 3.9 is low."""
_SEVERE = ["HIGH", "CRITICAL"]
_OTHER_PRODUCTS = ["GuardDuty", "IAM Access Analyzer", "Inspector", "Macie"]
"""Products that send their findings to Security Hub and have a rule of their own."""


def _findings(target: Target) -> Mapping[str, tuple[str, dict[str, Any]]]:
    """AUD-5: the findings that people see, by the rule's name, with its description and event pattern. Source: each
    service's page on Amazon EventBridge; for images, Amazon ECR User Guide, "Amazon ECR events"."""
    severe_image = [{word: [{"exists": True}]} for word in _SEVERE]
    return {
        "findings": (
            "Threat findings of medium severity and above",
            _events("aws.guardduty", "GuardDuty Finding", {"severity": [{"numeric": [">=", _MEDIUM_SEVERITY]}]}),
        ),
        "control-findings": (
            "Failed controls of high severity and above",
            _events(
                "aws.securityhub",
                "Security Hub Findings - Imported",
                {
                    "findings": {
                        "ProductName": [{"anything-but": _OTHER_PRODUCTS}],
                        "RecordState": ["ACTIVE"],
                        "Severity": {"Label": _SEVERE},
                        "Workflow": {"Status": ["NEW"]},
                    }
                },
            ),
        ),
        "access-findings": (
            "Resources that are shared outside the account",
            _events("aws.access-analyzer", "Access Analyzer Finding", {"status": ["ACTIVE"]}),
        ),
        "compliance-findings": (
            "Resources that left the configuration baseline",
            _events(
                "aws.config",
                "Config Rules Compliance Change",
                {
                    "configRuleName": [{"prefix": f"{target.prefix}-"}],
                    "newEvaluationResult": {"complianceType": ["NON_COMPLIANT"]},
                },
            ),
        ),
        "vulnerability-findings": (
            "Vulnerabilities of high severity and above",
            _events("aws.inspector2", "Inspector2 Finding", {"severity": _SEVERE, "status": ["ACTIVE"]}),
        ),
        "image-findings": (
            "Images with vulnerabilities of high severity and above",
            _events("aws.ecr", "ECR Image Scan", {"finding-severity-counts": {"$or": severe_image}}),
        ),
        "data-findings": (
            "Sensitive data where the environment searches for it",
            _events("aws.macie", "Macie Finding", {"severity": {"description": ["Medium", "High"]}}),
        ),
    }


def _events(source: str, kind: str, detail: Mapping[str, Any]) -> dict[str, Any]:
    return {"source": [source], "detail-type": [kind], "detail": detail}


def detect(
    scope: Construct,
    spec: AuditSpec,
    target: Target,
    *,
    keys: KeysHandle,
    lake: LakeHandle,
    observability: ObservabilityHandle,
    governance: GovernanceHandle,
) -> None:
    """Detector, configuration recorder, baseline, Security Hub and access analyzer, in both regions."""
    recording = IamServiceLinkedRole(scope, "config-role", aws_service_name="config.amazonaws.com")
    _detect_threats(scope)
    _record_configuration(scope, spec, target, keys, lake, recording.arn)
    _evaluate_account(scope, target, target.region)
    _announce(scope, target, observability)
    if target.recovery_region:
        _watch_recovery(scope, spec, target, target.recovery_region, keys, lake, recording.arn, governance)


def _announce(scope: Construct, target: Target, observability: ObservabilityHandle) -> None:
    """AUD-5: findings of every detector go to the topic of critical alarms."""
    for name, (description, pattern) in _findings(target).items():
        rule = _rule(scope, name, target, description, pattern)
        CloudwatchEventTarget(
            scope,
            f"{name}-to-people",
            rule=rule.name,
            target_id="critical",
            arn=observability.topics["critical"],
            depends_on=list(observability.ready),
        )


def _watch_recovery(
    parent: Construct,
    spec: AuditSpec,
    target: Target,
    region: str,
    keys: KeysHandle,
    lake: LakeHandle,
    recording: str,
    governance: GovernanceHandle,
) -> None:
    """AUD-4: the same in the recovery region. Its findings go to the home region's bus, whose rules notify people:
    a rule can have a topic of its own region only."""
    scope, provider = Construct(parent, "recovery"), providers.recovery(parent)
    _detect_threats(scope, provider)
    _record_configuration(scope, spec, target, keys, lake, recording, provider)
    _evaluate_account(scope, target, region, provider)
    bus = names.arn(target, "events", "event-bus/default")
    role = iam.role(
        scope,
        "sender",
        target,
        purpose="findings",
        trust=iam.service_trust(target, "events.amazonaws.com"),
        governance=governance,
        policies={"send": iam.document(iam.allow("events:PutEvents", bus))},
    )
    for name, (description, pattern) in _findings(target).items():
        rule = _rule(scope, name, target, description, pattern, provider)
        CloudwatchEventTarget(
            scope,
            f"{name}-home",
            rule=rule.name,
            target_id="home",
            arn=bus,
            role_arn=role.arn,
            depends_on=list(iam.rights(scope, "sender")),
            provider=provider,
        )


def _rule(
    scope: Construct,
    name: str,
    target: Target,
    description: str,
    pattern: Mapping[str, Any],
    provider: AwsProvider | None = None,
) -> CloudwatchEventRule:
    return CloudwatchEventRule(
        scope,
        name,
        name=f"{target.prefix}-{name}",
        description=description,
        event_pattern=json.dumps(pattern),
        provider=provider,
    )


def _detect_threats(scope: Construct, provider: AwsProvider | None = None) -> None:
    """AUD-2: the detector of a region with its features."""
    detector = GuarddutyDetector(  # AUD-2
        scope, "detector", enable=True, finding_publishing_frequency="FIFTEEN_MINUTES", provider=provider
    )
    for feature in _DETECTION:
        GuarddutyDetectorFeature(
            scope, _word(feature), detector_id=detector.id, name=feature, status="ENABLED", provider=provider
        )
    GuarddutyDetectorFeature(
        scope,
        "runtime-monitoring",
        detector_id=detector.id,
        name="RUNTIME_MONITORING",
        status="ENABLED",
        additional_configuration=[
            GuarddutyDetectorFeatureAdditionalConfiguration(name=name, status=status)
            for name, status in _RUNTIME_AGENTS.items()
        ],
        provider=provider,
    )


def _record_configuration(
    scope: Construct,
    spec: AuditSpec,
    target: Target,
    keys: KeysHandle,
    lake: LakeHandle,
    role: str,
    provider: AwsProvider | None = None,
) -> None:
    """AUD-3: the configuration of every resource of a region, its history in the audit bucket, and rules that evaluate
    it. `role` is Config's service-linked one: Config itself delivers to the bucket. Global resources are in the home
    region's record only."""
    recorder = ConfigConfigurationRecorder(  # AUD-3
        scope,
        "recorder",
        name=target.prefix,
        role_arn=role,
        recording_group=ConfigConfigurationRecorderRecordingGroup(
            all_supported=True, include_global_resource_types=provider is None
        ),
        recording_mode=ConfigConfigurationRecorderRecordingMode(
            recording_frequency="CONTINUOUS" if spec.continuous_recording else "DAILY"
        ),
        provider=provider,
    )
    channel = ConfigDeliveryChannel(
        scope,
        "history",
        name=target.prefix,
        s3_bucket_name=lake.names["audit"],
        s3_key_prefix="config",
        s3_kms_key_arn=keys.home["audit"],
        snapshot_delivery_properties=ConfigDeliveryChannelSnapshotDeliveryProperties(
            delivery_frequency="TwentyFour_Hours"
        ),
        depends_on=[recorder, *lake.ready],
        provider=provider,
    )
    ConfigConfigurationRecorderStatus(
        scope, "recording", name=recorder.name, is_enabled=True, depends_on=[channel], provider=provider
    )
    for rule in (one for one in _BASELINE if provider is None or one not in _HOME_ONLY):
        ConfigConfigRule(  # AUD-3
            scope,
            _word(rule),
            name=f"{target.prefix}-{_word(rule)}",
            source=ConfigConfigRuleSource(owner="AWS", source_identifier=rule),
            depends_on=[recorder],
            provider=provider,
        )
    ConfigConfigRule(  # GOV-1
        scope,
        "required-tags",
        name=f"{target.prefix}-required-tags",
        input_parameters=json.dumps({f"tag{n}Key": tag for n, tag in enumerate(target.required_tags, start=1)}),
        source=ConfigConfigRuleSource(owner="AWS", source_identifier="REQUIRED_TAGS"),
        depends_on=[recorder],
        provider=provider,
    )


def _evaluate_account(scope: Construct, target: Target, region: str, provider: AwsProvider | None = None) -> None:
    """AUD-3: the baselines of AWS and CIS in a region, and every resource that is shared outside the account."""
    hub = SecurityhubAccount(scope, "security-hub", enable_default_standards=False, provider=provider)
    for standard in _STANDARDS:
        SecurityhubStandardsSubscription(
            scope,
            standard.split("/")[0],
            standards_arn=f"arn:{names.settings(target).partition}:securityhub:{region}::standards/{standard}",
            depends_on=[hub],
            provider=provider,
        )
    AccessanalyzerAnalyzer(scope, "outside-access", analyzer_name=target.prefix, type="ACCOUNT", provider=provider)


def _word(constant: str) -> str:
    """S3_DATA_EVENTS as s3-data-events."""
    return constant.lower().replace("_", "-")
