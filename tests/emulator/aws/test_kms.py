from tests.emulator.aws.conftest import Aws
from tests.emulator.aws.stock_moto import fails_on_stock_moto


@fails_on_stock_moto
def test_key_by_arn(aws: Aws) -> None:
    kms = aws("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]

    def state() -> str:
        return kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]

    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert state() == "PendingDeletion"
    kms.cancel_key_deletion(KeyId=key)
    assert state() == "Disabled"
    kms.enable_key(KeyId=key)
    assert state() == "Enabled"
    kms.disable_key(KeyId=key)
    assert state() == "Disabled"


@fails_on_stock_moto
def test_rotation_period(aws: Aws) -> None:
    kms = aws("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=180)
    assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 180


@fails_on_stock_moto
def test_single_region(aws: Aws) -> None:
    key = aws("kms").create_key()["KeyMetadata"]["KeyId"]
    assert aws("kms").describe_key(KeyId=key)["KeyMetadata"]["MultiRegion"] is False
