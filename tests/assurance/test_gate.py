"""The gate: the nine stacks pass, no mutant passes, and an input that cannot be checked never passes."""

import csv
import io
import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from terrace.assurance import aliases, checks, evaluation, gate, severities, waivers
from terrace.assurance.checks import Subject
from terrace.assurance.evaluation import Check
from terrace.assurance.gate_result import GateResult, Waiver
from terrace.assurance.output import GATE, github
from terrace.assurance.stack_evaluation import StackEvaluation
from terrace.assurance.view import View
from terrace.capabilities.cloud import CLOUDS
from terrace.environment import Loaded, load, target
from terrace.project.discovery import Project
from terrace.project.synthesis import synthesize
from tests.assurance import mutants as mutant_stacks
from tests.assurance import sarif
from tests.assurance.conftest import Written
from tests.assurance.mutants import Mutant
from tests.assurance.mutants.run import mutants
from tests.assurance.mutants.together import missed
from tests.conftest import ROOT

ENVIRONMENTS = ("dev", "staging", "prod")
STACKS = [(cloud, environment) for cloud in CLOUDS for environment in ENVIRONMENTS]


@lru_cache
def rules() -> gate.Policies:
    """Our policies: those of the kit, whose waivers do not depend on the calendar."""
    return gate.policies(ROOT)


def waiver(id: str = "CKV_AWS_17", resource: str = "database/server", **changes: Any) -> Waiver:
    """A waiver of a project, until today."""
    kit = rules().waivers[0]
    own = replace(kit, id=id, resource=resource, tiers=(), expires=rules().today, line="policies/waivers.yaml:3:5")
    return replace(own, **changes)


@lru_cache
def environment(name: str, cloud: str) -> Loaded:
    return load(name, project=ROOT, cloud=cloud)


@pytest.fixture(scope="session")
def evaluated(written: Written) -> Callable[[str, str], GateResult]:
    """(cloud, environment) to the gate's result of its stack, once a session."""
    known: dict[tuple[str, str], GateResult] = {}

    def of(cloud: str, name: str) -> GateResult:
        if (cloud, name) not in known:
            known[cloud, name] = gate.evaluate(environment(name, cloud), written(cloud, name), rules())
        return known[cloud, name]

    return of


Evaluate = Callable[[str, str], GateResult]


@pytest.mark.parametrize("cloud, name", STACKS)
def test_the_nine_stacks_pass_and_every_resource_is_checked(evaluated: Evaluate, cloud: str, name: str) -> None:
    result = evaluated(cloud, name)
    assert [str(finding) for finding in result.blocking] == []
    assert result.passes
    assert result.resources_in == result.resources_looked_at > 300
    assert {one.status for one in result.results} <= {"holds", "prepared", "excepted", "not_required"}
    assert len(result.checks) > 100
    assert not [finding for finding in result.findings if finding.status == "unproven"]


@pytest.mark.parametrize("cloud, name", [one for one in STACKS if one[1] != "dev"])
def test_nothing_high_is_unwaived_outside_dev(evaluated: Evaluate, cloud: str, name: str) -> None:
    result = evaluated(cloud, name)
    unwaived = [one for one in result.findings if one.severity in ("high", "critical") and one.status != "waived"]
    assert unwaived == []
    for finding in result.findings:
        if finding.status == "waived":
            assert finding.waiver is not None
            assert len(finding.waiver.reason) > 20
            assert (
                finding.waiver.expires is None or finding.waiver.expires >= rules().today
            )  # None: a waiver of the kit


@pytest.mark.parametrize("cloud, name", STACKS)
def test_every_finding_has_location_rationale_and_remediation(evaluated: Evaluate, cloud: str, name: str) -> None:
    for finding in evaluated(cloud, name).findings:
        assert finding.sentence and finding.rationale and finding.remediation, finding
        assert finding.resource and finding.construct, finding
        if finding.line:
            file, line, _ = finding.line.rsplit(":", 2)
            assert int(line) <= len((ROOT / file).read_text().splitlines())
    with_line = [one for one in evaluated(cloud, name).findings if one.line]
    assert len(with_line) * 2 > len(evaluated(cloud, name).findings)


def test_a_finding_leads_to_the_line_of_its_setting(evaluated: Evaluate) -> None:
    (finding,) = [one for one in evaluated("aws", "dev").findings if one.id == "CKV_AWS_293"]
    file, line, _ = finding.line.rsplit(":", 2)
    assert (ROOT / file).read_text().splitlines()[int(line) - 1].strip() == "deletion_protection: false"
    assert (finding.construct, finding.capability, finding.guarantee) == ("database/server", "database", "DB-6")


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_mutant_is_caught_and_breaks_no_more_and_every_check_is_broken(written: Written, cloud: str) -> None:
    """Each mutant blocks under the guarantees that it breaks, and each finding names a resource and a construct. Many
    mutants are in one stack, where one may break what another one names; test_mutants.py has each alone.
    """
    bare, passed, unnamed, broken = replace(rules(), waivers=()), [], [], set()
    for name in mutant_stacks.ENVIRONMENTS:
        loaded, text = environment(name, cloud), written(cloud, name)

        def miss(group: list[Mutant], document: dict[str, Any], loaded: Loaded = loaded) -> list[Mutant]:
            view = View(document)
            results = checks.evaluate(Subject(view, loaded.environment, target(loaded.environment)))
            result = gate.result_of(loaded, bare, StackEvaluation(results=results, view=view), {}, "stack")
            unnamed.extend(str(one) for one in result.blocking if not (one.resource and one.construct))
            broken.update(outcome.id for one in results for outcome in one.outcomes if outcome.status == "broken")
            failing = {one.guarantee.id for one in results if not one.passes}
            if failing - {id for mutant in group for id in mutant.breaks}:
                return group
            blocking = {one.guarantee for one in result.blocking}
            return [mutant for mutant in group if not set(mutant.breaks) <= blocking]

        own = [one for one in mutants(cloud) if one.environments[0] == name]
        passed += [str(mutant) for mutant in missed(own, text, miss)]
    assert passed == []
    assert unnamed == []
    elsewhere = {id for id in checks.of_cloud(cloud) if id.startswith(f"{cloud}.streams.")}  # test_streams.py
    assert set(checks.of_cloud(cloud)) - broken == elsewhere


def test_dev_warns_where_prod_fails(written: Written) -> None:
    bare = replace(rules(), waivers=())
    by_tier = {}
    for name in ("dev", "prod"):
        result = gate.evaluate(environment(name, "aws"), written("aws", name), bare)
        (by_tier[name],) = [one.blocks for one in result.findings if one.id == "CKV_AWS_24"]
    assert by_tier == {"dev": False, "prod": True}


def test_a_broken_guarantee_fails_in_dev_too(written: Written) -> None:
    document = json.loads(written("aws", "dev"))
    for body in document["resource"]["aws_db_instance"].values():
        body["publicly_accessible"] = True
    result = gate.evaluate(environment("dev", "aws"), json.dumps(document), rules())
    assert not result.passes
    (finding,) = result.blocking
    assert (finding.guarantee, finding.checks) == ("DB-1", ("aws.database.private", "CKV_AWS_17"))
    assert finding.line.startswith("environments/")


def test_one_fault_is_one_finding(written: Written) -> None:
    """A route to the internet in the table of three subnets, and two attributes of one rule of checkov's."""
    document = json.loads(written("aws", "prod"))
    of = document["resource"]
    (table,) = [
        name for name, one in of["aws_route_table"].items() if one["//"]["metadata"]["path"].endswith("data-table")
    ]
    (gateway,) = of["aws_internet_gateway"]
    of["aws_route"]["out"] = {
        "//": {"metadata": {"path": "prod/network/out"}},
        "route_table_id": f"${{aws_route_table.{table}.id}}",
        "destination_cidr_block": "0.0.0.0/0",
        "gateway_id": f"${{aws_internet_gateway.{gateway}.id}}",
    }
    policy = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
    of["aws_iam_policy"]["all"] = {"//": {"metadata": {"path": "prod/identity/all"}}, "name": "all", "policy": policy}
    result = gate.evaluate(environment("prod", "aws"), json.dumps(document), rules())
    found = [one for one in result.blocking if one.resource == "aws_route.out"]
    # one for each guarantee that the route breaks: how nodes reach the internet, and which paths exist
    by_guarantee = {one.guarantee: one for one in found}
    assert {(one.id, one.construct) for one in found} == {
        ("aws.network.egress-by-nat", "network/out"),
        ("aws.network.declared-only", "network/out"),
    }
    for subnet in ("network/data-a", "network/data-b", "network/data-c"):
        assert subnet in by_guarantee["NET-2"].sentence
    # and the finding whose waiver relies on NET-4, which the route breaks
    others = {one.construct for one in result.blocking} - {"network/out", "identity/all"}
    assert others == {"network/openings/pods-to-pods-in"}
    of_policy = [one for one in result.blocking if one.resource == "aws_iam_policy.all"]
    assert len(of_policy) < sum(len(one.checks) for one in of_policy)


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
def test_a_stack_that_cannot_be_read_does_not_pass(written_as: str, kind: str) -> None:
    result = gate.evaluate(environment("dev", "aws"), written_as, rules())
    assert [one.id for one in result.findings] == [f"gate.{kind}"]
    assert not result.passes


def test_a_resource_type_without_a_check_does_not_pass(written: Written) -> None:
    document = json.loads(written("aws", "dev"))
    document["resource"]["aws_quantum_link"] = {"q": {"//": {"metadata": {"path": "dev/network/q"}}, "open": True}}
    result = gate.evaluate(environment("dev", "aws"), json.dumps(document), rules())
    found = {(finding.id, finding.resource) for finding in result.blocking}
    assert ("gate.unchecked-type", "aws_quantum_link.q") in found
    assert {resource for _, resource in found} == {"aws_quantum_link.q"}
    assert result.resources_looked_at == result.resources_in - 1


@pytest.fixture
def bad_check(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Any], None]]:
    """Replace the function of one of our checks."""
    checks.of_cloud("aws")

    def put(function: Any) -> None:
        id = "aws.database.requires-tls"
        monkeypatch.setitem(evaluation._CHECKS, id, Check(id, "DB-2", function))

    yield put


def test_a_check_that_raises_does_not_pass(written: Written, bad_check: Callable[[Any], None]) -> None:
    def raises(subject: Subject) -> Iterator[Any]:
        raise KeyError("no such thing")

    bad_check(raises)
    result = gate.evaluate(environment("dev", "aws"), written("aws", "dev"), rules())
    (finding,) = result.blocking
    assert (finding.id, finding.status, finding.guarantee) == ("aws.database.requires-tls", "unproven", "DB-2")
    assert "KeyError" in finding.sentence


def test_a_check_that_times_out_does_not_pass(written: Written, bad_check: Callable[[Any], None]) -> None:
    def hangs(subject: Subject) -> Iterator[Any]:
        while True:
            pass

    bad_check(hangs)
    result = gate.evaluate(environment("dev", "aws"), written("aws", "dev"), rules(), seconds=2)
    assert "aws.database.requires-tls" in {one.id for one in result.blocking}
    assert any("timed out after 2 s" in one.sentence for one in result.blocking)


@pytest.fixture(scope="session")
def results(evaluated: Evaluate) -> list[GateResult]:
    """A stack with waived findings, and one that blocks."""
    empty = gate.evaluate(environment("dev", "gcp"), "{}", rules())
    return [evaluated("aws", "prod"), empty]


def test_every_output_contains_waived_findings(results: list[GateResult]) -> None:
    waived = [one for one in results[0].findings if one.status == "waived"]
    assert waived
    for name, output in GATE.items():
        for finding in waived:
            assert finding.id in output(results), name
    assert "until a version of the kit" in GATE["table"](results)


def test_json_and_csv_contain_every_finding(results: list[GateResult]) -> None:
    count = sum(len(result.findings) for result in results)
    data = json.loads(GATE["json"](results))
    assert not data["passed"]
    assert sum(len(stack["findings"]) for stack in data["stacks"]) == count
    assert data["stacks"][0]["tools"]["checkov"] and data["stacks"][0]["inputs"]["policies/waivers.yaml"]
    rows = list(csv.DictReader(io.StringIO(GATE["csv"](results))))
    assert len(rows) == count
    assert {row["waived_because"] != "" for row in rows if row["status"] == "waived"} == {True}


def test_junit_counts_what_blocks(results: list[GateResult]) -> None:
    root = ElementTree.fromstring(GATE["junit"](results))
    first, second = root.findall("testsuite")
    assert (first.get("failures"), first.get("errors"), second.get("errors")) == ("0", "0", "1")
    assert int(first.get("tests", "0")) >= len(results[0].checks)


def test_annotations_open_the_environment(results: list[GateResult]) -> None:
    lines = GATE["github"](results).splitlines()
    assert any(line.startswith("::warning file=environments/") for line in lines)
    assert any(line.startswith("::error title=gate.empty-stack") for line in lines)
    assert github._escaped("50%, a:b\n", ",:") == "50%25%2C a%3Ab%0A"


def test_the_page_has_no_external_resources(results: list[GateResult]) -> None:
    page = GATE["html"](results)
    assert "http" not in page.replace("http_put", "") or "src=" not in page
    assert page.count("<tr class=") == sum(len(result.findings) for result in results)


def test_sarif_is_valid(results: list[GateResult]) -> None:
    log = json.loads(GATE["sarif"](results))
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
    assert len(suppressed) == results[0].count("waived")
    assert log["runs"][1]["invocations"][0]["executionSuccessful"] is False


def test_the_table_shows_blocking_findings_in_full(results: list[GateResult]) -> None:
    text = GATE["table"](results)
    assert "prod on aws: passes" in text
    assert "dev on gcp: does not pass (1 blocking)" in text
    assert "✗ critical gate.empty-stack  the stack has no resources" in text
    assert "        remediation: " in text


def test_an_expired_waiver_blocks_and_no_longer_applies(written: Written, evaluated: Evaluate) -> None:
    """The waived findings block again, and the expired waiver is a finding."""
    today = rules().today
    assert today is not None
    dated = tuple(replace(one, expires=today) for one in rules().waivers)
    later = replace(rules(), waivers=dated, today=today + timedelta(days=1))
    result = gate.evaluate(environment("prod", "azure"), written("azure", "prod"), later)
    ids = {one.id for one in result.blocking}
    assert ids == {"gate.expired-waiver", "CKV_AZURE_59", "CKV2_AZURE_40"}
    (line,) = {one.line for one in result.blocking if one.id == "gate.expired-waiver"}
    assert line.startswith("terrace/policies/kit-waivers.yaml:")
    without_end = replace(later, today=None)
    assert gate.evaluate(environment("prod", "azure"), written("azure", "prod"), without_end).passes


def test_a_waiver_that_matches_no_finding_blocks(written: Written) -> None:
    extra = waiver(environments=("dev",), clouds=("azure",))
    result = gate.evaluate(environment("dev", "azure"), written("azure", "dev"), replace(rules(), waivers=(extra,)))
    assert [one.id for one in result.blocking] == ["gate.unused-waiver"]


def test_an_unproven_guarantee_cannot_be_waived(written: Written, bad_check: Callable[[Any], None]) -> None:
    def raises(subject: Subject) -> Iterator[Any]:
        raise KeyError("no such thing")

    bad_check(raises)
    own = waiver("DB-2", environments=("dev",), clouds=("aws",))
    result = gate.evaluate(environment("dev", "aws"), written("aws", "dev"), replace(rules(), waivers=(own,)))
    assert {one.id for one in result.blocking} == {"aws.database.requires-tls", "gate.unused-waiver"}


def test_a_waiver_that_names_an_old_id_still_applies(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(aliases.IDS, "aws.database.old-name", "CKV_AWS_24")  # type: ignore[index]
    kit = next(one for one in rules().waivers if one.id == "CKV_AWS_24")
    policies = replace(rules(), waivers=(replace(kit, id="aws.database.old-name", tiers=(), environments=("dev",)),))
    result = gate.evaluate(environment("dev", "aws"), written("aws", "dev"), policies)
    assert [one.id for one in result.findings if one.status == "waived"] == ["CKV_AWS_24"]
    assert "gate.unused-waiver" not in {one.id for one in result.findings}


def test_old_keys_and_ids_in_policies_work_with_a_deprecation_notice(tmp_path: Path) -> None:
    severity = (ROOT / "policies" / severities.FILE).read_text()
    for new, old in {"rationale:": "why:", "remediation:": "mend:", "check-error:": "crashed-check:"}.items():
        severity = severity.replace(new, old)
    kit = (ROOT / "policies" / waivers.KIT_FILE).read_text()
    own = kit.replace("tiers: [", f"expires: {rules().today}\n    environments: [")
    first = re.findall(r"- id: .+", own)[0]
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / severities.FILE).write_text(severity)
    (tmp_path / "policies" / waivers.FILE).write_text(own.replace(first, "- id: gate.no-stack", 1))
    for folder in ("environments", "modules"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    policies = gate.policies(tmp_path, today=rules().today)
    assert policies.severities.of("gate.check-error").rationale == rules().severities.of("gate.check-error").rationale
    assert list(policies.notices[:3]) == [
        "policies/severity.yaml: `why` is deprecated; use `rationale`",
        "policies/severity.yaml: `mend` is deprecated; use `remediation`",
        "policies/severity.yaml: gate.crashed-check is deprecated; use gate.check-error",
    ]
    assert policies.notices[3].endswith("gate.no-stack is deprecated; use gate.synthesis-failed")
    assert rules().notices == ()


@pytest.mark.parametrize("cloud", CLOUDS)
def test_an_environment_in_the_account_of_another_one_passes(cloud: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "environments", tmp_path / "environments")
    for folder in ("modules", "policies", "stacks", "cdktf.json"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    with (tmp_path / "environments" / "dev.yaml").open("a") as file:
        file.write(f"{cloud}: {{owns_account: false}}\n")
    loaded = load("dev", project=tmp_path, cloud=cloud)
    assert target(loaded.environment).settings.owns_account is False
    project = Project(tmp_path)
    synthesize(project, "dev", cloud=cloud, state="local")
    stack = (project.stack("dev") / "cdk.tf.json").read_text()
    assert [finding.sentence for finding in gate.evaluate(loaded, stack, rules()).blocking] == []
