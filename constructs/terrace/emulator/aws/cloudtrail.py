"""CloudTrail: deleting a trail by its ARN, reading it in other regions, the times of deliveries, the event history."""

from typing import Any

import moto.cloudtrail.models as models
from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.utils import unix_time, utcnow

from terrace.emulator.aws import history
from terrace.emulator.aws.patch import Call, Function, operation, wrap


def delete_by_arn() -> None:
    """Stock moto deletes a trail by name only and silently ignores an ARN, which Terraform sends: the trail remains."""

    @wrap(models.CloudTrailBackend, "delete_trail")
    def delete_trail(original: Function, self: Any, name: str) -> None:
        original(self, name.rpartition(":trail/")[2])


def other_regions() -> None:
    """Stock moto lists the trail of all regions in each of them, but refuses to read its selectors there."""
    for name in ("get_event_selectors", "get_insight_selectors"):

        @wrap(models.CloudTrailBackend, name)
        def selectors(original: Function, self: Any, trail_name: str) -> Any:
            trails = self.describe_trails(include_shadow_trails=True)
            home = next((trail.region_name for trail in trails if trail.arn == trail_name), self.region_name)
            return original(models.cloudtrail_backends[self.account_id][home], trail_name)


def delivery_times() -> None:
    """Stock moto reports no time of a delivery to CloudWatch Logs: a reader takes the trail's log group for unused."""

    @wrap(models.CloudTrailBackend, "get_trail_status")
    def get_trail_status(original: Function, self: Any, name: str) -> Any:
        status = original(self, name)
        trails = self.describe_trails(include_shadow_trails=True)
        trail = next(trail for trail in trails if name in (trail.trail_name, trail.arn))
        status.to_log_group = bool(trail.cw_log_group_arn)
        return status

    @wrap(models.TrailStatus, "description")
    def description(original: Function, self: Any) -> Any:
        described = original(self)
        if self.is_logging and getattr(self, "to_log_group", False):
            described["LatestCloudWatchLogsDeliveryTime"] = unix_time(utcnow())
        return described


def event_history() -> None:
    """Stock moto lacks LookupEvents, which returns who changed a resource. The server records the events."""

    @operation(CloudTrailResponse)
    def lookup_events(call: Call) -> dict[str, Any]:
        wanted = [one["AttributeValue"] for one in call.parameters.get("LookupAttributes", [])]
        found = [event for event in reversed(history.EVENTS) if event.concerns(call.region, wanted)]
        return {"Events": [event.as_data(call.account) for event in found[: call.parameters.get("MaxResults") or 50]]}


PATCHES = (delete_by_arn, other_regions, delivery_times, event_history)
