"""Log buckets and their sinks, for the checks of several guarantees."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.evaluation import Observation, at_least, equal
from terrace.capabilities.observability import LogGroup
from terrace.gcp import names
from terrace.live.gcp.checks import Deployment, named


def group(deployment: Deployment, name: LogGroup) -> dict[str, Any]:
    """The log bucket of a kind of log. Raises Absent."""
    full = names.log_group_id(deployment.target, name)
    return deployment.call("logging", "projects.locations.buckets.get", name=full)


def kept(deployment: Deployment, name: LogGroup, days: int) -> Observation:
    """Whether a kind of log is kept for `days`. Logging omits its default retention, 30 days."""
    found = group(deployment, name)
    resource = f"log bucket {named(names.log_group_id(deployment.target, name))}"
    return at_least(resource, "retentionDays", found.get("retentionDays", 30), days)


def filled(deployment: Deployment, name: LogGroup, *included: str) -> Iterator[Observation]:
    """Whether the sink of a log bucket is enabled, has the bucket as destination, and includes these logs."""
    bucket = names.log_group(deployment.target, name)
    sink = deployment.call("logging", "projects.sinks.get", sinkName=f"{deployment.project}/sinks/{bucket}")
    resource, destination = f"sink {bucket}", str(sink.get("destination"))
    where = names.log_group_id(deployment.target, name).partition("/locations/")[2]
    yield Observation(resource, f"destination = {destination}", destination.endswith(where), where)
    yield equal(resource, "disabled", bool(sink.get("disabled")), False)
    missing = [log for log in included if log not in str(sink.get("filter"))]
    yield Observation(resource, f"excluded logs: {', '.join(missing) or 'none'}", not missing, "none")
