"""Writes in CloudTrail's event history. Source: CloudTrail API reference, LookupEvents."""

import json
from collections.abc import Iterator
from datetime import UTC
from typing import Any

from terrace.capabilities.target import Target
from terrace.live.aws.session import Reader
from terrace.live.writes import Identity, Lookup, Write

_MOST_NAMES = 4
_GLOBAL = "us-east-1"  # where CloudTrail records the events of IAM and other global services
_GLOBAL_SERVICES = ("aws_iam_", "aws_route53_", "aws_cloudfront_", "aws_budgets_")


def lookup(target: Target) -> Lookup:
    """The writes of a resource: of one event history, in the region of the resource."""
    reader = Reader(target)

    def writes(resource: Identity) -> Iterator[Write]:
        region, found = _region(resource, target), dict[str, Write]()
        for name in list(dict.fromkeys(_spelled(resource)))[:_MOST_NAMES]:
            events = reader.call(
                "cloudtrail",
                "lookup_events",
                region=region,
                LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": name}],
                MaxResults=50,
            )["Events"]
            found |= {event["EventId"]: _write(event) for event in events if event.get("ReadOnly") != "true"}
        yield from found.values()

    return writes


def _spelled(resource: Identity) -> Iterator[str]:
    """The names of a resource; of an ARN also its last part."""
    for name in resource.names:
        yield name
    for name in resource.names:
        if name.startswith("arn:"):
            yield name.rpartition("/")[2].rpartition(":")[2]


def _region(resource: Identity, target: Target) -> str:
    arns = [name.split(":") for name in resource.names if name.startswith("arn:")]
    if resource.type.startswith(_GLOBAL_SERVICES):
        return _GLOBAL
    return next((parts[3] for parts in arns if len(parts) > 5 and parts[3]), target.region)


def _write(event: dict[str, Any]) -> Write:
    detail = json.loads(event.get("CloudTrailEvent") or "{}")
    actor = detail.get("userIdentity", {}).get("arn") or event.get("Username") or "unknown"
    call = f"{str(event.get('EventSource', '')).partition('.')[0]}:{event['EventName']}"
    return Write(event["EventTime"].astimezone(UTC).isoformat(timespec="seconds"), str(actor), call)
