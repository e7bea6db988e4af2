"""trivy on the real plans of dev and prod on the three clouds."""

from pathlib import Path

from tests.conformance.conftest import PROVIDERS, Conformance
from tests.scanners.accepted import ENVIRONMENTS, accepted, compare, installed
from tests.scanners.trivy import references_only, scan


def test_every_high_or_critical_finding_is_accepted(conformance: Conformance, tmp_path: Path) -> None:
    trivy = installed("trivy")
    findings = []
    for cloud in PROVIDERS:
        for environment in ENVIRONMENTS:
            plan = conformance.evaluated(cloud, environment).plan
            findings += scan(trivy, plan, environment, tmp_path / cloud / environment)
    assert compare(findings, accepted("trivy")) == []


def test_an_expression_keeps_its_references_or_its_constant() -> None:
    key = {"constant_value": "${aws_kms_key.a.arn}", "references": ["aws_kms_key.a.arn", "aws_kms_key.a"]}
    written = {"resources": [{"expressions": {"name": {"constant_value": "a"}, "key": [{"arn": key}]}}]}
    assert references_only(written) == {
        "resources": [
            {"expressions": {"name": {"constant_value": "a"}, "key": [{"arn": {"references": key["references"]}}]}}
        ]
    }
