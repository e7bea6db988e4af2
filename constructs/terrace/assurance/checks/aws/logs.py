"""CloudWatch log groups: what several guarantees ask of theirs."""

from terrace.assurance.checks import Absent, Finding, Subject
from terrace.assurance.findings import at_least
from terrace.assurance.view import Resource
from terrace.aws import names
from terrace.capabilities.observability import LogGroup


def group(stack: Subject, name: LogGroup) -> Resource:
    """A log group of ours. Raises Absent."""
    full = names.log_group(stack.target, name)
    for resource in stack.all("aws_cloudwatch_log_group"):
        if resource.get("name") == full:
            return resource
    raise Absent(f"no aws_cloudwatch_log_group {full}")


def kept(stack: Subject, name: LogGroup, days: int) -> Finding:
    """Whether a log group keeps its events for `days`, but not for ever (0, or unset)."""
    found = group(stack, name)
    return at_least(str(found), "retention_in_days", found.get("retention_in_days"), days)
