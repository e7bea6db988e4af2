"""The record of every call (CloudTrail), threat detection (GuardDuty), configuration against a baseline (Config).

The environment that owns the account creates what exists once per account and region; every environment has a trail.
"""

import json

from cdktn_provider_aws.accessanalyzer_analyzer import AccessanalyzerAnalyzer
from cdktn_provider_aws.cloudtrail import (
    Cloudtrail,
    CloudtrailAdvancedEventSelector,
    CloudtrailAdvancedEventSelectorFieldSelector,
    CloudtrailInsightSelector,
)
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
from cdktn_provider_aws.securityhub_account import SecurityhubAccount
from cdktn_provider_aws.securityhub_standards_subscription import SecurityhubStandardsSubscription
from cdktn_provider_aws.sns_topic import SnsTopic
from cdktn_provider_aws.sns_topic_policy import SnsTopicPolicy
from constructs import Construct

from terrace.aws import iam, names
from terrace.aws.iam import Statement
from terrace.capabilities.audit import AuditHandle, AuditSpec
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.lake import LakeHandle
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.spec import LAYERS
from terrace.capabilities.target import Target

_INSIGHTS = ("ApiCallRateInsight", "ApiErrorRateInsight")
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
_REQUIRED_TAGS = ("environment", "owner", "cost-centre", "data-classification", "managed-by")
"""GOV-1."""
_STANDARDS = ("aws-foundational-security-best-practices/v/1.0.0", "cis-aws-foundations-benchmark/v/3.0.0")
_MEDIUM_SEVERITY = 4
"""GuardDuty's scale: 1 to 3.9 is low."""


class Audit(Construct):
    """A trail for all regions and, where the environment owns the account, its detector, configuration recorder,
    baseline, Security Hub and access analyzer."""

    handle: AuditHandle

    def __init__(
        self,
        scope: Construct,
        id: str,
        spec: AuditSpec,
        target: Target,
        *,
        keys: KeysHandle,
        lake: LakeHandle,
        observability: ObservabilityHandle,
        governance: GovernanceHandle,
    ) -> None:
        super().__init__(scope, id)
        self._trail(spec, target, keys, lake, observability, governance)
        if names.settings(target).owns_account:
            self._detect_threats(target, observability)
            self._record_configuration(spec, target, keys, lake, governance)
            self._evaluate_account(target)
        self.handle = AuditHandle(trail=names.trail_arn(target))

    def _trail(
        self,
        spec: AuditSpec,
        target: Target,
        keys: KeysHandle,
        lake: LakeHandle,
        observability: ObservabilityHandle,
        governance: GovernanceHandle,
    ) -> None:
        role = iam.role(
            self,
            "trail-role",
            target,
            purpose="trail",
            trust=iam.service_trust(target, "cloudtrail.amazonaws.com"),
            governance=governance,
            policies={
                "write-logs": iam.document(
                    iam.allow(
                        ["logs:CreateLogStream", "logs:PutLogEvents"], f"{observability.log_ids['trail']}:log-stream:*"
                    )
                )
            },
        )
        # A separate topic: a notification every five minutes is for a SIEM, not for people.
        deliveries = SnsTopic(self, "deliveries", name=f"{target.prefix}-trail", kms_master_key_id=keys.home["audit"])
        announced = SnsTopicPolicy(
            self, "deliveries-policy", arn=deliveries.arn, policy=_announces(target, names.topic_arn(target, "trail"))
        )
        Cloudtrail(  # AUD-1
            self,
            "trail",
            name=target.prefix,
            s3_bucket_name=lake.names["audit"],
            s3_key_prefix="trail",
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_logging=True,
            enable_log_file_validation=True,
            kms_key_id=keys.home["audit"],
            cloud_watch_logs_group_arn=f"{observability.log_ids['trail']}:*",
            cloud_watch_logs_role_arn=role.arn,
            sns_topic_name=deliveries.name,
            advanced_event_selector=[
                CloudtrailAdvancedEventSelector(
                    name="Management", field_selector=[_equals("eventCategory", "Management")]
                ),
                CloudtrailAdvancedEventSelector(
                    name="Lake objects",
                    field_selector=[
                        _equals("eventCategory", "Data"),
                        _equals("resources.type", "AWS::S3::Object"),
                        CloudtrailAdvancedEventSelectorFieldSelector(
                            field="resources.ARN", starts_with=[f"{lake.ids[layer]}/" for layer in LAYERS]
                        ),
                    ],
                ),
            ],
            insight_selector=[CloudtrailInsightSelector(insight_type=kind) for kind in _INSIGHTS]
            if spec.unusual_activity
            else None,
            depends_on=[*lake.ready, *observability.ready, *iam.rights(self, "trail-role"), announced],
        )

    def _detect_threats(self, target: Target, observability: ObservabilityHandle) -> None:
        """AUD-2: findings of medium severity and above go to the topic of critical alarms."""
        detector = GuarddutyDetector(  # AUD-2
            self, "detector", enable=True, finding_publishing_frequency="FIFTEEN_MINUTES"
        )
        for feature in _DETECTION:
            GuarddutyDetectorFeature(self, _word(feature), detector_id=detector.id, name=feature, status="ENABLED")
        GuarddutyDetectorFeature(
            self,
            "runtime-monitoring",
            detector_id=detector.id,
            name="RUNTIME_MONITORING",
            status="ENABLED",
            additional_configuration=[
                GuarddutyDetectorFeatureAdditionalConfiguration(name=name, status=status)
                for name, status in _RUNTIME_AGENTS.items()
            ],
        )
        rule = CloudwatchEventRule(
            self,
            "findings",
            name=f"{target.prefix}-findings",
            description="Threat findings of medium severity and above",
            event_pattern=json.dumps(
                {
                    "source": ["aws.guardduty"],
                    "detail-type": ["GuardDuty Finding"],
                    "detail": {"severity": [{"numeric": [">=", _MEDIUM_SEVERITY]}]},
                }
            ),
        )
        CloudwatchEventTarget(
            self,
            "findings-to-people",
            rule=rule.name,
            target_id="critical",
            arn=observability.topics["critical"],
            depends_on=list(observability.ready),
        )

    def _record_configuration(
        self, spec: AuditSpec, target: Target, keys: KeysHandle, lake: LakeHandle, governance: GovernanceHandle
    ) -> None:
        """AUD-3: the configuration of every resource, its history in the audit bucket, and rules that evaluate it."""
        role = iam.role(
            self,
            "config-role",
            target,
            purpose="config",
            trust=iam.service_trust(target, "config.amazonaws.com"),
            governance=governance,
            policies={
                "deliver": iam.document(
                    iam.allow(["s3:GetBucketAcl", "s3:ListBucket"], lake.ids["audit"]),
                    iam.allow("s3:PutObject", f"{lake.ids['audit']}/config/AWSLogs/{names.account(target)}/*"),
                ),
                "deliver-key": iam.document(iam.allow(["kms:Decrypt", "kms:GenerateDataKey"], keys.home["audit"])),
            },
            managed=["service-role/AWS_ConfigRole"],
        )
        recorder = ConfigConfigurationRecorder(  # AUD-3
            self,
            "recorder",
            name=target.prefix,
            role_arn=role.arn,
            recording_group=ConfigConfigurationRecorderRecordingGroup(
                all_supported=True, include_global_resource_types=True
            ),
            recording_mode=ConfigConfigurationRecorderRecordingMode(
                recording_frequency="CONTINUOUS" if spec.continuous_recording else "DAILY"
            ),
        )
        channel = ConfigDeliveryChannel(
            self,
            "history",
            name=target.prefix,
            s3_bucket_name=lake.names["audit"],
            s3_key_prefix="config",
            s3_kms_key_arn=keys.home["audit"],
            snapshot_delivery_properties=ConfigDeliveryChannelSnapshotDeliveryProperties(
                delivery_frequency="TwentyFour_Hours"
            ),
            depends_on=[recorder, *lake.ready, *iam.rights(self, "config-role")],
        )
        ConfigConfigurationRecorderStatus(self, "recording", name=recorder.name, is_enabled=True, depends_on=[channel])
        for rule in _BASELINE:
            ConfigConfigRule(  # AUD-3
                self,
                _word(rule),
                name=f"{target.prefix}-{_word(rule)}",
                source=ConfigConfigRuleSource(owner="AWS", source_identifier=rule),
                depends_on=[recorder],
            )
        ConfigConfigRule(  # GOV-1
            self,
            "required-tags",
            name=f"{target.prefix}-required-tags",
            input_parameters=json.dumps({f"tag{n}Key": tag for n, tag in enumerate(_REQUIRED_TAGS, start=1)}),
            source=ConfigConfigRuleSource(owner="AWS", source_identifier="REQUIRED_TAGS"),
            depends_on=[recorder],
        )

    def _evaluate_account(self, target: Target) -> None:
        """AUD-3: the baselines of AWS and CIS, and every resource that is shared outside the account."""
        hub = SecurityhubAccount(self, "security-hub", enable_default_standards=False)
        for standard in _STANDARDS:
            SecurityhubStandardsSubscription(
                self,
                standard.split("/")[0],
                standards_arn=f"arn:{names.settings(target).partition}:securityhub:{target.region}::standards/{standard}",
                depends_on=[hub],
            )
        AccessanalyzerAnalyzer(self, "outside-access", analyzer_name=target.prefix, type="ACCOUNT")


def _announces(target: Target, topic: str) -> str:
    """Only the deployment's trail may publish."""
    return iam.document(
        Statement(
            Sid="Trail",
            Effect="Allow",
            Principal={"Service": "cloudtrail.amazonaws.com"},
            Action="sns:Publish",
            Resource=topic,
            Condition={
                "StringEquals": {
                    "aws:SourceAccount": names.account(target),
                    "aws:SourceArn": names.trail_arn(target),
                }
            },
        )
    )


def _equals(field: str, value: str) -> CloudtrailAdvancedEventSelectorFieldSelector:
    return CloudtrailAdvancedEventSelectorFieldSelector(field=field, equal_to=[value])


def _word(constant: str) -> str:
    """S3_DATA_EVENTS as s3-data-events."""
    return constant.lower().replace("_", "-")
