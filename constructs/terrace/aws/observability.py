"""Log groups in CloudWatch under one key, and a topic per severity (OBS-1, OBS-3).

It is built first, because other capabilities write to its log groups and publish to its topics; `alarms` is built last.
"""

from typing import get_args

from cdktn import ITerraformDependable
from cdktn_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktn_provider_aws.sns_topic import SnsTopic
from cdktn_provider_aws.sns_topic_policy import SnsTopicPolicy
from cdktn_provider_aws.sns_topic_subscription import SnsTopicSubscription
from constructs import Construct

from terrace.aws import iam, names
from terrace.aws.iam import Statement
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.observability import (
    EmailChannel,
    LogGroup,
    ObservabilityHandle,
    ObservabilitySpec,
)
from terrace.capabilities.signals import SEVERITIES
from terrace.capabilities.target import Target

LOG_GROUPS: tuple[LogGroup, ...] = get_args(LogGroup)


class Observability(Construct):
    """Every log group, created before the service that writes to it would create it unencrypted; a topic per severity.

    The handle's names and ARNs are known at synth. A resource that refers to one by name depends on `ready`.
    """

    handle: ObservabilityHandle

    def __init__(
        self,
        scope: Construct,
        id: str,
        spec: ObservabilitySpec,
        target: Target,
        *,
        keys: KeysHandle,
        audit_days: int,
    ) -> None:
        super().__init__(scope, id)
        groups = [
            CloudwatchLogGroup(  # OBS-1, NET-5, K8S-3
                self,
                f"{name}-log",
                name=names.log_group(target, name),
                retention_in_days=audit_days if name == "trail" else spec.retention_days,
                kms_key_id=keys.home["logs"],
            )
            for name in LOG_GROUPS
            if name != "cluster" or not target.existing.cluster  # whose control plane has one
        ]
        groups.append(
            CloudwatchLogGroup(  # NET-8
                self,
                "dns-log",
                name=names.dns_log_group(target),
                retention_in_days=spec.retention_days,
                kms_key_id=keys.home["logs"],
            )
        )
        policies: list[ITerraformDependable] = []
        for severity in SEVERITIES:
            topic = SnsTopic(  # OBS-3
                self, severity, name=f"{target.prefix}-{severity}", kms_master_key_id=keys.home["events"]
            )
            policies.append(
                SnsTopicPolicy(
                    self,
                    f"{severity}-policy",
                    arn=topic.arn,
                    policy=_publishers(target, names.topic_arn(target, severity)),
                )
            )
            for name in getattr(spec.escalation, severity):
                channel = spec.channels[name]
                mail = isinstance(channel, EmailChannel)
                SnsTopicSubscription(  # OBS-3
                    self,
                    f"{severity}-to-{name}",
                    topic_arn=topic.arn,
                    protocol="email" if mail else "https",
                    endpoint=channel.address if isinstance(channel, EmailChannel) else channel.url,
                    endpoint_auto_confirms=None if mail else True,  # pager services confirm the subscription themselves
                )
        self.handle = ObservabilityHandle(
            logs={name: names.log_group(target, name) for name in LOG_GROUPS},
            log_ids={name: names.log_group_arn(target, name) for name in LOG_GROUPS},
            topics={severity: names.topic_arn(target, severity) for severity in SEVERITIES},
            addresses=tuple(c.address for c in spec.channels.values() if isinstance(c, EmailChannel)),
            ready=(*groups, *policies),
            retention_days=spec.retention_days,
        )


def _publishers(target: Target, topic: str) -> str:
    """AWS services acting for this account may publish; requests without TLS are denied."""
    services = ["cloudwatch", "events", "budgets", "backup", "events.rds", "elasticache"]
    return iam.document(
        Statement(
            Sid="Services",
            Effect="Allow",
            Principal={"Service": [f"{service}.amazonaws.com" for service in services]},
            Action="sns:Publish",
            Resource=topic,
            Condition={"StringEquals": {"aws:SourceAccount": names.account(target)}},
        ),
        Statement(
            Sid="RefusePlainHttp",
            Effect="Deny",
            Principal="*",
            Action="sns:Publish",
            Resource=topic,
            Condition={"Bool": {"aws:SecureTransport": "false"}},
        ),
    )
