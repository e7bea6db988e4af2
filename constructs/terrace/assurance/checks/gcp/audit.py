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
_ELSEWHERE = "another environment of the project carries it (owns_account)"


@check("AUD-1")
def recorded(stack: Subject) -> Iterator[Observation]:
    if stack.target.settings.owns_account:
        calls = stack.one("google_project_iam_audit_config", "audit/calls")
        yield equal(str(calls), "service", calls.get("service"), "allServices")
        kinds = [str(one.get("log_type")) for one in calls.blocks("audit_log_config")]
        yield includes(str(calls), "log types", kinds, ["ADMIN_READ", "DATA_READ", "DATA_WRITE"])
        spared = [one for block in calls.blocks("audit_log_config") for one in block.get("exempted_members") or []]
        yield equal(str(calls), "exempted members", spared, [])
    for path in ("audit/archive", "observability/trail-sink"):
        sink = stack.one("google_logging_project_sink", path)
        taken = [kind for kind in _CALLS if kind in str(sink.get("filter"))]
        yield includes(str(sink), "takes", taken, _CALLS)
        yield equal(str(sink), "disabled", bool(sink.get("disabled")), False)
    archive = stack.one("google_logging_project_sink", "audit/archive")
    wanted = f"storage.googleapis.com/{names.bucket(stack.target, 'audit')}"
    yield equal(str(archive), "destination", archive.get("destination"), wanted)


@check("AUD-1")
def unchangeable(stack: Subject) -> Iterator[Observation]:
    days = max(stack.environment.audit.retention_days, 365)
    yield from lake.lock(stack, "audit", days)
    kept = stack.one("google_logging_project_bucket_config", "observability/trail-log")
    yield at_least(str(kept), "retention_days", kept.get("retention_days"), days)


@check("AUD-2")
def threats_looked_for(stack: Subject) -> Iterator[Observation]:
    if not stack.target.settings.owns_account:
        raise NotRequired(_ELSEWHERE)
    findings = stack.one("google_scc_v2_project_notification_config", "audit/findings")
    topic = names.topic(stack.target, "findings")
    yield equal(str(findings), "pubsub_topic", findings.get("pubsub_topic"), topic)
    wanted = str(findings.get("streaming_config.filter"))
    yield includes(str(findings), "severities", [w for w in ("HIGH", "CRITICAL") if w in wanted], ["HIGH", "CRITICAL"])
    cluster = stack.view.only("google_container_cluster")
    posture = cluster.get("security_posture_config.mode")
    yield Observation(str(cluster), f"security_posture_config = {posture}", posture in ("BASIC", "ENTERPRISE"), "BASIC")


@check("AUD-3")
def compared(stack: Subject) -> Iterator[Observation]:
    if not stack.target.settings.owns_account:
        raise NotRequired(_ELSEWHERE)
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
        on = any("TRUE" in (str(rule.get("enforce")), str(rule.get("deny_all"))) for rule in rules)
        yield equal(str(policy), "is enforced", on, True)
