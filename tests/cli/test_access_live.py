"""`terrace access --live` against an emulated AWS in which one role was made by hand."""

import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from terrace.emulator import Emulator
from tests.cli.conftest import Command

EDGE = "account role by-hand may read-secret secrets/parameters"


@pytest.fixture
def variables(aws: Emulator) -> Iterator[dict[str, str]]:
    """The variables that point a child process to the emulator."""
    iam = boto3.client(
        "iam",
        region_name="eu-central-1",
        endpoint_url=f"http://127.0.0.1:{aws.backend_port}",
        aws_access_key_id="emulated",
        aws_secret_access_key="emulated",
    )
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    reads = {"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": "*"}
    trusting, reading = (json.dumps({"Version": "2012-10-17", "Statement": [one]}) for one in (trust, reads))
    iam.create_role(RoleName="by-hand", AssumeRolePolicyDocument=trusting)
    iam.put_role_policy(RoleName="by-hand", PolicyName="read", PolicyDocument=reading)
    yield aws.environment()
    iam.delete_role_policy(RoleName="by-hand", PolicyName="read")
    iam.delete_role(RoleName="by-hand")


def test_a_role_by_hand_is_undeclared(terrace: Command, variables: dict[str, str]) -> None:
    run = terrace.run("access", "dev", "--live", "--undeclared", **variables)
    assert run.returncode == 1, run.stderr
    assert f"not declared: {EDGE}, by policy read of role by-hand" in run.stderr
    assert "declared, but no resource allows it: internet -> entry on tcp 443" in run.stderr
    assert "not read: rights that database users have inside the database" in run.stderr


def test_the_difference_of_a_stack_and_the_deployment(
    terrace: Command, variables: dict[str, str], tmp_path: Path
) -> None:
    stack = tmp_path / "cdk.tf.json"
    stack.write_text(json.dumps({"resource": {}}))
    run = terrace.run("access", "diff", str(stack), "--live", "--environment", "dev", "--json", **variables)
    assert run.returncode == 1, run.stderr
    found = json.loads(run.stdout)
    assert any(one["from"] == "account role by-hand" for one in found["added"])
    assert found["unread"] == []


def test_a_way_in_the_deployment(terrace: Command, variables: dict[str, str]) -> None:
    run = terrace.run("access", "explain", "dev", "* -> secrets/parameters", "--live", **variables)
    assert run.returncode == 0, run.stderr
    assert "cloud ec2 -> account role by-hand -> secrets/parameters" in run.stdout
