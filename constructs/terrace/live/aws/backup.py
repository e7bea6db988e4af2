"""Checks of AWS Backup (BAK-1 to BAK-4)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from terrace.assurance.checks.aws.lookup import allows, interval, statements, values
from terrace.assurance.evaluation import Observation, asked, at_least, check, equal, includes
from terrace.aws import names
from terrace.live.aws import database, events, keys
from terrace.live.aws.checks import Deployment, pod_identities
from terrace.live.aws.session import Absent


def vault(deployment: Deployment, region: str | None = None) -> dict[str, Any]:
    """The vault of a region; the recovery region's has its own name. Raises Absent."""
    # AWS responds "access denied" for a vault that does not exist, so it is looked up in the list
    for entry in deployment.pages("backup", "list_backup_vaults", "BackupVaultList", region=region):
        if entry["BackupVaultName"].startswith(deployment.prefix):
            found: dict[str, Any] = entry
            return found
    raise Absent(f"backup vault {deployment.prefix} in {region or deployment.target.region}")


def plan(deployment: Deployment) -> dict[str, Any]:
    """The backup plan: its id under `BackupPlanId`, its rules under `Rules`. Raises Absent."""
    for entry in deployment.pages("backup", "list_backup_plans", "BackupPlansList"):
        if entry["BackupPlanName"] == deployment.prefix:
            described = deployment.call("backup", "get_backup_plan", BackupPlanId=entry["BackupPlanId"])
            return {"BackupPlanId": entry["BackupPlanId"], **described["BackupPlan"]}
    raise Absent(f"backup plan {deployment.prefix}")


@check("BAK-1")
def daily_backups(deployment: Deployment) -> Iterator[Observation]:
    spec, found = deployment.environment.backup, plan(deployment)
    resource = f"backup plan {deployment.prefix}"
    away = deployment.target.recovery_region if spec.copy_to_recovery_region else None
    for rule in found["Rules"]:
        name, every = f"{resource} {rule['RuleName']}", interval(rule.get("ScheduleExpression", ""))
        fact = f"schedule {rule.get('ScheduleExpression')}"
        yield Observation(name, fact, every is not None and every <= timedelta(days=1), "at least daily")
        kept = rule.get("Lifecycle", {}).get("DeleteAfterDays")
        yield equal(name, "DeleteAfterDays", kept, spec.retention_days)
        yield equal(name, "vault", rule.get("TargetBackupVaultName"), vault(deployment)["BackupVaultName"])
        if away:
            copies = [copy["DestinationBackupVaultArn"] for copy in rule.get("CopyActions", [])]
            yield includes(name, "copy destinations", copies, [vault(deployment, away)["BackupVaultArn"]])
    yield from _vault(deployment, None)
    if away:
        yield from _vault(deployment, away)
    yield from _selected(deployment, found["BackupPlanId"])


def _vault(deployment: Deployment, region: str | None) -> Iterator[Observation]:
    found = vault(deployment, region)
    resource = f"vault {found['BackupVaultName']}"
    yield keys.used(deployment, resource, "EncryptionKeyArn", found.get("EncryptionKeyArn"), "backups", region)
    yield equal(resource, "Locked", found.get("Locked"), True)
    if deployment.environment.backup.lock == "compliance":
        final = found.get("LockDate")
        yield Observation(
            resource, f"LockDate = {final or 'unset'}", final is not None, "a date, after which the lock is final"
        )


def _selected(deployment: Deployment, plan_id: str) -> Iterator[Observation]:
    listed = deployment.pages("backup", "list_backup_selections", "BackupSelectionsList", BackupPlanId=plan_id)
    chosen: list[str] = []
    for entry in listed:
        answer = deployment.call(
            "backup", "get_backup_selection", BackupPlanId=plan_id, SelectionId=entry["SelectionId"]
        )
        chosen += answer["BackupSelection"].get("Resources", [])
    layers = [names.bucket_arn(deployment.target, "silver"), names.bucket_arn(deployment.target, "gold")]
    servers = [database.server(deployment)["DBInstanceArn"]] if deployment.environment.database else []
    expected = [*servers, *layers]
    yield includes(f"backup plan {deployment.prefix}", "selected resources", chosen, expected)


@check("BAK-2")
def cluster_backups(deployment: Deployment) -> Iterator[Observation]:
    asked(deployment.environment.cluster, "cluster")
    role = names.role_name(deployment.target, "velero")
    granted = [
        statement
        for policy in deployment.pages("iam", "list_role_policies", "PolicyNames", RoleName=role)
        for statement in statements(
            deployment.call("iam", "get_role_policy", RoleName=role, PolicyName=policy)["PolicyDocument"]
        )
    ]
    bucket = names.bucket_arn(deployment.target, "backups")
    writable = [
        resource
        for statement in granted
        if allows(statement, "s3:PutObject")
        for resource in values(statement.get("Resource"))
    ]
    inside = bool(writable) and all(resource.startswith(f"{bucket}/") for resource in writable)
    yield Observation(f"role {role}", f"s3:PutObject on {', '.join(writable) or 'nothing'}", inside, f"{bucket}/ only")
    yield equal(
        f"role {role}", "allows ec2:CreateSnapshot", any(allows(one, "ec2:CreateSnapshot") for one in granted), True
    )
    account = deployment.environment.component_accounts["velero"]
    yield at_least(f"pod identity {account}", "associations", len(pod_identities(deployment, account)), 1)


@check("BAK-3")
def objectives_met(deployment: Deployment) -> Iterator[Observation]:
    spec, resource = deployment.environment.backup, f"backup plan {deployment.prefix}"
    gaps = [interval(rule.get("ScheduleExpression", "")) for rule in plan(deployment)["Rules"]]
    known = [gap for gap in gaps if gap is not None]
    shortest = min(known, default=None)
    met = shortest is not None and shortest <= spec.rpo
    yield Observation(
        resource, f"longest time between backups = {shortest or 'unknown'}", met, f"<= {spec.rpo} (backup.rpo)"
    )
    if deployment.environment.database is None:
        return
    # the RPO between two backups needs point-in-time recovery
    server = database.server(deployment)
    recoverable = server.get("LatestRestorableTime") is not None or (server.get("BackupRetentionPeriod") or 0) > 0
    yield equal(f"db instance {server['DBInstanceIdentifier']}", "point-in-time recovery", recoverable, True)


@check("BAK-4")
def jobs_reported(deployment: Deployment) -> Iterator[Observation]:
    bucket = names.bucket(deployment.target, "access")
    plans = deployment.pages("backup", "list_report_plans", "ReportPlans")
    reported = [
        plan["ReportSetting"]["ReportTemplate"]
        for plan in plans
        if plan.get("ReportDeliveryChannel", {}).get("S3BucketName") == bucket
    ]
    kinds = ("BACKUP_JOB_REPORT", "COPY_JOB_REPORT", "RESTORE_JOB_REPORT")
    yield includes(f"bucket {bucket}", "reports", reported, kinds)
    critical = names.topic_arn(deployment.target, "critical")
    for kind in ("backup", "copy", "restore"):
        yield from events.sent(deployment, f"{deployment.prefix}-failed-{kind}", "aws.backup", critical)
