"""Sentences that several formats print about a gate result or a parity matrix."""

from collections.abc import Iterator

from terrace.assurance.evaluation import Status
from terrace.assurance.gate_result import GateResult
from terrace.assurance.parity import Matrix
from terrace.assurance.report.labels import STATUSES

_ORDER: tuple[Status, ...] = ("holds", "prepared", "by_owner", "excepted", "not_required", "broken", "unproven")
WORDS = {status: STATUSES[status].lower() for status in _ORDER}
"""The statuses of the parity matrix, in the order of its legend."""
_NAMED = 6  # guarantees that share a status and reason and are named; more are counted


def verdict(result: GateResult) -> str:
    """Whether a stack passes the gate, with the counts of its findings."""
    counts = (
        (len(result.blocking), "blocking"),
        (len(result.warnings), "warnings"),
        (result.count("waived"), "waived"),
    )
    listed = ", ".join(f"{count} {word}" for count, word in counts if count)
    return ("passes" if result.passes else "does not pass") + (f" ({listed})" if listed else "")


def scope(result: GateResult) -> str:
    """What was checked of a stack."""
    statuses = [one.status for one in result.results]
    others = "".join(f", {statuses.count(status)} {WORDS[status]}" for status in _ORDER[1:5] if status in statuses)
    inconclusive = sum(len(outcome.inconclusive) for outcome in result.checks)
    return (
        f"the {result.source}: {result.resources_looked_at} of {result.resources_in} resources checked, "
        f"{len(result.checks)} checks run, {statuses.count('holds')} of {len(statuses)} guarantees hold{others}"
        + (f", {inconclusive} checks inconclusive" if inconclusive else "")
    )


def counts(matrix: Matrix, cloud: str) -> str:
    """How many results on a cloud have each status, in words."""
    by_status = matrix.counts(cloud)
    return ", ".join(f"{by_status[status]} {word}" for status, word in WORDS.items() if by_status[status])


def reasons(matrix: Matrix) -> Iterator[tuple[Status, str, str]]:
    """(status, guarantees and where, reason) of what is prepared, by the owner, excepted, broken or
    unproven; each reason once."""
    reported: tuple[Status, ...] = ("prepared", "by_owner", "excepted", "broken", "unproven")
    for status in reported:
        alike: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for (cloud, environment), results in matrix.stacks.items():
            for result in results:
                if result.status == status:
                    alike.setdefault((cloud, result.reason), []).append((result.guarantee.id, environment))
        for (cloud, reason), places in alike.items():
            ids = list(dict.fromkeys(id for id, _ in places))
            named = ", ".join(ids) if len(ids) <= _NAMED else f"{len(ids)} guarantees"
            environments = ", ".join(dict.fromkeys(environment for _, environment in places))
            yield status, f"{named} on {cloud} ({environments})", reason
