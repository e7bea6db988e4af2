from urllib.parse import quote

from tests.emulator.aws.conftest import Aws
from tests.emulator.aws.stock_moto import fails_on_stock_moto


def create_plan(aws: Aws) -> str:
    rule = {"RuleName": "daily", "TargetBackupVaultName": "vault"}
    plan: str = aws("backup").create_backup_plan(BackupPlan={"BackupPlanName": aws.name(), "Rules": [rule]})[
        "BackupPlanId"
    ]
    return plan


def create_vault(aws: Aws) -> str:
    name = aws.name()
    aws("backup").create_backup_vault(BackupVaultName=name, BackupVaultTags={"owner": "a"})
    return name


@fails_on_stock_moto
def test_selections(aws: Aws) -> None:
    backup, plan = aws("backup"), create_plan(aws)
    selection = {"SelectionName": "platform", "IamRoleArn": aws.role(), "Resources": ["arn:aws:s3:::lake"]}
    created = backup.create_backup_selection(BackupPlanId=plan, BackupSelection=selection)
    key = {"BackupPlanId": plan, "SelectionId": created["SelectionId"]}
    assert backup.get_backup_selection(**key)["BackupSelection"]["Resources"] == ["arn:aws:s3:::lake"]
    assert len(backup.list_backup_selections(BackupPlanId=plan)["BackupSelectionsList"]) == 1
    backup.delete_backup_selection(**key)
    assert backup.list_backup_selections(BackupPlanId=plan)["BackupSelectionsList"] == []


@fails_on_stock_moto
def test_plans(aws: Aws) -> None:
    backup, plan = aws("backup"), create_plan(aws)
    rule = {"RuleName": "hourly", "TargetBackupVaultName": "vault"}
    backup.update_backup_plan(BackupPlanId=plan, BackupPlan={"BackupPlanName": "x", "Rules": [rule]})
    assert backup.get_backup_plan(BackupPlanId=plan)["BackupPlan"]["Rules"][0]["RuleName"] == "hourly"
    backup.delete_backup_plan(BackupPlanId=plan)
    try:
        backup.get_backup_plan(BackupPlanId=plan)
        raise AssertionError("not deleted")
    except backup.exceptions.ResourceNotFoundException:
        pass


@fails_on_stock_moto
def test_vault_policies(aws: Aws) -> None:
    backup, vault = aws("backup"), create_vault(aws)
    backup.put_backup_vault_access_policy(BackupVaultName=vault, Policy="{}")
    assert backup.get_backup_vault_access_policy(BackupVaultName=vault)["Policy"] == "{}"
    backup.delete_backup_vault_access_policy(BackupVaultName=vault)
    try:
        backup.get_backup_vault_access_policy(BackupVaultName=vault)
        raise AssertionError("not deleted")
    except backup.exceptions.ResourceNotFoundException:
        pass


@fails_on_stock_moto
def test_vault_notifications(aws: Aws) -> None:
    backup, vault = aws("backup"), create_vault(aws)
    topic = f"arn:aws:sns:eu-central-1:{aws.account}:alarms"
    backup.put_backup_vault_notifications(
        BackupVaultName=vault, SNSTopicArn=topic, BackupVaultEvents=["BACKUP_JOB_FAILED"]
    )
    assert backup.get_backup_vault_notifications(BackupVaultName=vault)["SNSTopicArn"] == topic
    backup.delete_backup_vault_notifications(BackupVaultName=vault)


@fails_on_stock_moto
def test_recovery_points(aws: Aws) -> None:
    found = aws("backup").list_recovery_points_by_backup_vault(BackupVaultName=create_vault(aws))
    assert found["RecoveryPoints"] == []


@fails_on_stock_moto
def test_tags(aws: Aws) -> None:
    backup, vault = aws("backup"), create_vault(aws)
    arn = backup.describe_backup_vault(BackupVaultName=vault)["BackupVaultArn"]
    # the provider omits the trailing slash that boto3 sends
    assert aws.get("backup", f"/tags/{quote(arn, safe='')}").json()["Tags"] == {"owner": "a"}


@fails_on_stock_moto
def test_report_plans(aws: Aws) -> None:
    backup, name = aws("backup"), "report_plan"
    channel = {"S3BucketName": "reports", "Formats": ["CSV"]}
    setting = {"ReportTemplate": "BACKUP_JOB_REPORT"}
    backup.create_report_plan(
        ReportPlanName=name, ReportDeliveryChannel=channel, ReportSetting=setting, ReportPlanTags={"owner": "platform"}
    )
    backup.update_report_plan(ReportPlanName=name, ReportPlanDescription="daily")
    found = backup.describe_report_plan(ReportPlanName=name)["ReportPlan"]
    assert (found["ReportPlanDescription"], found["ReportDeliveryChannel"]) == ("daily", channel)
    assert backup.list_tags(ResourceArn=found["ReportPlanArn"])["Tags"] == {"owner": "platform"}
    backup.delete_report_plan(ReportPlanName=name)
