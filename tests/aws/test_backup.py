"""AWS Backup and Velero on AWS (BAK-1 to BAK-3)."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from terrace.aws.backup import _SCHEDULES
from terrace.live.aws.backup import interval
from tests.conftest import ACCOUNTS, SynthesizedStack

Foundation = Callable[[str], SynthesizedStack]
ENVIRONMENTS = ("dev", "staging", "prod")


def rule(stack: SynthesizedStack) -> dict[str, Any]:
    rules = stack.one("aws_backup_plan", "backup/plan")["rule"]
    assert len(rules) == 1
    return dict(rules[0])


@pytest.mark.parametrize(
    ("environment", "every", "days", "cold"),
    [
        ("dev", timedelta(days=1), 7, None),
        ("staging", timedelta(days=1), 30, None),
        ("prod", timedelta(hours=12), 120, 30),
    ],
)
def test_one_plan_has_the_required_interval_and_retention(
    foundation: Foundation, environment: str, every: timedelta, days: int, cold: int | None
) -> None:
    stack = foundation(environment)
    assert interval(rule(stack)["schedule"]) == every  # BAK-1
    assert rule(stack)["lifecycle"]["delete_after"] == days
    assert rule(stack)["lifecycle"].get("cold_storage_after") == cold
    assert stack.resolve(rule(stack)["target_vault_name"]) == "backup/home/vault"


@pytest.mark.parametrize("every", _SCHEDULES)
def test_a_schedule_has_its_interval_and_runs_while_the_database_is_up(every: timedelta) -> None:
    assert interval(_SCHEDULES[every]) == every
    hours = _SCHEDULES[every].removeprefix("cron(0 ").split(" ")[0].split(",")
    assert "17" in hours
    assert not {1, 2, 3, 4} & {int(hour) for hour in hours}  # the database's own backup and maintenance


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_backups_are_in_separate_locked_vaults(foundation: Foundation, environment: str) -> None:
    stack = foundation(environment)
    vaults = dict(stack.all("aws_backup_vault"))
    away = environment == "prod"
    assert vaults.keys() == {"backup/home/vault", *(["backup/recovery/vault"] if away else [])}
    for path, body in vaults.items():
        recovery = "recovery" in path
        assert stack.resolve(body["kms_key_arn"]) == f"keys/backups{'-recovery' if recovery else ''}"
        assert body.get("provider") == ("aws.recovery" if recovery else None)
        assert "force_destroy" not in body
        lock = stack.one("aws_backup_vault_lock_configuration", path.replace("/vault", "/lock"))  # BAK-1
        assert lock["min_retention_days"] <= rule(stack)["lifecycle"]["delete_after"] <= lock["max_retention_days"]
        # days until the lock is permanent; if absent, it stays removable
        assert lock.get("changeable_for_days") == (3 if away else None)
        denied = json.loads(stack.one("aws_backup_vault_policy", path.replace("/vault", "/policy"))["policy"])
        assert denied["Statement"][0]["Effect"] == "Deny"
        assert "backup:DeleteRecoveryPoint" in denied["Statement"][0]["Action"]


def test_only_prod_is_copied_to_the_recovery_region(foundation: Foundation) -> None:
    copies = rule(foundation("prod"))["copy_action"]
    assert [foundation("prod").resolve(copy["destination_vault_arn"]) for copy in copies] == ["backup/recovery/vault"]
    assert copies[0]["lifecycle"] == rule(foundation("prod"))["lifecycle"]  # BAK-1
    for environment in ("dev", "staging"):
        assert "copy_action" not in rule(foundation(environment))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_database_and_the_layers_that_can_change_are_backed_up(foundation: Foundation, environment: str) -> None:
    stack = foundation(environment)
    selection = stack.one("aws_backup_selection", "backup/platform")
    assert stack.resolve(selection["plan_id"]) == "backup/plan"
    server, *buckets = selection["resources"]
    assert stack.resolve(server) == "database/server"
    assert buckets == [
        f"arn:aws:s3:::dpf-{environment}-{layer}-{ACCOUNTS['aws'][environment]}"
        for layer in ("silver", "gold", "platinum")
    ]
    managed = {
        body["policy_arn"].rsplit("/", 1)[-1]
        for path, body in stack.all("aws_iam_role_policy_attachment")
        if path.startswith("backup/")
    }
    assert {
        "AWSBackupServiceRolePolicyForS3Restore",
        "AWSBackupServiceRolePolicyForRestores",
    } <= managed  # a backup is useless without permission to restore


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_only_a_failed_backup_notifies(foundation: Foundation, environment: str) -> None:
    notified = foundation(environment).one("aws_backup_vault_notifications", "backup/trouble")
    assert notified["sns_topic_arn"].endswith("-critical")
    assert "BACKUP_JOB_FAILED" in notified["backup_vault_events"]
    assert not {"BACKUP_JOB_COMPLETED", "BACKUP_JOB_SUCCESSFUL"} & set(notified["backup_vault_events"])


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_velero_backs_up_cluster_state_and_volumes(foundation: Foundation, environment: str) -> None:
    stack = foundation(environment)
    pods = stack.one("aws_eks_pod_identity_association", "backup/velero-pods")  # BAK-2
    assert (pods["namespace"], pods["service_account"]) == ("velero", "velero")
    assert stack.resolve(pods["role_arn"]) == "backup/velero"
    bucket, volumes = (
        json.loads(stack.one("aws_iam_role_policy", f"backup/velero-{part}")["policy"])["Statement"]
        for part in ("bucket", "volumes")
    )
    arn = f"arn:aws:s3:::dpf-{environment}-backups-{ACCOUNTS['aws'][environment]}"
    assert {each["Resource"] for each in bucket} == {arn, f"{arn}/velero/*"}
    by_action = {
        action: each
        for each in volumes
        for action in ([*each["Action"]] if isinstance(each["Action"], list) else [each["Action"]])
    }
    assert "ec2:CreateSnapshot" in by_action
    assert by_action["ec2:DeleteSnapshot"]["Condition"] == {"StringLike": {"ec2:ResourceTag/velero.io/backup": "*"}}
    everywhere = {action for action, each in by_action.items() if each["Resource"] == "*"}
    assert everywhere == {"ec2:DescribeVolumes", "ec2:DescribeSnapshots"}


@pytest.mark.parametrize(
    ("environment", "rpo", "rto"),
    [("dev", "P1D", "PT8H"), ("staging", "P1D", "PT8H"), ("prod", "PT12H", "PT4H")],
)
def test_the_plan_has_the_objectives_as_tags(foundation: Foundation, environment: str, rpo: str, rto: str) -> None:
    stack = foundation(environment)
    assert stack.one("aws_backup_plan", "backup/plan")["tags"] == {"rpo": rpo, "rto": rto}
    hours = {"P1D": 24, "PT12H": 12}[rpo]
    every = interval(rule(stack)["schedule"])
    assert every is not None
    assert every <= timedelta(hours=hours)  # BAK-3


def test_jobs_are_reported_and_failed_ones_sent(foundation: Foundation) -> None:
    """BAK-4"""
    stack = foundation("prod")
    templates = {body["report_setting"]["report_template"] for _, body in stack.all("aws_backup_report_plan")}
    assert templates == {"BACKUP_JOB_REPORT", "COPY_JOB_REPORT", "RESTORE_JOB_REPORT"}
    for kind, field in (("backup", "state"), ("copy", "state"), ("restore", "status")):
        pattern = json.loads(stack.one("aws_cloudwatch_event_rule", f"backup/failed-{kind}")["event_pattern"])
        assert "FAILED" in pattern["detail"][field]
        sent = stack.one("aws_cloudwatch_event_target", f"backup/failed-{kind}-to-people")
        assert sent["arn"].endswith(":dpf-prod-critical")
    policy = json.loads(stack.one("aws_s3_bucket_policy", "lake/access/policy")["policy"])
    (writes,) = [one for one in policy["Statement"] if one["Sid"] == "BackupReports"]
    assert writes["Principal"]["AWS"].endswith("reports.backup.amazonaws.com/AWSServiceRoleForBackupReports")
    assert "lake_report-writer" in str(stack.one("aws_s3_bucket_policy", "lake/access/policy")["depends_on"])
