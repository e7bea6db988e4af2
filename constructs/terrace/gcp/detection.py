"""Threat findings and changes of the configuration, published to topics (AUD-2 to AUD-5).

Findings come from Security Command Center, which is activated for the organisation: no resource activates it for one
project. The environment that owns the project creates what exists once.
"""

from cdktn import ITerraformDependable
from cdktn_provider_google.cloud_asset_project_feed import (
    CloudAssetProjectFeed,
    CloudAssetProjectFeedFeedOutputConfig,
    CloudAssetProjectFeedFeedOutputConfigPubsubDestination,
)
from cdktn_provider_google.essential_contacts_contact import EssentialContactsContact
from cdktn_provider_google.pubsub_subscription import PubsubSubscription, PubsubSubscriptionExpirationPolicy
from cdktn_provider_google.pubsub_topic import PubsubTopic, PubsubTopicMessageStoragePolicy
from cdktn_provider_google.pubsub_topic_iam_member import PubsubTopicIamMember
from cdktn_provider_google.scc_v2_project_notification_config import (
    SccV2ProjectNotificationConfig,
    SccV2ProjectNotificationConfigStreamingConfig,
)
from constructs import Construct

from terrace.capabilities.audit import AuditSpec
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.target import Target
from terrace.gcp import names
from terrace.gcp.providers import service

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


def detect(
    scope: Construct, spec: AuditSpec, target: Target, *, keys: KeysHandle, observability: ObservabilityHandle
) -> None:
    """Notifications of findings, contacts for Google's own messages, and a feed of changes."""
    if names.settings(target).owns_account:
        _announce_findings(scope, spec, target, keys)
        for name, address in _named_addresses(observability):
            EssentialContactsContact(
                scope,
                f"contact-{name}",
                parent=f"projects/{names.number(target)}",
                email=address,
                language_tag="en",
                notification_category_subscriptions=list(_CATEGORIES),
                depends_on=[service(scope, "essentialcontacts")],
            )
    _publish_changes(scope, spec, target, keys)


def _announce_findings(scope: Construct, spec: AuditSpec, target: Target, keys: KeysHandle) -> None:
    topic, publisher = _topic(scope, target, keys, "findings", "securitycenter")
    severities = (*_UNUSUAL, *_SERIOUS) if spec.unusual_activity else _SERIOUS
    severity_filter = " OR ".join(f'severity = "{severity}"' for severity in severities)
    SccV2ProjectNotificationConfig(
        scope,
        "findings",
        config_id=f"{target.prefix}-findings",
        project=names.account(target),
        location="global",
        description=f"Findings of {target.prefix}",
        pubsub_topic=names.topic(target, "findings"),
        streaming_config=SccV2ProjectNotificationConfigStreamingConfig(
            filter=f'state = "ACTIVE" AND mute != "MUTED" AND ({severity_filter})'  # AUD-2
        ),
        depends_on=[topic, publisher, service(scope, "securitycenter")],
    )


def _publish_changes(scope: Construct, spec: AuditSpec, target: Target, keys: KeysHandle) -> None:
    topic, publisher = _topic(scope, target, keys, "changes", "cloudasset")
    kinds = {"resources": "RESOURCE", **({"grants": "IAM_POLICY"} if spec.continuous_recording else {})}
    for name, kind in kinds.items():
        CloudAssetProjectFeed(
            scope,
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
            depends_on=[topic, publisher, service(scope, "cloudasset")],
        )


def _topic(
    scope: Construct, target: Target, keys: KeysHandle, name: str, publisher: str
) -> tuple[PubsubTopic, ITerraformDependable]:
    """A topic that one service publishes to, with a week's retention."""
    topic = PubsubTopic(
        scope,
        f"{name}-topic",
        name=f"{target.prefix}-{name}",
        kms_key_name=names.key(target, "events"),
        message_storage_policy=PubsubTopicMessageStoragePolicy(
            allowed_persistence_regions=[target.region]  # GOV-2
        ),
        depends_on=[*keys.ready, service(scope, "pubsub")],
    )
    PubsubSubscription(
        scope,
        f"{name}-inbox",
        name=f"{target.prefix}-{name}",
        topic=topic.id,
        message_retention_duration="604800s",
        expiration_policy=PubsubSubscriptionExpirationPolicy(ttl=""),
    )
    grant = PubsubTopicIamMember(
        scope,
        f"{name}-publisher",
        topic=topic.name,
        role="roles/pubsub.publisher",
        member=names.agent(target, publisher),
        depends_on=[service(scope, publisher)],
    )
    return topic, grant


def _named_addresses(observability: ObservabilityHandle) -> list[tuple[str, str]]:
    """Each distinct mail address with a name that does not depend on the others."""
    return [
        (address.replace("@", "-at-").replace(".", "-"), address) for address in dict.fromkeys(observability.addresses)
    ]
