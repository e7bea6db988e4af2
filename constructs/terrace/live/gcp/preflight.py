"""What blocks a destroy, what it leaves on purpose, and what to do about it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from terrace.calls import Absent
from terrace.capabilities.lake import BUCKETS
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.gcp import names
from terrace.live import Obstacle
from terrace.live.foreign import preflight_checks
from terrace.live.gcp import backup, cache, cluster, database, keys, lake, logs, objects
from terrace.live.gcp.checks import Deployment, days, named, opened
from terrace.live.gcp.foreign import KINDS
from terrace.live.gcp.secrets import modules, secret, secret_ids
from terrace.live.obstacles import met
from terrace.words import counted

_COUNTED = 100_000  # versions of one bucket; above, messages say "more than"
_LIFTED = "destroy lifts the protection first"


def preflight(environment: Environment, target: Target) -> list[Obstacle]:
    """See terrace.live.preflight."""
    return obstacles(opened(environment, target))


def obstacles(deployment: Deployment) -> list[Obstacle]:
    """The obstacles: what blocks first."""
    checks = (
        _policies,
        _database,
        _cluster,
        _cache,
        _buckets,
        _record,
        _recovery_points,
        _cluster_backups,
        _records,
        _keys,
        _secrets,
        _images,
        _identities,
        _services,
    )
    return met(deployment, (*checks, *preflight_checks(KINDS)))


def _policies(deployment: Deployment) -> Iterator[Obstacle]:
    """What the provider refuses to delete; Google itself would delete it."""
    keys.deployed(deployment)
    if deployment.target.protected:
        message = "the provider refuses to delete them (deletion_policy PREVENT, deletion_protection)"
        yield Obstacle("note", "keys, buckets, secrets, cluster, vault", message, _LIFTED)


def _database(deployment: Deployment) -> Iterator[Obstacle]:
    if deployment.environment.database is None:
        return
    server = database.server(deployment)
    resource = f"sql instance {deployment.prefix}"
    for instance in (server, *database.copies(deployment)):
        if instance["settings"].get("deletionProtectionEnabled"):
            yield Obstacle("note", f"sql instance {instance['name']}", "is protected from deletion", _LIFTED)
    final = server["settings"].get("finalBackupConfig", {})
    if final.get("enabled"):
        message = f"a final backup is taken, and retained for {final.get('retentionDays', 'some')} days"
        yield Obstacle("retained", resource, message)
    else:
        yield Obstacle("note", resource, "is deleted without a final backup")
    if server["settings"].get("retainBackupsOnDelete"):
        days_kept = deployment.environment.database.recovery_days
        yield Obstacle("retained", resource, f"its automated backups are retained for {days_kept} days")
    message = "its name cannot be used again for a week"  # Cloud SQL documentation, "Delete instances"
    yield Obstacle("note", resource, message, "an apply within that time needs another prefix")


def _cluster(deployment: Deployment) -> Iterator[Obstacle]:
    spec = deployment.environment.cluster
    if spec and spec.deletion_protection and names.settings(deployment.target).owns_account:
        cluster.deletion_denied(deployment)
        message = "is protected from deletion"
        yield Obstacle("note", f"cluster {deployment.prefix}", message, f"{_LIFTED}, which takes effect within minutes")


def _cache(deployment: Deployment) -> Iterator[Obstacle]:
    if deployment.environment.cache and cache.instance(deployment).get("deletionProtectionEnabled"):
        yield Obstacle("note", f"cache {deployment.prefix}", "is protected from deletion", _LIFTED)


def _buckets(deployment: Deployment) -> Iterator[Obstacle]:
    for bucket in BUCKETS:
        name = names.bucket(deployment.target, bucket)
        try:
            body = lake.bucket(deployment, bucket)
        except Absent:
            continue
        versions = list(islice(objects.versions(deployment.reader, name), _COUNTED + 1))
        if not versions:
            continue
        total = len(versions)
        many = f"more than {_COUNTED:,} object versions" if total > _COUNTED else counted(total, "object version")
        until = max((v.retention_expiration_time for v in versions if v.retention_expiration_time), default=None)
        if objects.is_locked(body) and until and until > datetime.now(UTC):
            message = f"contains {many}; the newest is locked until {until:%Y-%m-%d %H:%M} UTC"
            yield Obstacle("blocks", f"bucket {name}", message, "wait until then, or remove the bucket from the state")
        else:
            more = "; more access logs arrive until the other buckets are deleted" if bucket == "access" else ""
            remedy = f"`terrace destroy {deployment.environment.name} --empty-buckets` removes them permanently"
            yield Obstacle("blocks", f"bucket {name}", f"contains {many}{more}", remedy)
        if soft := days(body.get("softDeletePolicy", {}).get("retentionDurationSeconds")):
            yield Obstacle("retained", f"bucket {name}", f"deleted objects can be restored for {soft:g} days")


def _record(deployment: Deployment) -> Iterator[Obstacle]:
    """A locked log bucket remains until its last entry expires. Source: Cloud Logging, "Lock log bucket"."""
    bucket = logs.group(deployment, "trail")
    if bucket.get("locked"):
        name = f"log bucket {names.log_group(deployment.target, 'trail')}"
        message = f"is locked until its last entry is {bucket.get('retentionDays')} days old"
        yield Obstacle("retained", name, message, "destroy removes it from the state; delete it when the lock ends")


def _recovery_points(deployment: Deployment) -> Iterator[Obstacle]:
    vault = backup.vault(deployment)
    backups = deployment.pages(
        "backupdr",
        "projects.locations.backupVaults.dataSources.backups.list",
        "backups",
        parent=f"{backup.place(deployment)}/backupVaults/{deployment.prefix}/dataSources/-",
    )
    if backups:
        ends = max(str(entry.get("enforcedRetentionEndTime", "")) for entry in backups)[:10]
        least = days(vault.get("backupMinimumEnforcedRetentionDuration")) or 0
        message = f"contains {counted(len(backups), 'backup')} with an enforced retention of {least:g} days"
        message += f", the last until {ends}" if ends else ""
        yield Obstacle("blocks", f"vault {deployment.prefix}", message, "wait: they cannot be deleted sooner")


def _cluster_backups(deployment: Deployment) -> Iterator[Obstacle]:
    if deployment.environment.cluster is None:
        return
    plan = f"{backup.place(deployment)}/backupPlans/{deployment.prefix}"
    backups = deployment.pages("gkebackup", "projects.locations.backupPlans.backups.list", "backups", parent=plan)
    if backups:
        remedy = "when their lock ends, delete them: `gcloud beta container backup-restore backups delete`"
        yield Obstacle(
            "blocks", f"GKE backup plan {deployment.prefix}", f"contains {counted(len(backups), 'backup')}", remedy
        )


def _records(deployment: Deployment) -> Iterator[Obstacle]:
    """Records that Terraform did not create, mostly external-dns's: they block the deletion of their zone."""
    if deployment.environment.network.entry is None:
        return
    domain, zone = f"{deployment.environment.network.entry.domain}.", f"{deployment.prefix}-public"
    project = names.account(deployment.target)
    records = deployment.pages("dns", "resourceRecordSets.list", "rrsets", project=project, managedZone=zone)
    foreign = [
        str(record["name"])
        for record in records
        if record["type"] not in ("NS", "SOA")
        and record["name"] not in (domain, f"*.{domain}")
        and record["name"][0] != "_"
    ]
    if foreign:
        message = f"contains records that Terraform did not create: {', '.join(foreign[:3])} ({len(foreign)} in total)"
        yield Obstacle("blocks", f"zone {zone}", message, "stop what creates them, then delete the records")


def _keys(deployment: Deployment) -> Iterator[Obstacle]:
    keys.deployed(deployment)
    wait = deployment.environment.keys.deletion_window_days
    message = f"key rings and keys are undeletable; key versions are destroyed after {wait} days, restorable until then"
    remedy = "`terrace apply --recover` adopts them again; a destroyed key first needs a new version"
    yield Obstacle("retained", f"key ring {deployment.prefix}", message, remedy)


def _secrets(deployment: Deployment) -> Iterator[Obstacle]:
    for id in (id for module in modules(deployment) for id in secret_ids(deployment, module)):
        secret(deployment, id)
        yield Obstacle("note", f"secret {named(id)}", "is deleted at once and cannot be restored")


def _images(deployment: Deployment) -> Iterator[Obstacle]:
    if deployment.target.existing.registry:
        return
    for module in modules(deployment):
        name = f"{deployment.prefix}-{module}"
        images = deployment.pages(
            "artifactregistry",
            "projects.locations.repositories.dockerImages.list",
            "dockerImages",
            parent=f"{deployment.place}/repositories/{name}",
        )
        if images:
            yield Obstacle("note", f"repository {name}", f"is deleted with {counted(len(images), 'image')}")


def _identities(deployment: Deployment) -> Iterator[Obstacle]:
    """Names that stay taken for a time. Source: IAM, "Delete and undelete custom roles", "Manage pools"."""
    pool = names.pipeline_pool(deployment.target, deployment.environment.identity)
    where = f"{deployment.project}/locations/global/workloadIdentityPools/{pool}"
    deployment.call("iam", "projects.locations.workloadIdentityPools.get", name=where)
    until = datetime.now(UTC) + timedelta(days=30)
    remedy = "`gcloud iam workload-identity-pools undelete`, then `terrace apply --recover`"
    yield Obstacle(
        "retained", f"identity pool {pool}", f"is soft-deleted; its name cannot be used until {until:%Y-%m-%d}", remedy
    )


def _services(deployment: Deployment) -> Iterator[Obstacle]:
    keys.deployed(deployment)
    message = "stay enabled: other environments of the project may use them"
    yield Obstacle("retained", "services (APIs)", message, "`gcloud services disable` those that are not used")
