from tests.emulator.aws.conftest import Aws
from tests.emulator.aws.stock_moto import fails_on_stock_moto


@fails_on_stock_moto
def test_composite_alarms(aws: Aws) -> None:
    watch, name = aws("cloudwatch"), aws.name()
    rule = 'ALARM("a") AND ALARM("b")'
    watch.put_composite_alarm(AlarmName=name, AlarmRule=rule, Tags=[{"Key": "owner", "Value": "a"}])
    found = watch.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"][0]
    assert found["AlarmRule"] == rule
    watch.delete_alarms(AlarmNames=[name])
