"""Helpers of several AWS checks: keys, log groups, schedules and policy documents.

In a policy document, a string is the same as a list of one string.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

from terrace.assurance.checks import Subject
from terrace.assurance.evaluation import Observation, at_least, equal, includes, shown
from terrace.assurance.view import Resource
from terrace.aws import names
from terrace.calls import Absent
from terrace.capabilities.cluster import POOL_LABEL
from terrace.capabilities.keys import Purpose
from terrace.capabilities.observability import LogGroup


def uses(
    stack: Subject, resource: Resource, value: object, name: str, purpose: Purpose, recovery: bool = False
) -> Observation:
    """Whether a value is the key of a purpose."""
    expected = f"keys/{purpose}{'-recovery' if recovery else ''}"
    key = stack.view.target(value)
    ok = key is not None and key.type == "aws_kms_key" and key.path == expected
    return Observation(str(resource), f"{name} = {key or value or 'unset'}", ok, expected)


def subnets(stack: Subject, resource: Resource, name: str) -> list[Resource]:
    """The subnets that an attribute refers to; literal ids are left out."""
    targets = [stack.view.target(value) for value in resource.get(name, [])]
    return [subnet for subnet in targets if subnet is not None and subnet.type == "aws_subnet"]


def group(stack: Subject, name: LogGroup) -> Resource:
    """A log group of the stack. Raises Absent."""
    full = names.log_group(stack.target, name)
    for resource in stack.all("aws_cloudwatch_log_group"):
        if resource.get("name") == full:
            return resource
    raise Absent(f"no aws_cloudwatch_log_group {full}")


def retained(stack: Subject, name: LogGroup, days: int) -> Observation:
    """Whether a log group keeps its events for at least `days`; unlimited retention (0 or unset) does not count."""
    log_group = group(stack, name)
    return at_least(str(log_group), "retention_in_days", log_group.get("retention_in_days"), days)


def interval(schedule: str) -> timedelta | None:
    """The longest time between two runs of a schedule; None if it cannot be parsed or does not run daily.

    Supported: rate(12 hours), and cron(M H ? * * *) with one or several hours (2, 2/12, 2,14).
    """
    if rate := re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", schedule):
        return timedelta(**{f"{rate[2]}s": int(rate[1])})
    cron = re.fullmatch(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)", schedule)
    if not cron or any(field not in ("*", "?") for field in cron.groups()[2:]):
        return None
    if not cron[1].isdecimal():
        return timedelta(hours=1) if cron[2] == "*" else None
    hours = _hours(cron[2])
    if not hours:
        return None
    gaps = [(after - before) % 24 or 24 for before, after in zip(hours, hours[1:] + hours[:1], strict=True)]
    return timedelta(hours=max(gaps))


def _hours(field: str) -> list[int]:
    if field == "*":
        return list(range(24))
    if step := re.fullmatch(r"(\d+|\*)/(\d+)", field):
        return list(range(0 if step[1] == "*" else int(step[1]), 24, max(int(step[2]), 1)))
    hours = field.split(",")
    return sorted(int(hour) for hour in hours) if all(hour.isdecimal() for hour in hours) else []


def sends(stack: Subject, rule: Resource, destination: str) -> Iterator[Observation]:
    """Whether an event rule is on and sends its events to a topic or bus as they are."""
    on_rule = (rule.get("state", "ENABLED"), rule.get("is_enabled", True))
    yield equal(str(rule), "state", on_rule, ("ENABLED", True))
    yield equal(str(rule), "event_bus_name", rule.get("event_bus_name", "default"), "default")
    targets = stack.view.pointing("aws_cloudwatch_event_target", "rule", rule)
    yield includes(str(rule), "targets", [str(one.get("arn")) for one in targets], [destination])
    for one in targets:
        yield from unnarrowed(one, "input", "input_path", "input_transformer")


def unnarrowed(resource: Resource, *names: str) -> Iterator[Observation]:
    """Whether attributes that leave something out are absent or empty."""
    for name in names:
        value = resource.get(name)
        yield Observation(str(resource), f"{name} = {shown(value)}", value in (None, "", [], {}), "unset")


def statements(document: str | Mapping[str, Any]) -> list[dict[str, Any]]:
    """The statements of a policy, given as JSON or parsed."""
    parsed = json.loads(document) if isinstance(document, str) else document
    listed = parsed.get("Statement", [])
    return [listed] if isinstance(listed, dict) else list(listed)


def values(entry: object) -> list[str]:
    """A string, a list of strings or nothing, as a list."""
    if entry is None:
        return []
    return [str(value) for value in entry] if isinstance(entry, list | tuple) else [str(entry)]


def allows(statement: Mapping[str, Any], action: str) -> bool:
    """Whether the Allow statement's actions cover `action`. The caller checks resources and conditions."""
    if statement.get("Effect") != "Allow":
        return False
    if "NotAction" in statement:
        return not covers(values(statement["NotAction"]), action)
    return covers(values(statement.get("Action")), action)


def covers(patterns: list[str], action: str) -> bool:
    """Whether one of the action patterns matches, as in IAM: case-insensitive, with the wildcards * and ?."""
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)


def principals(statement: Mapping[str, Any], kind: str = "AWS") -> list[str]:
    """The principals of a kind (AWS, Service, Federated); `*` for all."""
    principal = statement.get("Principal")
    return ["*"] if principal == "*" else values((principal or {}).get(kind))


def condition(statement: Mapping[str, Any], operator: str, key: str) -> list[str]:
    """The values of a condition; empty if the statement does not have it."""
    for name, comparisons in (statement.get("Condition") or {}).items():
        if name.lower() == operator.lower():
            for compared, against in comparisons.items():
                if compared.lower() == key.lower():
                    return values(against)
    return []


def condition_keys(statement: Mapping[str, Any]) -> set[str]:
    """All condition keys of the statement, in lower case."""
    return {key.lower() for comparisons in (statement.get("Condition") or {}).values() for key in comparisons}


def pool(stack: Subject, name: str) -> Resource:
    """The node group of a pool, which its nodes' label names. Raises Absent."""
    for group in stack.view.pointing("aws_eks_node_group", "cluster_name", stack.view.only("aws_eks_cluster")):
        if (group.get("labels") or {}).get(POOL_LABEL) == name:
            return group
    raise Absent(f"no aws_eks_node_group of pool {name} and the cluster")
