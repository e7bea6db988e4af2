"""CloudWatch: composite alarms, tags of deleted alarms."""

from typing import Any

from moto.cloudwatch.models import CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse

from terrace.emulator.aws.patch import Call, Function, as_tags, operation, wrap


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


def deleted_tags() -> None:
    """Stock moto keeps the tags of an alarm that is deleted, and another one of the same name gets them."""

    @wrap(CloudWatchBackend, "delete_alarms")
    def delete_alarms(original: Function, self: Any, alarm_names: list[str]) -> None:
        for name in alarm_names:
            if alarm := self.alarms.get(name):
                self.tagger.delete_all_tags_for_resource(alarm.alarm_arn)
        original(self, alarm_names)


PATCHES = (composite_alarms, deleted_tags)
