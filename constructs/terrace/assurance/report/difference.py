"""What got better and what got worse between two reports, from their JSON."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from terrace.assurance.report.data import FORMAT
from terrace.errors import UsageError

FILE = "report.json"
_RANKS = (
    "broken", "unproven", "waived", "not_covered", "person", "not_asked", "exception", "partial", "evidenced", "proven",
)  # fmt: skip
"""The worst first, as far as one outcome is better than another."""
_HINT = "`terrace report --out DIR` writes one: DIR, or DIR/report.json"


@dataclass(frozen=True)
class Step:
    """One thing whose outcome changed on a stack; "" for what was, or is, not there."""

    what: str
    stack: str
    before: str
    after: str


@dataclass(frozen=True)
class Difference:
    """`other` is in one of the two reports only, or became another matter."""

    better: tuple[Step, ...]
    worse: tuple[Step, ...]
    other: tuple[Step, ...]

    def as_data(self) -> dict[str, Any]:
        """For machines."""
        return {name: [asdict(step) for step in steps] for name, steps in vars(self).items()}


def read(path: Path) -> dict[str, Any]:
    """A report's JSON, named by its file or directory. Raises UsageError."""
    file = path / FILE if path.is_dir() else path
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(file), hint=_HINT) from error
    except ValueError as error:
        raise UsageError(f"this is no report: {error}", where=str(file), hint=_HINT) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise UsageError(f"this is no report of the format {FORMAT}", where=str(file), hint=_HINT)
    return document


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> Difference:
    """Requirements, guarantees and findings of two reports, as `read` gives them."""
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
    were, are = dict(_findings(old)), dict(_findings(new))
    for key in dict.fromkeys([*were, *are]):
        step = Step(*key, were.get(key, ""), are.get(key, ""))
        if step.before == step.after:
            continue
        if step.stack not in shared:
            other.append(step)
        else:
            (better if _weight(step.after) < _weight(step.before) else worse).append(step)
    return Difference(tuple(better), tuple(worse), tuple(other))


def text(found: Difference) -> str:
    """A block each, the worse first."""
    lines: list[str] = []
    for title, steps in (("worse", found.worse), ("better", found.better), ("otherwise", found.other)):
        if steps:
            lines += [f"{title}:", *(f"  {step.stack}  {step.what}: {_told(step)}" for step in steps), ""]
    counts = f"{len(found.worse)} worse, {len(found.better)} better, {len(found.other)} otherwise"
    return "\n".join([*lines, counts])


def _told(step: Step) -> str:
    return f"{step.before or 'nothing'} -> {step.after or 'nothing'}".replace("_", " ")


def _weight(status: str) -> int:
    return ("", "waived", "error", "broken").index(status)


def _outcomes(report: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    for framework in report["frameworks"]:
        for row in framework["requirements"]:
            for stack, answered in row["stacks"].items():
                yield (f"{framework['name']} {row['id']}", stack), answered["outcome"]
    for id, guarantee in report["guarantees"].items():
        for stack, evidence in guarantee["stacks"].items():
            yield (f"guarantee {id}", stack), evidence["held"]


def _findings(report: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    for one in report["findings"]:
        stack = f"{one['environment']}/{one['cloud']}"
        yield (f"{one['id']} {one['construct'] or one['resource']}".strip(), stack), one["status"]
