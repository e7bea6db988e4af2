"""Each way to list the resources that a deployment may leave, by service and type."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple
from urllib.parse import quote

from terrace.calls import Absent
from terrace.capabilities.lake import BUCKETS
from terrace.environment.schema import Environment
from terrace.gcp import names
from terrace.gcp.names import Place
from terrace.live.gcp import backup, cost, grants
from terrace.live.gcp.checks import Deployment, named
from terrace.live.gcp.session import VERSIONS

Found = tuple[str, str]
"""A full name, and why it is retained (empty: it should not exist)."""


class Listing(NamedTuple):
    """One way to list the resources of a type; `find` is called for each region or zone, or once for `global`."""

    service: str
    type: str
    find: Callable[[Deployment, str], Iterable[Found]]
    where: str = "region"  # or zone, global
    required: Callable[[Environment], bool] = lambda environment: True  # whether the stack enables the service


def _ours(deployment: Deployment, name: str) -> bool:
    """Whether a name is the deployment's prefix, alone or followed by more."""
    prefix, role = deployment.prefix, names.custom_role(deployment.target, "")
    return name == prefix or name.startswith((f"{prefix}-", f"{prefix}/", f"{prefix} ", f"{prefix}:", role))


def _foreign(entry: dict[str, Any], deployment: Deployment) -> bool:
    """Whether it has another environment's labels; names may have the same prefix (dev and dev-eu)."""
    settings: dict[str, Any] = entry["settings"] if isinstance(entry.get("settings"), dict) else {}
    for labels in (
        entry.get("labels"),
        entry.get("userLabels"),
        entry.get("resourceLabels"),
        settings.get("userLabels"),
    ):
        if isinstance(labels, dict) and labels.get("managed-by") == "terrace":
            return bool(labels.get("environment") != deployment.target.environment)
    return False


def _named(deployment: Deployment, entries: Iterable[dict[str, Any]], key: str, under: str = "") -> Iterator[Found]:
    """The deployment's entries, by their field `key`. `under` completes short names; its `-` is the location."""
    for entry in entries:
        name, label = str(entry["name"]), str(entry.get(key, ""))
        full = name.startswith(("projects/", "transferJobs/"))
        if _ours(deployment, named(label) if key == "name" and full else label) and not _foreign(entry, deployment):
            place = under.replace("/-/", f"/{entry.get('location', '-')}/")
            states = {entry.get("lifecycleState"), entry.get("state")}
            deleted = entry.get("deleted") or states & {"DELETE_REQUESTED", "DELETED"}
            kept = (
                "soft-deleted: it can be restored for a limited time, and its name cannot be used until then"
                if deleted
                else ""
            )
            if entry.get("locked"):  # a log bucket
                kept = "locked until its last entry expires"
            yield (name if full else f"{place}{quote(name, safe='')}"), kept


def by_name(
    service: str,
    type: str,
    method: str,
    *,
    field: str = "",
    key: str = "name",
    parent: str = "parent",
    where: str = "region",
    under: str = "{project}/locations/{place}",
) -> Listing:
    """Entries of a parent whose name, or whose field `key`, has the prefix."""

    def find(deployment: Deployment, place: str) -> Iterable[Found]:
        above = under.format(project=deployment.project, place=place)
        entries = deployment.pages(service, f"{method}.list", field or type, **{parent: above})
        return _named(deployment, entries, key, f"{above}/{type}/")

    return Listing(service.partition("/")[0], type, find, where)


def compute(type: str, where: str = "global") -> Listing:
    """Compute's entries, whose names are short; `globalX` lists the global X."""

    def find(deployment: Deployment, place: str) -> Iterable[Found]:
        parameters = {"project": names.account(deployment.target), **({} if where == "global" else {where: place})}
        entries = deployment.pages("compute", f"{type}.list", "items", **parameters)
        kind = type.removeprefix("global")
        kind = kind[0].lower() + kind[1:]
        scope = "global" if where == "global" else f"{where}s/{place}"
        return _named(deployment, entries, "name", f"{deployment.project}/{scope}/{kind}/")

    kind = type.removeprefix("global")
    return Listing("compute", kind[0].lower() + kind[1:], find, where)


def _disks(deployment: Deployment, zone: str) -> Iterable[Found]:
    """All disks of the cluster."""
    project = names.account(deployment.target)
    for disk in deployment.pages("compute", "disks.list", "items", project=project, zone=zone):
        if disk.get("labels", {}).get("goog-k8s-cluster-name") == deployment.prefix:
            yield f"{deployment.project}/zones/{zone}/disks/{disk['name']}", ""


def _instances(deployment: Deployment, zone: str) -> Iterable[Found]:
    project = names.account(deployment.target)
    for machine in deployment.pages("compute", "instances.list", "items", project=project, zone=zone):
        networks = [named(card.get("network")) for card in machine.get("networkInterfaces", [])]
        if deployment.prefix in networks:
            yield f"{deployment.project}/zones/{zone}/instances/{machine['name']}", ""


def _buckets(deployment: Deployment, place: str) -> Iterable[Found]:
    own = {names.bucket(deployment.target, bucket) for bucket in BUCKETS}
    project = names.account(deployment.target)
    for bucket in deployment.pages("storage", "buckets.list", "items", project=project):
        if bucket["name"] in own:
            yield f"b/{bucket['name']}", ""


def _instances_of_sql(deployment: Deployment, place: str) -> Iterable[Found]:
    entries = deployment.pages("sqladmin", "instances.list", "items", project=names.account(deployment.target))
    return _named(deployment, entries, "name", f"{deployment.project}/instances/")


def _backups_of_sql(deployment: Deployment, place: str) -> Iterable[Found]:
    """Backups that outlive their instance: the final one, and automated ones if they are retained."""
    for entry in deployment.pages("sqladmin", "Backups.ListBackups", "backups", parent=deployment.project):
        if _ours(deployment, named(entry.get("instance"))):
            kind = "final" if entry.get("type") == "FINAL" else str(entry.get("type", "")).lower()
            until = f", until {str(entry['expiryTime'])[:10]}" if "expiryTime" in entry else ""
            yield str(entry["name"]), f"the database's {kind} backup{until}"


def _keys(deployment: Deployment, place: str) -> Iterable[Found]:
    """Key rings and keys are undeletable; a key is retained when all its versions are destroyed or about to be."""
    places: tuple[Place, ...] = ("home", "recovery", "both") if deployment.target.recovery_region else ("home",)
    for where in places:
        try:
            yield from _ring(deployment, names.key_ring(deployment.target, where))
        except Absent:
            continue


def _ring(deployment: Deployment, ring: str) -> Iterator[Found]:
    keys = "projects.locations.keyRings.cryptoKeys"
    entries = deployment.pages("cloudkms", f"{keys}.list", "cryptoKeys", parent=ring)
    if entries:
        yield ring, "key rings are undeletable"
    for key in entries:
        versions = deployment.pages(
            "cloudkms", f"{keys}.cryptoKeyVersions.list", "cryptoKeyVersions", parent=key["name"]
        )
        destroyed = [str(version.get("state")).startswith("DESTROY") for version in versions]
        dates = sorted(str(version["destroyTime"])[:10] for version in versions if "destroyTime" in version)
        until = f"; restorable until {dates[-1]}" if dates else ""
        yield str(key["name"]), f"its versions are destroyed{until}" if all(destroyed) else ""


def _services(deployment: Deployment, place: str) -> Iterable[Found]:
    own = {f"{name}.googleapis.com" for name in (*VERSIONS, *_WITHOUT_CLIENT)}
    found = deployment.pages(
        "serviceusage", "services.list", "services", parent=deployment.project, filter="state:ENABLED"
    )
    for entry in found:
        if named(entry["name"]) in own and entry.get("state") == "ENABLED":
            name = f"{deployment.project}/services/{named(entry['name'])}"
            yield name, "services stay enabled: other environments of the project may use them"


_WITHOUT_CLIENT = ("containerscanning", "memorystore", "securitycenter", "sts")


def _accounts(deployment: Deployment, place: str) -> Iterable[Found]:
    found = deployment.pages("iam", "projects.serviceAccounts.list", "accounts", name=deployment.project)
    for account in found:
        if _ours(deployment, str(account["email"]).partition("@")[0]):
            yield str(account["name"]), ""


def _members(deployment: Deployment, place: str) -> Iterable[Found]:
    """Grants on the project to the deployment's service accounts, also to deleted ones."""
    for grant in grants.on_project(deployment):
        account = grant.member.removeprefix("deleted:").removeprefix("serviceAccount:")
        own = account.partition("?")[0].endswith(f"@{names.account(deployment.target)}.iam.gserviceaccount.com")
        if own and _ours(deployment, account.partition("@")[0]):
            yield f"{deployment.project} {grant.role} {grant.member}", ""


def _denials(deployment: Deployment, place: str) -> Iterable[Found]:
    parent = f"policies/cloudresourcemanager.googleapis.com%2F{deployment.project.replace('/', '%2F')}/denypolicies"
    for policy in deployment.pages("iam/v2", "policies.listPolicies", "policies", parent=parent):
        if _ours(deployment, named(policy["name"])):
            yield str(policy["name"]), ""


def _policies(deployment: Deployment, place: str) -> Iterable[Found]:
    """Organisation policies on the project, if this environment owns the resources that a project has once."""
    if names.settings(deployment.target).owns_account:
        for policy in deployment.pages("orgpolicy", "projects.policies.list", "policies", parent=deployment.project):
            yield f"{deployment.project}/policies/{named(policy['name'])}", ""


def _feeds(deployment: Deployment, place: str) -> Iterable[Found]:
    topic = named(names.topic(deployment.target, "changes"))
    for feed in deployment.pages("cloudasset", "feeds.list", "feeds", parent=deployment.project):
        into = named(feed.get("feedOutputConfig", {}).get("pubsubDestination", {}).get("topic"))
        if into == topic or _ours(deployment, named(feed["name"])):
            yield f"{deployment.project}/feeds/{named(feed['name'])}", ""


def _findings(deployment: Deployment, place: str) -> Iterable[Found]:
    answer = deployment.reader.rest("securitycenter", f"v2/{deployment.project}/locations/global/notificationConfigs")
    return _named(deployment, answer.get("notificationConfigs", []), "name")


def _caches(deployment: Deployment, region: str) -> Iterable[Found]:
    answer = deployment.reader.rest("memorystore", f"v1/{deployment.project}/locations/{region}/instances")
    return _named(deployment, answer.get("instances", []), "name")


def _budgets(deployment: Deployment, place: str) -> Iterable[Found]:
    yield str(cost.budget(deployment)["name"]), ""


def _transfers(deployment: Deployment, place: str) -> Iterable[Found]:
    return _named(deployment, backup.transfers(deployment), "description")


def _zones(deployment: Deployment, place: str) -> Iterable[Found]:
    found = deployment.pages("dns", "managedZones.list", "managedZones", project=names.account(deployment.target))
    return _named(deployment, found, "name", f"{deployment.project}/managedZones/")


def _dns_policies(deployment: Deployment, place: str) -> Iterable[Found]:
    found = deployment.pages("dns", "policies.list", "policies", project=names.account(deployment.target))
    return _named(deployment, found, "name", f"{deployment.project}/policies/")


def _sleeps(environment: Environment) -> bool:
    return environment.cost.sleep is not None


def _streams(environment: Environment) -> bool:
    return environment.streams is not None


def _searches(environment: Environment) -> bool:
    return environment.lake.sensitive_data_discovery


_PROJECT = "{project}"
LISTINGS: tuple[Listing, ...] = (
    Listing("storage", "b", _buckets, "global"),
    Listing("sqladmin", "instances", _instances_of_sql, "global"),
    Listing("sqladmin", "backups", _backups_of_sql, "global"),
    Listing("memorystore", "instances", _caches),
    by_name("managedkafka", "clusters", "projects.locations.clusters")._replace(required=_streams),
    by_name("container", "clusters", "projects.locations.clusters", where="global", under="{project}/locations/-"),
    by_name("artifactregistry", "repositories", "projects.locations.repositories"),
    by_name("secretmanager", "secrets", "projects.secrets", where="global", under=_PROJECT),
    Listing("cloudkms", "cryptoKeys", _keys, "global"),
    by_name("backupdr", "backupVaults", "projects.locations.backupVaults"),
    by_name("backupdr", "backupPlans", "projects.locations.backupPlans"),
    by_name("backupdr", "backupPlanAssociations", "projects.locations.backupPlanAssociations"),
    by_name("gkebackup", "backupPlans", "projects.locations.backupPlans"),
    by_name("gkebackup", "restorePlans", "projects.locations.restorePlans"),
    Listing("storagetransfer", "transferJobs", _transfers, "global"),
    Listing("billingbudgets", "budgets", _budgets, "global"),
    by_name("cloudscheduler", "jobs", "projects.locations.jobs")._replace(required=_sleeps),
    by_name("dlp", "jobTriggers", "projects.locations.jobTriggers")._replace(required=_searches),
    by_name("networkconnectivity", "serviceConnectionPolicies", "projects.locations.serviceConnectionPolicies"),
    by_name("certificatemanager", "certificates", "projects.locations.certificates", where="global"),
    by_name("certificatemanager", "certificateMaps", "projects.locations.certificateMaps", where="global"),
    by_name("certificatemanager", "dnsAuthorizations", "projects.locations.dnsAuthorizations", where="global"),
    Listing("dns", "managedZones", _zones, "global"),
    Listing("dns", "policies", _dns_policies, "global"),
    Listing("iam", "serviceAccounts", _accounts, "global"),
    Listing("cloudresourcemanager", "iamBindings", _members, "global"),
    by_name("iam", "roles", "projects.roles", where="global", under=_PROJECT),
    by_name(
        "iam", "workloadIdentityPools", "projects.locations.workloadIdentityPools", where="global"
    ),
    Listing("iam", "denypolicies", _denials, "global"),
    Listing("orgpolicy", "policies", _policies, "global"),
    by_name("logging", "buckets", "projects.locations.buckets"),
    by_name("logging", "sinks", "projects.sinks", where="global", under=_PROJECT),
    by_name("logging", "metrics", "projects.metrics", where="global", under=_PROJECT),
    by_name("logging", "savedQueries", "projects.locations.savedQueries", where="global"),
    by_name(
        "monitoring", "alertPolicies", "projects.alertPolicies",
        key="displayName", parent="name", where="global", under=_PROJECT,
    ),
    by_name(
        "monitoring", "notificationChannels", "projects.notificationChannels",
        key="displayName", parent="name", where="global", under=_PROJECT,
    ),
    by_name(
        "monitoring/v1", "dashboards", "projects.dashboards", key="displayName", where="global", under=_PROJECT
    ),
    by_name("monitoring", "services", "services", where="global", under=_PROJECT),
    by_name("pubsub", "topics", "projects.topics", parent="project", where="global", under=_PROJECT),
    by_name("pubsub", "subscriptions", "projects.subscriptions", parent="project", where="global", under=_PROJECT),
    Listing("securitycenter", "notificationConfigs", _findings, "global"),
    Listing("cloudasset", "feeds", _feeds, "global"),
    compute("networks"),
    compute("subnetworks", "region"),
    compute("routers", "region"),
    compute("routes"),
    compute("firewalls"),
    compute("addresses", "region"),
    compute("globalAddresses"),
    compute("vpnGateways", "region"),
    compute("vpnTunnels", "region"),
    compute("externalVpnGateways"),
    compute("backendServices"),
    compute("healthChecks"),
    compute("urlMaps"),
    compute("targetHttpProxies"),
    compute("targetHttpsProxies"),
    compute("globalForwardingRules"),
    compute("sslPolicies"),
    compute("securityPolicies"),
    compute("networkEndpointGroups", "zone"),
    Listing("compute", "instances", _instances, "zone"),
    Listing("compute", "disks", _disks, "zone"),
    Listing("serviceusage", "services", _services, "global"),
)  # fmt: skip
