from tests.emulator.aws.conftest import Aws
from tests.emulator.aws.stock_moto import fails_on_stock_moto


@fails_on_stock_moto
def test_recorder_changes(aws: Aws) -> None:
    name = aws.name()
    recorder = {"name": name, "roleARN": f"arn:aws:iam::{aws.account}:role/config"}
    group = {"allSupported": True, "includeGlobalResourceTypes": False}
    aws("config").put_configuration_recorder(ConfigurationRecorder={**recorder, "recordingGroup": group})
    changed = {**group, "includeGlobalResourceTypes": True, "exclusionByResourceTypes": {}}
    aws("config").put_configuration_recorder(ConfigurationRecorder={**recorder, "recordingGroup": changed})
    (found,) = aws("config").describe_configuration_recorders(ConfigurationRecorderNames=[name])[
        "ConfigurationRecorders"
    ]
    assert found["recordingGroup"]["includeGlobalResourceTypes"] is True
