"""One comment for a pull request: what the plans of all environments and clouds would do, as Markdown.

The same plans give the same text. It has at most LARGEST bytes: what does not fit is counted, and the attachment names
it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from terrace import markdown
from terrace.assurance.gate_verdict import AccessChange
from terrace.capabilities.cloud import TITLES
from terrace.capabilities.effects import EFFECTS, Effect, effect_of, worst
from terrace.deployment import bootstrapped
from terrace.deployment.comment.records import (
    CellRecord,
    ChangeRecord,
    DriftRecord,
    FindingRecord,
    GateRecord,
    PlanRecord,
)
from terrace.deployment.cost import PlanCost
from terrace.deployment.values import ValueChange
from terrace.words import counted

MARKER = "<!-- terrace ci comment -->"
"""The first line: a pipeline finds its comment by it, and replaces it."""
LARGEST = 60_000
"""Bytes; GitHub refuses comments of more than 65,536 characters."""
_LIMITS = (40, 15, 5, 1, 0)
_MAX_PLANS = 100
_MIN_ROWS = 20
_MAX_NAMED = 7
_AT_ONCE = 10  # findings that block; more are folded

Users = Mapping[str, Sequence[str]]
"""Capability to the modules that use it."""


@dataclass(frozen=True)
class Findings:
    """The gate's findings about one stack, compared with those before the change if these are known."""

    new: tuple[FindingRecord, ...] = ()
    remaining: tuple[FindingRecord, ...] = ()
    fixed: tuple[FindingRecord, ...] = ()
    waived: tuple[FindingRecord, ...] = ()
    compared: bool = False


@dataclass(frozen=True)
class Subject:
    """One plan, with what else is known about its stack. None: not known."""

    plan: PlanRecord
    findings: Findings | None = None
    drift: DriftRecord | None = None
    users: Users | None = None
    cost: PlanCost | None = None
    budget_usd: int = 0

    def of(self, *verbs: str) -> list[ChangeRecord]:
        """The changes with a verb, the worst effect first."""
        found = [change for change in self.plan.changes if change.action in verbs]
        return sorted(found, key=lambda change: (-EFFECTS.index(change.effect), change.capability, change.address))

    @property
    def losses(self) -> list[ChangeRecord]:
        return [change for change in self.of("replace", "destroy") if change.effect == "data-loss"]

    @property
    def irreversible(self) -> list[ChangeRecord]:
        return [change for change in self.plan.changes if change.irreversible]

    @property
    def removals(self) -> list[ChangeRecord]:
        """What is replaced or destroyed without a loss of data."""
        return [change for change in self.of("replace", "destroy") if change.effect != "data-loss"]

    @property
    def capabilities(self) -> list[str]:
        return sorted({change.capability for change in self.plan.changes})

    def count(self, verb: str, capability: str | None = None) -> int:
        return sum(
            1 for change in self.plan.changes if change.action == verb and capability in (None, change.capability)
        )

    def effect(self, capability: str) -> str:
        return worst(change.effect for change in self.plan.changes if change.capability == capability)

    def types(self, verb: str, capability: str) -> list[tuple[str, int]]:
        """The resource types with a verb in a capability and their number, the most first."""
        found = Counter(
            change.type for change in self.plan.changes if change.action == verb and change.capability == capability
        )
        return sorted(found.items(), key=lambda one: (-one[1], one[0]))


@dataclass(frozen=True)
class Comment:
    """`attachment` names everything that `text` only counts; "" if that is nothing."""

    text: str
    attachment: str


def write(
    subjects: Sequence[Subject],
    parity: Sequence[CellRecord] | None = None,
    attachment: str = "",
    failed: Sequence[str] = (),
) -> Comment:
    """The comment. `attachment` is the name under which a reader finds the attachment, `failed` are the environments
    whose plan broke."""
    template = _template()

    def rendered(limit: int | None, plans: int = _MAX_PLANS) -> str:
        shown = subjects if limit is None else subjects[:plans]
        return template.render(
            subjects=shown,
            omitted=len(subjects) - len(shown),
            heading=_heading(subjects, failed),
            failed=failed,
            parity=parity,
            limit=limit,
            rows=None if limit is None else max(limit, _MIN_ROWS),
            attachment=attachment,
        )

    everything = rendered(None)
    for plans in (_MAX_PLANS, 20, 5, 1):
        for limit in _LIMITS:
            found = rendered(limit, plans)
            if len(found.encode()) <= LARGEST:
                return Comment(found, "" if found == everything else everything)
    raise AssertionError("a comment of one plan and no list is small")


def findings(now: Sequence[GateRecord], before: Sequence[GateRecord], plan: PlanRecord) -> Findings | None:
    """The findings about a plan's stack; None if the gate's results do not contain it."""
    present, former = _findings(now, plan), _findings(before, plan)
    if present is None:
        return None
    known = {one.key for one in former or () if one.status != "waived"}
    active = [one for one in present if one.status != "waived"]
    keys = {one.key for one in active}
    return Findings(
        new=tuple(one for one in active if former is not None and one.key not in known),
        remaining=tuple(one for one in active if former is None or one.key in known),
        fixed=tuple(one for one in former or () if one.status != "waived" and one.key not in keys),
        waived=tuple(one for one in present if one.status == "waived"),
        compared=former is not None,
    )


def _findings(results: Iterable[GateRecord], plan: PlanRecord) -> list[FindingRecord] | None:
    stack = (plan.stack or plan.environment, plan.cloud)
    found = [one for result in results for one in result.stacks if (one.environment, one.cloud) == stack]
    return [finding for one in found for finding in one.findings] if found else None


_PARTIES = ("internet", "nodes", "database", "cache", "entry", "endpoints", "control", "cluster", "account")
_OUTSIDE = ("internet", "anyone", "foreign")


def _sentence(change: AccessChange) -> str:
    """A path or right in words: "the internet can reach the database on tcp 5432"."""
    source, destination = _named(change.source), _named(change.destination)
    match change.kind:
        case "path":
            return f"{source} can reach {destination} on {change.what}"
        case "grant":
            return f"{source} may {change.what} {destination}"
        case "unknown":
            return f"what anyone reaches or may do cannot be compared: {change.what}"


def _named(party: str) -> str:
    return f"the {party}" if party in _PARTIES else party


def _outside(change: AccessChange) -> bool:
    """Whether it is someone's outside the organization."""
    return change.source.partition(" ")[0] in _OUTSIDE


def _accesses(plan: PlanRecord) -> list[AccessChange]:
    """What a plan opens to the outside comes first, what it closes last."""
    found = plan.gate.access if plan.gate else ()
    return sorted(found, key=lambda one: (one.change != "add", not _outside(one), _sentence(one), one.by))


def _values(change: ChangeRecord) -> list[tuple[ValueChange, Effect, str]]:
    """The changed values with their effects, each with what is documented about it; the worst first."""
    found: list[tuple[ValueChange, Effect, str]] = []
    for value in change.set_values:
        known = effect_of(change.type, value.path)
        documented = f"{known.detail} ({known.source}, read {known.read})" if known else ""
        found.append((value, known.effect if known else "unknown", documented))
    return sorted(found, key=lambda row: (-EFFECTS.index(row[1]), row[0].path))


def _arrow(value: ValueChange) -> markdown.Safe:
    """The old and the new value; of a list, the element that it loses or gains."""
    old, new = (None if side is None else markdown.code(side) for side in (value.before, value.after))
    if old is None or new is None:
        return markdown.Safe(f"+ {new}" if old is None else f"- {old}")
    return markdown.Safe(f"{old} → {new}")


def _verdict(plan: PlanRecord) -> str:
    if not plan.changes and not plan.outputs:
        return "nothing to do"
    if plan.gate is None:
        return "not run"
    return "passes" if plan.gate.passes else markdown.Safe("**refuses**")


def _cost(cost: PlanCost | None) -> str:
    """The difference of a month's cost, as far as it is known."""
    if cost is None or (cost.oldest is None and cost.unpriced):
        return "not known"
    known = f"{cost.known:+,} USD" if cost.known else "0 USD"
    return f"{known} and more" if cost.unpriced else known


def _used_by(subject: Subject, capability: str) -> str:
    if subject.users is None:
        return "not known"
    modules = subject.users.get(capability, ())
    if len(modules) > _MAX_NAMED:
        return f"{counted(len(modules), 'module')}: {', '.join(modules[:_MAX_NAMED])}, ..."
    return ", ".join(modules) or "none"


def _heading(subjects: Sequence[Subject], failed: Sequence[str]) -> str:
    """What matters most of all plans, in one line."""
    if failed:
        return f"{counted(len(failed), 'plan')} failed"
    plans = [subject.plan for subject in subjects]
    refused = sum(1 for plan in plans if plan.gate and not plan.gate.passes)
    if not any(plan.changes or plan.outputs for plan in plans):
        return "no changes"
    changes = counted(sum(len(plan.changes) for plan in plans), "change")
    losses = sum(len(subject.losses) for subject in subjects)
    parts = [
        changes,
        f"data loss in {counted(losses, 'resource')}" if losses else f"risk {worst(plan.risk for plan in plans)}",
        f"the gate refuses {counted(refused, 'plan')}" if refused else "",
    ]
    return ", ".join(part for part in parts if part)


def _strong(word: str) -> markdown.Safe:
    """An effect or status; in bold unless it is harmless."""
    return markdown.text(word) if word in ("none", "holds") else markdown.Safe(f"**{markdown.text(word)}**")


@cache
def _template() -> Template:
    pages = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        finalize=markdown.text,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    pages.filters |= {
        "code": markdown.code,
        "counted": lambda number, noun: markdown.Safe(counted(number, noun)),
        "safe": markdown.Safe,
        "strong": _strong,
    }
    pages.globals |= {
        "accesses": _accesses,
        "at_once": _AT_ONCE,
        "cost_of": _cost,
        "arrow": _arrow,
        "outdated": bootstrapped.sentence,
        "marker": markdown.Safe(MARKER),
        "outside": _outside,
        "sentence": _sentence,
        "titles": TITLES,
        "used_by": _used_by,
        "values": _values,
        "verdict": _verdict,
    }
    return pages.get_template("comment.md.j2")
