"""CloudWatch: composite alarms."""

from moto.cloudwatch.responses import CloudWatchResponse

from terrace.emulator.aws.patch import Call, as_tags, operation


def composite_alarms() -> None:
    """Stock moto reads composite alarms and cannot make one."""

    @operation(CloudWatchResponse)
    def put_composite_alarm(call: Call) -> None:
        asked = call.parameters
        alarm = call.backend.put_metric_alarm(
            name=asked["AlarmName"],
            namespace="",
            metric_name="",
            comparison_operator="",
            evaluation_periods=0,
            period=0,
            threshold=0,
            statistic="",
            description=asked.get("AlarmDescription"),
            dimensions=[],
            alarm_actions=asked.get("AlarmActions") or [],
            ok_actions=asked.get("OKActions") or [],
            insufficient_data_actions=asked.get("InsufficientDataActions") or [],
            actions_enabled=asked.get("ActionsEnabled", True),
            rule=asked["AlarmRule"],
            tags=as_tags(asked.get("Tags")),
        )
        alarm.alarm_rule = asked["AlarmRule"]


PATCHES = (composite_alarms,)
