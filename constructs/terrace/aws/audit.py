"""The record of every call (CloudTrail) (AUD-1). Every environment has a trail."""

from cdktn_provider_aws.cloudtrail import (
    Cloudtrail,
    CloudtrailAdvancedEventSelector,
    CloudtrailAdvancedEventSelectorFieldSelector,
    CloudtrailInsightSelector,
)
from cdktn_provider_aws.sns_topic import SnsTopic
from cdktn_provider_aws.sns_topic_policy import SnsTopicPolicy
from constructs import Construct

from terrace.aws import detection, iam, names
from terrace.aws.iam import Statement
from terrace.capabilities.audit import AuditHandle, AuditSpec
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.lake import LakeHandle
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.spec import LAYERS
from terrace.capabilities.target import Target

_INSIGHTS = ("ApiCallRateInsight", "ApiErrorRateInsight")


class Audit(Construct):
    """A trail for all regions and, where the environment owns the account, its detector, configuration recorder,
    baseline, Security Hub and access analyzer, in both regions."""

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
            detection.detect(
                self,
                spec,
                target,
                keys=keys,
                lake=lake,
                observability=observability,
                governance=governance,
            )
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
                            field="resources.ARN", starts_with=_objects(target, lake)
                        ),
                    ],
                ),
            ],
            insight_selector=[CloudtrailInsightSelector(insight_type=kind) for kind in _INSIGHTS]
            if spec.unusual_activity
            else None,
            depends_on=[*lake.ready, *observability.ready, *iam.rights(self, "trail-role"), announced],
        )


def _objects(target: Target, lake: LakeHandle) -> list[str]:
    """The objects of every layer and of its copy, if there is a region for copies."""
    copies = [names.bucket_arn(target, layer, recovery=True) for layer in LAYERS] if target.recovery_region else []
    return [f"{arn}/" for arn in (*(lake.ids[layer] for layer in LAYERS), *copies)]


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
