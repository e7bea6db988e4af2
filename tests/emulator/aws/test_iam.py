from tests.emulator.aws.conftest import Aws
from tests.emulator.aws.stock_moto import fails_on_stock_moto


@fails_on_stock_moto
def test_service_linked_roles(aws: Aws) -> None:
    iam, service, name = aws("iam"), "reports.backup.amazonaws.com", "AWSServiceRoleForBackupReports"
    created = iam.create_service_linked_role(AWSServiceName=service)["Role"]
    assert created["Arn"] == aws.role(f"aws-service-role/{service}/{name}")
    assert iam.get_role(RoleName=name)["Role"]["Arn"] == created["Arn"]
    try:
        iam.create_service_linked_role(AWSServiceName=service)
        raise AssertionError("not refused")
    except iam.exceptions.InvalidInputException:
        pass
    recorder = iam.create_service_linked_role(AWSServiceName="config.amazonaws.com")["Role"]["RoleName"]
    assert recorder == "AWSServiceRoleForConfig"
    iam.delete_service_linked_role(RoleName=recorder)
    iam.delete_service_linked_role(RoleName=name)
    assert name not in [role["RoleName"] for role in iam.list_roles()["Roles"]]
