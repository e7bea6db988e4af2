"""What a destroy will meet: what stops it, what it leaves behind on purpose, and what to do."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from terrace.assurance.evaluation import Absent
from terrace.capabilities.lake import BUCKETS
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.gcp import names
from terrace.live import Obstacle
from terrace.live.gcp import backup, cache, database, keys, lake, logs
from terrace.live.gcp.checks import Deployment, days, named, opened
from terrace.live.gcp.secrets import modules, secret, secret_id
from terrace.live.obstacles import met
from terrace.purge import gcp as objects

_COUNTED = 100_000  # versions of one bucket; beyond, "more than" is told
_FIRST = "destroy lifts the protection first"


def preflight(environment: Environment, target: Target) -> list[Obstacle]:
    """See terrace.live.preflight. What blocks comes first."""
    return obstacles(opened(environment, target))


def obstacles(deployment: Deployment) -> list[Obstacle]:
    """What is in the way, what blocks first."""
    looks = (
        _policies,
        _database,
        _cache,
        _buckets,
        _record,
        _recovery_points,
        _cluster_backups,
        _records,
        _volumes,
        _keys,
        _secrets,
        _images,
        _identities,
        _services,
    )
    return met(deployment, looks)


def _policies(deployment: Deployment) -> Iterator[Obstacle]:
    """What the provider itself refuses to delete; Google knows nothing of it."""
    keys.key(deployment, "lake")  # Absent: never deployed
    if deployment.target.protected:
        message = "the provider refuses to delete them (deletion_policy PREVENT, deletion_protection)"
        yield Obstacle("note", "keys, buckets, secrets, cluster, vault", message, _FIRST)


def _database(deployment: Deployment) -> Iterator[Obstacle]:
    server = database.server(deployment)
    resource = f"sql instance {deployment.prefix}"
    for instance in (server, *database.copies(deployment)):
        if instance["settings"].get("deletionProtectionEnabled"):
            yield Obstacle("note", f"sql instance {instance['name']}", "is protected from deletion", _FIRST)
    final = server["settings"].get("finalBackupConfig", {})
    if final.get("enabled"):
        message = f"a last backup is taken before it goes, and stays {final.get('retentionDays', 'some')} days"
        yield Obstacle("kept", resource, message)
    else:
        yield Obstacle("note", resource, "is deleted without a last backup")
    if server["settings"].get("retainBackupsOnDelete"):
        kept = deployment.environment.database.recovery_days
        yield Obstacle("kept", resource, f"its automated backups stay for {kept} days")
    message = "its name cannot be used again for a week"  # Cloud SQL documentation, "Delete instances"
    yield Obstacle("note", resource, message, "an apply within that time needs another prefix")


def _cache(deployment: Deployment) -> Iterator[Obstacle]:
    if cache.instance(deployment).get("deletionProtectionEnabled"):
        yield Obstacle("note", f"cache {deployment.prefix}", "is protected from deletion", _FIRST)


def _buckets(deployment: Deployment) -> Iterator[Obstacle]:
    for bucket in BUCKETS:
        name = names.bucket(deployment.target, bucket)
        try:
            found = lake.bucket(deployment, bucket)
        except Absent:
            continue
        held = list(islice(objects.versions(deployment.reader, name), _COUNTED + 1))
        if not held:
            continue
        many = f"more than {_COUNTED:,}" if len(held) > _COUNTED else f"{len(held):,}"
        until = max((blob.retention_expiration_time for blob in held if blob.retention_expiration_time), default=None)
        if objects.locked(found) and until and until > datetime.now(UTC):
            message = f"holds {many} versions; the newest cannot be removed by anybody until {until:%Y-%m-%d %H:%M} UTC"
            yield Obstacle("blocks", f"bucket {name}", message, "wait until then, or take the bucket out of the state")
        else:
            more = "; logs go on to arrive until their senders are gone" if bucket == "access" else ""
            remedy = f"`terrace destroy {deployment.environment.name} --empty-buckets` removes them for good"
            yield Obstacle("blocks", f"bucket {name}", f"holds {many} object versions{more}", remedy)
        if soft := days(found.get("softDeletePolicy", {}).get("retentionDurationSeconds")):
            yield Obstacle("kept", f"bucket {name}", f"what is deleted can be brought back for {soft:g} days")


def _record(deployment: Deployment) -> Iterator[Obstacle]:
    """A locked log bucket goes when its last entry has aged. Source: Cloud Logging, "Lock log bucket"."""
    found = logs.group(deployment, "trail")
    if found.get("locked"):
        name = f"log bucket {names.log_group(deployment.target, 'trail')}"
        message = f"is locked: nobody can delete it before its last entry is {found.get('retentionDays')} days old"
        yield Obstacle("kept", name, message, "destroy takes it out of the state; it ends by itself")


def _recovery_points(deployment: Deployment) -> Iterator[Obstacle]:
    vault = backup.vault(deployment)
    found = deployment.pages(
        "backupdr",
        "projects.locations.backupVaults.dataSources.backups.list",
        "backups",
        parent=f"{backup.place(deployment)}/backupVaults/{deployment.prefix}/dataSources/-",
    )
    if found:
        ends = max(str(one.get("enforcedRetentionEndTime", "")) for one in found)[:10]
        least = days(vault.get("backupMinimumEnforcedRetentionDuration")) or 0
        message = f"holds {len(found)} backups, kept for {least:g} days at least, the last until {ends or 'then'}"
        yield Obstacle("blocks", f"vault {deployment.prefix}", message, "nobody can delete them sooner: wait")


def _cluster_backups(deployment: Deployment) -> Iterator[Obstacle]:
    plan = f"{backup.place(deployment)}/backupPlans/{deployment.prefix}"
    found = deployment.pages("gkebackup", "projects.locations.backupPlans.backups.list", "backups", parent=plan)
    if found:
        remedy = "delete them: `gcloud beta container backup-restore backups delete`, once their lock has ended"
        yield Obstacle("blocks", f"GKE backup plan {deployment.prefix}", f"holds {len(found)} backups", remedy)


def _records(deployment: Deployment) -> Iterator[Obstacle]:
    """Records in the public zone that others made, external-dns above all: a zone that holds any cannot be deleted."""
    domain, zone = f"{deployment.environment.network.entry.domain}.", f"{deployment.prefix}-public"
    project = names.account(deployment.target)
    found = deployment.pages("dns", "resourceRecordSets.list", "rrsets", project=project, managedZone=zone)
    strange = [
        str(record["name"])
        for record in found
        if record["type"] not in ("NS", "SOA")
        and record["name"] not in (domain, f"*.{domain}")
        and record["name"][0] != "_"
    ]
    if strange:
        message = f"holds {len(strange)} records that Terrace did not make: {', '.join(strange[:3])}"
        yield Obstacle("blocks", f"zone {zone}", message, "remove what made them first, then the records")


def _volumes(deployment: Deployment) -> Iterator[Obstacle]:
    """Disks that pods asked for; they do not belong to the stack."""
    project, found = names.account(deployment.target), []
    for zone in deployment.target.zones:
        for disk in deployment.pages("compute", "disks.list", "items", project=project, zone=zone):
            if disk.get("labels", {}).get("goog-k8s-cluster-name") == deployment.prefix:
                found.append(str(disk["name"]))
    if found:
        message = f"{len(found)} disks of pods stay: {', '.join(sorted(found)[:3])}"
        yield Obstacle("kept", "disks", message, "delete the claims in the cluster first, or the disks afterwards")


def _keys(deployment: Deployment) -> Iterator[Obstacle]:
    keys.key(deployment, "lake")  # Absent: never deployed
    wait = deployment.environment.keys.deletion_window_days
    message = f"rings and keys stay for ever; versions end after {wait} days, until then they can be brought back"
    remedy = "`terrace apply --recover` takes them up again; an ended key needs a new version first"
    yield Obstacle("kept", f"key ring {deployment.prefix}", message, remedy)


def _secrets(deployment: Deployment) -> Iterator[Obstacle]:
    for module in modules(deployment):
        secret(deployment, module)
        name = named(secret_id(deployment, module))
        yield Obstacle("note", f"secret {name}", "is deleted at once, and nothing brings it back")


def _images(deployment: Deployment) -> Iterator[Obstacle]:
    for module in modules(deployment):
        name = f"{deployment.prefix}-{module}"
        found = deployment.pages(
            "artifactregistry",
            "projects.locations.repositories.dockerImages.list",
            "dockerImages",
            parent=f"{deployment.place}/repositories/{name}",
        )
        if found:
            yield Obstacle("note", f"repository {name}", f"holds {len(found)} images, which go with it")


def _identities(deployment: Deployment) -> Iterator[Obstacle]:
    """Names that are not free at once. Source: IAM, "Delete and undelete custom roles", "Manage pools"."""
    pool = names.short(f"{deployment.prefix}-github", 32)
    where = f"{deployment.project}/locations/global/workloadIdentityPools/{pool}"
    deployment.call("iam", "projects.locations.workloadIdentityPools.get", name=where)
    until = datetime.now(UTC) + timedelta(days=30)
    remedy = "`gcloud iam workload-identity-pools undelete`, then `terrace apply --recover`"
    yield Obstacle("kept", f"identity pool {pool}", f"keeps its name until {until:%Y-%m-%d}", remedy)


def _services(deployment: Deployment) -> Iterator[Obstacle]:
    keys.key(deployment, "lake")  # Absent: never deployed
    message = "stay switched on: others of the project may use them"
    yield Obstacle("kept", "services (APIs)", message, "`gcloud services disable` for those that nobody needs")
