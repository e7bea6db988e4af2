"""How the findings about one guarantee become a result, the same on every cloud, and what a reader may raise.

A check yields a Finding for everything it looks at. It fails closed: a check that throws, that may not read, or that
finds nothing to look at says `unknown`, never `holds`.
"""

from collections.abc import Callable, Iterator

from terrace.assurance.findings import SHOWN, Finding, NotApplicable, joined
from terrace.assurance.guarantees import BY_ID
from terrace.errors import TerraceError
from terrace.live import Result, Status


class CredentialsError(TerraceError):
    """The cloud does not know who is asking."""


class Unreadable(TerraceError):
    """One call did not get an answer: not allowed, throttled, unreachable, unknown to an emulator."""


class Absent(TerraceError):
    """What was asked for does not exist."""


def judged(guarantee: str, check: Callable[[], Iterator[Finding]]) -> Result:
    """Run one check. CredentialsError passes through, as it would be the same for every other check."""
    findings: list[Finding] = []
    try:
        findings.extend(check())
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


def unread(guarantee: str, reason: str) -> Result:
    """A guarantee of the table that nothing reads."""
    return _result(guarantee, "unknown", [], reason)


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
