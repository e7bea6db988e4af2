"""Waivers: findings that are accepted until a date, with a reason and an owner (`policies/waivers.yaml`)."""

import fnmatch
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from terrace.assurance import aliases
from terrace.assurance.gate_result import Waiver
from terrace.assurance.guarantees import BY_ID
from terrace.assurance.severities import InvalidPolicies, Severities, faults, mapping
from terrace.capabilities.cloud import CloudName
from terrace.capabilities.target import Tier
from terrace.documents.document import Node, along, plain
from terrace.environment.schema import Environment
from terrace.errors import Problem

FILE = "waivers.yaml"
KIT_FILE = "kit-waivers.yaml"
LONGEST = timedelta(days=180)
_OF_WORKLOADS = ("WL-", "workloads.", "CKV_K8S_", "CKV2_K8S_")
_FAMILIES = "|".join(sorted({id.rpartition("-")[0] for id in BY_ID}))
_CONTROL = re.compile(rf"\b(?:CKV2?_[A-Z0-9_]+|(?:{_FAMILIES})-\d+)\b")
_WILD = re.compile(r"[*?\[]")
_Text = Annotated[str, Field(min_length=1)]
_Id = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]+$")]
_Reason = Annotated[str, Field(min_length=20)]


def _a_date(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError("is not a date, such as 2030-01-31")
    return value


class _Any(BaseModel):
    """What entries of both files have. Several ids, of checks that require the same thing, are as many waivers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[
        tuple[_Id, ...],
        Field(min_length=1),
        BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
    ]
    resource: _Text
    clouds: Annotated[tuple[CloudName, ...], Field(min_length=1)]
    reason: _Reason
    owner: _Text
    approved_by: _Text
    compensating_control: _Reason
    relies_on: Annotated[tuple[_Id, ...], Field(min_length=1)]
    approved_on: Annotated[date, BeforeValidator(_a_date)] | None = None
    ticket: str = ""

    @field_validator("resource")
    @classmethod
    def _narrow(cls, value: str) -> str:
        first = re.split(r"[/.]", value)[0]
        if not first or _WILD.search(first):
            raise ValueError("is too broad: a wildcard may only follow the first / or ., as in lake/*/bucket")
        return value


class _Entry(_Any):
    """An entry of a project's file."""

    environments: Annotated[tuple[_Text, ...], Field(min_length=1)]
    expires: Annotated[date, BeforeValidator(_a_date)]

    @field_validator("environments")
    @classmethod
    def _named(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(_WILD.search(name) for name in value):
            raise ValueError("is too broad: name each environment")
        return value


class _KitEntry(_Any):
    """An entry of the kit's file, which knows no names of environments."""

    tiers: Annotated[tuple[Tier, ...], Field(min_length=1)]


def controls(severities: Severities) -> set[str]:
    """The ids that a waiver may rely on: guarantees, their checks, and checks that are rated."""
    checks = (id for row in BY_ID.values() for ids in (*row.clouds.values(), row.workloads) for id in ids)
    return {*BY_ID, *checks, *(id for id in severities.ratings if not id.startswith("gate."))}


def load(
    path: Path, *, environments: Iterable[str], known: Collection[str], today: date, shown: str = ""
) -> tuple[Waiver, ...]:
    """The waivers of a file, none if it does not exist. Raises InvalidPolicies with all problems.

    `known` are the ids that a waiver may rely on. An expired waiver is valid here; the gate reports it.
    """
    if not path.is_file():
        return ()
    listed, problems = _listed(path, shown)
    found: list[Waiver] = []
    named = set(environments)
    for node in listed:
        try:
            entry = _Entry.model_validate(plain(node))
        except ValidationError as error:
            problems += faults(error, node)
            continue
        problems += _problems(entry, node, named, today)
        problems += _of_controls(entry, node, known)
        for id in entry.id:
            waiver = Waiver(**{**entry.model_dump(), "id": id}, line=node.at)
            problems += _twice(waiver, node, found)
            found.append(waiver)
    if problems:
        raise InvalidPolicies(problems)
    return tuple(found)


def of_kit(path: Path, shown: str = "") -> tuple[Waiver, ...]:
    """The kit's own waivers. Raises InvalidPolicies."""
    found: list[Waiver] = []
    listed, problems = _listed(path, shown)
    for node in listed:
        try:
            entry = _KitEntry.model_validate(plain(node))
        except ValidationError as error:
            problems += faults(error, node)
            continue
        for id in entry.id:
            found.append(Waiver(**{**entry.model_dump(), "id": id}, environments=(), expires=None, line=node.at))
    if problems:
        raise InvalidPolicies(problems)
    return tuple(found)


def _listed(path: Path, shown: str) -> tuple[list[Node], list[Problem]]:
    """The entries of a file, and the problems around them. Raises InvalidPolicies if it has no list."""
    document = mapping(path, shown)
    problems: list[Problem] = list(document.problems)
    content = document.root.value if isinstance(document.root.value, dict) else {}
    problems += [Problem("is not a known key.", node.key_at, key) for key, node in content.items() if key != "waivers"]
    listed = content.get("waivers")
    if listed is None or not isinstance(listed.value, list):
        raise InvalidPolicies([*problems, Problem("must have a list under `waivers`.", document.root.where)])
    return listed.value, problems


def _problems(entry: _Entry, node: Node, environments: set[str], today: date) -> Iterator[Problem]:
    """Problems that no single field has."""
    for position, name in enumerate(entry.environments):
        if name not in environments:
            at = along(node, ["environments", str(position)])[-1].where
            yield Problem(f"there is no environment {name}.", at, "environments")
    if entry.expires > today + LONGEST:
        at = along(node, ["expires"])[-1].where
        yield Problem(f"is more than {LONGEST.days} days ahead; {today + LONGEST} is the latest.", at, "expires")
    if entry.approved_by == entry.owner:
        at = along(node, ["approved_by"])[-1].where
        yield Problem("is the owner; another team must approve.", at, "approved_by")


def _of_controls(entry: _Entry, node: Node, known: Collection[str]) -> Iterator[Problem]:
    """Controls that do not exist, and those that the text names although the waiver does not rely on them."""
    for position, id in enumerate(entry.relies_on):
        if aliases.current(id) not in known:
            at = along(node, ["relies_on", str(position)])[-1].where
            yield Problem(f"there is no guarantee and no check {id}.", at, "relies_on")
    for id in dict.fromkeys(_CONTROL.findall(entry.compensating_control)):
        if aliases.current(id) not in {aliases.current(one) for one in entry.relies_on}:
            at = along(node, ["compensating_control"])[-1].where
            yield Problem(f"names {id}, which is not in relies_on.", at, "compensating_control")


def _twice(waiver: Waiver, node: Node, before: Sequence[Waiver]) -> Iterator[Problem]:
    for other in before:
        same_id = aliases.current(waiver.id) == aliases.current(other.id)
        same = same_id and waiver.resource == other.resource
        if same and set(waiver.environments) & set(other.environments) and set(waiver.clouds) & set(other.clouds):
            yield Problem(f"{waiver.id} on {waiver.resource} is already waived at {other.line}.", node.at)


def expired(waiver: Waiver, today: date) -> bool:
    """Whether its last day has passed; the kit's own have none."""
    return waiver.expires is not None and waiver.expires < today


def concerns(waiver: Waiver, environment: Environment) -> bool:
    """Whether it applies to an environment's stacks."""
    named = environment.name in waiver.environments or environment.tier in waiver.tiers
    return named and environment.cloud in waiver.clouds


def of_workloads(waiver: Waiver) -> bool:
    """Whether it is about a workloads stack, and not about a foundation."""
    return aliases.current(waiver.id).startswith(_OF_WORKLOADS)


def unmet(waiver: Waiver, statuses: Mapping[str, str]) -> list[str]:
    """The controls that it relies on and that do not hold, by the statuses of guarantees and checks."""
    return [id for id in map(aliases.current, waiver.relies_on) if statuses.get(id) != "holds"]


def covers(waiver: Waiver, ids: Iterable[str], address: str, construct: str) -> bool:
    """Whether it accepts a finding with one of these ids (its check's, its guarantee's) on a resource."""
    return aliases.current(waiver.id) in ids and any(
        fnmatch.fnmatchcase(name, waiver.resource) for name in (address, construct) if name
    )


def add(
    path: Path, waiver: Waiver, *, environments: Iterable[str], known: Collection[str], today: date, shown: str = ""
) -> Waiver:
    """Append a waiver to the file, keeping its comments, if the file is valid with it. Raises InvalidPolicies."""
    yaml = YAML()
    yaml.width = 120
    yaml.indent(mapping=2, sequence=4, offset=2)
    before = path.read_text(encoding="utf-8") if path.is_file() else None
    content = yaml.load(before) if before else CommentedMap()
    given = {key: value for key, value in asdict(waiver).items() if key not in ("line", "tiers")}
    entry = CommentedMap((key, value) for key, value in given.items() if value)
    for key in ("environments", "clouds", "relies_on"):
        entry[key] = CommentedSeq(entry[key])
        entry[key].fa.set_flow_style()
    content.setdefault("waivers", CommentedSeq()).append(entry)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(content, file)
    try:
        return load(path, environments=environments, known=known, today=today, shown=shown)[-1]
    except InvalidPolicies:
        if before is None:
            path.unlink()
        else:
            path.write_text(before, encoding="utf-8")
        raise
