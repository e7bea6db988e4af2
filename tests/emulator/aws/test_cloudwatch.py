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


@fails_on_stock_moto
def test_deleted_tags(aws: Aws) -> None:
    watch, name = aws("cloudwatch"), aws.name()
    alarm = {
        "AlarmName": name,
        "Namespace": "AWS/RDS",
        "MetricName": "CPUUtilization",
        "Statistic": "Average",
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 1,
        "Period": 60,
        "Threshold": 1,
    }
    watch.put_metric_alarm(**alarm, Tags=[{"Key": "owner", "Value": "a"}])
    watch.delete_alarms(AlarmNames=[name])
    watch.put_metric_alarm(**alarm, Tags=[{"Key": "owned-by", "Value": "a"}])
    arn = watch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["AlarmArn"]
    assert watch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "owned-by", "Value": "a"}]
    watch.delete_alarms(AlarmNames=[name])
