"""Helpers of several Google Cloud checks: keys, grants, networks and alarms."""

import re
from collections.abc import Iterator, Sequence

from terrace.assurance.checks import Subject
from terrace.assurance.evaluation import Observation, equal, includes, shown
from terrace.assurance.view import Reference, Resource, at
from terrace.calls import Absent
from terrace.capabilities.audit import AuditHandle
from terrace.capabilities.cluster import POOL_LABEL
from terrace.capabilities.keys import Purpose
from terrace.capabilities.signals import SEVERITIES
from terrace.capabilities.spec import Severity
from terrace.gcp import names
from terrace.gcp.names import Place
from terrace.gcp.records import events


def uses(
    stack: Subject, resource: Resource, value: object, name: str, purpose: Purpose, place: Place = "home"
) -> Observation:
    """Whether a value is the key of a purpose in a place."""
    expected = names.key(stack.target, purpose, place)
    return Observation(str(resource), f"{name} = {value or 'unset'}", value == expected, expected)


def pods(stack: Subject, account: Resource) -> list[str]:
    """namespace/account of the pods that may act as a service account."""
    grants = stack.view.pointing("google_service_account_iam_member", "service_account_id", account)
    members = [str(one.get("member")) for one in grants if one.get("role") == "roles/iam.workloadIdentityUser"]
    return [match[1] for member in members if (match := re.search(r"\.svc\.id\.goog\[(.+)\]$", member))]


def seconds(period: object) -> int | None:
    """A period in seconds: 3600s, or a number as text."""
    match = re.fullmatch(r"(\d+)s?", str(period))
    return int(match[1]) if match else None


def each(stack: Subject, type: str, *paths: str) -> Iterator[Resource]:
    """The resources at paths. Those that exist come first, because a missing one ends a check. Raises Absent."""
    found = {resource.path: resource for resource in stack.all(type)}
    yield from (found[path] for path in paths if path in found)
    yield from (stack.one(type, path) for path in paths if path not in found)


def unset(resource: Resource, *attributes: str) -> Iterator[Observation]:
    """Whether attributes are absent, empty or false: those that narrow, pause or disable what a resource does."""
    for name in attributes:
        value = resource.get(name)
        yield Observation(str(resource), f"{name} = {shown(value or None)}", not value, "unset")


def recorded(sink: Resource, filter: str) -> Iterator[Observation]:
    """Whether a sink sends all that a filter selects: the filter as the environment has it, nothing excluded."""
    yield equal(str(sink), "filter", sink.get("filter"), filter)
    yield from unset(sink, "disabled", "exclusions")


def private_zone(stack: Subject, path: str) -> Observation:
    """Whether a DNS zone is visible in the network only."""
    zone = stack.one("google_dns_managed_zone", path)
    networks = [stack.view.target(one.get("network_url")) for one in zone.blocks("private_visibility_config.networks")]
    ok = zone.get("visibility") == "private" and [str(one) for one in networks] == ["network/vpc"]
    return Observation(str(zone), f"visibility = {zone.get('visibility')}", ok, "private, visible in network/vpc")


def path_of(stack: Subject, value: object) -> str:
    """The path of the resource that a reference or the id of an existing one points at, or the value as text."""
    return str(stack.view.target(value) or (None if isinstance(value, Reference) else value))


def severities(stack: Subject, alarms: list[Resource]) -> list[str]:
    """The severities whose channels these alarms notify."""
    channels = [
        str(stack.view.target(channel))
        for alarm in alarms
        if alarm.get("enabled", True)
        for channel in alarm.get("notification_channels", [])
    ]
    return [severity for severity in SEVERITIES if f"observability/{severity}-channel" in channels]


_WARNING: tuple[Severity, ...] = ("warning",)
RECORDS: dict[str, tuple[tuple[Severity, ...], str]] = {
    "owner-made": (SEVERITIES, "SetIamPolicy roles/owner"),
    "trail-stopped": (SEVERITIES, "Create Update Delete Sink Exclusion Bucket CmekSettings"),
    "record-narrowed": (SEVERITIES, "SetIamPolicy auditConfigDeltas"),
    "key-ended": (SEVERITIES, "DestroyCryptoKeyVersion UpdateCryptoKeyVersion UpdateCryptoKey"),
    "detection-changed": (
        SEVERITIES, "MuteConfig NotificationConfig Feed AlertPolicy NotificationChannel LogMetric DisableService",
    ),
    "policies-changed": (SEVERITIES, "OrgPolicy google.iam.v2 Binauthz"),
    "access-changed": (_WARNING, "setIamPolicy"),
    "roles-changed": (_WARNING, "Create Update Delete Role ServiceAccountKey WorkloadIdentityPoolProvider"),
    "firewall-changed": (_WARNING, "firewalls firewallPolicies networkFirewallPolicies securityPolicies"),
    "routes-changed": (_WARNING, "routes routers vpnGateways vpnTunnels"),
    "network-changed": (_WARNING, "networks subnetworks packetMirrorings serviceAttachments managedZones"),
    "buckets-changed": (_WARNING, "setIamPermissions update patch delete lockRetentionPolicy"),
    "database-changed": (_WARNING, "instances users update import export clone"),
    "cluster-finding": (SEVERITIES, "containersecurity.googleapis.com/finding SEVERITY_HIGH SEVERITY_CRITICAL"),
    "policy-violated": (SEVERITIES, "cloudaudit.googleapis.com/policy VIOLATES_POLICY"),
    "database-failover": (SEVERITIES, "autoFailover failover promoteReplica switchover"),
    "database-deleted": (SEVERITIES, "instances databases backupRuns delete"),
    "database-grown": (_WARNING, "automaticStorageIncrease"),
    "backup-failed": (SEVERITIES, "bdr_backup_restore_jobs gkebackup.googleapis.com storagetransfer automatedBackup"),
}  # fmt: skip
"""Kinds of records that raise an alarm: the severities of its alarms, and words that its filter has to contain."""
CHANGES = (
    "owner-made", "trail-stopped", "record-narrowed", "key-ended", "detection-changed", "policies-changed",
    "access-changed", "roles-changed", "firewall-changed", "routes-changed", "network-changed", "buckets-changed",
    "database-changed",
)  # fmt: skip
"""The kinds of changes (AUD-6); CIS Google Cloud Platform Foundation Benchmark, 2.4 to 2.11, and more."""
FINDINGS = ("cluster-finding", "policy-violated")
"""The kinds of findings that are records of the logs (AUD-5)."""


def on_records(stack: Subject, *kinds: str) -> Iterator[Observation]:
    """The alarms on a single record of the logs, for these of RECORDS.

    A filter equals that of `gcp/records.py`, so that a stack cannot narrow it, and has the words of RECORDS, so that
    `gcp/records.py` cannot either.
    """
    known = events(AuditHandle(trail=names.log_group(stack.target, "trail")), stack.target, database=True)
    expected = {f"alarms/{kind}-{severity}": (kind, severity) for kind in kinds for severity in RECORDS[kind][0]}
    for alarm in each(stack, "google_monitoring_alert_policy", *expected):
        kind, severity = expected[alarm.path]
        filters = [at(one, "condition_matched_log.filter") for one in alarm.blocks("conditions")]
        yield equal(str(alarm), "filters", filters, [known[kind].filter])
        yield words(str(alarm), filters, kind)
        yield from notified(stack, alarm, severity)


def words(alarm: str, filters: Sequence[object], kind: str) -> Observation:
    """Whether the filters of an alarm contain the words of a kind of records."""
    required = RECORDS[kind][1].split()
    return includes(alarm, "records", [one for one in required if any(one in str(text) for text in filters)], required)


def on_metric(stack: Subject, path: str, severity: Severity, filter: str) -> Iterator[Observation]:
    """The alarm on a metric as soon as it is above 0."""
    alarm = stack.one("google_monitoring_alert_policy", path)
    conditions = [at(one, "condition_threshold") for one in alarm.blocks("conditions")]
    read = [(at(one, "filter"), at(one, "threshold_value", 0), at(one, "duration")) for one in conditions]
    yield equal(str(alarm), "conditions", read, [(filter, 0, "0s")])
    yield from notified(stack, alarm, severity)


def notified(stack: Subject, alarm: Resource, severity: Severity) -> Iterator[Observation]:
    """Whether an alarm is enabled and notifies the channels of a severity."""
    yield equal(str(alarm), "enabled", alarm.get("enabled", True), True)
    yield equal(str(alarm), "severities", severities(stack, [alarm]), [severity])


def pools(stack: Subject) -> Iterator[tuple[str, Resource]]:
    """Each pool of the environment, which its nodes' label names. Raises Absent."""
    cluster = stack.view.only("google_container_cluster")
    node_pools = stack.view.pointing("google_container_node_pool", "cluster", cluster)
    found = {str((pool.get("node_config.labels") or {}).get(POOL_LABEL)): pool for pool in node_pools}
    for name in stack.environment.pools:
        if name not in found:
            raise Absent(f"no pool {name} of the cluster")
        yield name, found[name]
