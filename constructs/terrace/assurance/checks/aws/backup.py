"""AWS Backup, and Velero's permissions (BAK-1 to BAK-3)."""

from collections.abc import Iterator
from datetime import timedelta

from terrace.assurance.checks import Subject
from terrace.assurance.checks.aws import database, lookup
from terrace.assurance.checks.aws.lookup import allows, covers, interval, statements, values
from terrace.assurance.evaluation import Observation, at_least, at_most, check, equal, includes
from terrace.assurance.view import Resource, at
from terrace.aws import names


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
            yield includes(str(plan), "copy destinations", copies, [str(_vault(stack, recovery=True))])
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
            becomes_final = lock.get("changeable_for_days") is not None
            yield equal(str(lock), "changeable_for_days is set", becomes_final, spec.lock == "compliance")
        denials = [
            statement
            for policy in stack.view.pointing("aws_backup_vault_policy", "backup_vault_name", vault)
            for statement in statements(policy.get("policy") or {})
            if statement.get("Effect") == "Deny"
            and covers(values(statement.get("Action")), "backup:DeleteRecoveryPoint")
        ]
        yield at_least(str(vault), "policy statements that deny deletion", len(denials), 1)


@check("BAK-1")
def database_and_lake_selected(stack: Subject) -> Iterator[Observation]:
    plan = stack.view.only("aws_backup_plan")
    selections = stack.view.pointing("aws_backup_selection", "plan_id", plan)
    selected = [
        str(stack.view.target(one) or one) for selection in selections for one in selection.get("resources", [])
    ]
    layers = [names.bucket_arn(stack.target, layer) for layer in ("silver", "gold", "platinum")]
    yield includes(str(plan), "selected resources", selected, [str(database.server(stack)), *layers])


@check("BAK-2")
def cluster_backup_permissions(stack: Subject) -> Iterator[Observation]:
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
    account = stack.environment.component_accounts["velero"]
    yield equal(str(role), "service accounts", lookup.pods(stack, role), [str(account)])


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
