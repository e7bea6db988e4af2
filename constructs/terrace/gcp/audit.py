"""The record of calls, threat findings, configuration against a baseline (AUD-1 to AUD-3)."""

from cdktn import ITerraformDependable
from cdktn_provider_google.cloud_asset_project_feed import (
    CloudAssetProjectFeed,
    CloudAssetProjectFeedFeedOutputConfig,
    CloudAssetProjectFeedFeedOutputConfigPubsubDestination,
)
from cdktn_provider_google.essential_contacts_contact import EssentialContactsContact
from cdktn_provider_google.logging_project_sink import LoggingProjectSink
from cdktn_provider_google.project_iam_audit_config import ProjectIamAuditConfig, ProjectIamAuditConfigAuditLogConfig
from cdktn_provider_google.pubsub_subscription import PubsubSubscription, PubsubSubscriptionExpirationPolicy
from cdktn_provider_google.pubsub_topic import PubsubTopic, PubsubTopicMessageStoragePolicy
from cdktn_provider_google.pubsub_topic_iam_member import PubsubTopicIamMember
from cdktn_provider_google.scc_v2_project_notification_config import (
    SccV2ProjectNotificationConfig,
    SccV2ProjectNotificationConfigStreamingConfig,
)
from cdktn_provider_google.storage_bucket_iam_member import StorageBucketIamMember
from constructs import Construct

from terrace.capabilities.audit import AuditHandle, AuditSpec
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.lake import LakeHandle
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.target import Target
from terrace.gcp import names
from terrace.gcp.providers import service
from terrace.gcp.signals import RECORD

_RECORDED = ("ADMIN_READ", "DATA_READ", "DATA_WRITE")
"""In addition to the calls that change something, which Google always records. Source: Cloud Audit Logs overview."""

_CONFIGURATION = (
    "artifactregistry.googleapis.com/Repository",
    "cloudkms.googleapis.com/CryptoKey",
    "compute.googleapis.com/Firewall",
    "compute.googleapis.com/Network",
    "compute.googleapis.com/Subnetwork",
    "container.googleapis.com/Cluster",
    "container.googleapis.com/NodePool",
    "iam.googleapis.com/ServiceAccount",
    "iam.googleapis.com/ServiceAccountKey",
    "secretmanager.googleapis.com/Secret",
    "sqladmin.googleapis.com/Instance",
    "storage.googleapis.com/Bucket",
)
"""Resource types whose changes are published (AUD-3)."""

_SERIOUS, _UNUSUAL = ("HIGH", "CRITICAL"), ("MEDIUM",)
_CATEGORIES = ("SECURITY", "SUSPENSION", "TECHNICAL")


class Audit(Construct):
    """Audit logs of all services, in a log bucket of their own and again in the locked audit bucket.

    `handle.trail` is the log bucket's name. Findings come from Security Command Center, which is activated for the
    organisation: no resource activates it for one project. Project settings are created with `owns_account`.
    """

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
        self._keys, self._target = keys, target
        self._archive(lake, target)
        if names.settings(target).owns_account:
            self._record_all(target)
            self._findings(spec, target)
            for name, address in _named_addresses(observability):
                EssentialContactsContact(
                    self,
                    f"contact-{name}",
                    parent=f"projects/{names.number(target)}",
                    email=address,
                    language_tag="en",
                    notification_category_subscriptions=list(_CATEGORIES),
                    depends_on=[service(self, "essentialcontacts")],
                )
        self._changes(spec, target)
        self.handle = AuditHandle(trail=names.log_group(target, "trail"))

    def _record_all(self, target: Target) -> None:
        ProjectIamAuditConfig(
            self,
            "calls",
            project=names.account(target),
            service="allServices",  # AUD-1, LAKE-6
            audit_log_config=[ProjectIamAuditConfigAuditLogConfig(log_type=kind) for kind in _RECORDED],
            depends_on=[service(self, "cloudresourcemanager")],
        )

    def _archive(self, lake: LakeHandle, target: Target) -> None:
        """AUD-1: an immutable copy, for the bucket's retention."""
        sink = LoggingProjectSink(
            self,
            "archive",
            name=f"{target.prefix}-archive",
            description="The record of calls, to the audit bucket",
            destination=f"storage.googleapis.com/{lake.names['audit']}",
            filter=RECORD,
            unique_writer_identity=True,
            depends_on=[*lake.ready, service(self, "logging")],
        )
        StorageBucketIamMember(
            self,
            "archive-writer",
            bucket=lake.names["audit"],
            role="roles/storage.objectCreator",
            member=sink.writer_identity,
        )

    def _findings(self, spec: AuditSpec, target: Target) -> None:
        topic, publisher = self._topic("findings", "securitycenter")
        severities = (*_UNUSUAL, *_SERIOUS) if spec.unusual_activity else _SERIOUS
        severity_filter = " OR ".join(f'severity = "{severity}"' for severity in severities)
        SccV2ProjectNotificationConfig(
            self,
            "findings",
            config_id=f"{target.prefix}-findings",
            project=names.account(target),
            location="global",
            description=f"Findings of {target.prefix}",
            pubsub_topic=names.topic(target, "findings"),
            streaming_config=SccV2ProjectNotificationConfigStreamingConfig(
                filter=f'state = "ACTIVE" AND mute != "MUTED" AND ({severity_filter})'  # AUD-2
            ),
            depends_on=[topic, publisher, service(self, "securitycenter")],
        )

    def _changes(self, spec: AuditSpec, target: Target) -> None:
        topic, publisher = self._topic("changes", "cloudasset")
        kinds = {"resources": "RESOURCE", **({"grants": "IAM_POLICY"} if spec.continuous_recording else {})}
        for name, kind in kinds.items():
            CloudAssetProjectFeed(
                self,
                name,
                project=names.account(target),
                feed_id=f"{target.prefix}-{name}",
                content_type=kind,
                asset_types=list(_CONFIGURATION),  # AUD-3
                feed_output_config=CloudAssetProjectFeedFeedOutputConfig(
                    pubsub_destination=CloudAssetProjectFeedFeedOutputConfigPubsubDestination(
                        topic=names.topic(target, "changes")
                    )
                ),
                depends_on=[topic, publisher, service(self, "cloudasset")],
            )

    def _topic(self, name: str, publisher: str) -> tuple[PubsubTopic, ITerraformDependable]:
        """A topic that one service publishes to, with a week's retention."""
        topic = PubsubTopic(
            self,
            f"{name}-topic",
            name=f"{self._target.prefix}-{name}",
            kms_key_name=names.key(self._target, "events"),
            message_storage_policy=PubsubTopicMessageStoragePolicy(
                allowed_persistence_regions=[self._target.region]  # GOV-2
            ),
            depends_on=[*self._keys.ready, service(self, "pubsub")],
        )
        PubsubSubscription(
            self,
            f"{name}-inbox",
            name=f"{self._target.prefix}-{name}",
            topic=topic.id,
            message_retention_duration="604800s",
            expiration_policy=PubsubSubscriptionExpirationPolicy(ttl=""),
        )
        grant = PubsubTopicIamMember(
            self,
            f"{name}-publisher",
            topic=topic.name,
            role="roles/pubsub.publisher",
            member=names.agent(self._target, publisher),
            depends_on=[service(self, publisher)],
        )
        return topic, grant


def _named_addresses(observability: ObservabilityHandle) -> list[tuple[str, str]]:
    """Each distinct mail address with a name that does not depend on the others."""
    return [
        (address.replace("@", "-at-").replace(".", "-"), address) for address in dict.fromkeys(observability.addresses)
    ]
