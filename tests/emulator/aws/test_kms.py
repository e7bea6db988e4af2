from tests.emulator.aws.conftest import Aws
from tests.emulator.aws.stock_moto import fails_on_stock_moto


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
