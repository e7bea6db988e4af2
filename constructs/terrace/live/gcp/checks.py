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
from terrace.gcp import names
from terrace.live import Result
from terrace.live.evaluation import judged
from terrace.live.gcp.session import Reader

__all__ = [
    "CHECKS",
    "Deployment",
    "Finding",
    "NotApplicable",
    "at_least",
    "at_most",
    "check",
    "days",
    "empty",
    "equal",
    "includes",
    "judge",
    "named",
    "opened",
    "seconds",
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

    @property
    def project(self) -> str:
        """projects/ID, as names of resources begin."""
        return f"projects/{names.account(self.target)}"

    @property
    def place(self) -> str:
        """projects/ID/locations/REGION, the home region."""
        return f"{self.project}/locations/{self.target.region}"

    def call(self, service: str, method: str, **parameters: Any) -> dict[str, Any]:
        """See Reader.call."""
        return self.reader.call(service, method, **parameters)

    def pages(self, service: str, method: str, field: str, **parameters: Any) -> list[Any]:
        """See Reader.pages."""
        return self.reader.pages(service, method, field, **parameters)


def opened(environment: Environment, target: Target) -> Deployment:
    """The deployment, to read. Raises TerraceError when the credentials are missing or for another project."""
    reader = Reader(names.account(target))
    reader.check_account(target)
    return Deployment(environment, target, reader)


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


def named(link: object) -> str:
    """The last part of a link or of a full name, which is the resource's own."""
    return str(link or "none").rpartition("/")[2]


def seconds(period: object) -> int | None:
    """A period in seconds, as `3600s` or a number; None for anything else."""
    text = str(period).removesuffix("s")
    return int(text) if text.isdecimal() else None


def days(period: object) -> float | None:
    """A period of seconds in days."""
    found = seconds(period)
    return None if found is None else found / 86400
