"""Log buckets with the environment's retention, topics and notification channels (OBS-1, OBS-3)."""

from typing import get_args

from cdktn import ITerraformDependable
from cdktn_provider_google.logging_project_bucket_config import (
    LoggingProjectBucketConfig,
    LoggingProjectBucketConfigCmekSettings,
)
from cdktn_provider_google.logging_project_sink import LoggingProjectSink
from cdktn_provider_google.monitoring_notification_channel import MonitoringNotificationChannel
from cdktn_provider_google.pubsub_subscription import PubsubSubscription, PubsubSubscriptionExpirationPolicy
from cdktn_provider_google.pubsub_topic import PubsubTopic, PubsubTopicMessageStoragePolicy
from cdktn_provider_google.pubsub_topic_iam_member import PubsubTopicIamMember
from constructs import Construct

from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.observability import EmailChannel, LogGroup, ObservabilityHandle, ObservabilitySpec
from terrace.capabilities.signals import SEVERITIES
from terrace.capabilities.spec import Severity
from terrace.capabilities.target import Target
from terrace.gcp import iam, names
from terrace.gcp.iam import Grant
from terrace.gcp.names import LogBucket
from terrace.gcp.providers import service
from terrace.gcp.signals import FILTERS, RECORD

LOG_GROUPS: tuple[LogGroup, ...] = get_args(LogGroup)


class Observability(Construct):
    """Log buckets for the platform, for flows and for audit logs; a topic and channels for each severity.

    Where the environment owns the project, Logging's default sink, whose bucket has another key, region and retention,
    is disabled.
    """

    handle: ObservabilityHandle

    def __init__(
        self, scope: Construct, id: str, spec: ObservabilitySpec, target: Target, *, keys: KeysHandle, audit_days: int
    ) -> None:
        super().__init__(scope, id)
        self._keys = keys
        ready: list[ITerraformDependable] = []
        for name in ("platform", "flow", "trail"):
            ready += self._log_bucket(name, audit_days if name == "trail" else spec.retention_days, target)
        if names.settings(target).owns_account:
            self._switch_off_default(target)
        channels: dict[str, MonitoringNotificationChannel] = {}
        for name, channel in spec.channels.items():
            mail = isinstance(channel, EmailChannel)
            channels[name] = MonitoringNotificationChannel(  # OBS-3
                self,
                f"channel-{name}",
                display_name=f"{target.prefix} {name}",
                type="email" if mail else "webhook_tokenauth",
                labels={"email_address": channel.address}
                if isinstance(channel, EmailChannel)
                else {"url": channel.url},
                user_labels=names.labels(target),
                depends_on=[service(self, "monitoring")],
            )
        addressed = tuple(channels[name].id for name, c in spec.channels.items() if isinstance(c, EmailChannel))
        recipients: dict[str, tuple[str, ...]] = {"mail": addressed}
        for severity in SEVERITIES:
            topic = self._topic(severity, target)
            recipients[severity] = (*(channels[name].id for name in getattr(spec.escalation, severity)), topic.id)
            ready.append(topic)  # services that publish refer to the topic by name
        self.handle = ObservabilityHandle(
            logs={name: names.log_group(target, name) for name in LOG_GROUPS},
            log_ids={name: names.log_group_id(target, name) for name in LOG_GROUPS},
            topics={severity: names.topic(target, severity) for severity in SEVERITIES},
            addresses=tuple(c.address for c in spec.channels.values() if isinstance(c, EmailChannel)),
            ready=tuple(ready),
            retention_days=spec.retention_days,
            channels=recipients,
        )

    def _log_bucket(self, name: LogBucket, days: int, target: Target) -> list[ITerraformDependable]:
        """OBS-1: the log bucket, unless it is an existing one, its sink, and the sink's permission to write."""
        own_name, id = f"{target.prefix}-{name}", names.log_bucket_id(target, name)
        buckets = []
        if not (name == "platform" and target.existing.monitoring):
            buckets = [
                LoggingProjectBucketConfig(  # OBS-1, NET-5, K8S-3
                    self,
                    f"{name}-log",
                    project=names.account(target),
                    location=target.region,
                    bucket_id=own_name,
                    description=f"Logs of {target.prefix}: {name}",
                    retention_days=days,
                    # A locked bucket keeps entries and retention (AUD-1); not in dev, which is destroyed often
                    locked=name == "trail" and target.tier == "prod",
                    enable_analytics=True,
                    deletion_policy=names.deletion(target) if name == "trail" else "DELETE",
                    cmek_settings=LoggingProjectBucketConfigCmekSettings(kms_key_name=names.key(target, "logs")),
                    depends_on=[*self._keys.ready, service(self, "logging")],
                )
            ]
        sink = LoggingProjectSink(
            self,
            f"{name}-sink",
            name=own_name,
            description=f"To the log bucket {id.rpartition('/')[2]}",
            destination=f"logging.googleapis.com/{id}",
            filter=FILTERS[name],
            unique_writer_identity=True,
            depends_on=buckets or [service(self, "logging")],
        )
        _, project, where = id.split("/", 2)
        grant = Grant("roles/logging.bucketWriter", f'resource.name.endsWith("{where}")')
        writer = iam.project_grant(self, f"{name}-writer", target, grant, sink.writer_identity, project=project)
        return [*buckets, writer]

    def _switch_off_default(self, target: Target) -> None:
        LoggingProjectSink(
            self,
            "default-sink",
            name="_Default",  # exists already; the provider adopts it
            destination=f"logging.googleapis.com/projects/{names.account(target)}/locations/global/buckets/_Default",
            filter=f"NOT ({RECORD})",
            disabled=True,  # GOV-2
            unique_writer_identity=True,
            depends_on=[service(self, "logging")],
        )

    def _topic(self, severity: Severity, target: Target) -> MonitoringNotificationChannel:
        """The topic that services and alarms of a severity publish to, with a week's retention."""
        topic = PubsubTopic(
            self,
            severity,
            name=f"{target.prefix}-{severity}",
            kms_key_name=names.key(target, "events"),
            message_storage_policy=PubsubTopicMessageStoragePolicy(
                allowed_persistence_regions=[target.region]
            ),  # GOV-2
            depends_on=[*self._keys.ready, service(self, "pubsub")],
        )
        PubsubSubscription(
            self,
            f"{severity}-inbox",
            name=f"{target.prefix}-{severity}",
            topic=topic.id,
            message_retention_duration="604800s",
            expiration_policy=PubsubSubscriptionExpirationPolicy(ttl=""),
        )
        publisher = PubsubTopicIamMember(
            self,
            f"{severity}-publisher",
            topic=topic.name,
            role="roles/pubsub.publisher",
            member=names.agent(target, "monitoring"),
            depends_on=[service(self, "monitoring")],
        )
        return MonitoringNotificationChannel(
            self,
            f"{severity}-channel",
            display_name=f"{target.prefix} {severity}",
            type="pubsub",
            labels={"topic": names.topic(target, severity)},
            user_labels=names.labels(target),
            depends_on=[publisher],
        )
