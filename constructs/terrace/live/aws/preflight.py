"""What blocks a destroy, what it leaves on purpose, and what to do about it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from terrace.aws import names
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.live import Obstacle
from terrace.live.aws import backup, database, keys, lake, objects
from terrace.live.aws.checks import Deployment, opened
from terrace.live.aws.foreign import KINDS
from terrace.live.aws.secrets import modules, secrets
from terrace.live.aws.session import Absent
from terrace.live.foreign import preflight_checks
from terrace.live.obstacles import met
from terrace.words import counted

_COUNTED = 100_000  # versions of one bucket; above, messages say "more than"


def preflight(environment: Environment, target: Target) -> list[Obstacle]:
    """See terrace.live.preflight."""
    checks = (
        _database,
        _cluster,
        _load_balancer,
        _buckets,
        _recovery_points,
        _images,
        _records,
        _cache,
        _keys,
        _secrets,
    )
    return met(opened(environment, target), (*checks, *preflight_checks(KINDS)))


def _database(deployment: Deployment) -> Iterator[Obstacle]:
    if deployment.environment.database is None:
        return
    server = database.server(deployment)
    for instance in (server, *database.replicas(deployment)):
        if instance.get("DeletionProtection"):
            name = f"db instance {instance['DBInstanceIdentifier']}"
            yield Obstacle("note", name, "is protected from deletion", "destroy lifts the protection first")
    if not deployment.environment.database.deletion_protection:
        yield Obstacle("note", f"db instance {deployment.prefix}", "is deleted without a final snapshot")
        return
    final = f"{deployment.prefix}-final"
    snapshots = deployment.pages("rds", "describe_db_snapshots", "DBSnapshots", DBInstanceIdentifier=deployment.prefix)
    if final in [snapshot["DBSnapshotIdentifier"] for snapshot in snapshots]:
        remedy = f"copy it to another name, then `aws rds delete-db-snapshot --db-snapshot-identifier {final}`"
        yield Obstacle("blocks", f"snapshot {final}", "already exists, so the final snapshot cannot be taken", remedy)
    else:
        yield Obstacle("retained", f"snapshot {final}", "will be taken of the database before its deletion")
    days = server.get("BackupRetentionPeriod")
    yield Obstacle(
        "retained", f"db instance {deployment.prefix}", f"its automated backups are retained for {days} days"
    )


def _cluster(deployment: Deployment) -> Iterator[Obstacle]:
    role = names.role_name(deployment.target, "ci-apply")
    policies = deployment.pages("iam", "list_role_policies", "PolicyNames", RoleName=role)
    if "deletion-protection" in policies:
        name = f"cluster {deployment.prefix}"
        yield Obstacle("note", name, "is protected from deletion", "destroy lifts the protection first")


def _load_balancer(deployment: Deployment) -> Iterator[Obstacle]:
    if deployment.environment.network.entry is None:
        return
    balancers = deployment.call("elbv2", "describe_load_balancers", Names=[deployment.prefix])["LoadBalancers"]
    for balancer in balancers:
        answer = deployment.call(
            "elbv2", "describe_load_balancer_attributes", LoadBalancerArn=balancer["LoadBalancerArn"]
        )
        settings = {entry["Key"]: entry["Value"] for entry in answer["Attributes"]}
        if settings.get("deletion_protection.enabled") == "true":
            name = f"load balancer {deployment.prefix}"
            yield Obstacle("note", name, "is protected from deletion", "destroy lifts the protection first")


def _buckets(deployment: Deployment) -> Iterator[Obstacle]:
    for bucket, name, region in lake.buckets(deployment):
        try:
            versions, newest = _count(deployment, name, region)
        except Absent:
            continue
        if not versions:
            continue
        many = f"more than {_COUNTED:,} object versions" if versions > _COUNTED else counted(versions, "object version")
        until = _locked_until(deployment, name, region, newest)
        if until and until > datetime.now(UTC):
            message = f"contains {many}; the newest is locked until {until:%Y-%m-%d %H:%M} UTC"
            yield Obstacle("blocks", f"bucket {name}", message, "wait until then, or remove the bucket from the state")
        else:
            more = "; more access logs arrive until the other buckets are deleted" if bucket == "access" else ""
            remedy = f"`terrace destroy {deployment.environment.name} --empty-buckets` removes them permanently"
            yield Obstacle("blocks", f"bucket {name}", f"contains {many}{more}", remedy)


def _count(deployment: Deployment, bucket: str, region: str) -> tuple[int, datetime | None]:
    """The number of versions and delete markers, and when the newest was written."""
    total, newest = 0, None
    for versions, markers in objects.pages(deployment.reader, bucket, region):
        total += len(versions) + len(markers)
        written = [version["LastModified"] for version in versions] + ([newest] if newest else [])
        newest = max(written, default=None)
        if total > _COUNTED:
            break
    return total, newest


def _locked_until(deployment: Deployment, bucket: str, region: str, newest: datetime | None) -> datetime | None:
    """When the bucket's lock on its newest version ends; None without a lock, or with one that can be bypassed."""
    try:
        answer = deployment.call("s3", "get_object_lock_configuration", region=region, Bucket=bucket)
    except Absent:
        return None
    retention = answer["ObjectLockConfiguration"].get("Rule", {}).get("DefaultRetention", {})
    if retention.get("Mode") != "COMPLIANCE" or newest is None:
        return None
    return newest + timedelta(days=retention.get("Days") or retention.get("Years", 0) * 365)


def _recovery_points(deployment: Deployment) -> Iterator[Obstacle]:
    for region in (None, deployment.target.recovery_region):
        if region is None or deployment.environment.backup.copy_to_recovery_region:
            vault = backup.vault(deployment, region)
            points = deployment.pages(
                "backup",
                "list_recovery_points_by_backup_vault",
                "RecoveryPoints",
                region=region,
                BackupVaultName=vault["BackupVaultName"],
            )
            name = f"vault {vault['BackupVaultName']} in {region or deployment.target.region}"
            if points:
                message = f"contains {counted(len(points), 'recovery point')}"
                if created := [point["CreationDate"] for point in points if "CreationDate" in point]:
                    ends = max(created) + timedelta(days=deployment.environment.backup.retention_days)
                    message += f", the last until {ends:%Y-%m-%d}"
                lock_date = vault.get("LockDate")
                locked = isinstance(lock_date, datetime) and lock_date <= datetime.now(UTC)
                remedy = (
                    "wait: the vault lock is final, and they cannot be deleted" if locked else "delete them, or wait"
                )
                yield Obstacle("blocks", name, message, remedy)


def _images(deployment: Deployment) -> Iterator[Obstacle]:
    if deployment.target.existing.registry:
        return
    for module in modules(deployment):
        name = f"{deployment.prefix}/{module}"
        images = deployment.pages("ecr", "list_images", "imageIds", repositoryName=name)
        if images:
            remedy = f"delete them: `aws ecr batch-delete-image --repository-name {name} --image-ids ...`"
            yield Obstacle("blocks", f"repository {name}", f"contains {counted(len(images), 'image')}", remedy)


def _records(deployment: Deployment) -> Iterator[Obstacle]:
    """Records that Terraform did not create, mostly external-dns's: they block the deletion of their zone."""
    entry, internal = deployment.environment.network.entry, f"{deployment.prefix}.internal."
    domain = f"{entry.domain}." if entry else ""
    own = {domain, f"\\052.{domain}", f"*.{domain}", f"database.{internal}"}
    for zone in deployment.pages("route53", "list_hosted_zones", "HostedZones"):
        if zone["Name"] in (domain, internal):
            records = deployment.pages(
                "route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone["Id"]
            )
            foreign = [
                record["Name"]
                for record in records
                if record["Type"] not in ("NS", "SOA") and record["Name"] not in own and record["Name"][0] != "_"
            ]
            if foreign:
                shown = f"{', '.join(foreign[:3])} ({len(foreign)} in total)"
                message = f"contains records that Terraform did not create: {shown}"
                yield Obstacle(
                    "blocks", f"zone {zone['Name']}", message, "stop what creates them, then delete the records"
                )


def _cache(deployment: Deployment) -> Iterator[Obstacle]:
    if deployment.target.tier == "dev" or deployment.environment.cache is None:
        return
    final = f"{deployment.prefix}-final"
    snapshots = deployment.pages("elasticache", "describe_snapshots", "Snapshots")
    if final in [snapshot["SnapshotName"] for snapshot in snapshots]:
        remedy = f"`aws elasticache delete-snapshot --snapshot-name {final}`"
        yield Obstacle(
            "blocks", f"snapshot {final}", "already exists, so the cache's final snapshot cannot be taken", remedy
        )
    else:
        yield Obstacle("retained", f"snapshot {final}", "will be taken of the cache before its deletion")


def _keys(deployment: Deployment) -> Iterator[Obstacle]:
    if not keys.own(deployment) and not deployment.target.recovery_region:
        return  # every key is existing
    keys.deployed(deployment)
    days = deployment.environment.keys.deletion_window_days
    yield Obstacle("retained", "keys", f"are destroyed after {days} days and can be restored until then")


def _secrets(deployment: Deployment) -> Iterator[Obstacle]:
    days = deployment.environment.secrets.recovery_days
    for name in (name for module in modules(deployment) for name in secrets(deployment, module)):
        deployment.call("secretsmanager", "describe_secret", SecretId=name)
        remedy = "before the next apply within that time, restore it or delete it permanently"
        yield Obstacle("retained", f"secret {name}", f"can be restored for {days} days", remedy)
