"""What a check of one guarantee is: a function of the deployment that yields a Finding for everything it looks at."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from terrace.assurance.findings import (
    Finding,
    NotApplicable,
    at_least,
    at_most,
    empty,
    equal,
    includes,
)
from terrace.assurance.guarantees import BY_ID
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.live import Result
from terrace.live.aws.session import Reader
from terrace.live.evaluation import judged

__all__ = [
    "CHECKS",
    "Deployment",
    "Finding",
    "NotApplicable",
    "at_least",
    "at_most",
    "check",
    "empty",
    "equal",
    "includes",
    "judge",
]


@dataclass(frozen=True)
class Deployment:
    """What is looked at, and what it should be."""

    environment: Environment
    target: Target
    reader: Reader

    @property
    def prefix(self) -> str:
        return self.target.prefix

    def call(self, service: str, operation: str, *, region: str | None = None, **parameters: Any) -> dict[str, Any]:
        """See Reader.call."""
        return self.reader.call(service, operation, region=region, **parameters)

    def pages(
        self, service: str, operation: str, field: str, *, region: str | None = None, **parameters: Any
    ) -> list[Any]:
        """See Reader.pages."""
        return self.reader.pages(service, operation, field, region=region, **parameters)


Check = Callable[[Deployment], Iterator[Finding]]
CHECKS: dict[str, Check] = {}


def check(guarantee: str) -> Callable[[Check], Check]:
    """Register a check under the guarantee that it reads. One a guarantee, and only ids of the table."""

    def register(function: Check) -> Check:
        if guarantee not in BY_ID or guarantee in CHECKS:
            raise ValueError(f"{guarantee}: not in the table, or checked already")
        CHECKS[guarantee] = function
        return function

    return register


def judge(guarantee: str, deployment: Deployment) -> Result:
    """Run one check. CredentialsError passes through, as it would be the same for every other check."""
    return judged(guarantee, lambda: CHECKS[guarantee](deployment))
