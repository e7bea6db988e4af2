"""Frameworks: a paraphrase of each requirement, and what answers it.

They are data, `policies/frameworks/<name>.yaml`. A requirement is answered by guarantees (with the reason why each is
evidence), by what a person has to provide, or by both; otherwise it states that it is not covered, or outside of what a
platform can contribute to. A requirement without an answer is a problem.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from terrace.assurance.guarantees import BY_ID
from terrace.documents import suggestions
from terrace.documents.document import Node, along, plain
from terrace.documents.reading import read
from terrace.errors import AnswerIsNo, InvalidFile, Problem, UsageError

Answer = Literal["automated", "partial", "manual", "not_covered", "outside"]
"""Guarantees alone; guarantees and a person; a person; not covered; outside."""
ANSWERS: tuple[Answer, ...] = get_args(Answer)
Read = TypeVar("Read", bound=BaseModel)
_SENTENCE = Annotated[str, Field(min_length=12, max_length=400, pattern=r"^\S.*[^.\s]$")]


class InvalidFrameworks(AnswerIsNo):
    """A framework file is not valid; the message has a line for each problem, with file:line:column."""


class Requirement(BaseModel):
    """`asks` is a paraphrase, never the framework's text.

    `evidence` maps each guarantee to the reason why it is evidence; `person` is what a person has to provide;
    `not_covered` and `outside` are why there is no evidence. `line` is its location.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    group: str
    line: str
    asks: _SENTENCE
    evidence: Mapping[str, _SENTENCE] = {}
    person: _SENTENCE | None = None
    not_covered: _SENTENCE | None = None
    outside: _SENTENCE | None = None

    @model_validator(mode="after")
    def _one_answer(self) -> "Requirement":
        given = [bool(self.evidence or self.person), bool(self.not_covered), bool(self.outside)]
        if sum(given) != 1:
            raise ValueError(
                "needs exactly one answer: evidence or person (or both), or not_covered, or outside; "
                + ("it has none" if not any(given) else "it has several")
            )
        return self

    @property
    def answer(self) -> Answer:
        """Which kind of answer it has."""
        if self.not_covered:
            return "not_covered"
        if self.outside:
            return "outside"
        return "manual" if not self.evidence else "partial" if self.person else "automated"


class Framework(BaseModel):
    """`name` is the file's. `scope` is the part of the framework that is listed, `text` the origin of the wording."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: _SENTENCE
    short: Annotated[str, Field(min_length=3, max_length=30)]
    source: Annotated[str, Field(pattern=r"^https://\S+$")]
    scope: _SENTENCE
    text: _SENTENCE
    requirements: tuple[Requirement, ...]

    @property
    def groups(self) -> list[str]:
        """The groups, in order."""
        return list(dict.fromkeys(requirement.group for requirement in self.requirements))

    @property
    def counts(self) -> Counter[Answer]:
        """The number of requirements with each answer."""
        return Counter(requirement.answer for requirement in self.requirements)


def names(directory: Path | None = None) -> list[str]:
    """The names of the frameworks."""
    return sorted(path.stem for path in (directory or _directory()).glob("*.yaml"))


def file(name: str, directory: Path | None = None) -> Path:
    """A framework's file."""
    return (directory or _directory()) / f"{name}.yaml"


@cache
def load(name: str, directory: Path | None = None) -> Framework:
    """A framework by name. Raises InvalidFrameworks with all problems, UsageError for an unknown name."""
    folder = directory or _directory()
    known = names(folder)
    if name not in known:
        raise UsageError(f"there is no framework {name!r}", hint=suggestions.hint(name, known))
    try:
        document = read(file(name, folder), f"{folder.parent.name}/{folder.name}/{name}.yaml")
    except InvalidFile as error:
        raise InvalidFrameworks("\n".join(str(problem) for problem in error.problems)) from error
    reading = _Reading(document.root, list(document.problems))
    framework = reading.framework(name)
    if framework is None or reading.problems:
        raise InvalidFrameworks("\n".join(str(problem) for problem in reading.problems))
    return framework


@dataclass
class _Reading:
    """Reads one file as a Framework and collects every problem."""

    root: Node
    problems: list[Problem]

    def framework(self, name: str) -> Framework | None:
        top = self.root.value
        assert isinstance(top, dict)  # parse() guarantees it
        requirements: dict[str, tuple[Requirement, Node]] = {}
        groups = top.get("requirements")
        if groups is None or not isinstance(groups.value, dict) or not groups.value:
            self._add("requirements is missing; expected a mapping of group to requirements.", groups or self.root)
        else:
            for group, rows in groups.value.items():
                if not isinstance(rows.value, dict):
                    self._add(f"group {group} has no requirements.", rows)
                    continue
                for id, node in rows.value.items():
                    if id in requirements:
                        self._add(f"{id} is already defined at {requirements[id][1].key_at}.", node)
                    elif (requirement := self._requirement(id, group, node)) is not None:
                        requirements[id] = (requirement, node)
        head = {key: plain(node) for key, node in top.items() if key != "requirements"}
        rows_read = tuple(requirement for requirement, _ in requirements.values())
        return self._valid(Framework, self.root, {**head, "name": name, "requirements": rows_read})

    def _requirement(self, id: str, group: str, node: Node) -> Requirement | None:
        if not isinstance(node.value, dict):
            self._add(f"{id} has no answer; expected {{asks: ..., evidence: ...}}.", node)
            return None
        written = {key: plain(value) for key, value in node.value.items() if key != "evidence"}
        evidence: dict[str, Any] = {}
        for ids, why in (self._evidence(id, node.value["evidence"]) if "evidence" in node.value else {}).items():
            for guarantee in ids.split():
                if guarantee in evidence:
                    self._add(f"{id}: {guarantee} is listed twice.", why)
                elif guarantee not in BY_ID:
                    guess = suggestions.nearest(guarantee, list(BY_ID))
                    hint = f"Did you mean {guess!r}?" if guess else ""
                    self._add(f"{id}: there is no guarantee {guarantee}.", why, hint)
                evidence.setdefault(guarantee, plain(why))
        row = {**written, "id": id, "group": group, "line": node.key_at.rpartition(":")[0], "evidence": evidence}
        return self._valid(Requirement, node, row, id)

    def _evidence(self, id: str, node: Node) -> dict[str, Node]:
        if isinstance(node.value, dict):
            return node.value
        self._add(f"{id}: evidence must be a mapping of guarantees to reasons.", node)
        return {}

    def _valid(self, model: type[Read], node: Node, row: Mapping[str, Any], id: str = "") -> Read | None:
        try:
            return model.model_validate(row)
        except ValidationError as error:
            for fault in error.errors():
                path = [str(word) for word in fault["loc"]]
                at = along(node, path[:1])[-1]
                if path[:1] == ["evidence"] and isinstance(at.value, dict):
                    at = next((why for ids, why in at.value.items() if path[1] in ids.split()), at)
                prefix = f"{id}: " if id else ""
                message = str(fault["msg"]).removeprefix("Value error, ")
                self.problems.append(Problem(f"{prefix}{message}.", at.where, ".".join(path)))
            return None

    def _add(self, message: str, node: Node, hint: str = "") -> None:
        self.problems.append(Problem(message, node.key_at, hint=hint))


def _directory() -> Path:
    here = Path(__file__).resolve()
    candidates = (here.parents[3] / "policies" / "frameworks", here.parent / "policies" / "frameworks")
    return next((path for path in candidates if path.is_dir()), candidates[0])
