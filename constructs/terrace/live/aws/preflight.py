"""What a destroy will meet: what stops it, what it leaves behind on purpose, and what to do."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.live import Obstacle
from terrace.live.aws import backup, database, keys, lake
from terrace.live.aws.checks import Deployment
from terrace.live.aws.secrets import modules, secret
from terrace.live.aws.session import Absent, Reader
from terrace.live.obstacles import met
from terrace.purge import aws as objects

_COUNTED = 100_000  # versions of one bucket; beyond, "more than" is told


def preflight(environment: Environment, target: Target) -> list[Obstacle]:
    """See terrace.live.preflight. What blocks comes first."""
    reader = Reader(target)
    reader.check_account()
    deployment = Deployment(environment, target, reader)
    looks = (
        _database,
        _load_balancer,
        _buckets,
        _recovery_points,
        _images,
        _records,
        _volumes,
        _cache,
        _keys,
        _secrets,
    )
    return met(deployment, looks)


def _database(deployment: Deployment) -> Iterator[Obstacle]:
    server = database.server(deployment)
    for instance in (server, *database.replicas(deployment)):
        if instance.get("DeletionProtection"):
            name = f"db instance {instance['DBInstanceIdentifier']}"
            yield Obstacle("note", name, "is protected from deletion", "destroy lifts the protection first")
    if not deployment.environment.database.deletion_protection:
        yield Obstacle("note", f"db instance {deployment.prefix}", "is deleted without a last snapshot")
        return
    final = f"{deployment.prefix}-final"
    taken = deployment.pages("rds", "describe_db_snapshots", "DBSnapshots", DBInstanceIdentifier=deployment.prefix)
    if final in [snapshot["DBSnapshotIdentifier"] for snapshot in taken]:
        remedy = f"copy it to another name, then `aws rds delete-db-snapshot --db-snapshot-identifier {final}`"
        yield Obstacle("blocks", f"snapshot {final}", "exists already, so the last snapshot cannot be taken", remedy)
    else:
        yield Obstacle("kept", f"snapshot {final}", "is taken of the database before it goes")
    days = server.get("BackupRetentionPeriod")
    yield Obstacle("kept", f"db instance {deployment.prefix}", f"its automated backups stay for {days} days")


def _load_balancer(deployment: Deployment) -> Iterator[Obstacle]:
    found = deployment.call("elbv2", "describe_load_balancers", Names=[deployment.prefix])["LoadBalancers"]
    for balancer in found:
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
        many = f"more than {_COUNTED:,}" if versions > _COUNTED else f"{versions:,}"
        until = _locked_until(deployment, name, region, newest)
        if until and until > datetime.now(UTC):
            message = f"holds {many} versions; the newest cannot be removed by anybody until {until:%Y-%m-%d %H:%M} UTC"
            yield Obstacle("blocks", f"bucket {name}", message, "wait until then, or take the bucket out of the state")
        else:
            more = "; logs go on to arrive until their senders are gone" if bucket == "access" else ""
            remedy = f"`terrace destroy {deployment.environment.name} --empty-buckets` removes them for good"
            yield Obstacle("blocks", f"bucket {name}", f"holds {many} object versions{more}", remedy)


def _count(deployment: Deployment, bucket: str, region: str) -> tuple[int, datetime | None]:
    """How many versions and delete markers there are, and when the newest was written."""
    total, newest = 0, None
    for versions, markers in objects.pages(deployment.reader, bucket, region):
        total += len(versions) + len(markers)
        written = [version["LastModified"] for version in versions] + ([newest] if newest else [])
        newest = max(written, default=None)
        if total > _COUNTED:
            break
    return total, newest


def _locked_until(deployment: Deployment, bucket: str, region: str, newest: datetime | None) -> datetime | None:
    """When the bucket's own lock lets go of its newest version; None where the lock can be lifted, or there is none."""
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
                kept = f"holds {len(points)} recovery points"
                if written := [point["CreationDate"] for point in points if "CreationDate" in point]:
                    ends = max(written) + timedelta(days=deployment.environment.backup.retention_days)
                    kept += f", the last until {ends:%Y-%m-%d}"
                final = vault.get("LockDate")
                locked = isinstance(final, datetime) and final <= datetime.now(UTC)
                remedy = "nobody can delete them: its lock is final" if locked else "delete them, or wait"
                yield Obstacle("blocks", name, kept, remedy)


def _images(deployment: Deployment) -> Iterator[Obstacle]:
    for module in modules(deployment):
        name = f"{deployment.prefix}/{module}"
        images = deployment.pages("ecr", "list_images", "imageIds", repositoryName=name)
        if images:
            remedy = f"delete them: `aws ecr batch-delete-image --repository-name {name} --image-ids ...`"
            yield Obstacle("blocks", f"repository {name}", f"holds {len(images)} images", remedy)


def _records(deployment: Deployment) -> Iterator[Obstacle]:
    """Records in our zones that others made, external-dns above all: a zone that holds any cannot be deleted."""
    domain = f"{deployment.environment.network.entry.domain}."
    internal = f"{deployment.prefix}.internal."
    ours = {domain, f"\\052.{domain}", f"*.{domain}", f"database.{internal}"}
    for zone in deployment.pages("route53", "list_hosted_zones", "HostedZones"):
        if zone["Name"] in (domain, internal):
            records = deployment.pages(
                "route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone["Id"]
            )
            strange = [
                record["Name"]
                for record in records
                if record["Type"] not in ("NS", "SOA") and record["Name"] not in ours and record["Name"][0] != "_"
            ]
            if strange:
                message = f"holds {len(strange)} records that Terrace did not make: {', '.join(strange[:3])}"
                yield Obstacle(
                    "blocks", f"zone {zone['Name']}", message, "remove what made them first, then the records"
                )


def _volumes(deployment: Deployment) -> Iterator[Obstacle]:
    """Disks that pods asked for; they do not belong to the stack."""
    claimed = [{"Name": "tag:KubernetesCluster", "Values": [deployment.prefix]}]
    owned = [{"Name": "tag-key", "Values": [f"kubernetes.io/cluster/{deployment.prefix}"]}]
    found = {
        volume["VolumeId"]
        for filters in (claimed, owned)
        for volume in deployment.pages("ec2", "describe_volumes", "Volumes", Filters=filters)
    }
    if found:
        message = f"{len(found)} disks of pods stay: {', '.join(sorted(found)[:3])}"
        yield Obstacle("kept", "volumes", message, "delete the claims in the cluster first, or the disks afterwards")


def _cache(deployment: Deployment) -> Iterator[Obstacle]:
    if deployment.target.tier == "dev":
        return
    final = f"{deployment.prefix}-final"
    snapshots = deployment.pages("elasticache", "describe_snapshots", "Snapshots")
    if final in [snapshot["SnapshotName"] for snapshot in snapshots]:
        remedy = f"`aws elasticache delete-snapshot --snapshot-name {final}`"
        yield Obstacle("blocks", f"snapshot {final}", "exists already, so the cache's last one cannot be taken", remedy)
    else:
        yield Obstacle("kept", f"snapshot {final}", "is taken of the cache before it goes")


def _keys(deployment: Deployment) -> Iterator[Obstacle]:
    keys.key(deployment, "lake")  # Absent: never deployed
    days = deployment.environment.keys.deletion_window_days
    yield Obstacle("kept", "keys", f"wait {days} days for their destruction; until then they can be brought back")


def _secrets(deployment: Deployment) -> Iterator[Obstacle]:
    days = deployment.environment.secrets.recovery_days
    for module in modules(deployment):
        name = secret(deployment, module)
        deployment.call("secretsmanager", "describe_secret", SecretId=name)
        remedy = "an apply within that time finds the name taken; restore it or delete it for good first"
        yield Obstacle("kept", f"secret {name}", f"can be brought back for {days} days", remedy)
