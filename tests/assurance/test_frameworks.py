"""The frameworks: complete, answered, and every problem of a file reported with its line."""

import re
from collections import Counter
from pathlib import Path

import pytest

from terrace.assurance import frameworks
from terrace.assurance.frameworks import InvalidFrameworks
from terrace.assurance.guarantees import GUARANTEES
from terrace.errors import UsageError

# How many requirements each part has, counted in the frameworks themselves.
SOC2 = {"CC1": 5, "CC2": 3, "CC3": 4, "CC4": 2, "CC5": 3, "CC6": 8, "CC7": 5, "CC8": 1, "CC9": 2, "A1": 3, "C1": 2,
        "PI1": 5, "P1": 1, "P2": 1, "P3": 2, "P4": 3, "P5": 2, "P6": 7, "P7": 1, "P8": 1}  # fmt: skip
ISO_CLAUSES = ["4.1", "4.2", "4.3", "4.4", "5.1", "5.2", "5.3", "6.1.1", "6.1.2", "6.1.3", "6.2", "6.3", "7.1", "7.2",
               "7.3", "7.4", "7.5.1", "7.5.2", "7.5.3", "8.1", "8.2", "8.3", "9.1", "9.2.1", "9.2.2", "9.3.1", "9.3.2",
               "9.3.3", "10.1", "10.2"]  # fmt: skip
ISO_ANNEX = {"A.5": 37, "A.6": 8, "A.7": 14, "A.8": 34}
HIPAA = {"164.308": 31, "164.310": 12, "164.312": 12, "164.314": 9, "164.316": 5}
NIST = {"AC": 17, "AU": 11, "CM": 12, "CP": 9, "IA": 10, "SC": 18, "SI": 11}


def ids(name: str) -> list[str]:
    return [requirement.id for requirement in frameworks.load(name).requirements]


def test_soc2_has_every_criterion() -> None:
    assert ids("soc2") == [f"{part}.{number}" for part, count in SOC2.items() for number in range(1, count + 1)]


def test_iso27001_has_every_clause_and_all_93_controls() -> None:
    annex = [f"{part}.{number}" for part, count in ISO_ANNEX.items() for number in range(1, count + 1)]
    assert len(annex) == 93
    assert ids("iso27001") == ISO_CLAUSES + annex


def test_hipaa_has_every_standard_and_specification() -> None:
    assert Counter(id.partition("(")[0] for id in ids("hipaa")) == HIPAA
    kinds = Counter(row.asks.partition(":")[0] for row in frameworks.load("hipaa").requirements)
    assert kinds == {"Standard": 23, "Required": 24, "Addressable": 22}


def test_gdpr_has_every_article() -> None:
    numbers = [int(re.findall(r"\d+", id)[0]) for id in ids("gdpr")]
    assert sorted(set(numbers)) == list(range(1, 100))
    assert numbers == sorted(numbers)


def test_nist_has_the_base_controls_of_the_moderate_baseline() -> None:
    assert Counter(id.partition("-")[0] for id in ids("nist-800-53")) == NIST


@pytest.mark.parametrize("name", frameworks.names())
def test_requirement_ids_are_unique_and_each_has_its_line(name: str) -> None:
    framework = frameworks.load(name)
    assert len(set(ids(name))) == len(framework.requirements)
    for requirement in framework.requirements:
        file, _, line = requirement.line.rpartition(":")
        written = (Path(__file__).parents[2] / file).read_text().splitlines()[int(line) - 1]
        assert re.match(rf'\s+"?{re.escape(requirement.id)}"?:', written)


def test_every_guarantee_is_evidence_of_something() -> None:
    used = {id for name in frameworks.names() for row in frameworks.load(name).requirements for id in row.evidence}
    unused = {row.id for row in GUARANTEES} - used
    assert unused == {"COST-1", "COST-2"}, "budgets and sleep answer no requirement of security"


def test_an_unknown_framework_suggests_the_nearest_name() -> None:
    with pytest.raises(UsageError) as raised:
        frameworks.load("soc")
    assert "Did you mean 'soc2'?" in raised.value.hint


HEAD = """title: A framework for this test
short: Test
source: https://example.com/framework
scope: Everything that this test needs
text: The sentences are of this test
requirements:
"""
GOOD = HEAD + "  Group:\n    A.1: {asks: Data is encrypted, evidence: {DB-3: It is encrypted with a key}}\n"

PROBLEMS = [
    ("", "bad.yaml:1:1 is empty."),
    ("requirements: [\n", "bad.yaml:2:1"),
    ("- a\n", "bad.yaml:1:1"),
    (HEAD, "bad.yaml:6:1 requirements is missing"),
    (HEAD.replace("requirements:\n", ""), "bad.yaml:1:1 requirements is missing"),
    (HEAD + "  Group: all\n", "bad.yaml:7:3 group Group has no requirements."),
    (HEAD + "  Group:\n    A.1: yes\n", "bad.yaml:8:5 A.1 has no answer"),
    (GOOD.replace("https", "ftp"), "bad.yaml:3:9 source: String should match pattern"),
    (GOOD.replace("short: Test\n", ""), "bad.yaml:1:1 short: Field required."),
    (GOOD.replace("short: Test\n", "short: Test\nkind: x\n"), "bad.yaml:3:7 kind: Extra inputs are not permitted."),
    (GOOD.replace("DB-3", "DB-99"), "bad.yaml:8:47 A.1: there is no guarantee DB-99. Did you mean 'DB-"),
    (GOOD.replace("DB-3", "DB-3 DB-3"), "bad.yaml:8:47 A.1: DB-3 is listed twice."),
    (GOOD.replace("DB-3: It is encrypted with a key", "DB-3: yes"), "evidence.DB-3: A.1: String should have"),
    (GOOD.replace("It is encrypted with a key", "Short"), "bad.yaml:8:53 evidence.DB-3: A.1: String should have"),
    (GOOD.replace("{DB-3: It is encrypted with a key}", "DB-3"), "bad.yaml:8:36 A.1: evidence must be a mapping"),
    (GOOD.replace(", evidence: {DB-3: It is encrypted with a key}", ""), "bad.yaml:8:5 A.1: needs exactly one answer"),
    (GOOD.replace("evidence:", "outside: Not ours at all, evidence:"), "bad.yaml:8:5 A.1: needs exactly one answer"),
    (GOOD.replace("asks: Data is encrypted", "asks: Data"), "bad.yaml:8:17 asks: A.1: String should have"),
    (GOOD.replace("Data is encrypted", "Data is encrypted."), "bad.yaml:8:17 asks: A.1: String should match"),
    (GOOD + "    A.1: {asks: Data is encrypted, outside: Not ours at all}\n", "bad.yaml:9:5 requirements.Group.A.1:"),
    (
        GOOD + "  Other:\n    A.1: {asks: Data is encrypted, outside: Not ours}\n",
        "bad.yaml:10:5 A.1 is already defined at",
    ),
]


@pytest.mark.parametrize(("text", "fault"), PROBLEMS)
def test_a_problem_is_reported_with_its_line(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(InvalidFrameworks) as raised:
        frameworks.load("bad", tmp_path)
    assert fault in str(raised.value)


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(GOOD.replace("DB-3", "DB-99").replace("https", "ftp"))
    with pytest.raises(InvalidFrameworks) as raised:
        frameworks.load("bad", tmp_path)
    assert len(str(raised.value).splitlines()) == 2


def test_an_answer_follows_from_what_is_given(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(
        GOOD
        + "    A.2: {asks: Data is encrypted, evidence: {DB-3: It is encrypted by a key}, person: The policy of keys}\n"
        + "    A.3: {asks: Data is encrypted, person: The policy of keys}\n"
        + "    A.4: {asks: Data is encrypted, not_covered: It is not checked yet}\n"
        + "    A.5: {asks: Data is encrypted, outside: Not a matter of platforms}\n"
    )
    framework = frameworks.load("good", tmp_path)
    assert [row.answer for row in framework.requirements] == list(frameworks.ANSWERS)
    assert framework.counts == dict.fromkeys(frameworks.ANSWERS, 1)
