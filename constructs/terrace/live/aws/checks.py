"""What a check of one guarantee is, and how its findings become a result.

A check yields a Finding for everything it looks at. It fails closed: a check that throws, that may not read, or that
finds nothing to look at says `unknown`, never `holds`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from terrace.assurance.findings import (
    SHOWN,
    Finding,
    NotApplicable,
    at_least,
    at_most,
    empty,
    equal,
    includes,
    joined,
)
from terrace.assurance.guarantees import BY_ID
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.errors import TerraceError
from terrace.live import Result, Status
from terrace.live.aws.session import Absent, CredentialsError, Reader

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
    findings: list[Finding] = []
    try:
        findings.extend(CHECKS[guarantee](deployment))
    except NotApplicable as reason:
        return _result(guarantee, "not_applicable", findings, str(reason))
    except Absent as absent:
        return _result(guarantee, "broken", findings, f"missing: {absent}")
    except CredentialsError:
        raise
    except TerraceError as error:
        found = _verdict(findings)
        hint = f" ({error.hint})" if error.hint else ""
        return _result(guarantee, "broken" if found == "broken" else "unknown", findings, f"{error}{hint}")
    except Exception as error:
        return _result(guarantee, "unknown", findings, f"the check failed: {type(error).__name__}: {error}")
    verdict = _verdict(findings)
    reasons = {"unknown": "nothing was there to read", "broken": joined([f for f in findings if not f.good])}
    return _result(guarantee, verdict, findings, reasons.get(verdict, ""))


def _verdict(findings: list[Finding]) -> Status:
    if not findings:
        return "unknown"
    return "holds" if all(finding.good for finding in findings) else "broken"


def _result(guarantee: str, status: Status, findings: list[Finding], reason: str) -> Result:
    told = [finding for finding in findings if not finding.good] or findings
    resources = list(dict.fromkeys(finding.resource for finding in told))
    more = f" and {len(resources) - SHOWN} more" if len(resources) > SHOWN else ""
    return Result(
        guarantee=guarantee,
        sentence=BY_ID[guarantee].sentence,
        status=status,
        evidence=joined(told),
        resource=", ".join(resources[:SHOWN]) + more,
        capability=BY_ID[guarantee].capability,
        reason=reason,
    )
