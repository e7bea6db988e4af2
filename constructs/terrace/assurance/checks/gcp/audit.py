"""Audit logs, findings and Asset Inventory (AUD-1 to AUD-3)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.gcp import lake
from terrace.assurance.evaluation import NotRequired, Observation, at_least, check, equal, includes
from terrace.gcp import names

_CALLS = ("cloudaudit.googleapis.com/activity", "cloudaudit.googleapis.com/data_access")
_ASSETS = (
    "cloudkms.googleapis.com/CryptoKey", "compute.googleapis.com/Firewall", "container.googleapis.com/Cluster",
    "sqladmin.googleapis.com/Instance", "storage.googleapis.com/Bucket", "iam.googleapis.com/ServiceAccountKey",
)  # fmt: skip
_BASELINE = (
    "governance/storage-publicAccessPrevention", "governance/iam-disableServiceAccountKeyCreation",
    "governance/sql-restrictPublicIp", "governance/compute-requireShieldedVm", "governance/compute-vmExternalIpAccess",
)  # fmt: skip
_NOT_OWNED = "owns_account is false; another environment manages the project"


@check("AUD-1")
def all_calls_logged(stack: Subject) -> Iterator[Observation]:
    if stack.target.settings.owns_account:
        audit_config = stack.one("google_project_iam_audit_config", "audit/calls")
        yield equal(str(audit_config), "service", audit_config.get("service"), "allServices")
        log_types = [str(one.get("log_type")) for one in audit_config.blocks("audit_log_config")]
        yield includes(str(audit_config), "log types", log_types, ["ADMIN_READ", "DATA_READ", "DATA_WRITE"])
        exempted = [
            one for block in audit_config.blocks("audit_log_config") for one in block.get("exempted_members") or []
        ]
        yield equal(str(audit_config), "exempted members", exempted, [])
    for path in ("audit/archive", "observability/trail-sink"):
        sink = stack.one("google_logging_project_sink", path)
        included = [kind for kind in _CALLS if kind in str(sink.get("filter"))]
        yield includes(str(sink), "filter", included, _CALLS)
        yield equal(str(sink), "disabled", bool(sink.get("disabled")), False)
    archive = stack.one("google_logging_project_sink", "audit/archive")
    expected = f"storage.googleapis.com/{names.bucket(stack.target, 'audit')}"
    yield equal(str(archive), "destination", archive.get("destination"), expected)


@check("AUD-1")
def log_immutable(stack: Subject) -> Iterator[Observation]:
    days = max(stack.environment.audit.retention_days, 365)
    yield from lake.lock(stack, "audit", days)
    log_bucket = stack.one("google_logging_project_bucket_config", "observability/trail-log")
    yield at_least(str(log_bucket), "retention_days", log_bucket.get("retention_days"), days)


@check("AUD-2")
def threat_detection_enabled(stack: Subject) -> Iterator[Observation]:
    if not stack.target.settings.owns_account:
        raise NotRequired(_NOT_OWNED)
    notification = stack.one("google_scc_v2_project_notification_config", "audit/findings")
    topic = names.topic(stack.target, "findings")
    yield equal(str(notification), "pubsub_topic", notification.get("pubsub_topic"), topic)
    streamed = str(notification.get("streaming_config.filter"))
    yield includes(
        str(notification), "severities", [w for w in ("HIGH", "CRITICAL") if w in streamed], ["HIGH", "CRITICAL"]
    )
    cluster = stack.view.only("google_container_cluster")
    posture = cluster.get("security_posture_config.mode")
    yield Observation(str(cluster), f"security_posture_config = {posture}", posture in ("BASIC", "ENTERPRISE"), "BASIC")


@check("AUD-3")
def configuration_baseline(stack: Subject) -> Iterator[Observation]:
    if not stack.target.settings.owns_account:
        raise NotRequired(_NOT_OWNED)
    feeds = [("audit/resources", "RESOURCE")]
    if stack.environment.audit.continuous_recording:
        feeds.append(("audit/grants", "IAM_POLICY"))
    for path, kind in feeds:
        feed = stack.one("google_cloud_asset_project_feed", path)
        yield equal(str(feed), "content_type", feed.get("content_type"), kind)
        yield includes(str(feed), "asset_types", feed.get("asset_types", []), _ASSETS)
    for path in _BASELINE:
        policy = stack.one("google_org_policy_policy", path)
        rules = policy.blocks("spec.rules")
        enforced = any("TRUE" in (str(rule.get("enforce")), str(rule.get("deny_all"))) for rule in rules)
        yield equal(str(policy), "enforced", enforced, True)
