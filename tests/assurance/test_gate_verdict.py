"""The text of a gate verdict, its data, and the break-glass record. (`tests/deployment/test_gate.py` has the apply.)"""

import json
from pathlib import Path

from terrace.assurance.gate_verdict import AccessChange, GateVerdict, blocking_text, record_break_glass


def test_a_verdict_is_restored_from_its_data() -> None:
    opened = AccessChange("add", "path", "internet", "tcp 5432", "database", ("database/server",))
    verdict = GateVerdict(False, ("DB-1 database/server: public",), warnings=3, resources=2, access=(opened,))
    assert GateVerdict.from_data(json.loads(json.dumps(verdict.as_data()))) == verdict
    assert str(opened) == "+ internet -> database on tcp 5432, by database/server"
    assert GateVerdict.from_data(None) is None
    assert str(verdict) == "the gate fails: 2 resources evaluated, 1 blocking, 3 warnings"


def test_a_refusal_lists_ten_findings_and_counts_the_rest() -> None:
    text = blocking_text(GateVerdict(False, tuple(f"finding {number}" for number in range(12))))
    assert text.splitlines()[0] == "the plan does not pass the gate:"
    assert text.splitlines()[-2:] == ["  finding 9", "  and 2 more"]


def test_break_glass_records_are_appended(tmp_path: Path) -> None:
    log = tmp_path / "break-glass.jsonl"
    for number in (1, 2):
        record_break_glass(log, f"reason number {number}", plan_sha256="0")
    assert [json.loads(line)["reason"] for line in log.read_text().splitlines()] == [
        "reason number 1",
        "reason number 2",
    ]
