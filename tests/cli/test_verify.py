"""`terrace verify`, as people run it against an emulated AWS, and how it tells what it found."""

import json
import os
import re
from pathlib import Path

import boto3
import pytest

from terrace.assurance.evaluation import Observation, Outcome, Result
from terrace.assurance.guarantees import Guarantee
from terrace.cli.verify import as_data, summary, text
from terrace.emulator import Emulator
from tests.cli.conftest import Command

REGION = "eu-central-1"


def result(guarantee: str, status: str, capability: str = "database", reason: str = "") -> Result:
    row = Guarantee.model_construct(id=guarantee, capability=capability, sentence=f"Sentence of {guarantee}")
    outcome = Outcome("example", "holds", (Observation("server", "public = false", True),))
    return Result(row, status, reason, (outcome,))  # type: ignore[arg-type]


def watch(aws: Emulator, status: str) -> None:
    """Threat detection, as dev has it or without one of its features."""
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
def reached(aws: Emulator) -> dict[str, str]:
    """The variables by which a child process reaches the emulator."""
    return aws.environment()


def test_exit_code_0_when_everything_holds(terrace: Command, aws: Emulator, reached: dict[str, str]) -> None:
    watch(aws, "ENABLED")
    run = terrace.run("verify", "dev", "--only", "AUD-2", **reached)
    assert run.returncode == 0, run.stderr
    assert re.search(r"^audit\n  AUD-2 +holds +The cloud's threat detection is on\n +GuardDuty in", run.stdout, re.M)
    assert run.stdout.endswith("dev on aws: 1 of 1 guarantees hold\n")


def test_exit_code_1_and_the_facts_when_something_is_broken(
    terrace: Command, aws: Emulator, reached: dict[str, str]
) -> None:
    watch(aws, "DISABLED")
    run = terrace.run("verify", "dev", "--only", "aud-2,DB-1", "--only", "NET-7", **reached)
    assert run.returncode == 1, run.stderr
    assert "AUD-2    BROKEN" in run.stdout
    assert "lacks [EKS_AUDIT_LOGS, RDS_LOGIN_EVENTS, S3_DATA_EVENTS]" in run.stdout
    assert re.search(r"DB-1 +BROKEN .*\n +missing: rds:describe_db_instances: DBInstance dpf-dev not found", run.stdout)
    assert re.search(r"NET-7 +not required .*\n +no link is asked for \(network.hybrid\)", run.stdout)
    assert run.stdout.endswith("dev on aws: 0 of 3 guarantees hold, 2 broken, 1 not required\n")


def test_json_has_what_was_read_of_each(terrace: Command, aws: Emulator, reached: dict[str, str]) -> None:
    watch(aws, "ENABLED")
    run = terrace.run("verify", "dev", "--json", "--only", "AUD-2", **reached)
    assert run.returncode == 0, run.stderr
    document = json.loads(run.stdout)
    assert (document["environment"], document["cloud"], document["passed"]) == ("dev", "aws", True)
    (found,) = document["guarantees"]
    assert (found["guarantee"], found["status"], found["capability"]) == ("AUD-2", "holds", "audit")
    assert "Status = ENABLED" in found["evidence"]


def test_an_id_that_is_none_is_wrong_usage(terrace: Command) -> None:
    run = terrace.run("verify", "dev", "--only", "DB-99")
    assert run.returncode == 2
    assert "no such guarantee: DB-99" in run.stderr


def test_without_credentials_it_says_how_to_log_in(terrace: Command) -> None:
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


def test_each_cloud_says_how_to_log_in(terrace: Command, tmp_path: Path) -> None:
    run = terrace.run("verify", "dev", "--cloud", "gcp", CLOUDSDK_CONFIG=str(tmp_path), NO_GCE_CHECK="true")
    assert run.returncode == 3
    assert "no Google Cloud credentials" in run.stderr
    assert "gcloud auth application-default login" in run.stderr
    assert "Traceback" not in run.stderr


def test_results_are_grouped_by_capability_with_reasons_on_their_own_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    found = [
        result("DB-1", "holds"),
        result("DB-2", "broken", reason="group: force_ssl = 0, expected 1; group: oldest = unset, expected TLSv1.2"),
        result("KEY-1", "unproven", "keys", "not allowed"),
    ]
    assert text(found).splitlines() == [
        "database",
        "  DB-1     holds         Sentence of DB-1",
        "           server: public = false",
        "  DB-2     BROKEN        Sentence of DB-2",
        "           group: force_ssl = 0, expected 1",
        "           group: oldest = unset, expected TLSv1.2",
        "",
        "keys",
        "  KEY-1    UNPROVEN      Sentence of KEY-1",
        "           not allowed",
    ]


@pytest.mark.parametrize(
    ("statuses", "said", "passed"),
    [
        (["holds", "not_required"], "1 of 2 guarantees hold, 1 not required", True),
        (["holds", "unproven"], "1 of 2 guarantees hold, 1 unproven", False),
        (["broken", "holds"], "1 of 2 guarantees hold, 1 broken", False),
        ([], "0 of 0 guarantees hold", False),
    ],
)
def test_an_unproven_guarantee_does_not_pass(statuses: list[str], said: str, passed: bool) -> None:
    found = [result(f"DB-{number}", status) for number, status in enumerate(statuses, start=1)]
    assert summary(found) == said
    assert as_data("dev", "aws", found)["passed"] is passed
