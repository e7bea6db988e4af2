"""How bad a finding is, why it matters and how to mend it: `policies/severity.yaml`, our judgement in our words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from terrace.assurance.guarantees import BY_ID
from terrace.assurance.result import SEVERITIES, Severity
from terrace.capabilities.target import Tier
from terrace.environment.document import Node, along, plain
from terrace.environment.reading import read
from terrace.errors import AnswerIsNo, InvalidEnvironment, Problem

FILE = "severity.yaml"


class InvalidPolicies(AnswerIsNo):
    """A file of policies is not valid; the message has a line for each fault, with file:line:column."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


_Sentence = Annotated[str, Field(min_length=10)]
_Id = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]+$")]


class Rating(BaseModel):
    """`why` it matters and what to do about it. `setting` is the dotted key of an environment that leads to it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    severity: Severity
    why: _Sentence
    mend: _Sentence
    setting: Annotated[str, Field(pattern=r"^[a-z_]+(\.[a-z_]+)*$")] = ""


class Group(Rating):
    """checkov's checks that ask for one thing. `guarantee` is the one that says the same."""

    ids: Annotated[tuple[_Id, ...], Field(min_length=1)]
    guarantee: str = ""


class Profile(BaseModel):
    """A broken guarantee fails the gate everywhere; what checkov finds, from this severity on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fails_from: Severity


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    profiles: Mapping[Tier, Profile]
    gate: Mapping[_Id, Rating]
    guarantees: Mapping[str, Rating]
    checks: Mapping[str, Group]
    unchecked: Mapping[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]+$")], _Sentence] = {}


UNRATED = Rating(
    severity="high",
    why="Nobody has said yet how bad this is, so it counts as bad.",
    mend="Mend the resource, or rate the check in policies/severity.yaml with a reason.",
)


@dataclass(frozen=True)
class Severities:
    """The file, by id. `unchecked` are resource types with nothing in them to check, and why."""

    profiles: Mapping[Tier, Profile]
    ratings: Mapping[str, Rating]
    unchecked: Mapping[str, str]

    def of(self, id: str) -> Rating:
        """The rating of a check, a guarantee or one of the gate's own findings."""
        return self.ratings.get(id, UNRATED)

    def fails(self, severity: Severity, tier: Tier) -> bool:
        """Whether what checkov finds at a severity fails the gate of a tier."""
        return SEVERITIES.index(severity) >= SEVERITIES.index(self.profiles[tier].fails_from)


def load(path: Path, shown: str = "") -> Severities:
    """Read the file. Raises InvalidPolicies with all faults."""
    document = mapping(path, shown)
    problems = list(document.problems)
    written = plain(document.root)
    try:
        file = _File.model_validate(written)
    except ValidationError as error:
        raise InvalidPolicies([*problems, *faults(error, document.root)]) from None
    ratings: dict[str, Rating] = {f"gate.{id}": rating for id, rating in file.gate.items()}
    problems += _of_guarantees(file, document.root)
    ratings |= file.guarantees
    for name, group in file.checks.items():
        for position, id in enumerate(group.ids):
            if id in ratings:
                node = along(document.root, ["checks", name, "ids", str(position)])[-1]
                problems.append(Problem(f"{id} is rated twice.", node.where))
            ratings[id] = group
    if problems:
        raise InvalidPolicies(problems)
    return Severities(file.profiles, ratings, file.unchecked)


def _of_guarantees(file: _File, root: Node) -> Iterator[Problem]:
    named = [(id, ["guarantees", id]) for id in file.guarantees]
    named += [(group.guarantee, ["checks", name, "guarantee"]) for name, group in file.checks.items()]
    for id, path in named:
        if id and id not in BY_ID:
            yield Problem(f"there is no guarantee {id}.", along(root, path)[-1].where)


def mapping(path: Path, shown: str = "") -> Any:
    """The document of a file of policies. Raises InvalidPolicies when it cannot be read."""
    try:
        return read(path, shown or f"{path.parent.name}/{path.name}")
    except InvalidEnvironment as error:
        raise InvalidPolicies(error.problems) from None


def faults(error: ValidationError, root: Node) -> list[Problem]:
    """What pydantic says, each with the place of the value or of its nearest ancestor."""
    found = []
    given = error.errors()
    for fault in given:
        if fault["type"] == "too_short" and any(one["loc"][:-1] == fault["loc"] for one in given):
            continue  # what is wrong with its items is told already
        words = [str(word) for word in fault["loc"]]
        found.append(Problem(f"{_said(fault)}.", along(root, words)[-1].where, ".".join(words)))
    return found


def _said(fault: ErrorDetails) -> str:
    """A fault in our words."""
    more = fault.get("ctx", {})
    match fault["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return "is nothing that can be set"
        case "too_short":
            return "is empty"
        case "string_too_short":
            return (
                "is empty" if more["min_length"] == 1 else f"says too little: {more['min_length']} characters at least"
            )
        case "string_pattern_mismatch":
            return f"{fault['input']!r} is not written as one is"
        case "literal_error":
            return f"{fault['input']!r} is not one of {more['expected']}"
        case "model_type" | "dict_type":
            return "is no mapping"
        case kind if kind.startswith("date_"):
            return "is no date; one is, as 2030-01-31"
    return fault["msg"].removeprefix("Value error, ").rstrip(".")
