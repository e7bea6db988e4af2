"""What improved and what got worse between two reports, from their JSON."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from terrace.assurance import aliases
from terrace.assurance.output.json_data import FORMAT
from terrace.errors import UsageError

FILE = "report.json"
_READABLE = (FORMAT, "terrace-report/1")
_RANKS = (
    "broken", "unproven", "waived", "not_covered", "person", "prepared", "by_owner", "not_required", "excepted",
    "partial", "evidenced", "holds",
)  # fmt: skip
"""Outcomes, the worst first."""
_HINT = "`terrace report --out DIR` writes one: DIR, or DIR/report.json"


@dataclass(frozen=True)
class Step:
    """A changed outcome on a stack; "" where the report does not have it."""

    subject: str
    stack: str
    before: str
    after: str


@dataclass(frozen=True)
class Difference:
    """`other` is in only one of the two reports, or is neither better nor worse."""

    better: tuple[Step, ...]
    worse: tuple[Step, ...]
    other: tuple[Step, ...]

    def as_data(self) -> dict[str, Any]:
        """As JSON data."""
        return {name: [asdict(step) for step in steps] for name, steps in vars(self).items()}


def read(path: Path) -> dict[str, Any]:
    """A report's JSON, from its file or directory. Raises UsageError."""
    file = path / FILE if path.is_dir() else path
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(file), hint=_HINT) from error
    except ValueError as error:
        raise UsageError(f"not a report: {error}", where=str(file), hint=_HINT) from error
    if not isinstance(document, dict) or document.get("format") not in _READABLE:
        raise UsageError(f"not a report of the format {FORMAT}", where=str(file), hint=_HINT)
    return document


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> Difference:
    """The changed requirements, guarantees and findings of two reports that `read` returned."""
    better: list[Step] = []
    worse: list[Step] = []
    other: list[Step] = []
    before, after = dict(_outcomes(old)), dict(_outcomes(new))
    for key in dict.fromkeys([*before, *after]):
        step = Step(*key, before.get(key, ""), after.get(key, ""))
        if step.before == step.after:
            continue
        if step.before in _RANKS and step.after in _RANKS:
            (better if _RANKS.index(step.after) > _RANKS.index(step.before) else worse).append(step)
        else:
            other.append(step)
    shared = old["stacks"].keys() & new["stacks"].keys()
    findings_before, findings_after = dict(_findings(old)), dict(_findings(new))
    for key in dict.fromkeys([*findings_before, *findings_after]):
        step = Step(*key, findings_before.get(key, ""), findings_after.get(key, ""))
        if step.before == step.after:
            continue
        if step.stack not in shared:
            other.append(step)
        else:
            (better if _weight(step.after) < _weight(step.before) else worse).append(step)
    return Difference(tuple(better), tuple(worse), tuple(other))


def text(changes: Difference) -> str:
    """A block each, the worse first."""
    lines: list[str] = []
    for title, steps in (("worse", changes.worse), ("better", changes.better), ("other", changes.other)):
        if steps:
            lines += [f"{title}:", *(f"  {step.stack}  {step.subject}: {_change(step)}" for step in steps), ""]
    counts = f"{len(changes.worse)} worse, {len(changes.better)} better, {len(changes.other)} other"
    return "\n".join([*lines, counts])


def _change(step: Step) -> str:
    return f"{step.before or 'none'} -> {step.after or 'none'}".replace("_", " ")


def _weight(status: str) -> int:
    return ("", "waived", "unproven", "broken").index(status)


def _outcomes(report: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    for framework in report["frameworks"]:
        for row in framework["requirements"]:
            for stack, answered in row["stacks"].items():
                yield (f"{framework['name']} {row['id']}", stack), _current(answered["outcome"])
    for id, guarantee in report["guarantees"].items():
        for stack, evidence in guarantee["stacks"].items():
            status = evidence["status"] if "status" in evidence else evidence["held"]
            yield (f"guarantee {id}", stack), _current(status)


def _findings(report: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    for finding in report["findings"]:
        stack = f"{finding['environment']}/{finding['cloud']}"
        subject = f"{aliases.current(finding['id'])} {finding['construct'] or finding['resource']}".strip()
        yield (subject, stack), _current(finding["status"])


def _current(status: str) -> str:
    """The current word for a status; reports of the format 1 have older ones."""
    return aliases.STATUSES.get(status, status)
