"""The severity, rationale and remediation of findings: `policies/severity.yaml`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from terrace.assurance import aliases
from terrace.assurance.gate_result import SEVERITIES, Severity
from terrace.assurance.guarantees import BY_ID
from terrace.capabilities.target import Tier
from terrace.documents.document import Node, along, plain
from terrace.documents.reading import read
from terrace.errors import AnswerIsNo, InvalidFile, Problem

FILE = "severity.yaml"


class InvalidPolicies(AnswerIsNo):
    """A policy file is not valid; the message has a line for each problem, with file:line:column."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


_Sentence = Annotated[str, Field(min_length=10)]
_Id = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]+$")]


class Rating(BaseModel):
    """`setting` is the dotted key of the environment setting that leads to the finding."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    severity: Severity
    rationale: _Sentence
    remediation: _Sentence
    setting: Annotated[str, Field(pattern=r"^[a-z_]+(\.[a-z_]+)*$")] = ""


class Group(Rating):
    """checkov's checks that require the same thing. `guarantee` is the guarantee that requires it too.

    `policies` are the policies of `policies/kyverno` that do: an exception of a module from one of them applies to
    these checks too. See `module_exceptions` for `all-rights`.
    """

    ids: Annotated[tuple[_Id, ...], Field(min_length=1)]
    guarantee: str = ""
    policies: tuple[Annotated[str, Field(pattern=r"^[a-z0-9-]+$")], ...] = ()


class Profile(BaseModel):
    """What fails the gate of a tier: every broken guarantee, and failed checkov checks of at least this severity."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fails_from: Severity


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    profiles: Mapping[Tier, Profile] = {}
    gate: Mapping[_Id, Rating] = {}
    guarantees: Mapping[str, Rating] = {}
    checks: Mapping[str, Group] = {}
    unchecked: Mapping[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]+$")], _Sentence] = {}


UNRATED = Rating(
    severity="high",
    rationale="The check has no rating yet; an unrated check counts as high.",
    remediation="Fix the resource, or rate the check in policies/severity.yaml with a rationale.",
)


@dataclass(frozen=True)
class Severities:
    """The file, by id. `unchecked` are resource types without settings to check, and why; `notices` name deprecated
    keys and ids of the file.
    """

    profiles: Mapping[Tier, Profile]
    ratings: Mapping[str, Rating]
    unchecked: Mapping[str, str]
    notices: tuple[str, ...] = ()

    def of(self, id: str) -> Rating:
        """The rating of a check, a guarantee or one of the gate's own findings."""
        return self.ratings.get(id, UNRATED)

    def subject(self, id: str) -> str:
        """The same for all checks that require the same thing: the first of them."""
        rating = self.of(id)
        return rating.ids[0] if isinstance(rating, Group) else id

    def fails(self, severity: Severity, tier: Tier) -> bool:
        """Whether a failed checkov check of a severity fails the gate of a tier."""
        return SEVERITIES.index(severity) >= SEVERITIES.index(self.profiles[tier].fails_from)


def load(paths: Sequence[Path], shown: str = "") -> Severities:
    """The ratings of the files, later ones over earlier ones. Raises InvalidPolicies with all problems of a file."""
    layers = [_loaded(path, shown or path.name) for path in paths]
    return Severities(
        {tier: profile for one in layers for tier, profile in one.profiles.items()},
        {id: rating for one in layers for id, rating in one.ratings.items()},
        {type: reason for one in layers for type, reason in one.unchecked.items()},
        tuple(notice for one in layers for notice in one.notices),
    )


def _loaded(path: Path, shown: str) -> Severities:
    """One file. Raises InvalidPolicies with all problems."""
    document = mapping(path, shown)
    problems = list(document.problems)
    content = plain(document.root)
    notices = _renamed(content, shown)
    try:
        file = _File.model_validate(content)
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
    current = {aliases.current(id): rating for id, rating in ratings.items() if id in aliases.IDS}
    notices += [aliases.notice(shown, id, aliases.IDS[id]) for id in ratings if id in aliases.IDS]
    return Severities(file.profiles, current | ratings, file.unchecked, tuple(notices))


def _renamed(content: Any, shown: str) -> list[str]:
    """Rename the deprecated keys of ratings; a notice for each."""
    old: set[str] = set()
    sections = [content.get(name) for name in ("gate", "guarantees", "checks")] if isinstance(content, dict) else []
    for section in sections:
        for rating in section.values() if isinstance(section, dict) else ():
            for key in [key for key in rating if key in aliases.KEYS] if isinstance(rating, dict) else ():
                rating.setdefault(aliases.KEYS[key], rating.pop(key))
                old.add(key)
    return [aliases.notice(shown, f"`{key}`", f"`{aliases.KEYS[key]}`") for key in aliases.KEYS if key in old]


def _of_guarantees(file: _File, root: Node) -> Iterator[Problem]:
    named = [(id, ["guarantees", id]) for id in file.guarantees]
    named += [(group.guarantee, ["checks", name, "guarantee"]) for name, group in file.checks.items()]
    for id, path in named:
        if id and id not in BY_ID:
            yield Problem(f"there is no guarantee {id}.", along(root, path)[-1].where)


def mapping(path: Path, shown: str = "") -> Any:
    """The document of a policy file. Raises InvalidPolicies if it cannot be read."""
    try:
        return read(path, shown or f"{path.parent.name}/{path.name}")
    except InvalidFile as error:
        raise InvalidPolicies(error.problems) from None


def faults(error: ValidationError, root: Node) -> list[Problem]:
    """pydantic's errors as problems, each with the location of the value or of its nearest ancestor."""
    found = []
    given = error.errors()
    for fault in given:
        if fault["type"] == "too_short" and any(one["loc"][:-1] == fault["loc"] for one in given):
            continue  # its items have problems of their own
        words = [str(word) for word in fault["loc"]]
        found.append(Problem(f"{_said(fault)}.", along(root, words)[-1].where, ".".join(words)))
    return found


def _said(fault: ErrorDetails) -> str:
    """A pydantic error as a sentence."""
    more = fault.get("ctx", {})
    match fault["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return "is not a known key"
        case "too_short":
            return "is empty"
        case "string_too_short":
            return "is empty" if more["min_length"] == 1 else f"is too short: at least {more['min_length']} characters"
        case "string_pattern_mismatch":
            return f"{fault['input']!r} has the wrong format"
        case "literal_error":
            return f"{fault['input']!r} is not one of {more['expected']}"
        case "model_type" | "dict_type":
            return "is not a mapping"
        case kind if kind.startswith("date_"):
            return "is not a date, such as 2030-01-31"
    return fault["msg"].removeprefix("Value error, ").rstrip(".")
