"""AWS Backup, and Velero's permissions (BAK-1 to BAK-4)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from terrace.assurance.checks import Subject
from terrace.assurance.checks.aws import database, lookup
from terrace.assurance.checks.aws.lookup import allows, interval, statements, values
from terrace.assurance.evaluation import Observation, asked, at_least, at_most, check, equal, includes
from terrace.assurance.view import Resource, at
from terrace.aws import names

_FAILURES: dict[str, dict[str, Any]] = {
    "Backup Job State Change": {"state": ["ABORTED", "EXPIRED", "FAILED", "PARTIAL"]},
    "Copy Job State Change": {"state": ["FAILED"]},
    "Restore Job State Change": {"status": ["FAILED"]},
}
"""The events of failed jobs. Source: AWS Backup Developer Guide, "Monitoring AWS Backup events using EventBridge"."""
_CHANGEABLE_DAYS = 3
"""Days until a compliance lock is final; AWS Backup requires at least three."""


def _vault(stack: Subject, recovery: bool = False) -> Resource:
    return stack.one("aws_backup_vault", f"backup/{'recovery' if recovery else 'home'}/vault")


@check("BAK-1")
def daily_backups(stack: Subject) -> Iterator[Observation]:
    spec, plan = stack.environment.backup, stack.view.only("aws_backup_plan")
    yield at_least(str(plan), "rules", len(plan.blocks("rule")), 1)
    for rule in plan.blocks("rule"):
        gap = interval(str(rule.get("schedule", "")))
        ok = gap is not None and gap <= timedelta(days=1)
        yield Observation(str(plan), f"schedule {rule.get('schedule')}", ok, "at least daily")
        yield equal(str(plan), "delete_after", at(rule, "lifecycle.delete_after"), spec.retention_days)
        vault = stack.view.target(rule.get("target_vault_name"))
        yield equal(str(plan), "vault", str(vault), str(_vault(stack)))
        if spec.copy_to_recovery_region:
            copies = [
                str(stack.view.target(copy.get("destination_vault_arn"))) for copy in rule.get("copy_action") or []
            ]
            yield equal(str(plan), "copy destinations", copies, [str(_vault(stack, recovery=True))])
            copy_retentions = [at(copy, "lifecycle.delete_after", 0) for copy in rule.get("copy_action") or []]
            yield at_least(str(plan), "delete_after of copies", min(copy_retentions, default=None), spec.retention_days)


@check("BAK-1")
def vault_locked(stack: Subject) -> Iterator[Observation]:
    spec = stack.environment.backup
    for recovery in (False, True) if spec.copy_to_recovery_region else (False,):
        vault = _vault(stack, recovery)
        yield lookup.uses(stack, vault, vault.get("kms_key_arn"), "kms_key_arn", "backups", recovery)
        locks = stack.view.pointing("aws_backup_vault_lock_configuration", "backup_vault_name", vault)
        yield equal(str(vault), "locks", len(locks), 1)
        for lock in locks:
            yield at_least(str(lock), "min_retention_days", lock.get("min_retention_days"), 7)
            yield at_least(str(lock), "max_retention_days", lock.get("max_retention_days"), spec.retention_days)
            yield at_most(str(lock), "changeable_for_days", lock.get("changeable_for_days", 0), _CHANGEABLE_DAYS)
            becomes_final = lock.get("changeable_for_days") is not None
            yield equal(str(lock), "changeable_for_days is set", becomes_final, spec.lock == "compliance")
        yield equal(str(vault), "force_destroy", bool(vault.get("force_destroy")), False)


@check("BAK-1")
def database_and_lake_selected(stack: Subject) -> Iterator[Observation]:
    plan = stack.view.only("aws_backup_plan")
    selections = stack.view.pointing("aws_backup_selection", "plan_id", plan)
    selected = [
        str(stack.view.target(one) or one) for selection in selections for one in selection.get("resources", [])
    ]
    for selection in selections:
        yield from lookup.unnarrowed(selection, "condition", "selection_tag", "not_resources")
    layers = [names.bucket_arn(stack.target, layer) for layer in ("silver", "gold", "platinum")]
    servers = [str(database.server(stack))] if stack.environment.database else []
    yield includes(str(plan), "selected resources", selected, [*servers, *layers])


@check("BAK-2")
def cluster_backup_permissions(stack: Subject) -> Iterator[Observation]:
    asked(stack.environment.cluster, "cluster")
    role = stack.one("aws_iam_role", "backup/velero")
    granted = [
        statement
        for policy in stack.view.pointing("aws_iam_role_policy", "role", role)
        for statement in statements(policy.get("policy") or {})
    ]
    bucket = names.bucket_arn(stack.target, "backups")
    writable = [resource for one in granted if allows(one, "s3:PutObject") for resource in values(one.get("Resource"))]
    in_bucket = bool(writable) and all(resource.startswith(f"{bucket}/") for resource in writable)
    yield Observation(str(role), f"s3:PutObject on {', '.join(writable) or 'nothing'}", in_bucket, f"{bucket}/ only")
    yield equal(str(role), "allows ec2:CreateSnapshot", any(allows(one, "ec2:CreateSnapshot") for one in granted), True)


@check("BAK-3")
def recovery_objectives_met(stack: Subject) -> Iterator[Observation]:
    spec, plan = stack.environment.backup, stack.view.only("aws_backup_plan")
    gaps = [interval(str(rule.get("schedule", ""))) for rule in plan.blocks("rule")]
    known_gaps = [gap for gap in gaps if gap is not None]
    longest = min(known_gaps, default=None)
    met = longest is not None and longest <= spec.rpo
    yield Observation(
        str(plan), f"longest time between backups = {longest or 'unknown'}", met, f"<= {spec.rpo} (backup.rpo)"
    )
    for rule in plan.blocks("rule"):
        # a late start lengthens the time between two backups
        start_window = timedelta(minutes=rule.get("start_window") or 480)
        yield at_most(
            str(plan), "start window in hours", start_window / timedelta(hours=1), spec.rto / timedelta(hours=1)
        )
    if stack.environment.database is None:
        return
    primary = database.server(stack)
    yield at_least(str(primary), "days of point-in-time recovery", primary.get("backup_retention_period"), 1)


@check("BAK-3")
def failure_alerts(stack: Subject) -> Iterator[Observation]:
    for notifications in stack.view.pointing("aws_backup_vault_notifications", "backup_vault_name", _vault(stack)):
        topic = names.topic_arn(stack.target, "critical")
        yield equal(str(notifications), "sns_topic_arn", notifications.get("sns_topic_arn"), topic)
        yield includes(
            str(notifications), "events", notifications.get("backup_vault_events", []), ["BACKUP_JOB_FAILED"]
        )


@check("BAK-4")
def jobs_reported(stack: Subject) -> Iterator[Observation]:
    bucket = names.bucket(stack.target, "access")
    plans = stack.all("aws_backup_report_plan")
    reports = {str(plan.get("report_setting.report_template")): plan for plan in plans}
    expected = ("BACKUP_JOB_REPORT", "COPY_JOB_REPORT", "RESTORE_JOB_REPORT")
    yield includes("backup", "reports", reports, expected)
    for plan in plans:
        delivered = plan.get("report_delivery_channel.s3_bucket_name")
        yield equal(str(plan), "s3_bucket_name", delivered, bucket)
        yield from lookup.unnarrowed(plan, "report_setting.accounts", "report_setting.regions")
    if stack.target.settings.owns_account:
        writer = stack.one("aws_iam_service_linked_role", "lake/report-writer")
        yield equal(str(writer), "aws_service_name", writer.get("aws_service_name"), "reports.backup.amazonaws.com")
    critical = names.topic_arn(stack.target, "critical")
    for kind, detail in _FAILURES.items():
        rule = stack.one("aws_cloudwatch_event_rule", f"backup/failed-{kind.partition(' ')[0].lower()}")
        yield from lookup.sends(stack, rule, critical)
        pattern = {"source": ["aws.backup"], "detail-type": [kind], "detail": detail}
        yield equal(str(rule), "event_pattern", rule.get("event_pattern"), pattern)
