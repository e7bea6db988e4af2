"""Reports: from requirement to environment line, honest about what they do not show, and the same bytes twice."""

import csv
import io
import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from terrace import live
from terrace.assurance import frameworks, parity
from terrace.assurance.findings import Finding as Read
from terrace.assurance.frameworks import Framework, Requirement
from terrace.assurance.guarantees import BY_ID, GUARANTEES
from terrace.assurance.output import report_csv as sheet
from terrace.assurance.proof import Broken, DoesNotApply, Holds, Proof, Unproven, Verdict
from terrace.assurance.report import model, page
from terrace.assurance.report.build import write, written
from terrace.assurance.report.labels import limits
from terrace.assurance.report.live import LiveDeployment, LiveResult
from terrace.assurance.report.model import Report, Stack
from terrace.assurance.report.provenance import Provenance
from terrace.assurance.result import Finding, GateResult, Waiver
from terrace.assurance.view import View
from terrace.capabilities.cloud import CloudException
from terrace.environment import load
from terrace.project.source_map import environment_line
from tests.assurance.conftest import Written
from tests.conftest import ROOT

PROD = Stack("prod", "aws")
SOURCE = Provenance(datetime(2026, 1, 2, tzinfo=UTC), "c0ffee", False, {"terrace": "1"}, {"policies/x.yaml": "ab" * 32})
CHECK = "aws.database.requires-tls"
BAD = Read("database/server", "rds.force_ssl = 0", False, "1")
WAIVER = Waiver(CHECK, "database/server", ("prod",), ("aws",), "It moves next week.", "data", "security",
                date(2026, 3, 1), "Only one client connects.", "policies/waivers.yaml:2")  # fmt: skip


def requirement(**more: Any) -> Requirement:
    fields = {"id": "A.1", "group": "A", "line": "policies/frameworks/x.yaml:1", "asks": "Data is guarded"} | more
    return Requirement.model_validate(fields)


def framework(*rows: Requirement) -> Framework:
    words = {"title": "A framework of a test", "scope": "All of this test", "text": "Sentences of this test"}
    return Framework.model_validate(
        words | {"name": "test", "short": "Test", "source": "https://example.com", "requirements": rows}
    )


def finding(**more: Any) -> Finding:
    fields = {"id": CHECK, "status": "broken", "severity": "high", "sentence": "TLS is not required",
              "guarantee": "DB-2", "environment": "prod", "cloud": "aws", "construct": "database/server"}  # fmt: skip
    return Finding(**(fields | more))


def gate(verdict: Verdict = Holds(1), *findings: Finding, **more: Any) -> GateResult:
    """A stack on which everything holds but DB-2, which is as given."""
    proofs = tuple(
        Proof(row, ((CHECK if row.id == "DB-2" else f"{row.id} check", verdict if row.id == "DB-2" else Holds(1)),))
        for row in GUARANTEES
    )
    fields: dict[str, Any] = {"resources_in": 3, "resources_looked_at": 3, "checks": (), "inputs": {"stack": "cd" * 32}}
    return GateResult("prod", "aws", "prod", "stack", findings, proofs, **(fields | more))


def report(*results: GateResult, rows: tuple[Requirement, ...] = (), live: tuple[LiveDeployment, ...] = ()) -> Report:
    asked = rows or (requirement(evidence={"DB-2": "TLS guards it on its way"}, person="A policy that says so"),)
    return model.build([framework(*asked)], results, SOURCE, lambda *_: "environments/prod.yaml:27:1", live)


def as_json(made: Report) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(written(made)["report.json"])
    return document


def outcome(made: Report) -> str:
    return made.answered(made.frameworks[0].requirements[0], PROD).outcome


@pytest.fixture(scope="module")
def real(written: Written) -> Report:
    """prod on AWS and Azure, as synthesized."""
    results = []
    for cloud in ("aws", "azure"):
        text = written(cloud, "prod")
        view = View(json.loads(text))
        addresses = {one.path: one.address for one in view}
        proofs = tuple(parity.proofs(ROOT, cloud, "prod", text))
        count = len(addresses)
        results.append(
            GateResult(
                "prod", cloud, "prod", "stack", (), proofs, count, count, (), {}, {"stack": "ef" * 32}, addresses
            )
        )
    loaded = {cloud: load("prod", project=ROOT, cloud=cloud) for cloud in ("aws", "azure")}

    def line(environment: str, cloud: str, construct: str) -> str:
        return environment_line(loaded[cloud], f"{environment}/{construct}/") or ""

    return model.build(
        [frameworks.load("soc2"), frameworks.load("hipaa")],
        results,
        SOURCE,
        line,
        readable={cloud: live.readable(cloud) for cloud in ("aws", "azure")},
    )


def test_a_requirement_leads_to_the_line_of_the_environment(real: Report) -> None:
    row = next(row for row in real.frameworks[0].requirements if row.id == "CC6.7")
    assert "DB-2" in row.evidence
    check = next(check for check in real.evidence["DB-2", PROD].checks if check.id == CHECK)
    assert check.outcome == "holds"
    fact = check.facts[0]
    assert fact.read == "rds.force_ssl = 1" and fact.good
    assert fact.construct == "database/parameters"
    assert fact.address.startswith("aws_db_parameter_group.database_parameters")
    file, line, _ = fact.line.split(":")
    assert (ROOT / file).read_text().splitlines()[int(line) - 1].startswith("database:")


def test_every_fact_of_a_resource_has_an_address_and_most_have_a_line(real: Report) -> None:
    facts = [fact for one in real.evidence.values() for check in one.checks for fact in check.facts]
    assert len(facts) > 1000
    assert sum(bool(fact.address) for fact in facts) > 0.8 * len(facts)
    assert sum(bool(fact.line) for fact in facts) > 0.8 * len(facts)


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (Holds(1), "partial"),
        (Broken((BAD,)), "broken"),
        (Unproven("the check failed"), "unproven"),
        (DoesNotApply("dev only"), "not_asked"),
    ],
)
def test_a_requirement_is_as_good_as_its_worst_guarantee(verdict: Verdict, expected: str) -> None:
    row = requirement(evidence={"DB-1": "It is private", "DB-2": "TLS guards it"}, person="A policy that says so")
    made = report(gate(verdict), rows=(row,))
    assert outcome(made) == expected
    assert made.passes is (expected in ("partial", "not_asked"))


def test_what_asks_for_a_person_is_never_evidenced_whole() -> None:
    evidence = {"DB-2": "TLS guards it on its way"}
    assert outcome(report(gate(), rows=(requirement(evidence=evidence),))) == "evidenced"
    assert outcome(report(gate(), rows=(requirement(evidence=evidence, person="A policy of yours"),))) == "partial"
    assert outcome(report(gate(), rows=(requirement(person="A policy of yours"),))) == "person"
    assert outcome(report(gate(), rows=(requirement(not_covered="Nobody looks at it"),))) == "not_covered"
    assert outcome(report(gate(), rows=(requirement(outside="No platform has to do with it"),))) == "outside"


def test_the_kinds_of_evidence_are_what_there_is() -> None:
    asked = [framework(requirement(evidence={"DB-2": "TLS guards it on its way"}, person="A policy of yours"))]
    row = asked[0].requirements[0]
    both = model.build(asked, [gate()], SOURCE, lambda *_: "", readable={"aws": ["DB-2"]})
    assert both.kinds(row, PROD) == ("before_deployment", "live", "manual")
    before = model.build(asked, [gate()], SOURCE, lambda *_: "", readable={"azure": ["DB-2"]})
    assert before.kinds(row, PROD) == ("before_deployment", "manual")
    assert "Live: Not read for this report" in page.html(both) and "Live: Nothing reads it" in page.html(before)


def test_an_exception_of_the_cloud_is_not_hidden() -> None:
    result = gate()
    lacking = CloudException("DB-2", "The cloud has none", "A wall stands around it", "Its guide")
    proofs = tuple(
        replace(proof, exception=lacking) if proof.guarantee.id == "DB-2" else proof for proof in result.proofs
    )
    made = report(replace(result, proofs=proofs))
    assert outcome(made) == "exception"
    assert "A wall stands around it" in page.html(made)


def test_a_stack_without_proofs_is_unproven() -> None:
    error = finding(id="gate.no-stack", status="error", guarantee="", sentence="the stack does not synthesize: no Node")
    made = report(replace(gate(), proofs=(), findings=(error,)))
    assert outcome(made) == "unproven" and not made.passes
    assert made.evidence["DB-2", PROD].why == "the stack does not synthesize: no Node"


def test_a_waived_finding_of_the_guarantees_own_check_is_waived_and_stays_visible() -> None:
    waived = finding(status="waived", waiver=WAIVER, blocks=False)
    made = report(gate(Broken((BAD,)), waived))
    assert outcome(made) == "waived" and made.passes
    for name, content in written(made).items():
        if name not in ("index.html", "report.json", "evidence.csv", "oscal/test.assessment-results.json"):
            continue
        assert "It moves next week." in content, name


def test_one_finding_that_is_not_waived_is_enough() -> None:
    waived = finding(status="waived", waiver=WAIVER, blocks=False)
    made = report(gate(Broken((BAD,)), waived, finding(construct="database/replica")))
    assert outcome(made) == "broken" and not made.passes


def test_another_checks_waived_finding_is_counted_and_does_not_decide() -> None:
    made = report(gate(Holds(1), finding(id="CKV_X_1", status="waived", waiver=WAIVER, blocks=False)))
    answered = made.answered(made.frameworks[0].requirements[0], PROD)
    assert (answered.outcome, answered.waived) == ("partial", 1)


def test_another_checks_finding_breaks_a_guarantee_when_it_blocks() -> None:
    assert outcome(report(gate(Holds(1), finding(id="CKV_X_1")))) == "broken"
    assert outcome(report(gate(Holds(1), finding(id="CKV_X_1", status="error")))) == "unproven"
    assert outcome(report(gate(Holds(1), finding(id="CKV_X_1", blocks=False)))) == "partial"


@pytest.mark.parametrize(
    ("status", "expected"),
    [("holds", "partial"), ("not_applicable", "partial"), ("broken", "broken"), ("unknown", "unproven")],
)
def test_live_evidence_can_only_take_away(status: Any, expected: str) -> None:
    row = LiveResult(guarantee="DB-2", status=status, evidence="server: tls = on", reason="")
    live = LiveDeployment(environment="prod", cloud="aws", guarantees=(row,))
    made = report(gate(), live=(live,))
    assert outcome(made) == expected
    assert any("was merged in" in sentence for sentence in limits(made))
    assert "server: tls = on" in page.html(made)
    assert outcome(report(gate(Broken((BAD,))), live=(live,))) in ("broken", "unproven")


def test_every_format_says_what_it_is_not_and_what_it_is_made_of() -> None:
    for name, content in written(report(gate(tools={"checkov": "3.3"}))).items():
        assert "not an attestation" in content, name
        assert "c0ffee" in content and "2026-01-02" in content, name
        assert "ab" * 32 in content and "cd" * 32 in content, name
        assert "checkov" in content, name


def test_the_same_report_has_the_same_bytes(real: Report) -> None:
    first = written(real)
    again = written(model.build(real.frameworks, real.results, SOURCE, lambda *_: "", ()))
    assert first == written(real)
    assert first.keys() == again.keys() and first != again, "another line of the environment is another report"


def test_files_are_written_over_those_of_before(tmp_path: Path) -> None:
    paths = write(report(gate()), tmp_path / "a" / "b")
    (tmp_path / "a" / "b" / "index.html").write_text("old")
    assert write(report(gate()), tmp_path / "a" / "b") == paths
    assert {path: path.read_text() for path in paths}[tmp_path / "a" / "b" / "index.html"].startswith("<!doctype html>")


def test_what_the_cluster_enforces_is_named_and_not_claimed() -> None:
    row = requirement(evidence={"K8S-8": "Network policies are enforced"})
    asked = [framework(row)]
    id = BY_ID["K8S-8"].in_cluster[0]
    missing = model.build(asked, [gate()], SOURCE, lambda *_: "")
    there = model.build(asked, [gate()], SOURCE, lambda *_: "", policies=[id])
    assert outcome(missing) == outcome(there) == "evidenced"
    for made, said in ((missing, "not there yet"), (there, "judged by the cluster itself")):
        files = written(made)
        for name in ("index.html", "evidence.csv", "oscal/component-definition.json"):
            assert id in files[name] and said in files[name], name
    assert as_json(there)["guarantees"]["K8S-8"]["in_cluster"] == {id: True}


# -- the page


def test_the_page_has_every_requirement_and_needs_nothing_from_elsewhere(real: Report) -> None:
    html = page.html(real)
    rows = sum(len(framework.requirements) for framework in real.frameworks)
    assert html.count('class="requirement"') == rows
    for tag in ("<link", "<img", "<iframe", "<object", "src=", "@import", "url("):
        assert tag not in html
    assert 'href="http' not in html
    assert html.count("<h1") == 1 and '<html lang="en">' in html and 'class="skip"' in html


def test_text_of_findings_is_text() -> None:
    html = page.html(report(gate(Holds(1), finding(sentence="<script>alert(1)</script>", construct='"><b>'))))
    assert "<script>alert" not in html and '"><b>' not in html
    assert "&lt;script&gt;alert(1)" in html


# -- the sheet


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_the_sheet_has_a_line_a_requirement_stack_and_guarantee(real: Report) -> None:
    rows = rows_of(sheet.requirements(real))
    head = next(number for number, row in enumerate(rows) if row and row[0] == "framework")
    body = rows[head + 1 :]
    assert {len(row) for row in body} == {len(sheet.REQUIREMENTS)}
    wanted = {
        (one.short, row.id, stack.cloud, id)
        for one in real.frameworks
        for row in one.requirements
        for stack in real.stacks
        for id in row.evidence or ("",)
    }
    named = dict(zip(sheet.REQUIREMENTS, zip(*body, strict=True), strict=True))
    found = zip(named["framework"], named["requirement"], named["cloud"], named["guarantee"], strict=True)
    assert sorted(found) == sorted(wanted)


def test_the_evidence_has_every_fact(real: Report) -> None:
    rows = rows_of(sheet.evidence(real))
    head = next(number for number, row in enumerate(rows) if row and row[0] == "guarantee")
    assert {len(row) for row in rows[head:]} == {len(sheet.EVIDENCE)}
    used = {row.id for row in real.guarantees}
    facts = [f for (id, _), one in real.evidence.items() if id in used for check in one.checks for f in check.facts]
    assert sum(row[3] == "before deployment" and bool(row[9]) for row in rows[head + 1 :]) == len(facts)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_spreadsheet_runs_nothing(start: str) -> None:
    made = report(gate(Broken((Read("database/server", f'{start}HYPERLINK("x")', False),))))
    cells = [cell for row in rows_of(sheet.evidence(made)) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert f'\'{start}HYPERLINK("x")' in cells


# -- OSCAL


def test_trestle_accepts_the_files(real: Report, tmp_path: Path) -> None:
    waived = replace(real.results[0], findings=(finding(id="CKV_X_1", status="waived", waiver=WAIVER, blocks=False),))
    made = model.build(real.frameworks, [waived, real.results[1]], SOURCE, lambda *_: "")
    write(made, tmp_path / "out")
    workspace = tmp_path / "workspace"
    workspace.mkdir()

    def trestle(*arguments: str) -> str:
        command = [str(Path(sys.executable).parent / "trestle"), *arguments]
        ended = subprocess.run(command, cwd=workspace, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout + ended.stderr

    trestle("init", "--local")
    files = sorted((tmp_path / "out" / "oscal").iterdir())
    assert [path.name for path in files] == [
        "component-definition.json", "hipaa.assessment-results.json", "soc2.assessment-results.json",
    ]  # fmt: skip
    for path in files:
        trestle("import", "-f", str(path), "-o", path.name.partition(".")[0])
    assert trestle("validate", "-a").count("VALID: ") == 3


def test_oscal_claims_satisfied_only_for_what_needs_no_person(real: Report) -> None:
    for one in real.frameworks:
        document = json.loads(written(real)[f"oscal/{one.name}.assessment-results.json"])["assessment-results"]
        uuids = _values(document, "uuid")
        assert len(uuids) == len(set(uuids))
        assert set(_values(document, "observation-uuid")) <= set(uuids)
        for stack, result in zip(real.stacks, document["results"], strict=True):
            inside = [row for row in one.requirements if row.answer != "outside"]
            assert len(result["findings"]) == len(inside)
            for row, found in zip(inside, result["findings"], strict=True):
                satisfied = found["target"]["status"]["state"] == "satisfied"
                assert satisfied == (real.answered(row, stack).outcome == "evidenced")
                assert satisfied <= (row.person is None)


def _values(value: Any, key: str) -> list[str]:
    if isinstance(value, dict):
        own = [value[key]] if key in value else []
        return own + [found for inner in value.values() for found in _values(inner, key)]
    return [found for inner in value for found in _values(inner, key)] if isinstance(value, list) else []
