"""The gate: nine stacks pass, every mutant does not, and what could not be judged never passes."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from terrace.assurance import checks, gate, waivers
from terrace.assurance.checks import Check, Subject
from terrace.assurance.evaluation import Judged, of_guarantees
from terrace.assurance.gate import GateResult
from terrace.assurance.output import gate_pages
from terrace.assurance.plan_shape import plan_of
from terrace.assurance.view import View
from terrace.capabilities.cloud import CLOUDS
from terrace.environment import Loaded, load, target
from tests.assurance import sarif
from tests.assurance.conftest import Written
from tests.assurance.mutants import SHAPES
from tests.assurance.mutants.run import mutants
from tests.conftest import ROOT

ENVIRONMENTS = ("dev", "staging", "prod")
STACKS = [(cloud, environment) for cloud in CLOUDS for environment in ENVIRONMENTS]


@lru_cache
def rules() -> gate.Policies:
    """Ours, on a day on which none of our waivers is over yet: these tests are about the rules, not the calendar."""
    text = (ROOT / "policies" / waivers.FILE).read_text()
    first = min(re.findall(r"expires: (\S+)", text))
    return gate.policies(ROOT, today=date.fromisoformat(first))


@lru_cache
def environment(name: str, cloud: str) -> Loaded:
    return load(name, project=ROOT, cloud=cloud)


@pytest.fixture(scope="session")
def judged(written: Written) -> Callable[[str, str], GateResult]:
    """(cloud, environment) to what the gate says of its stack, once a session."""
    known: dict[tuple[str, str], GateResult] = {}

    def of(cloud: str, name: str) -> GateResult:
        if (cloud, name) not in known:
            known[cloud, name] = gate.judge(environment(name, cloud), written(cloud, name), rules())
        return known[cloud, name]

    return of


Judge = Callable[[str, str], GateResult]


@pytest.mark.parametrize("cloud, name", STACKS)
def test_the_nine_stacks_pass_and_everything_in_them_was_looked_at(judged: Judge, cloud: str, name: str) -> None:
    result = judged(cloud, name)
    assert [str(finding) for finding in result.blocking] == []
    assert result.passes
    assert result.resources_in == result.resources_looked_at > 300
    assert {proof.status for proof in result.proofs} <= {"proven", "exception", "not_asked"}
    assert len(result.checks) > 100
    assert not [finding for finding in result.findings if finding.status == "error"]


@pytest.mark.parametrize("cloud, name", [one for one in STACKS if one[1] != "dev"])
def test_nothing_high_is_unwaived_outside_dev(judged: Judge, cloud: str, name: str) -> None:
    result = judged(cloud, name)
    unwaived = [one for one in result.findings if one.severity in ("high", "critical") and one.status != "waived"]
    assert unwaived == []
    for finding in result.findings:
        if finding.status == "waived":
            assert finding.waiver is not None
            assert len(finding.waiver.reason) > 20
            assert finding.waiver.expires >= rules().today


@pytest.mark.parametrize("cloud, name", STACKS)
def test_every_finding_says_where_why_and_what_to_do(judged: Judge, cloud: str, name: str) -> None:
    for finding in judged(cloud, name).findings:
        assert finding.sentence and finding.why and finding.mend and finding.resource and finding.construct, finding
        if finding.line:
            file, line, _ = finding.line.rsplit(":", 2)
            assert int(line) <= len((ROOT / file).read_text().splitlines())
    with_line = [one for one in judged(cloud, name).findings if one.line]
    assert len(with_line) * 2 > len(judged(cloud, name).findings)


def test_a_finding_leads_to_the_line_of_its_setting(judged: Judge) -> None:
    (finding,) = [one for one in judged("aws", "dev").findings if one.id == "CKV_AWS_293"]
    file, line, _ = finding.line.rsplit(":", 2)
    assert (ROOT / file).read_text().splitlines()[int(line) - 1].strip() == "deletion_protection: false"
    assert (finding.construct, finding.capability, finding.guarantee) == ("database/server", "database", "DB-6")


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_mutant_is_caught(written: Written, cloud: str) -> None:
    """Each fault of the mutants blocks under the guarantees that it breaks, in dev's stack if it can be put there."""
    let_through = []
    for shape in SHAPES:
        loaded = environment(shape, cloud)
        place = target(loaded.environment)
        for mutant in mutants(cloud):
            if shape != mutant.shapes[0]:
                continue
            document = json.loads(written(cloud, shape))
            mutant.edit(document)
            found = Judged(view=View(document))
            of_guarantees(Subject(View(document), loaded.environment, place), found)
            result = gate.result_of(loaded, replace(rules(), waivers=()), found, {}, "stack")
            blocking = {one.guarantee for one in result.blocking}
            if result.passes or not set(mutant.breaks) <= blocking:
                let_through.append(f"{shape}: {mutant}")
    assert let_through == []


def test_dev_warns_where_prod_fails(written: Written) -> None:
    bare = replace(rules(), waivers=())
    by_tier = {}
    for name in ("dev", "prod"):
        result = gate.judge(environment(name, "aws"), written("aws", name), bare)
        (by_tier[name],) = [one.blocks for one in result.findings if one.id == "CKV_AWS_24"]
    assert by_tier == {"dev": False, "prod": True}


def test_a_broken_guarantee_fails_in_dev_too(written: Written) -> None:
    document = json.loads(written("aws", "dev"))
    for body in document["resource"]["aws_db_instance"].values():
        body["publicly_accessible"] = True
    result = gate.judge(environment("dev", "aws"), json.dumps(document), rules())
    assert not result.passes
    assert {one.guarantee for one in result.blocking} >= {"DB-1"}
    assert "CKV_AWS_17" in {one.id for one in result.blocking}
    line = next(one.line for one in result.blocking if one.guarantee == "DB-1")
    assert line.startswith("environments/")


@pytest.mark.parametrize(
    "written_as, kind",
    [
        ('{"resource": ', "unreadable-stack"),
        ("[]", "unreadable-stack"),
        ('{"resource": {"aws_s3_bucket": []}}', "unreadable-stack"),
        ('{"resource": {"aws_s3_bucket": {"a": 1}}}', "unreadable-stack"),
        ("{}", "empty-stack"),
        ('{"resource": {}}', "empty-stack"),
    ],
)
def test_a_stack_that_cannot_be_judged_does_not_pass(written_as: str, kind: str) -> None:
    result = gate.judge(environment("dev", "aws"), written_as, rules())
    assert [one.id for one in result.findings] == [f"gate.{kind}"]
    assert not result.passes


def test_a_type_that_no_check_reads_does_not_pass(written: Written) -> None:
    document = json.loads(written("aws", "dev"))
    document["resource"]["aws_quantum_link"] = {"q": {"//": {"metadata": {"path": "dev/network/q"}}, "open": True}}
    result = gate.judge(environment("dev", "aws"), json.dumps(document), rules())
    (finding,) = result.blocking
    assert (finding.id, finding.resource) == ("gate.unknown-type", "aws_quantum_link.q")
    assert result.resources_looked_at == result.resources_in - 1


@pytest.fixture
def bad_check(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Any], None]]:
    """Put another judgement in the place of one of our checks."""
    checks.of_cloud("aws")

    def put(judge: Any) -> None:
        id = "aws.database.requires-tls"
        monkeypatch.setitem(checks._CHECKS, id, Check(id, "DB-2", judge))

    yield put


def test_a_check_that_throws_does_not_pass(written: Written, bad_check: Callable[[Any], None]) -> None:
    def throws(subject: Subject) -> Iterator[Any]:
        raise KeyError("no such thing")

    bad_check(throws)
    result = gate.judge(environment("dev", "aws"), written("aws", "dev"), rules())
    (finding,) = result.blocking
    assert (finding.id, finding.status, finding.guarantee) == ("aws.database.requires-tls", "error", "DB-2")
    assert "KeyError" in finding.sentence


def test_a_check_that_hangs_does_not_pass(written: Written, bad_check: Callable[[Any], None]) -> None:
    def hangs(subject: Subject) -> Iterator[Any]:
        while True:
            pass

    bad_check(hangs)
    result = gate.judge(environment("dev", "aws"), written("aws", "dev"), rules(), seconds=2)
    assert "aws.database.requires-tls" in {one.id for one in result.blocking}
    assert any("did not end within 2 s" in one.sentence for one in result.blocking)


def _plan(written: Written) -> dict[str, Any]:
    return plan_of(View(json.loads(written("aws", "dev"))))


def test_a_plan_of_the_stack_passes_as_the_stack_does(written: Written) -> None:
    result = gate.judge(environment("dev", "aws"), written("aws", "dev"), rules(), plan=_plan(written))
    assert (result.source, result.passes) == ("plan", True)
    assert result.resources_in == result.resources_looked_at == 418


def test_what_is_in_the_plan_only_or_in_the_stack_only_was_not_looked_at(written: Written) -> None:
    plan = _plan(written)
    resources = plan["planned_values"]["root_module"]["resources"]
    gone = resources.pop()
    plan["planned_values"]["root_module"]["child_modules"] = [
        {
            "resources": [
                {"address": "module.m.aws_s3_bucket.b", "mode": "managed", "type": "aws_s3_bucket", "name": "b"}
            ]
        }
    ]
    result = gate.judge(environment("dev", "aws"), written("aws", "dev"), rules(), plan=plan)
    missed = {one.resource for one in result.blocking if one.id == "gate.not-looked-at"}
    assert missed == {gone["address"], "module.m.aws_s3_bucket.b"}


@pytest.mark.parametrize(
    "plan", [{}, {"planned_values": {}}, {"errored": True}, {"complete": False}, {"unreadable": "x"}]
)
def test_a_plan_that_cannot_be_judged_does_not_pass(written: Written, plan: dict[str, Any]) -> None:
    result = gate.judge(environment("dev", "aws"), written("aws", "dev"), rules(), plan=plan)
    assert [one.id for one in result.findings] == ["gate.unreadable-plan"]
    assert not result.passes


def test_what_a_plan_changes_is_what_is_judged(written: Written) -> None:
    """The plan's values win over the stack's."""
    plan = _plan(written)
    for one in plan["planned_values"]["root_module"]["resources"]:
        if one["type"] == "aws_db_instance":
            one["values"]["publicly_accessible"] = True
    result = gate.judge(environment("dev", "aws"), written("aws", "dev"), rules(), plan=plan)
    assert "DB-1" in {one.guarantee for one in result.blocking}


@pytest.fixture(scope="session")
def told(judged: Judge) -> list[GateResult]:
    """A stack with waived findings, and one that blocks."""
    empty = gate.judge(environment("dev", "gcp"), "{}", rules())
    return [judged("aws", "prod"), empty]


def test_waived_findings_stay_in_every_output(told: list[GateResult]) -> None:
    waived = [one for one in told[0].findings if one.status == "waived"]
    assert waived
    for name, output in gate_pages.OUTPUTS.items():
        for finding in waived:
            assert finding.id in output(told), name
    assert "until 20" in gate_pages.table(told)


def test_json_and_csv_hold_every_finding(told: list[GateResult]) -> None:
    count = sum(len(result.findings) for result in told)
    data = json.loads(gate_pages.as_json(told))
    assert not data["passed"]
    assert sum(len(stack["findings"]) for stack in data["stacks"]) == count
    assert data["stacks"][0]["tools"]["checkov"] and data["stacks"][0]["inputs"]["policies/waivers.yaml"]
    rows = list(csv.DictReader(io.StringIO(gate_pages.as_csv(told))))
    assert len(rows) == count
    assert {row["waived_because"] != "" for row in rows if row["status"] == "waived"} == {True}


def test_junit_counts_what_blocks(told: list[GateResult]) -> None:
    root = ElementTree.fromstring(gate_pages.junit(told))
    first, second = root.findall("testsuite")
    assert (first.get("failures"), first.get("errors"), second.get("errors")) == ("0", "0", "1")
    assert int(first.get("tests", "0")) >= len(told[0].checks)


def test_annotations_open_the_environment(told: list[GateResult]) -> None:
    lines = gate_pages.github(told).splitlines()
    assert any(line.startswith("::warning file=environments/") for line in lines)
    assert any(line.startswith("::error title=gate.empty-stack") for line in lines)
    assert gate_pages._escaped("50%, a:b\n", ",:") == "50%25%2C a%3Ab%0A"


def test_the_page_needs_nothing_from_elsewhere(told: list[GateResult]) -> None:
    page = gate_pages.html(told)
    assert "http" not in page.replace("http_put", "") or "src=" not in page
    assert page.count("<tr ") == sum(len(result.findings) for result in told)


def test_sarif_is_what_the_standard_asks_for(told: list[GateResult]) -> None:
    log = json.loads(gate_pages.sarif(told))
    jsonschema.Draft202012Validator(sarif.SCHEMA).validate(log)
    for run in log["runs"]:
        rules_of = run["tool"]["driver"]["rules"]
        assert len({rule["id"] for rule in rules_of}) == len(rules_of)
        prints = [json.dumps(result["partialFingerprints"]) for result in run["results"]]
        assert len(set(prints)) == len(prints)
        for result in run["results"]:
            assert rules_of[result["ruleIndex"]]["id"] == result["ruleId"]
            place = result["locations"][0]["physicalLocation"]
            assert (ROOT / place["artifactLocation"]["uri"]).is_file()
            lines = (ROOT / place["artifactLocation"]["uri"]).read_text().splitlines()
            assert place["region"]["startLine"] <= len(lines)
    suppressed = [one for one in log["runs"][0]["results"] if "suppressions" in one]
    assert len(suppressed) == told[0].count("waived")
    assert log["runs"][1]["invocations"][0]["executionSuccessful"] is False


def test_the_table_shows_what_blocks_in_full(told: list[GateResult]) -> None:
    text = gate_pages.table(told)
    assert "prod on aws: passes" in text
    assert "dev on gcp: does not pass (1 block)" in text
    assert "✗ critical gate.empty-stack  there is no resource in it" in text
    assert "        mend: " in text


def test_an_expired_waiver_no_longer_holds(written: Written, judged: Judge) -> None:
    """What it waived blocks again, and it is told itself."""
    today = rules().today
    assert today is not None
    later = replace(rules(), today=today + timedelta(days=1))
    result = gate.judge(environment("prod", "azure"), written("azure", "prod"), later)
    ids = {one.id for one in result.blocking}
    assert ids == {"gate.expired-waiver", "CKV_AZURE_59", "CKV2_AZURE_40"}
    (line,) = {one.line for one in result.blocking if one.id == "gate.expired-waiver"}
    assert line.startswith("policies/waivers.yaml:")
    without_end = replace(rules(), today=None)
    assert gate.judge(environment("prod", "azure"), written("azure", "prod"), without_end).passes


def test_a_waiver_that_nothing_needs_fails(written: Written) -> None:
    first = rules().waivers[0]
    extra = replace(first, id="CKV_AWS_17", resource="database/server", environments=("dev",), clouds=("azure",))
    result = gate.judge(environment("dev", "azure"), written("azure", "dev"), replace(rules(), waivers=(extra,)))
    assert [one.id for one in result.blocking] == ["gate.unused-waiver"]


def test_what_could_not_be_judged_cannot_be_waived(written: Written, bad_check: Callable[[Any], None]) -> None:
    def throws(subject: Subject) -> Iterator[Any]:
        raise KeyError("no such thing")

    bad_check(throws)
    waiver = replace(rules().waivers[0], id="DB-2", resource="database/server", environments=("dev",), clouds=("aws",))
    result = gate.judge(environment("dev", "aws"), written("aws", "dev"), replace(rules(), waivers=(waiver,)))
    assert {one.id for one in result.blocking} == {"aws.database.requires-tls", "gate.unused-waiver"}
