"""CloudWatch: composite alarms."""

from moto.cloudwatch.responses import CloudWatchResponse

from terrace.emulator.aws.patch import Call, as_tags, operation


def composite_alarms() -> None:
    """Stock moto can read composite alarms but not create one."""

    @operation(CloudWatchResponse)
    def put_composite_alarm(call: Call) -> None:
        parameters = call.parameters
        alarm = call.backend.put_metric_alarm(
            name=parameters["AlarmName"],
            namespace="",
            metric_name="",
            comparison_operator="",
            evaluation_periods=0,
            period=0,
            threshold=0,
            statistic="",
            description=parameters.get("AlarmDescription"),
            dimensions=[],
            alarm_actions=parameters.get("AlarmActions") or [],
            ok_actions=parameters.get("OKActions") or [],
            insufficient_data_actions=parameters.get("InsufficientDataActions") or [],
            actions_enabled=parameters.get("ActionsEnabled", True),
            rule=parameters["AlarmRule"],
            tags=as_tags(parameters.get("Tags")),
        )
        alarm.alarm_rule = parameters["AlarmRule"]


PATCHES = (composite_alarms,)
