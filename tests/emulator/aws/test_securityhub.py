from tests.emulator.aws.conftest import Aws
from tests.emulator.aws.stock_moto import fails_on_stock_moto


@fails_on_stock_moto
def test_hub_settings(aws: Aws) -> None:
    hub = aws("securityhub", "eu-west-1")
    hub.enable_security_hub(EnableDefaultStandards=False, ControlFindingGenerator="STANDARD_CONTROL")
    hub.update_security_hub_configuration(AutoEnableControls=False)
    found = hub.describe_hub()
    assert (found["AutoEnableControls"], found["ControlFindingGenerator"]) == (False, "STANDARD_CONTROL")
    hub.disable_security_hub()


@fails_on_stock_moto
def test_standards(aws: Aws) -> None:
    hub = aws("securityhub", "eu-west-2")
    hub.enable_security_hub(EnableDefaultStandards=False)
    standard = "arn:aws:securityhub:eu-west-2::standards/cis-aws-foundations-benchmark/v/3.0.0"
    created = hub.batch_enable_standards(StandardsSubscriptionRequests=[{"StandardsArn": standard}])
    arns = [entry["StandardsSubscriptionArn"] for entry in created["StandardsSubscriptions"]]
    found = hub.get_enabled_standards(StandardsSubscriptionArns=arns)["StandardsSubscriptions"]
    assert [(entry["StandardsArn"], entry["StandardsStatus"]) for entry in found] == [(standard, "READY")]
    hub.batch_disable_standards(StandardsSubscriptionArns=arns)
    assert hub.get_enabled_standards()["StandardsSubscriptions"] == []
    hub.disable_security_hub()
