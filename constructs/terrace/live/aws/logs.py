"""CloudWatch log groups, for the checks of several guarantees."""

from typing import Any

from terrace.assurance.evaluation import Observation, at_least
from terrace.aws import names
from terrace.capabilities.observability import LogGroup
from terrace.live.aws.checks import Deployment
from terrace.live.aws.session import Absent


def group(deployment: Deployment, name: LogGroup) -> dict[str, Any]:
    """A log group of the deployment. Raises Absent."""
    full = names.log_group(deployment.target, name)
    found = deployment.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=full)
    for entry in found:
        if entry["logGroupName"] == full:
            described: dict[str, Any] = entry
            return described
    raise Absent(f"log group {full}", where="logs:describe_log_groups")


def kept(deployment: Deployment, name: LogGroup, days: int) -> Observation:
    """Whether a log group keeps its events for `days`; without a retention period it keeps them forever."""
    found = group(deployment, name)
    retention = found.get("retentionInDays")
    if retention is None:
        return Observation(found["logGroupName"], "retentionInDays = unset (unlimited)", False, f">= {days}")
    return at_least(found["logGroupName"], "retentionInDays", retention, days)
