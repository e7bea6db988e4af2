from tests.emulator.aws.conftest import Aws
from tests.emulator.aws.stock_moto import fails_on_stock_moto


@fails_on_stock_moto
def test_account_status(aws: Aws) -> None:
    region = "eu-west-3"
    inspector, registry = aws("inspector2", region), aws("ecr", region)

    def statuses() -> tuple[str, str]:
        account = inspector.batch_get_account_status(accountIds=[aws.account])["accounts"][0]
        return account["state"]["status"], account["resourceState"]["ecr"]["status"]

    assert statuses() == ("DISABLED", "DISABLED")
    registry.put_registry_scanning_configuration(scanType="ENHANCED", rules=[])
    assert statuses() == ("ENABLED", "ENABLED")
    registry.put_registry_scanning_configuration(scanType="BASIC", rules=[])
    assert statuses() == ("DISABLED", "DISABLED")
