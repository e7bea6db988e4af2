"""`terrace verify` against an emulated AWS, and how it prints results."""

import json
import os
import re
from pathlib import Path

import boto3
import pytest

from terrace.assurance.evaluation import Observation, Outcome, Result, Status
from terrace.assurance.guarantees import BY_ID
from terrace.cli.verify import as_data, summary, text
from terrace.emulator import Emulator
from tests.cli.conftest import Command

REGION = "eu-central-1"


def result(guarantee: str, status: Status, reason: str = "") -> Result:
    outcome = Outcome("live.aws.check", "holds", (Observation("server", "public = false", True),))
    return Result(BY_ID[guarantee], status, reason, (outcome,))


def detect_threats(aws: Emulator, status: str) -> None:
    """Enable threat detection with the features that dev requires, or with them disabled."""
    client = boto3.client(
        "guardduty",
        region_name=REGION,
        endpoint_url=f"http://127.0.0.1:{aws.backend_port}",
        aws_access_key_id="emulated",
        aws_secret_access_key="emulated",
    )
    features = [{"Name": name, "Status": status} for name in ("S3_DATA_EVENTS", "EKS_AUDIT_LOGS", "RDS_LOGIN_EVENTS")]
    for detector in client.list_detectors()["DetectorIds"]:
        client.delete_detector(DetectorId=detector)
    client.create_detector(Enable=True, Features=features)


@pytest.fixture
def variables(aws: Emulator) -> dict[str, str]:
    """The variables that point a child process to the emulator."""
    return aws.environment()


def test_guarantees_that_hold_exit_with_0(terrace: Command, aws: Emulator, variables: dict[str, str]) -> None:
    detect_threats(aws, "ENABLED")
    run = terrace.run("verify", "dev", "--only", "AUD-2", **variables)
    assert run.returncode == 0, run.stderr
    sentence = BY_ID["AUD-2"].sentence
    assert re.search(rf"^audit\n  AUD-2 +holds +{sentence}\n +GuardDuty in", run.stdout, re.M)
    assert run.stdout.endswith("dev on aws: 1 of 1 guarantees hold\n")


def test_a_broken_guarantee_exits_with_1_and_prints_the_observations(
    terrace: Command, aws: Emulator, variables: dict[str, str]
) -> None:
    detect_threats(aws, "DISABLED")
    run = terrace.run("verify", "dev", "--only", "aud-2,DB-1", "--only", "NET-7", **variables)
    assert run.returncode == 1, run.stderr
    assert "AUD-2    BROKEN" in run.stdout
    assert "lacks [EKS_AUDIT_LOGS, RDS_LOGIN_EVENTS, S3_DATA_EVENTS]" in run.stdout
    assert re.search(r"DB-1 +BROKEN .*\n +missing: rds:describe_db_instances: DBInstance dpf-dev not found", run.stdout)
    assert re.search(r"NET-7 +not required .*\n +.*network.hybrid", run.stdout)
    assert run.stdout.endswith("dev on aws: 0 of 3 guarantees hold, 2 broken, 1 not required\n")


def test_json_contains_the_evidence_of_each_guarantee(
    terrace: Command, aws: Emulator, variables: dict[str, str]
) -> None:
    detect_threats(aws, "ENABLED")
    run = terrace.run("verify", "dev", "--json", "--only", "AUD-2", **variables)
    assert run.returncode == 0, run.stderr
    data = json.loads(run.stdout)
    assert (data["environment"], data["cloud"], data["passed"]) == ("dev", "aws", True)
    (found,) = data["guarantees"]
    assert (found["guarantee"], found["status"], found["capability"]) == ("AUD-2", "holds", "audit")
    assert "Status = ENABLED" in found["evidence"]


def test_scans_of_a_cluster_that_is_not_known_are_not_read(
    terrace: Command, aws: Emulator, variables: dict[str, str]
) -> None:
    data = json.loads(terrace.run("verify", "dev", "--json", **variables).stdout)
    assert data["scans"]["status"] == "unread" and data["scans"]["modules"] == []
    assert "the cluster of dev on aws is not known: its foundation has no outputs" in data["scans"]["reason"]
    only = json.loads(terrace.run("verify", "dev", "--json", "--only", "AUD-2", **variables).stdout)
    assert "scans" not in only
    printed = terrace.run("verify", "dev", **variables).stdout
    assert re.search(r"^scans in the cluster\n  not read: the cluster of dev on aws is not known", printed, re.M)


def test_an_unknown_id_is_a_usage_error(terrace: Command) -> None:
    run = terrace.run("verify", "dev", "--only", "DB-99")
    assert run.returncode == 2
    assert "invalid guarantee id 'DB-99'; expected e.g. DB-2" in run.stderr


def test_missing_credentials_come_with_a_hint(terrace: Command) -> None:
    run = terrace.run(
        "verify",
        "dev",
        AWS_EC2_METADATA_DISABLED="true",
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    )
    assert run.returncode == 3
    assert "no AWS credentials" in run.stderr
    assert "aws sso login" in run.stderr
    assert "Traceback" not in run.stderr


def test_missing_credentials_of_another_cloud_come_with_its_hint(terrace: Command, tmp_path: Path) -> None:
    run = terrace.run("verify", "dev", "--cloud", "gcp", CLOUDSDK_CONFIG=str(tmp_path), NO_GCE_CHECK="true")
    assert run.returncode == 3
    assert "no Google Cloud credentials" in run.stderr
    assert "gcloud auth application-default login" in run.stderr
    assert "Traceback" not in run.stderr


def test_results_are_grouped_by_capability_with_one_reason_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    results = [
        result("DB-1", "holds"),
        result("DB-2", "broken", reason="group: force_ssl = 0, expected 1; group: oldest = unset, expected TLSv1.2"),
        result("KEY-1", "unproven", "not allowed"),
    ]
    assert text(results).splitlines() == [
        "database",
        f"  DB-1     holds         {BY_ID['DB-1'].sentence}",
        "           server: public = false",
        f"  DB-2     BROKEN        {BY_ID['DB-2'].sentence}",
        "           group: force_ssl = 0, expected 1",
        "           group: oldest = unset, expected TLSv1.2",
        "",
        "keys",
        f"  KEY-1    UNPROVEN      {BY_ID['KEY-1'].sentence}",
        "           not allowed",
    ]


@pytest.mark.parametrize(
    ("statuses", "words", "passed"),
    [
        (["holds", "not_required"], "1 of 2 guarantees hold, 1 not required", True),
        (["holds", "excepted", "not_required"], "1 of 3 guarantees hold, 1 excepted, 1 not required", True),
        (["holds", "unproven"], "1 of 2 guarantees hold, 1 unproven", False),
        (["broken", "holds"], "1 of 2 guarantees hold, 1 broken", False),
        ([], "0 of 0 guarantees hold", False),
    ],
)
def test_an_unproven_guarantee_does_not_pass(statuses: list[Status], words: str, passed: bool) -> None:
    results = [result(f"DB-{number}", status) for number, status in enumerate(statuses, start=1)]
    assert summary(results) == words
    assert as_data("dev", "aws", results)["passed"] is passed
