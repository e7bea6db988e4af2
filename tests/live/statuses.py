"""The statuses of results that a complete deployment has."""

from collections.abc import Sequence

from terrace import live
from terrace.assurance.evaluation import Result
from terrace.assurance.guarantees import BY_ID
from terrace.capabilities.cloud import facts


def recorded(cloud: str) -> list[str]:
    """The guarantees that the recorded prod shows; it has no managed streams."""
    return [id for id in live.readable(cloud) if id not in of_streams(cloud)]


def of_streams(cloud: str) -> list[str]:
    """The guarantees of managed streams (`<cloud>/test_streams.py`)."""
    return [id for id in live.readable(cloud) if BY_ID[id].capability == "streams"]


def failing(results: Sequence[Result], cloud: str) -> dict[str, str]:
    """Guarantee to reason of each that does not hold, or is not excepted where the cloud lacks something of it."""
    excepted = {exception.guarantee for exception in facts(cloud).exceptions}
    return {
        result.guarantee.id: result.reason
        for result in results
        if result.status != ("excepted" if result.guarantee.id in excepted else "holds")
    }
