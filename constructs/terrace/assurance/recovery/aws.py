"""What AWS keeps outside the region. Sources are at each documented time."""

from collections.abc import Iterator
from datetime import timedelta

from terrace.assurance.checks import Subject
from terrace.assurance.checks.aws.lookup import interval
from terrace.assurance.recovery import Copy, Step
from terrace.assurance.view import at
from terrace.aws import names
from terrace.capabilities.spec import LAYERS

_LOGS = (
    "Amazon RDS User Guide, Restoring a DB instance to a specified time: transaction logs are uploaded every 5 minutes"
)
_REPLICATION = "Amazon S3 User Guide, S3 Replication Time Control: 99.99% of objects within 15 minutes"
_NO_TIME = "the documentation gives no time"


def data(subject: Subject) -> tuple[str, ...]:
    """The components that hold data."""
    return ("database", *(f"lake/{layer}" for layer in LAYERS), "lake/backups")


def copies(subject: Subject) -> Iterator[Copy]:
    """The copies in the recovery region, and what else is there."""
    view, region = subject.view, subject.target.recovery_region or ""
    for one in view.all("aws_db_instance_automated_backups_replication"):
        yield Copy("database", region, "replicated backups and logs", one.path, timedelta(minutes=5), None, _LOGS)
    for one in view.all("aws_backup_plan"):
        for rule in one.blocks("rule"):
            if rule.get("copy_action"):
                # the stack's windows: a copy starts once the backup, which may start and end late, is complete
                window = timedelta(
                    minutes=int(rule.get("start_window", 480)) + int(rule.get("completion_window", 10080))
                )
                pause = interval(str(rule.get("schedule", "")))
                every = pause + window if pause is not None else None
                yield Copy(
                    "database", region, "scheduled copies of backups", one.path, every, None, f"copies: {_NO_TIME}"
                )
    for one in view.all("aws_s3_bucket_replication_configuration"):
        name = one.path.split("/")[-2]
        controlled = all(at(rule, "destination.replication_time.status") == "Enabled" for rule in one.blocks("rule"))
        lag, source = (timedelta(minutes=15), _REPLICATION) if controlled else (None, _NO_TIME)
        yield Copy(f"lake/{name}", region, "replication", one.path, timedelta(), lag, source)
    for one in view.all("aws_ecr_replication_configuration"):
        yield Copy("images", region, "replication of repositories", one.path, holds_data=False)
    replicated = [one for one in view.all("aws_secretsmanager_secret") if one.blocks("replica")]
    if replicated:
        yield Copy("secrets", region, f"{len(replicated)} replicas", "secrets", holds_data=False)
    keys = [one.path for one in view.all("aws_kms_key") if at(one.attributes, "provider") == "aws.recovery"]
    if keys:
        yield Copy("keys", region, f"{len(keys)} keys", "keys", holds_data=False)


def steps(subject: Subject) -> Iterator[Step]:
    """The commands that bring the data back."""
    prefix, region = subject.target.prefix, subject.target.recovery_region
    yield Step(
        "Restore the database",
        "To the newest restorable moment of the replicated backups, as a new instance with a new address.",
        (
            f"aws rds describe-db-instance-automated-backups --region {region} --db-instance-identifier {prefix}",
            f"aws rds restore-db-instance-to-point-in-time --region {region} "
            "--source-db-instance-automated-backups-arn ARN --target-db-instance-identifier NAME "
            "--use-latest-restorable-time",
        ),
    )
    layers = [
        f"aws s3 sync s3://{names.bucket(subject.target, layer, recovery=True)} s3://NEW-{layer}" for layer in LAYERS
    ]
    yield Step("Copy the lake", "From the replicas into the buckets of the new environment.", tuple(layers))
    yield Step(
        "Make the replicas of secrets independent",
        "A replica of a secret in a lost region cannot be changed until it is promoted.",
        (f"aws secretsmanager stop-replication-to-replica --region {region} --secret-id NAME",),
    )
