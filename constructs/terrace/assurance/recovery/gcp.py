"""What Google Cloud keeps outside the region. Sources are at each documented time."""

from collections.abc import Iterator
from datetime import timedelta

from terrace.assurance.checks import Subject
from terrace.assurance.checks.aws.lookup import interval
from terrace.assurance.recovery import Copy, Step
from terrace.assurance.view import at
from terrace.capabilities.spec import LAYERS

_TURBO = "Cloud Storage, Data availability and durability: turbo replication, 100% of objects within 15 minutes"
_DEFAULT = "Cloud Storage, Data availability and durability: default replication, 100% of objects within 12 hours"
_NO_TIME = "the documentation gives no time"


def data(subject: Subject) -> tuple[str, ...]:
    """The components that hold data."""
    return ("database", "cluster", *(f"lake/{layer}" for layer in LAYERS), "lake/backups")


def copies(subject: Subject) -> Iterator[Copy]:
    """The copies in the recovery region, and what else is there."""
    view, region = subject.view, subject.target.recovery_region or ""
    for one in view.all("google_sql_database_instance"):
        if region and one.get("region") == region:
            yield Copy("database", region, "read replica", one.path, timedelta(), None, f"replication lag: {_NO_TIME}")
    vaults = [one for one in view.all("google_backup_dr_backup_vault") if region and one.get("location") == region]
    for one in view.all("google_backup_dr_backup_plan") if vaults else ():
        for rule in one.blocks("backup_rules"):
            hours = at(rule, "standard_schedule.hourly_frequency")
            every = timedelta(hours=int(hours)) if hours else None
            yield Copy("database", region, "scheduled backups", one.path, every, None, _NO_TIME)
    for one in view.all("google_gke_backup_backup_plan"):
        if region and one.get("location") == region:
            every = _cron(str(one.get("backup_schedule.cron_schedule", "")))
            yield Copy("cluster", region, "scheduled backups with volumes", one.path, every, None, _NO_TIME)
    for one in view.all("google_storage_bucket"):
        places = at(one.attributes, "custom_placement_config.data_locations", [])
        if region.upper() in places and region:
            turbo = one.get("rpo") == "ASYNC_TURBO"
            lag, source = (timedelta(minutes=15), _TURBO) if turbo else (timedelta(hours=12), _DEFAULT)
            yield Copy(f"lake/{one.path.split('/')[-2]}", region, "dual-region", one.path, timedelta(), lag, source)
    secrets = [
        one.path
        for one in view.all("google_secret_manager_secret")
        if region
        in [replica.get("location") for replica in at(one.attributes, "replication.user_managed.replicas", [])]
    ]
    if secrets:
        yield Copy("secrets", region, f"{len(secrets)} replicated secrets", "secrets", holds_data=False)
    keys = [one for one in view.all("google_kms_crypto_key") if f"/locations/{region}/" in str(one.get("key_ring"))]
    if keys:
        yield Copy("keys", region, f"{len(keys)} keys", "keys", holds_data=False)


def steps(subject: Subject) -> Iterator[Step]:
    """The commands that bring the data back."""
    region = subject.target.recovery_region
    for one in subject.view.all("google_sql_database_instance"):
        if one.get("region") == region:
            yield Step(
                "Promote the database's replica",
                "The replica in the recovery region becomes a server of its own. It has another address.",
                (f"gcloud sql instances promote-replica {one.get('name')}",),
            )
    buckets = [
        str(one.get("name")) for one in subject.view.all("google_storage_bucket") if one.path.split("/")[-2] in LAYERS
    ]
    yield Step(
        "Copy the lake",
        "The dual-region buckets stay readable; the new environment has buckets of its own.",
        tuple(f"gcloud storage rsync --recursive gs://{name} gs://NEW-BUCKET" for name in buckets),
    )
    for one in subject.view.all("google_gke_backup_backup_plan"):
        yield Step(
            "Restore the cluster's volumes",
            "From the newest backup into the new cluster.",
            (
                f"gcloud beta container backup-restore backups list --location {region} "
                f"--backup-plan {one.get('name')}",
                f"gcloud beta container backup-restore restores create NAME --location {region} --restore-plan PLAN "
                "--backup BACKUP",
            ),
        )


def _cron(schedule: str) -> timedelta | None:
    """The pause of a cron schedule of five fields; None for another form."""
    minute, hour, *rest = [*schedule.split(), "", ""]
    return interval(f"cron({minute} {hour} * * ? *)") if [one for one in rest if one] == ["*", "*", "*"] else None
