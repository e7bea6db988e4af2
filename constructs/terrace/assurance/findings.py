"""What a check finds: one fact about one resource, and what it should have been."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

SHOWN = 4  # findings that a sentence spells out; the others are counted


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: `fact` is what was read, `wanted` what should have been (empty: as it is)."""

    resource: str
    fact: str
    good: bool
    wanted: str = ""

    def __str__(self) -> str:
        text = f"{self.resource}: {self.fact}"
        return text if self.good or not self.wanted else f"{text}, wanted {self.wanted}"


class NotApplicable(Exception):
    """The environment does not ask for it; the message says where it would."""


def equal(resource: str, name: str, actual: object, wanted: object) -> Finding:
    """`actual` is exactly `wanted`."""
    return Finding(resource, f"{name} = {shown(actual)}", actual == wanted, shown(wanted))


def at_least(resource: str, name: str, actual: float | None, least: float) -> Finding:
    """`actual` is a number and not below `least`."""
    return Finding(resource, f"{name} = {shown(actual)}", actual is not None and actual >= least, f">= {least}")


def at_most(resource: str, name: str, actual: float | None, most: float) -> Finding:
    """`actual` is a number and not above `most`."""
    return Finding(resource, f"{name} = {shown(actual)}", actual is not None and actual <= most, f"<= {most}")


def includes(resource: str, name: str, actual: Iterable[str], wanted: Iterable[str]) -> Finding:
    """Everything `wanted` is among `actual`; more may be."""
    have, need = set(actual), set(wanted)
    missing = need - have
    fact = f"{name} has {shown(sorted(need & have))}" + (f", lacks {shown(sorted(missing))}" if missing else "")
    return Finding(resource, fact, not missing, f"all of {shown(sorted(need))}")


def empty(resource: str, name: str, actual: Collection[str]) -> Finding:
    """There is none of it."""
    return Finding(resource, f"{name}: {shown(sorted(actual)) if actual else 'none'}", not actual, "none")


def joined(findings: list[Finding]) -> str:
    """The first findings in one line; the others counted."""
    text = "; ".join(str(finding) for finding in findings[:SHOWN])
    return f"{text}; and {len(findings) - SHOWN} more" if len(findings) > SHOWN else text


def shown(value: object) -> str:
    """A value as a sentence shows it."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "unset"
    if isinstance(value, list | tuple | set | frozenset):
        return "[" + ", ".join(str(entry) for entry in value) + "]"
    return str(value)
