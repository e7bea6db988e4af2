"""Evidence over time: dated runs of an environment in a chain of hashes, and what they show about a period.

The chain is an object in the state home with a JSON record in each line. A record contains the hash of the one before
it, so that no record can be changed, removed or inserted without a new hash for all that follow. The head is an object
of its own: number and hash of the last record, and that record. A copy of number and hash elsewhere (a ticket, a signed
report) protects the chain from being cut off together with its head.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from terrace.errors import TerraceError
from terrace.state import Conflict, StateHome, Stored

Kind = Literal["gate", "verify", "drift", "restore", "apply", "destroy", "state", "break-glass"]
KINDS: tuple[Kind, ...] = get_args(Kind)
AUTOMATIC: tuple[Kind, ...] = ("apply", "destroy", "state", "break-glass")
"""Kinds that the command itself records; see `terrace.deployment.trail`."""

_NONE = "0" * 64
_ATTEMPTS = 50  # a writer gives way to another one at most this often
_Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_HashOrNone = Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]


class Record(BaseModel):
    """One run. `passed` is its result, `summary` its figures, `output` the SHA-256 sum of its output.

    `operator` is who ran it, `run` the address of the CI run, `modified`: files of the project differed from `commit`.
    Of an apply or destroy, `stack` is the stack's id, `plan` and `bundle` are the SHA-256 sums of what was applied.
    `detail` is the kind of the error, the change of a state or the reason to break glass. `previous` is the hash of the
    record before it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: Annotated[int, Field(ge=1)]
    at: datetime
    kind: Kind
    environment: str
    cloud: str
    stack: str = ""
    passed: bool
    detail: str = ""
    summary: Mapping[str, int]
    output: _HashOrNone = ""
    plan: _HashOrNone = ""
    bundle: _HashOrNone = ""
    commit: str
    modified: bool = False
    operator: str
    run: str
    previous: _Hash

    @property
    def hash(self) -> str:
        """SHA-256 of the record as canonical JSON: sorted keys, no spaces."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


class Period(BaseModel):
    """What the chain shows about a kind of run: how many there are, which did not pass, and the longest time between
    two of them, in hours."""

    model_config = ConfigDict(frozen=True)

    kind: Kind
    first: datetime
    last: datetime
    runs: int
    exceptions: tuple[int, ...]
    longest_gap_hours: float


@dataclass(frozen=True)
class Contents:
    """What a chain holds: the records that can be read, in order; what is wrong, with the line of each problem; and the
    number and hash of the last record, empty for no chain."""

    records: tuple[Record, ...]
    problems: tuple[str, ...]
    head: str


@dataclass(frozen=True)
class Chain:
    """The chain of an environment on a cloud."""

    home: StateHome
    environment: str
    cloud: str

    @property
    def name(self) -> str:
        return f"{self.environment}/{self.cloud}/evidence.jsonl"

    @property
    def head_name(self) -> str:
        return f"{self.environment}/{self.cloud}/evidence.head"

    def read(self) -> Contents:
        """The contents. Raises what reading from the home raises."""
        chain, head = self._stored()
        return self._contents(chain, head)

    def append(self, content: Mapping[str, Any]) -> Record:
        """Add a record; `content` has its fields but `number` and `previous`.

        The head is written first, and with it the record is part of the chain: a writer that finds a record in the head
        only writes it to the chain before its own. So a writer that dies loses nothing, and of two at once one waits.
        Raises TerraceError if the chain is broken, and what writing to the home raises.
        """
        for _ in range(_ATTEMPTS):
            chain, head = self._stored()
            contents = self._contents(chain, head)
            if contents.problems:
                raise TerraceError(
                    f"the chain is broken: {contents.problems[0]}",
                    where=self.home.place,
                    hint="restore the object from a version before the change, or move it away to begin a new chain",
                )
            before = contents.records
            try:
                if len(before) > _count(chain):
                    self._write(self.name, _lines(before), chain)
                    continue
                previous = before[-1].hash if before else _NONE
                record = Record(**content, number=len(before) + 1, previous=previous)
                written = f"{record.number} {record.hash}\n{record.model_dump_json()}\n"
                self._write(self.head_name, written, head)
            except Conflict:
                continue
            with suppress(Conflict):  # another writer has completed the chain with this record
                self._write(self.name, _lines([*before, record]), chain)
            return record
        raise TerraceError(
            "the record was not written: other runs write to the chain all the time",
            where=f"{self.home.place}/{self.name}",
            hint="run the command again",
        )

    def _stored(self) -> tuple[Stored | None, Stored | None]:
        """The chain and its head at one moment: the head is the same before and after the chain is read."""
        head = self.home.read(self.head_name)
        for _ in range(_ATTEMPTS):
            chain, again = self.home.read(self.name), self.home.read(self.head_name)
            if again == head:
                break
            head = again
        return chain, head

    def _contents(self, chain: Stored | None, head: Stored | None) -> Contents:
        return parsed(self.name, _text(chain), _text(head))

    def _write(self, name: str, text: str, before: Stored | None) -> None:
        if before is None:
            self.home.write(name, text.encode(), new=True)
        else:
            self.home.write(name, text.encode(), after=before.tag)


def parsed(name: str, chain: str, head: str) -> Contents:
    """The contents of a chain and its head; `name` is the chain's in messages."""
    records, problems = [], []
    previous, number = _NONE, 0
    for line, (record, reason) in enumerate(_parsed_lines(chain), start=1):
        number += 1
        if record is None:
            problems.append(f"{name}:{line} is not a record: {reason}")
            continue
        records.append(record)
        if record.number != number:
            problems.append(f"{name}:{line} has number {record.number}, expected {number}")
            number = record.number
        if record.previous != previous:
            problems.append(f"{name}:{line} does not follow from the record before it: one of them was changed")
        previous = record.hash
    last, _, rest = head.partition("\n")
    if (pending := _pending(rest, last)) and (pending.number, pending.previous) == (number + 1, previous):
        records.append(pending)
        number, previous = pending.number, pending.hash
    if last and last.split() != [str(number), previous]:
        problems.append(f"{name} ends with record {number}, expected {last.replace(' ', ' with the hash ')}")
    if number and not last:
        problems.append(f"{name} has no head: records at the end may have been removed")
    return Contents(tuple(records), tuple(problems), last)


def _pending(line: str, last: str) -> Record | None:
    """The record in a head; None if it has none, or not the one that the head names."""
    record = next((record for record, _ in _parsed_lines(line)), None)
    return record if record and last == f"{record.number} {record.hash}" else None


def periods(records: Sequence[Record], until: datetime) -> list[Period]:
    """What the records show, by kind; the time from the last run of a kind to `until` counts as a gap."""
    found = []
    for kind in KINDS:
        of_kind = [record for record in records if record.kind == kind and record.at <= until]
        runs = sorted(of_kind, key=lambda record: record.at)  # a record can be added later
        if runs:
            times = [*(record.at for record in runs), until]
            gap = max((after - before for before, after in pairwise(times)), default=timedelta())
            found.append(
                Period(
                    kind=kind,
                    first=runs[0].at,
                    last=runs[-1].at,
                    runs=len(runs),
                    exceptions=tuple(record.number for record in runs if not record.passed),
                    longest_gap_hours=round(gap.total_seconds() / 3600, 1),
                )
            )
    return found


def _parsed_lines(text: str) -> Iterator[tuple[Record | None, str]]:
    for line in text.splitlines():
        try:
            yield Record.model_validate_json(line), ""
        except ValidationError as error:
            yield None, error.errors()[0]["msg"]


def _lines(records: Sequence[Record]) -> str:
    return "".join(f"{record.model_dump_json()}\n" for record in records)


def _count(chain: Stored | None) -> int:
    return len(_text(chain).splitlines())


def _text(stored: Stored | None) -> str:
    return stored.content.decode(errors="replace") if stored else ""
