"""The statuses of results that a complete deployment has."""

from collections.abc import Sequence

from terrace.assurance.evaluation import Result
from terrace.capabilities.cloud import facts


def failing(results: Sequence[Result], cloud: str) -> dict[str, str]:
    """Guarantee to reason of each that does not hold, or is not excepted where the cloud lacks something of it."""
    excepted = {exception.guarantee for exception in facts(cloud).exceptions}
    return {
        result.guarantee.id: result.reason
        for result in results
        if result.status != ("excepted" if result.guarantee.id in excepted else "holds")
    }
