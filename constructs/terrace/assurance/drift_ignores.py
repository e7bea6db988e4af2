"""Drift that is accepted until a date: `policies/drift.yaml`."""

import fnmatch
import io
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from terrace.assurance.severities import InvalidPolicies, faults, mapping
from terrace.capabilities.cloud import CLOUDS, CloudName
from terrace.documents.document import along, plain
from terrace.documents.parsing import parse
from terrace.errors import AnswerIsNo, Problem

FILE = "drift.yaml"
LONGEST = timedelta(days=180)
_WILD = re.compile(r"[*?\[]")
_Text = Annotated[str, Field(min_length=1)]


def _a_date(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError("is not a date, such as 2030-01-31")
    return value


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    address: _Text
    attributes: tuple[_Text, ...] = ()
    environments: Annotated[tuple[_Text, ...], Field(min_length=1)]
    clouds: Annotated[tuple[CloudName, ...], Field(min_length=1)] = CLOUDS
    reason: Annotated[str, Field(min_length=20)]
    owner: _Text
    until: Annotated[date, BeforeValidator(_a_date)]

    @field_validator("address")
    @classmethod
    def _narrow(cls, value: str) -> str:
        if "." not in value or _WILD.search(value.partition(".")[0]):
            raise ValueError("is too broad: name the type, as in aws_s3_bucket.lake_*")
        return value


@dataclass(frozen=True)
class Ignore:
    """An entry: the drift of `address`, which may contain wildcards after its type, is accepted to the end of `until`.

    `attributes` restricts it to these attributes and what is below them; none: every attribute, but not a deletion.
    """

    address: str
    attributes: tuple[str, ...]
    environments: tuple[str, ...]
    clouds: tuple[str, ...]
    reason: str
    owner: str
    until: date
    line: str

    def concerns(self, environment: str, cloud: str) -> bool:
        return environment in self.environments and cloud in self.clouds

    def covers(self, address: str, attributes: Collection[str]) -> bool:
        """Whether it accepts all of these drifted attributes; a deletion has none and is never accepted."""
        return (
            bool(attributes)
            and fnmatch.fnmatchcase(address, self.address.replace("[", "[[]"))
            and all(self._has(attribute) for attribute in attributes)
        )

    def expired(self, today: date) -> bool:
        return self.until < today

    def _has(self, attribute: str) -> bool:
        return not self.attributes or any(
            attribute == one or attribute.startswith((f"{one}.", f"{one}[")) for one in self.attributes
        )

    def as_data(self) -> dict[str, Any]:
        return {
            "address": self.address,
            "reason": self.reason,
            "owner": self.owner,
            "until": self.until.isoformat(),
            "line": self.line,
        }


def with_entries(root: Path, entries: Sequence[Mapping[str, Any]]) -> str:
    """The text of a project's file with further entries at its end. An entry has the keys of `ignored` in the file.

    Raises InvalidFile, and AnswerIsNo where that would change anything else.
    """
    from ruamel.yaml import YAML

    path = root / "policies" / FILE
    text = path.read_text(encoding="utf-8") if path.is_file() else "ignored:\n"
    old = plain(parse(text, FILE).root).get("ignored") if path.is_file() else []
    where = parse(text, FILE).root.value if path.is_file() else {}
    listed = where["ignored"].value if isinstance(where, dict) and "ignored" in where else []
    indent = listed[0].column - 3 if isinstance(listed, list) and listed else 2
    yaml, stream = YAML(), io.StringIO()
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=indent + 2, offset=indent)
    yaml.dump({"ignored": [dict(entry) for entry in entries]}, stream)
    added = stream.getvalue().partition("\n")[2]
    changed = text + ("" if text.endswith("\n") else "\n") + added
    expected = [*(old or ()), *plain(parse(stream.getvalue(), FILE).root)["ignored"]]
    if plain(parse(changed, FILE).root) != {"ignored": expected}:
        raise AnswerIsNo("the entries cannot be added automatically", where=f"policies/{FILE}", hint="add them by hand")
    return changed


def load(root: Path, *, environments: Iterable[str], today: date) -> tuple[Ignore, ...]:
    """The entries of a project's file, none if it does not exist. Raises InvalidPolicies with all problems.

    An expired entry is valid here; `terrace drift` reports it.
    """
    path = root / "policies" / FILE
    if not path.is_file():
        return ()
    document = mapping(path, f"policies/{FILE}")
    problems: list[Problem] = list(document.problems)
    content = document.root.value if isinstance(document.root.value, dict) else {}
    problems += [Problem("is not a known key.", node.key_at, key) for key, node in content.items() if key != "ignored"]
    listed = content.get("ignored")
    if listed is None or not isinstance(listed.value, list):
        raise InvalidPolicies([*problems, Problem("must have a list under `ignored`.", document.root.where)])
    known, found = set(environments), []
    for node in listed.value:
        try:
            entry = _Entry.model_validate(plain(node))
        except ValidationError as error:
            problems += faults(error, node)
            continue
        for position, name in enumerate(entry.environments):
            if name not in known:
                at = along(node, ["environments", str(position)])[-1].where
                problems.append(Problem(f"there is no environment {name}.", at, "environments"))
        if entry.until > today + LONGEST:
            at = along(node, ["until"])[-1].where
            problems.append(
                Problem(f"is more than {LONGEST.days} days ahead; {today + LONGEST} is the latest.", at, "until")
            )
        found.append(Ignore(**entry.model_dump(), line=node.at))
    if problems:
        raise InvalidPolicies(problems)
    return tuple(found)
