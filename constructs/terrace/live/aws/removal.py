"""What blocks the removal of single resources of AWS, by Terraform's type."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from terrace.capabilities.blockers import Planned
from terrace.live.aws import objects
from terrace.live.aws.checks import Deployment, opened
from terrace.live.reasons import Reason
from terrace.live.removal import Check, names_in
from terrace.words import counted

__all__ = ["CHECKS", "opened"]

_COUNTED = 1000  # a page of a listing; above, messages say "more than"


def _bucket(deployment: Deployment, values: Mapping[str, Any], removed: Sequence[Planned]) -> Iterator[Reason]:
    name, region = str(values["bucket"]), str(values.get("region") or deployment.target.region)
    if values.get("force_destroy"):
        return
    versions, markers = next(objects.pages(deployment.reader, name, region), ([], []))
    if count := len(versions) + len(markers):
        many = f"more than {_COUNTED:,}" if count >= _COUNTED else str(count)
        remedy = f"copy what is needed, then empty bucket {name} with all versions (`Empty` in the console of S3)"
        yield f"contains {many} object versions", remedy


def _repository(deployment: Deployment, values: Mapping[str, Any], removed: Sequence[Planned]) -> Iterator[Reason]:
    name = str(values["name"])
    if values.get("force_delete"):
        return
    if images := deployment.pages("ecr", "list_images", "imageIds", repositoryName=name):
        remedy = f"delete them: `aws ecr batch-delete-image --repository-name {name} --image-ids ...`"
        yield f"contains {counted(len(images), 'image')}", remedy


def _zone(deployment: Deployment, values: Mapping[str, Any], removed: Sequence[Planned]) -> Iterator[Reason]:
    if values.get("force_destroy"):
        return
    own = {f"{name.rstrip('.')}.".replace("*", "\\052") for name in names_in(removed, "aws_route53_record", "fqdn")}
    records = deployment.pages(
        "route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=values["zone_id"]
    )
    foreign = [
        str(record["Name"])
        for record in records
        if record["Type"] not in ("NS", "SOA") and str(record["Name"]).replace("*", "\\052") not in own
    ]
    if foreign:
        shown = f"{', '.join(foreign[:3])} ({len(foreign)} in total)"
        yield f"contains records that Terraform did not create: {shown}", "stop what creates them, then delete them"


def _vault(deployment: Deployment, values: Mapping[str, Any], removed: Sequence[Planned]) -> Iterator[Reason]:
    if values.get("force_destroy"):
        return
    region = str(values["arn"]).split(":")[3] if values.get("arn") else None
    points = deployment.pages(
        "backup",
        "list_recovery_points_by_backup_vault",
        "RecoveryPoints",
        region=region,
        BackupVaultName=values["name"],
    )
    if points:
        yield f"contains {counted(len(points), 'recovery point')}", "delete them, or wait until they expire"


def _database(deployment: Deployment, values: Mapping[str, Any], removed: Sequence[Planned]) -> Iterator[Reason]:
    final = values.get("final_snapshot_identifier")
    if values.get("skip_final_snapshot") or not final:
        return
    deployment.pages("rds", "describe_db_snapshots", "DBSnapshots", DBSnapshotIdentifier=final)  # Absent: none
    remedy = f"copy it to another name, then `aws rds delete-db-snapshot --db-snapshot-identifier {final}`"
    yield f"cannot take its final snapshot: {final} already exists", remedy


def _cache(deployment: Deployment, values: Mapping[str, Any], removed: Sequence[Planned]) -> Iterator[Reason]:
    final = values.get("final_snapshot_identifier")
    snapshots = deployment.pages("elasticache", "describe_snapshots", "Snapshots") if final else []
    if final in [snapshot["SnapshotName"] for snapshot in snapshots]:
        remedy = f"`aws elasticache delete-snapshot --snapshot-name {final}`"
        yield f"cannot take its final snapshot: {final} already exists", remedy


CHECKS: Mapping[str, Check[Deployment]] = {
    "aws_backup_vault": _vault,
    "aws_db_instance": _database,
    "aws_ecr_repository": _repository,
    "aws_elasticache_replication_group": _cache,
    "aws_route53_zone": _zone,
    "aws_s3_bucket": _bucket,
}
