"""Checks of audit logs, findings and Asset Inventory (AUD-1 to AUD-6)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.checks.gcp.lookup import CHANGES, FINDINGS
from terrace.assurance.evaluation import NotRequired, Observation, check, empty, equal, includes
from terrace.capabilities.spec import Severity
from terrace.gcp import names
from terrace.live.gcp import cluster, grants, lake, logs, observability
from terrace.live.gcp.checks import Deployment, named

_CALLS = ("cloudaudit.googleapis.com/activity", "cloudaudit.googleapis.com/data_access")
_RECORDED = ("ADMIN_READ", "DATA_READ", "DATA_WRITE")
_LEAST_DAYS = 365
_LAG_SECONDS = 900
_ASSETS = (
    "cloudkms.googleapis.com/CryptoKey", "compute.googleapis.com/Firewall", "container.googleapis.com/Cluster",
    "sqladmin.googleapis.com/Instance", "storage.googleapis.com/Bucket", "iam.googleapis.com/ServiceAccountKey",
)  # fmt: skip
_BASELINE = (
    "storage.publicAccessPrevention", "iam.disableServiceAccountKeyCreation", "sql.restrictPublicIp",
    "compute.requireShieldedVm", "compute.vmExternalIpAccess",
)  # fmt: skip
"""The policies that every deployment needs; it may have more."""
_SEVERITIES: tuple[Severity, ...] = ("warning", "critical")
_ELSEWHERE = "another environment of the project owns it (owns_account)"


@check("AUD-1")
def recorded(deployment: Deployment) -> Iterator[Observation]:
    if names.settings(deployment.target).owns_account:
        configs = grants.project_policy(deployment).get("auditConfigs", [])
        every = [one for config in configs if config["service"] == "allServices" for one in config["auditLogConfigs"]]
        kinds = [str(one.get("logType")) for one in every]
        yield includes(deployment.project, "logged types of calls", kinds, _RECORDED)
        spared = [member for one in every for member in one.get("exemptedMembers", [])]
        yield equal(deployment.project, "exempted members", spared, [])
    yield from logs.filled(deployment, "trail", *_CALLS)
    archive = f"{deployment.prefix}-archive"
    sink = deployment.call("logging", "projects.sinks.get", sinkName=f"{deployment.project}/sinks/{archive}")
    expected = f"storage.googleapis.com/{names.bucket(deployment.target, 'audit')}"
    yield equal(f"sink {archive}", "destination", sink.get("destination"), expected)
    yield equal(f"sink {archive}", "disabled", bool(sink.get("disabled")), False)
    taken = [kind for kind in _CALLS if kind in str(sink.get("filter"))]
    yield includes(f"sink {archive}", "logs", taken, _CALLS)
    days = max(deployment.environment.audit.retention_days, _LEAST_DAYS)
    yield from lake.lock(deployment, "audit", days)
    yield logs.kept(deployment, "trail", days)


def _notification(deployment: Deployment) -> dict[str, Any]:
    """The notification of findings, which is in no region. Raises Absent."""
    path = f"v2/{deployment.project}/locations/global/notificationConfigs/{deployment.prefix}-findings"
    return deployment.reader.rest("securitycenter", path)


@check("AUD-2")
def threats_looked_for(deployment: Deployment) -> Iterator[Observation]:
    if not names.settings(deployment.target).owns_account:
        raise NotRequired(_ELSEWHERE)
    name, findings = f"{deployment.prefix}-findings", _notification(deployment)
    topic = names.topic(deployment.target, "findings")
    yield equal(f"notification config {name}", "pubsubTopic", findings.get("pubsubTopic"), topic)
    filter = str(findings.get("streamingConfig", {}).get("filter"))
    severities = [word for word in ("HIGH", "CRITICAL") if word in filter]
    yield includes(f"notification config {name}", "severities", severities, ["HIGH", "CRITICAL"])
    if deployment.environment.cluster is None:
        return
    posture = cluster.cluster(deployment).get("securityPostureConfig", {}).get("mode")
    good = posture in ("BASIC", "ENTERPRISE")
    yield Observation(f"cluster {deployment.prefix}", f"securityPostureConfig = {posture}", good, "BASIC")


@check("AUD-3")
def compared(deployment: Deployment) -> Iterator[Observation]:
    if not names.settings(deployment.target).owns_account:
        raise NotRequired(_ELSEWHERE)
    found = deployment.pages("cloudasset", "feeds.list", "feeds", parent=deployment.project)
    topic = names.topic(deployment.target, "changes")
    ours = [
        feed
        for feed in found
        if named(feed.get("feedOutputConfig", {}).get("pubsubDestination", {}).get("topic")) == named(topic)
    ]
    kinds = ["RESOURCE", *(["IAM_POLICY"] if deployment.environment.audit.continuous_recording else [])]
    yield includes(f"feeds to {named(topic)}", "content", [str(feed.get("contentType")) for feed in ours], kinds)
    for feed in ours:
        yield includes(f"feed {named(feed['name'])}", "assetTypes", feed.get("assetTypes", []), _ASSETS)
    for constraint in _BASELINE:
        yield lake.policy_on(deployment, constraint)


@check("AUD-4")
def both_regions_watched(deployment: Deployment) -> Iterator[Observation]:
    target = deployment.target
    if not target.recovery_region:
        raise NotRequired("recovery_region is not set")
    filters = {
        f"sink {name}": str(deployment.call("logging", "projects.sinks.get", sinkName=name).get("filter"))
        for name in (f"{deployment.project}/sinks/{deployment.prefix}-{end}" for end in ("archive", "trail", "flow"))
    }
    if names.settings(target).owns_account:
        found = _notification(deployment)
        filters[f"notification config {deployment.prefix}-findings"] = str(found.get("streamingConfig"))
    for resource, text in filters.items():
        places = [word for word in ("location", target.region, target.recovery_region) if word in text]
        yield empty(resource, "limited to places", places)
    replica = f'database_id="{names.account(target)}:{deployment.prefix}-recovery"'
    for severity in _SEVERITIES if deployment.environment.database else ():
        yield from observability.on_metric(
            deployment, "recovery-lag", severity, "replication/replica_lag", replica, most=_LAG_SECONDS
        )


@check("AUD-5")
def findings_alarm(deployment: Deployment) -> Iterator[Observation]:
    yield from observability.on_records(deployment, *FINDINGS)
    if not names.settings(deployment.target).owns_account:
        return
    name = f"{deployment.project}/subscriptions/{deployment.prefix}-findings"
    inbox = deployment.call("pubsub", "projects.subscriptions.get", subscription=name)
    yield equal(f"subscription {named(name)}", "topic", inbox.get("topic"), names.topic(deployment.target, "findings"))
    yield equal(f"subscription {named(name)}", "filter", inbox.get("filter", ""), "")
    selected = ("subscription/num_undelivered_messages", f'subscription_id="{named(name)}"')
    for severity in _SEVERITIES:
        yield from observability.on_metric(deployment, "findings-waiting", severity, *selected)


@check("AUD-6")
def changes_alarm(deployment: Deployment) -> Iterator[Observation]:
    return observability.on_records(deployment, *CHANGES)
