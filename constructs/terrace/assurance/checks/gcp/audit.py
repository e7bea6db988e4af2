"""Audit logs, findings and Asset Inventory (AUD-1 to AUD-6)."""

import re
from collections.abc import Iterator, Mapping

from terrace.assurance.checks import Subject
from terrace.assurance.checks.gcp import lake
from terrace.assurance.checks.gcp.lookup import (
    CHANGES,
    FINDINGS,
    each,
    notified,
    on_metric,
    on_records,
    recorded,
    unset,
)
from terrace.assurance.evaluation import NotRequired, Observation, at_least, check, equal, includes
from terrace.assurance.view import Resource, at
from terrace.calls import Absent
from terrace.capabilities.spec import Severity
from terrace.gcp import names
from terrace.gcp.signals import RECORD

_ASSETS = (
    "cloudkms.googleapis.com/CryptoKey", "compute.googleapis.com/Firewall", "container.googleapis.com/Cluster",
    "sqladmin.googleapis.com/Instance", "storage.googleapis.com/Bucket", "iam.googleapis.com/ServiceAccountKey",
)  # fmt: skip
_BASELINE: Mapping[str, Mapping[str, object]] = {
    **{
        constraint: {"enforce": "TRUE"}
        for constraint in (
            "compute.disableSerialPortAccess", "compute.requireOsLogin", "compute.requireShieldedVm",
            "compute.skipDefaultNetworkCreation", "iam.automaticIamGrantsForDefaultServiceAccounts",
            "iam.disableServiceAccountKeyCreation", "iam.disableServiceAccountKeyUpload",
            "sql.restrictAuthorizedNetworks", "sql.restrictPublicIp", "storage.publicAccessPrevention",
            "storage.secureHttpTransport", "storage.uniformBucketLevelAccess",
        )
    },
    "compute.vmExternalIpAccess": {"deny_all": "TRUE"},
    "gcp.restrictNonCmekServices": {
        "values": {
            "denied_values": [
                "artifactregistry.googleapis.com", "container.googleapis.com", "pubsub.googleapis.com",
                "secretmanager.googleapis.com", "sqladmin.googleapis.com", "storage.googleapis.com",
            ]
        }
    },
}  # fmt: skip
"""Constraint to its only rule; GOV-2 has the one on locations."""
_METADATA = {
    "block-project-ssh-keys": "TRUE", "disable-legacy-endpoints": "TRUE", "enable-oslogin": "TRUE",
    "serial-port-enable": "FALSE",
}  # fmt: skip
_SEVERITIES: tuple[Severity, ...] = ("warning", "critical")
_PLACED = re.compile(r"\b(location|region|zone)s?\b", re.IGNORECASE)
_NOT_OWNED = "owns_account is false; another environment manages the project"


@check("AUD-1")
def all_calls_logged(stack: Subject) -> Iterator[Observation]:
    if stack.target.settings.owns_account:
        audit_config = stack.one("google_project_iam_audit_config", "audit/calls")
        yield equal(str(audit_config), "service", audit_config.get("service"), "allServices")
        log_types = [str(one.get("log_type")) for one in audit_config.blocks("audit_log_config")]
        yield includes(str(audit_config), "log types", log_types, ["ADMIN_READ", "DATA_READ", "DATA_WRITE"])
    for audit_config in stack.all("google_project_iam_audit_config", or_none=True):
        exempted = [
            one for block in audit_config.blocks("audit_log_config") for one in block.get("exempted_members") or []
        ]
        yield equal(str(audit_config), "exempted members", exempted, [])
    # the record is the project's, so it has the reads of a copy in every region, if the copy is in the project
    project = names.account(stack.target)
    for bucket in stack.all("google_storage_bucket"):
        yield equal(str(bucket), "recorded by project", bucket.get("project") or project, project)


@check("AUD-1")
def record_sent(stack: Subject) -> Iterator[Observation]:
    for sink in each(stack, "google_logging_project_sink", "audit/archive", "observability/trail-sink"):
        yield from recorded(sink, RECORD)
    archive = stack.one("google_logging_project_sink", "audit/archive")
    expected = f"storage.googleapis.com/{names.bucket(stack.target, 'audit')}"
    yield equal(str(archive), "destination", archive.get("destination"), expected)


@check("AUD-1")
def log_immutable(stack: Subject) -> Iterator[Observation]:
    days = max(stack.environment.audit.retention_days, 365)
    yield from lake.lock(stack, "audit", days)
    log_bucket = stack.one("google_logging_project_bucket_config", "observability/trail-log")
    yield at_least(str(log_bucket), "retention_days", log_bucket.get("retention_days"), days)
    yield equal(str(log_bucket), "locked", bool(log_bucket.get("locked")), stack.target.tier == "prod")


@check("AUD-2")
def threat_detection_enabled(stack: Subject) -> Iterator[Observation]:
    if not stack.target.settings.owns_account:
        raise NotRequired(_NOT_OWNED)
    notification = stack.one("google_scc_v2_project_notification_config", "audit/findings")
    topic = names.topic(stack.target, "findings")
    yield equal(str(notification), "pubsub_topic", notification.get("pubsub_topic"), topic)
    severities = ("MEDIUM", "HIGH", "CRITICAL") if stack.environment.audit.unusual_activity else ("HIGH", "CRITICAL")
    any_of = " OR ".join(f'severity = "{severity}"' for severity in severities)
    streamed = notification.get("streaming_config.filter")
    yield equal(str(notification), "filter", streamed, f'state = "ACTIVE" AND mute != "MUTED" AND ({any_of})')
    if not stack.environment.makes_cluster:
        return
    cluster = stack.view.only("google_container_cluster")
    posture = cluster.get("security_posture_config.mode")
    yield Observation(str(cluster), f"security_posture_config = {posture}", posture in ("BASIC", "ENTERPRISE"), "BASIC")


@check("AUD-3")
def configuration_baseline(stack: Subject) -> Iterator[Observation]:
    kinds = {"audit/resources": "RESOURCE"}
    if stack.environment.audit.continuous_recording:
        kinds["audit/grants"] = "IAM_POLICY"
    for feed in each(stack, "google_cloud_asset_project_feed", *kinds):
        yield equal(str(feed), "content_type", feed.get("content_type"), kinds[feed.path])
        yield includes(str(feed), "asset_types", feed.get("asset_types", []), _ASSETS)
        topic = feed.get("feed_output_config.pubsub_destination.topic")
        yield equal(str(feed), "topic", topic, names.topic(stack.target, "changes"))
        yield from unset(feed, "condition")


@check("AUD-3")
def project_policies(stack: Subject) -> Iterator[Observation]:
    if not stack.target.settings.owns_account:
        raise NotRequired(_NOT_OWNED)
    expected = {f"governance/{constraint.replace('.', '-')}": constraint for constraint in _BASELINE}
    project = f"projects/{names.account(stack.target)}"
    for policy in each(stack, "google_org_policy_policy", *expected):
        constraint = expected[policy.path]
        rule = _BASELINE[constraint]
        yield equal(str(policy), "name", policy.get("name"), f"{project}/policies/{constraint}")
        rules = [_filled(one) for one in policy.blocks("spec.rules")]
        yield equal(str(policy), "rules", rules, [rule])
        yield from unset(policy, "spec.reset", "spec.inherit_from_parent")


@check("AUD-3")
def project_metadata(stack: Subject) -> Iterator[Observation]:
    if not stack.target.settings.owns_account:
        raise NotRequired(_NOT_OWNED)
    metadata = {str(one.get("key")): one for one in stack.all("google_compute_project_metadata_item")}
    for key, value in _METADATA.items():
        if key not in metadata:
            raise Absent(f"no google_compute_project_metadata_item {key}")
        yield equal(str(metadata[key]), key, metadata[key].get("value"), value)


@check("AUD-4")
def recovery_region_watched(stack: Subject) -> Iterator[Observation]:
    """Records, findings, feeds and policies are the project's: nothing limits them to a region. Source: Cloud Audit
    Logs, Security Command Center and Cloud Asset Inventory, each "Overview"."""
    if not stack.target.recovery_region:
        raise NotRequired("recovery_region is not set")
    for sink in stack.all("google_logging_project_sink"):
        yield _everywhere(stack, sink, sink.get("filter"))
    for alarm in stack.all("google_monitoring_alert_policy"):
        filters = [at(one, "condition_matched_log.filter", "") for one in alarm.blocks("conditions")]
        yield _everywhere(stack, alarm, *filters)
    for severity in _SEVERITIES if stack.environment.database else ():
        lag = stack.one("google_monitoring_alert_policy", f"alarms/recovery-lag-{severity}")
        filters = [at(one, "condition_threshold.filter", "") for one in lag.blocks("conditions")]
        replica = f'resource.labels.database_id="{names.account(stack.target)}:{stack.target.prefix}-recovery"'
        read = [replica in str(one) and "replication/replica_lag" in str(one) for one in filters]
        yield equal(str(lag), "reads the lag of the replica", read, [True])
        yield from notified(stack, lag, severity)
    if stack.target.settings.owns_account:
        notification = stack.one("google_scc_v2_project_notification_config", "audit/findings")
        yield equal(str(notification), "location", notification.get("location", "global"), "global")
        yield _everywhere(stack, notification, notification.get("streaming_config.filter"))


def _everywhere(stack: Subject, resource: Resource, *filters: object) -> Observation:
    """Whether filters name no place."""
    regions = [region for region in (stack.target.region, stack.target.recovery_region) if region]
    text = " ".join(str(one) for one in filters)
    places = sorted({*_PLACED.findall(text), *(region for region in regions if region in text)})
    return Observation(str(resource), f"limited to places by {', '.join(places) or 'nothing'}", not places, "nothing")


@check("AUD-5")
def findings_sent(stack: Subject) -> Iterator[Observation]:
    yield from on_records(stack, *FINDINGS)
    if not stack.target.settings.owns_account:
        return
    inbox = stack.one("google_pubsub_subscription", "audit/findings-inbox")
    yield equal(str(inbox), "topic", str(stack.view.target(inbox.get("topic"))), "audit/findings-topic")
    yield from unset(inbox, "filter", "push_config", "bigquery_config", "cloud_storage_config")
    waiting = (
        'metric.type="pubsub.googleapis.com/subscription/num_undelivered_messages" AND'
        f' resource.type="pubsub_subscription" AND resource.labels.subscription_id="{inbox.get("name")}"'
    )
    for severity in _SEVERITIES:
        yield from on_metric(stack, f"alarms/findings-waiting-{severity}", severity, waiting)


@check("AUD-6")
def changes_alarmed(stack: Subject) -> Iterator[Observation]:
    return on_records(stack, *CHANGES)


def _filled(block: object) -> object:
    """A block without what is unset; a plan has every attribute, and lists for blocks."""
    if isinstance(block, dict):
        filled = {key: _filled(value) for key, value in block.items()}
        return {key: value for key, value in filled.items() if value not in (None, "", [], {})}
    if isinstance(block, list) and len(block) == 1 and isinstance(block[0], dict):
        return _filled(block[0])
    return block
