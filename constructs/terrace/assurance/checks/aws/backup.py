"""AWS Backup, and Velero's place (BAK-1 to BAK-3)."""

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
        every = interval(str(rule.get("schedule", "")))
        good = every is not None and every <= timedelta(days=1)
        yield Observation(str(plan), f"schedule {rule.get('schedule')}", good, "daily at least")
        yield equal(str(plan), "delete_after", at(rule, "lifecycle.delete_after"), spec.retention_days)
        vault = stack.view.target(rule.get("target_vault_name"))
        yield equal(str(plan), "vault", str(vault), str(_vault(stack)))
        if spec.copy_to_recovery_region:
            copies = [
                str(stack.view.target(copy.get("destination_vault_arn"))) for copy in rule.get("copy_action") or []
            ]
            yield includes(str(plan), "copies to", copies, [str(_vault(stack, recovery=True))])
            kept = [at(copy, "lifecycle.delete_after", 0) for copy in rule.get("copy_action") or []]
            yield at_least(str(plan), "copies' delete_after", min(kept, default=None), spec.retention_days)


@check("BAK-1")
def vaults_locked(stack: Subject) -> Iterator[Observation]:
    spec = stack.environment.backup
    for recovery in (False, True) if spec.copy_to_recovery_region else (False,):
        vault = _vault(stack, recovery)
        yield lookup.uses(stack, vault, vault.get("kms_key_arn"), "kms_key_arn", "backups", recovery)
        locks = stack.view.pointing("aws_backup_vault_lock_configuration", "backup_vault_name", vault)
        yield equal(str(vault), "locks", len(locks), 1)
        for lock in locks:
            yield at_least(str(lock), "min_retention_days", lock.get("min_retention_days"), 7)
            final = lock.get("changeable_for_days") is not None
            yield equal(str(lock), "becomes final", final, spec.lock == "compliance")
        refusals = [
            statement
            for policy in stack.view.pointing("aws_backup_vault_policy", "backup_vault_name", vault)
            for statement in statements(policy.get("policy") or {})
            if statement.get("Effect") == "Deny"
            and covers(values(statement.get("Action")), "backup:DeleteRecoveryPoint")
        ]
        yield at_least(str(vault), "refusals of deletion", len(refusals), 1)


@check("BAK-1")
def platform_selected(stack: Subject) -> Iterator[Observation]:
    plan = stack.view.only("aws_backup_plan")
    selections = stack.view.pointing("aws_backup_selection", "plan_id", plan)
    chosen = [str(stack.view.target(one) or one) for selection in selections for one in selection.get("resources", [])]
    layers = [names.bucket_arn(stack.target, layer) for layer in ("silver", "gold", "platinum")]
    yield includes(str(plan), "backs up", chosen, [str(database.server(stack)), *layers])


@check("BAK-2")
def cluster_backups(stack: Subject) -> Iterator[Observation]:
    role = stack.one("aws_iam_role", "backup/velero")
    granted = [
        statement
        for policy in stack.view.pointing("aws_iam_role_policy", "role", role)
        for statement in statements(policy.get("policy") or {})
    ]
    bucket = names.bucket_arn(stack.target, "backups")
    writable = [place for one in granted if allows(one, "s3:PutObject") for place in values(one.get("Resource"))]
    inside = bool(writable) and all(place.startswith(f"{bucket}/") for place in writable)
    yield Observation(str(role), f"writes to {', '.join(writable) or 'nothing'}", inside, f"{bucket}/ only")
    yield equal(str(role), "may snapshot volumes", any(allows(one, "ec2:CreateSnapshot") for one in granted), True)
    links = stack.view.pointing("aws_eks_pod_identity_association", "role_arn", role)
    accounts = [f"{link.get('namespace')}/{link.get('service_account')}" for link in links]
    yield equal(str(role), "pods that have it", accounts, ["velero/velero"])


@check("BAK-3")
def objectives_met(stack: Subject) -> Iterator[Observation]:
    spec, plan = stack.environment.backup, stack.view.only("aws_backup_plan")
    gaps = [interval(str(rule.get("schedule", ""))) for rule in plan.blocks("rule")]
    known = [gap for gap in gaps if gap is not None]
    shortest = min(known, default=None)
    met = shortest is not None and shortest <= spec.rpo
    yield Observation(
        str(plan), f"longest time between backups = {shortest or 'unknown'}", met, f"<= {spec.rpo} (backup.rpo)"
    )
    for rule in plan.blocks("rule"):
        # a backup that starts late or takes long is a hole of that length
        late = timedelta(minutes=rule.get("start_window") or 480)
        yield at_most(str(plan), "hours until it starts", late / timedelta(hours=1), spec.rto / timedelta(hours=1))
    primary = database.server(stack)
    yield at_least(str(primary), "days of point-in-time recovery", primary.get("backup_retention_period"), 1)


@check("BAK-3")
def trouble_is_told(stack: Subject) -> Iterator[Observation]:
    for notes in stack.view.pointing("aws_backup_vault_notifications", "backup_vault_name", _vault(stack)):
        topic = names.topic_arn(stack.target, "critical")
        yield equal(str(notes), "sns_topic_arn", notes.get("sns_topic_arn"), topic)
        yield includes(str(notes), "events", notes.get("backup_vault_events", []), ["BACKUP_JOB_FAILED"])
