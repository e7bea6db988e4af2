"""The chain of evidence: what was changed, removed, inserted or cut off is found, and no record is lost."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from terrace.assurance.evidence import Chain, Record, periods
from terrace.errors import TerraceError
from terrace.state.local import LocalHome

START = datetime(2030, 1, 1, tzinfo=UTC)


def content(hours: int, kind: str = "gate", *, passed: bool = True) -> dict[str, object]:
    return {
        "at": START + timedelta(hours=hours), "kind": kind, "environment": "prod", "cloud": "aws", "passed": passed,
        "summary": {"findings": 0}, "output": "a" * 64, "commit": "b" * 40, "operator": "someone", "run": "",
    }  # fmt: skip


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    made = Chain(LocalHome(tmp_path / "state"), "prod", "aws")
    for hours in range(5):
        made.append(content(hours))
    return made


def text(chain: Chain) -> str:
    stored = chain.home.read(chain.name)
    assert stored
    return stored.content.decode()


def test_a_chain_holds_and_goes_on(chain: Chain) -> None:
    assert chain.read().problems == ()
    record = chain.append(content(6))
    assert (record.number, chain.read().head) == (6, f"6 {record.hash}")
    assert chain.home.names("") == ["prod/aws/evidence.head", "prod/aws/evidence.jsonl"]


def changed(lines: list[str]) -> list[str]:
    record = json.loads(lines[2])
    return [*lines[:2], json.dumps({**record, "passed": False}), *lines[3:]]


def forged(lines: list[str]) -> list[str]:
    """A changed record whose successors are made again with the right hashes."""
    records = [Record.model_validate_json(line) for line in lines]
    made = list(records[:2])
    for record in records[2:]:
        made.append(record.model_copy(update={"passed": False, "previous": made[-1].hash}))
    return [record.model_dump_json() for record in made]


def prolonged(lines: list[str]) -> list[str]:
    """A record more than the head knows."""
    last = Record.model_validate_json(lines[-1])
    return [*lines, last.model_copy(update={"number": 6, "previous": last.hash}).model_dump_json()]


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (changed, "evidence.jsonl:4 does not follow from the record before it"),
        (lambda lines: [*lines[:2], *lines[3:]], "evidence.jsonl:3 has number 4, expected 3"),
        (lambda lines: [*lines[:2], lines[1], *lines[2:]], "evidence.jsonl:3 has number 2, expected 3"),
        (lambda lines: lines[:3], "evidence.jsonl ends with record 3, expected 5"),
        (lambda lines: [], "evidence.jsonl ends with record 0, expected 5"),
        (lambda lines: [*lines[:2], "{", *lines[3:]], "evidence.jsonl:3 is not a record"),
        (forged, "evidence.jsonl ends with record 5, expected 5 with the hash"),
        (prolonged, "evidence.jsonl ends with record 6, expected 5 with the hash"),
    ],
)
def test_an_edited_chain_is_broken_and_takes_no_record(chain: Chain, edit, problem: str) -> None:
    edited = "".join(f"{line}\n" for line in edit(text(chain).splitlines()))
    chain.home.write(chain.name, edited.encode())
    assert any(problem in one for one in chain.read().problems), chain.read().problems
    with pytest.raises(TerraceError, match="the chain is broken"):
        chain.append(content(6))
    assert text(chain) == edited


def test_a_chain_without_its_head_is_broken(chain: Chain) -> None:
    chain.home.delete(chain.head_name)
    assert chain.read().problems == ("prod/aws/evidence.jsonl has no head: records at the end may have been removed",)


def test_a_head_with_another_record_than_it_names_is_broken(chain: Chain) -> None:
    """Otherwise a chain could be cut off by one record, and go on with another one."""
    lines = text(chain).splitlines()
    chain.home.write(chain.name, "".join(f"{line}\n" for line in lines[:4]).encode())
    head = chain.home.read(chain.head_name)
    assert head
    first, record = head.content.decode().splitlines()
    other = json.dumps(json.loads(record) | {"passed": False})
    chain.home.write(chain.head_name, f"{first}\n{other}\n".encode())
    assert any("ends with record 4, expected 5" in one for one in chain.read().problems)


def test_a_writer_that_died_between_head_and_chain_loses_no_record(chain: Chain) -> None:
    before = chain.home.read(chain.name)
    assert before
    sixth = chain.append(content(6))
    chain.home.write(chain.name, before.content)  # as that writer would have left it
    found = chain.read()
    assert (found.problems, found.records[-1], len(found.records)) == ((), sixth, 6)
    assert chain.append(content(7)).number == 7
    assert [record.number for record in chain.read().records] == [1, 2, 3, 4, 5, 6, 7]
    assert len(text(chain).splitlines()) == 7


WRITER = """
import json, sys
from pathlib import Path
from terrace.assurance.evidence import Chain
from terrace.state.local import LocalHome
chain = Chain(LocalHome(Path(sys.argv[1])), "prod", "aws")
for _ in range(5):
    chain.append(json.loads(sys.argv[2]))
"""


def test_processes_at_once_lose_no_record(chain: Chain, tmp_path: Path) -> None:
    given = json.dumps(content(6) | {"at": START.isoformat()})
    command = [sys.executable, "-c", WRITER, str(tmp_path / "state"), given]
    variables = {"PYTHONPATH": ":".join(sys.path)}
    writers = [subprocess.Popen(command, env=variables) for _ in range(4)]
    assert [writer.wait(timeout=120) for writer in writers] == [0] * 4
    found = chain.read()
    assert (found.problems, len(found.records)) == ((), 25)


def test_a_period_has_its_failures_and_its_longest_gap(chain: Chain) -> None:
    chain.append(content(10, passed=False))
    chain.append(content(11, "drift"))
    gate, drift = periods(chain.read().records, START + timedelta(hours=40))
    assert (gate.kind, gate.runs, gate.exceptions, gate.longest_gap_hours) == ("gate", 6, (6,), 30.0)
    assert (drift.kind, drift.runs, drift.longest_gap_hours) == ("drift", 1, 29.0)


def test_a_record_that_was_added_later_counts_at_its_time(chain: Chain) -> None:
    chain.append(content(-2))
    (gate,) = periods(chain.read().records, START + timedelta(hours=5))
    assert (gate.first, gate.longest_gap_hours) == (START - timedelta(hours=2), 2.0)
