"""Reports: from requirement to environment line, with their limits stated, and reproducible."""

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
from terrace.assurance.evaluation import Observation, Outcome, prepared, result_of
from terrace.assurance.frameworks import Framework, Requirement
from terrace.assurance.gate_result import Finding, GateResult, Waiver
from terrace.assurance.guarantees import BY_ID, TABLE
from terrace.assurance.output import csv_tables, html, oscal
from terrace.assurance.report import model
from terrace.assurance.report.build import files, write
from terrace.assurance.report.labels import limits
from terrace.assurance.report.live import LiveDeployment, LiveResult
from terrace.assurance.report.model import Report, Stack
from terrace.assurance.report.provenance import Provenance
from terrace.assurance.view import View
from terrace.capabilities.cloud import CloudException
from terrace.environment import load
from terrace.project.source_map import environment_line
from tests.assurance.conftest import Written
from tests.conftest import ROOT

PROD = Stack("prod", "aws")
SOURCE = Provenance(datetime(2026, 1, 2, tzinfo=UTC), "c0ffee", False, {"terrace": "1"}, {"policies/x.yaml": "ab" * 32})
CHECK = "aws.database.requires-tls"
GOOD, BAD = Observation("a/b", "size = 1", True), Observation("database/server", "rds.force_ssl = 0", False, "1")
HOLDS, BROKEN = Outcome(CHECK, "holds", (GOOD,)), Outcome(CHECK, "broken", (BAD,))
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


def gate(outcome: Outcome = HOLDS, *findings: Finding, **more: Any) -> GateResult:
    """A stack on which every guarantee holds but DB-2, whose outcome is given."""
    results = tuple(
        result_of(row, [outcome if row.id == "DB-2" else replace(HOLDS, id=f"{row.id} check")]) for row in TABLE
    )
    fields: dict[str, Any] = {"resources_in": 3, "resources_looked_at": 3, "inputs": {"stack": "cd" * 32}}
    return GateResult("prod", "aws", "prod", "stack", findings, results, **(fields | more))


def report(*results: GateResult, rows: tuple[Requirement, ...] = (), live: tuple[LiveDeployment, ...] = ()) -> Report:
    asked = rows or (requirement(evidence={"DB-2": "TLS guards it on its way"}, person="A written policy"),)
    return model.build([framework(*asked)], results, SOURCE, lambda *_: "environments/prod.yaml:27:1", live)


def as_json(made: Report) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(files(made)["report.json"])
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
        evaluated = tuple(parity.results(ROOT, cloud, "prod", text))
        count = len(addresses)
        results.append(
            GateResult(
                "prod", cloud, "prod", "stack", (), evaluated, count, count, (), {}, {"stack": "ef" * 32}, addresses
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
    outcome = next(outcome for outcome in real.evidence["DB-2", PROD].result.outcomes if outcome.id == CHECK)
    assert outcome.status == "holds"
    observation = outcome.observations[0]
    assert observation.fact == "rds.force_ssl = 1" and observation.ok
    assert observation.resource == "database/parameters"
    assert real.address(PROD, observation.resource).startswith("aws_db_parameter_group.database_parameters")
    file, line, _ = real.lines[PROD, observation.resource].split(":")
    assert (ROOT / file).read_text().splitlines()[int(line) - 1].startswith("database:")


def test_most_observations_have_an_address_and_a_line(real: Report) -> None:
    read = [(one.stack, seen.resource) for one in real.evidence.values() for seen in one.result.observations]
    assert len(read) > 1000
    assert sum(bool(real.address(*place)) for place in read) > 0.8 * len(read)
    assert sum(bool(real.lines[place]) for place in read) > 0.8 * len(read)


@pytest.mark.parametrize(
    ("of_check", "expected"),
    [
        (HOLDS, "partial"),
        (BROKEN, "broken"),
        (Outcome(CHECK, "unproven", reason="the check failed"), "unproven"),
        (Outcome(CHECK, "not_required", reason="dev only"), "not_required"),
    ],
)
def test_the_worst_guarantee_is_the_outcome_of_the_requirement(of_check: Outcome, expected: str) -> None:
    row = requirement(evidence={"DB-1": "It is private", "DB-2": "TLS guards it"}, person="A written policy")
    made = report(gate(of_check), rows=(row,))
    assert outcome(made) == expected
    assert made.passes is (expected in ("partial", "not_required"))


def test_a_requirement_that_needs_a_person_is_evidenced_in_part_at_best() -> None:
    evidence = {"DB-2": "TLS guards it on its way"}
    assert outcome(report(gate(), rows=(requirement(evidence=evidence),))) == "evidenced"
    assert outcome(report(gate(), rows=(requirement(evidence=evidence, person="A policy of yours"),))) == "partial"
    assert outcome(report(gate(), rows=(requirement(person="A policy of yours"),))) == "person"
    assert outcome(report(gate(), rows=(requirement(not_covered="It is not checked yet"),))) == "not_covered"
    assert outcome(report(gate(), rows=(requirement(outside="No platform has to do with it"),))) == "outside"


def test_the_kinds_of_evidence_are_those_available() -> None:
    asked = [framework(requirement(evidence={"DB-2": "TLS guards it on its way"}, person="A policy of yours"))]
    row = asked[0].requirements[0]
    both = model.build(asked, [gate()], SOURCE, lambda *_: "", readable={"aws": ["DB-2"]})
    assert both.kinds(row, PROD) == ("before_deployment", "live", "manual")
    before = model.build(asked, [gate()], SOURCE, lambda *_: "", readable={"azure": ["DB-2"]})
    assert before.kinds(row, PROD) == ("before_deployment", "manual")
    assert "Live: Not read for this report" in html.report(both) and "Live: Cannot be read live" in html.report(before)


def test_an_exception_of_the_cloud_is_shown() -> None:
    result = gate()
    lack = CloudException("DB-2", "The cloud has none", "A firewall surrounds it", "Its guide")
    results = tuple(
        result_of(one.guarantee, one.outcomes, lack if one.guarantee.id == "DB-2" else None) for one in result.results
    )
    made = report(replace(result, results=results))
    assert outcome(made) == "excepted"
    assert "A firewall surrounds it" in html.report(made)


@pytest.mark.parametrize(("live_status", "status"), [(None, "prepared"), ("prepared", "prepared"), ("holds", "holds")])
def test_what_a_stack_prepares_holds_once_the_cluster_shows_it(live_status: Any, status: str) -> None:
    results = tuple(prepared(one, "aws", "not asked") for one in gate().results)
    rows = (LiveResult(guarantee="K8S-6", status=live_status, evidence=""),) if live_status else ()
    read = LiveDeployment(environment="prod", cloud="aws", guarantees=rows)
    made = report(replace(gate(), results=results), live=(read,))
    assert made.evidence["K8S-6", PROD].status == status and made.passes


def test_a_stack_without_results_is_unproven() -> None:
    error = finding(
        id="gate.synthesis-failed", status="unproven", guarantee="", sentence="the stack does not synthesize: no Node"
    )
    made = report(replace(gate(), results=(), findings=(error,)))
    assert outcome(made) == "unproven" and not made.passes
    assert made.evidence["DB-2", PROD].reason == "the stack does not synthesize: no Node"


def test_a_waived_finding_of_the_guarantees_own_check_is_waived_and_stays_visible() -> None:
    waived = finding(status="waived", waiver=WAIVER, blocks=False)
    made = report(gate(BROKEN, waived))
    assert outcome(made) == "waived" and made.passes
    for name, content in files(made).items():
        if name not in ("index.html", "report.json", "evidence.csv", "oscal/test.assessment-results.json"):
            continue
        assert "It moves next week." in content, name


def test_one_finding_that_is_not_waived_is_enough() -> None:
    waived = finding(status="waived", waiver=WAIVER, blocks=False)
    made = report(gate(BROKEN, waived, finding(construct="database/replica")))
    assert outcome(made) == "broken" and not made.passes


def test_another_checks_waived_finding_is_counted_and_does_not_decide() -> None:
    made = report(gate(HOLDS, finding(id="CKV_X_1", status="waived", waiver=WAIVER, blocks=False)))
    answered = made.answered(made.frameworks[0].requirements[0], PROD)
    assert (answered.outcome, answered.waived) == ("partial", 1)


def test_another_checks_finding_breaks_a_guarantee_when_it_blocks() -> None:
    assert outcome(report(gate(HOLDS, finding(id="CKV_X_1")))) == "broken"
    assert outcome(report(gate(HOLDS, finding(id="CKV_X_1", status="unproven")))) == "unproven"
    assert outcome(report(gate(HOLDS, finding(id="CKV_X_1", blocks=False)))) == "partial"


@pytest.mark.parametrize(
    ("status", "expected"),
    [("holds", "partial"), ("not_required", "partial"), ("broken", "broken"), ("unproven", "unproven")],
)
def test_live_evidence_never_improves_an_outcome(status: Any, expected: str) -> None:
    row = LiveResult(guarantee="DB-2", status=status, evidence="server: tls = on", reason="")
    live = LiveDeployment(environment="prod", cloud="aws", guarantees=(row,))
    made = report(gate(), live=(live,))
    assert outcome(made) == expected
    assert any("was merged in" in sentence for sentence in limits(made))
    assert "server: tls = on" in html.report(made)
    assert outcome(report(gate(BROKEN), live=(live,))) in ("broken", "unproven")


def test_every_format_states_its_limits_and_inputs() -> None:
    for name, content in files(report(gate(tools={"checkov": "3.3"}))).items():
        if name.endswith(".csv") and name != "about.csv":
            continue  # tables have their header in line 1; about.csv is beside them
        assert "not an attestation" in content, name
        assert "c0ffee" in content and "2026-01-02" in content, name
        assert "ab" * 32 in content and "cd" * 32 in content, name
        assert "checkov" in content, name


def test_the_same_report_has_the_same_bytes(real: Report) -> None:
    first = files(real)
    again = files(model.build(real.frameworks, real.results, SOURCE, lambda *_: "", ()))
    assert first == files(real)
    assert first.keys() == again.keys() and first != again, "another line of the environment is another report"


def test_files_replace_those_of_an_earlier_report(tmp_path: Path) -> None:
    paths = write(report(gate()), tmp_path / "a" / "b")
    (tmp_path / "a" / "b" / "index.html").write_text("old")
    assert write(report(gate()), tmp_path / "a" / "b") == paths
    assert {path: path.read_text() for path in paths}[tmp_path / "a" / "b" / "index.html"].startswith("<!doctype html>")


def test_in_cluster_policies_are_named_and_not_counted_as_evidence() -> None:
    row = requirement(evidence={"K8S-8": "Network policies are enforced"})
    asked = [framework(row)]
    id = BY_ID["K8S-8"].in_cluster[0]
    absent = model.build(asked, [gate()], SOURCE, lambda *_: "")
    present = model.build(asked, [gate()], SOURCE, lambda *_: "", policies=[id])
    assert outcome(absent) == outcome(present) == "evidenced"
    for made, words in ((absent, "not present yet"), (present, "enforced by the cluster itself")):
        contents = files(made)
        for name in ("index.html", "evidence.csv", "oscal/component-definition.json"):
            assert id in contents[name] and words in contents[name], name
    assert as_json(present)["guarantees"]["K8S-8"]["in_cluster"] == {id: True}


# -- the page


def test_the_page_has_every_requirement_and_no_external_resources(real: Report) -> None:
    page = html.report(real)
    rows = sum(len(framework.requirements) for framework in real.frameworks)
    assert page.count('class="requirement"') == rows
    for tag in ("<link", "<img", "<iframe", "<object", "src=", "@import", "url("):
        assert tag not in page
    assert 'href="http' not in page
    assert page.count("<h1") == 1 and '<html lang="en">' in page and 'class="skip"' in page


def test_the_page_escapes_the_text_of_findings() -> None:
    page = html.report(report(gate(HOLDS, finding(sentence="<script>alert(1)</script>", construct='"><b>'))))
    assert "<script>alert" not in page and '"><b>' not in page
    assert "&lt;script&gt;alert(1)" in page


# -- CSV


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_the_csv_has_a_row_a_requirement_stack_and_guarantee(real: Report) -> None:
    rows = rows_of(csv_tables.requirements(real))
    assert tuple(rows[0]) == csv_tables.REQUIREMENTS
    body = rows[1:]
    assert {len(row) for row in body} == {len(csv_tables.REQUIREMENTS)}
    expected = {
        (one.short, row.id, stack.cloud, id)
        for one in real.frameworks
        for row in one.requirements
        for stack in real.stacks
        for id in row.evidence or ("",)
    }
    named = dict(zip(csv_tables.REQUIREMENTS, zip(*body, strict=True), strict=True))
    found = zip(named["framework"], named["requirement"], named["cloud"], named["guarantee"], strict=True)
    assert sorted(found) == sorted(expected)


def test_the_evidence_csv_has_every_observation(real: Report) -> None:
    rows = rows_of(csv_tables.evidence(real))
    assert tuple(rows[0]) == csv_tables.EVIDENCE
    assert {len(row) for row in rows} == {len(csv_tables.EVIDENCE)}
    used = {row.id for row in real.guarantees}
    observations = [o for (id, _), one in real.evidence.items() if id in used for o in one.result.observations]
    assert sum(row[3] == "before deployment" and bool(row[9]) for row in rows[1:]) == len(observations)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(start: str) -> None:
    made = report(
        gate(replace(BROKEN, observations=(Observation("database/server", f'{start}HYPERLINK("x")', False),)))
    )
    cells = [cell for row in rows_of(csv_tables.evidence(made)) for cell in row]
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


def test_oscal_assesses_the_configuration_and_nothing_else(real: Report) -> None:
    """What only a person answers is no finding, since importers would show it as failed."""
    for one in real.frameworks:
        document = json.loads(files(real)[f"oscal/{one.name}.assessment-results.json"])["assessment-results"]
        uuids = _values(document, "uuid")
        assert len(uuids) == len(set(uuids))
        assert set(_values(document, "observation-uuid")) <= set(uuids)
        for stack, result in zip(real.stacks, document["results"], strict=True):
            tool = next(
                part["uuid"] for part in result["local-definitions"]["components"] if part["type"] == "software"
            )
            assert set(_values(result, "actor-uuid")) == {tool}
            rows = {oscal.control_id(one, row): row for row in one.requirements}
            assessed = {found["target"]["target-id"].removesuffix("_configuration") for found in result["findings"]}
            manual = ("person", "not_covered", "not_required", "outside")
            assert assessed == {id for id, row in rows.items() if real.answered(row, stack).outcome not in manual}
            for found in result["findings"]:
                row = rows[found["target"]["target-id"].removesuffix("_configuration")]
                satisfied = found["target"]["status"]["state"] == "satisfied"
                assert satisfied == (real.answered(row, stack).outcome in ("evidenced", "partial"))


def _values(value: Any, key: str) -> list[str]:
    if isinstance(value, dict):
        own = [value[key]] if key in value else []
        return own + [found for inner in value.values() for found in _values(inner, key)]
    return [found for inner in value for found in _values(inner, key)] if isinstance(value, list) else []
