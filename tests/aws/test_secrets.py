"""Secrets Manager on AWS (SEC-1 to SEC-4)."""

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest

from terrace.deployment import binary, mirror
from terrace.deployment.terraform import Terraform
from terrace.emulator import start
from tests.conftest import ACCOUNTS, FOUNDATION_MODULES, ROOT, WITH_LOGIN, SynthesizedStack

Foundation = Callable[[str], SynthesizedStack]
ENVIRONMENTS = ("dev", "staging", "prod")
READERS = {module: module for module in FOUNDATION_MODULES} | {f"{module}-oidc": module for module in WITH_LOGIN}
"""Secret, as the construct's id, to the module that reads it."""


@pytest.mark.parametrize(("environment", "days"), [("dev", 7), ("staging", 30), ("prod", 30)])
def test_a_module_has_its_encrypted_secrets(foundation: Foundation, environment: str, days: int) -> None:
    stack = foundation(environment)
    secrets = {body["name"]: body for _, body in stack.all("aws_secretsmanager_secret")}
    own = {f"dpf-{environment}/{module}/app" for module in FOUNDATION_MODULES}
    assert set(secrets) == own | {f"dpf-{environment}-{module}-oidc" for module in WITH_LOGIN}
    for body in secrets.values():
        assert stack.resolve(body["kms_key_id"]) == "keys/secrets"  # SEC-1
        assert body["recovery_window_in_days"] == days


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_values_are_ephemeral_and_write_only(foundation: Foundation, environment: str) -> None:
    stack = foundation(environment)
    versions = stack.all("aws_secretsmanager_secret_version")
    assert len(versions) == len(READERS)
    for _, body in versions:
        assert "secret_string" not in body and "secret_binary" not in body  # SEC-1
        assert body["secret_string_wo"].startswith("${ephemeral.aws_secretsmanager_random_password.")  # SEC-1
        assert body["secret_string_wo_version"] == 1
    values = stack.document["ephemeral"]["aws_secretsmanager_random_password"]
    assert len(values) == len(READERS)
    assert {value["password_length"] for value in values.values()} == {64}
    # unknown until the secret exists, so that a plan of a new environment calls nothing in AWS
    assert all(".arn" in value["exclude_characters"] for value in values.values())


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_only_the_module_and_the_writers_may_read(foundation: Foundation, environment: str) -> None:
    stack = foundation(environment)
    policies = dict(stack.all("aws_secretsmanager_secret_policy"))
    for secret, module in READERS.items():
        body = policies[f"secrets/{secret}-policy"]
        assert body["block_public_policy"] is True
        statement, changing = json.loads(body["policy"])["Statement"]
        assert {(one["Effect"], one["Principal"]) for one in (statement, changing)} == {("Deny", "*")}
        verbs = {"PutSecretValue", "UpdateSecret", "DeleteSecret", "RestoreSecret", "PutResourcePolicy", "RotateSecret"}
        verbs |= {"CancelRotateSecret", "ReplicateSecretToRegions", "DeleteResourcePolicy"}
        assert {f"secretsmanager:{verb}" for verb in verbs} <= set(changing["Action"])
        writers = changing["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]
        assert not [writer for writer in writers if "-module-" in writer or writer.endswith("-ci-plan")]
        assert statement["Action"] == ["secretsmanager:GetSecretValue"]  # SEC-3
        readers = statement["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]
        assert f"arn:aws:iam::{ACCOUNTS['aws'][environment]}:role/dpf-{environment}-module-{module}" in readers
        others = [f"module-{other}" for other in FOUNDATION_MODULES if other != module]
        assert not [reader for reader in readers if reader.endswith((*others, "-ci-plan", "-external-secrets"))]


def test_a_secret_names_who_rotates_it_and_how_often(foundation: Foundation) -> None:
    tagged = {
        path.removeprefix("secrets/"): body["tags"]
        for path, body in foundation("prod").all("aws_secretsmanager_secret")
    }
    assert tagged == {
        secret: {"rotated-by": module, "rotation-days": "180"} for secret, module in READERS.items()
    }  # SEC-4


def test_secrets_are_replicated_to_the_recovery_region(foundation: Foundation) -> None:
    assert all("replica" not in body for _, body in foundation("staging").all("aws_secretsmanager_secret"))
    stack = foundation("prod")
    for _, body in stack.all("aws_secretsmanager_secret"):
        (copy,) = body["replica"]
        assert copy["region"] == "eu-west-3"
        assert stack.resolve(copy["kms_key_id"]) == "keys/secrets-recovery"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_databases_credential_rotates(foundation: Foundation, environment: str) -> None:
    stack = foundation(environment)
    rotation = stack.one("aws_secretsmanager_secret_rotation", "secrets/database-rotation")
    assert stack.resolve(rotation["secret_id"]) == "database/server"
    assert rotation["rotation_rules"]["automatically_after_days"] == 7  # SEC-2
    assert rotation["rotate_immediately"] is False


def test_no_value_is_in_state_plan_or_log_of_a_real_run(foundation: Foundation, tmp_path: Path) -> None:
    """The module's secret alone, as synthesized, through real Terraform on the emulated AWS (SEC-1)."""
    synthesized = foundation("dev").document
    (secret_name, secret), (version_name, version), (value_name, value) = (
        next((name, body) for name, body in group[kind].items() if "airflow" in name)
        for group, kind in (
            (synthesized["resource"], "aws_secretsmanager_secret"),
            (synthesized["resource"], "aws_secretsmanager_secret_version"),
            (synthesized["ephemeral"], "aws_secretsmanager_random_password"),
        )
    )
    directory = tmp_path / "stack"
    directory.mkdir()
    (directory / "cdk.tf.json").write_text(
        json.dumps(
            {
                "terraform": {"required_providers": synthesized["terraform"]["required_providers"]},
                "provider": {"aws": [{"region": "eu-central-1"}]},
                "ephemeral": {"aws_secretsmanager_random_password": {value_name: value}},
                "resource": {
                    "aws_secretsmanager_secret": {
                        secret_name: {name: of for name, of in secret.items() if name != "kms_key_id"}
                    },
                    "aws_secretsmanager_secret_version": {version_name: version},
                },
            }
        )
    )
    emulator = start("aws", tmp_path / "emulator", parent=os.getpid())
    try:
        source = mirror.choose(providers=["hashicorp/aws"])
        terraform = Terraform(
            directory=directory,
            binary=binary.locate(ROOT),
            variables=emulator.child_environment(os.environ) | source.variables(tmp_path),
            data_directory=tmp_path / "data",
            log_directory=tmp_path / "logs",
            name="secret",
        )
        terraform.init(source=str(source))
        plan = tmp_path / "plan"
        terraform.plan(plan)
        shown = terraform.show(plan)
        terraform.apply(plan)
        client = boto3.client(
            "secretsmanager",
            region_name="eu-central-1",
            endpoint_url=f"http://127.0.0.1:{emulator.backend_port}",
            aws_access_key_id="emulated",
            aws_secret_access_key="emulated",
        )
        written = client.get_secret_value(SecretId="dpf-dev/airflow/app")["SecretString"]
        assert len(written) == 64 and written.isalnum()
        states = [path.read_text() for path in directory.glob("*.tfstate*")]
        assert any("dpf-dev/airflow/app" in state for state in states)
        texts = [json.dumps(shown), *states, *(path.read_text() for path in (tmp_path / "logs").iterdir())]
        with zipfile.ZipFile(plan) as archive:
            texts += [archive.read(name).decode(errors="replace") for name in archive.namelist()]
        assert not [text for text in texts if written in text]
    finally:
        emulator.stop()
