"""The forms of a secret, and what is no secret."""

import base64

import pytest

from terrace.assurance.access import inventory, structure
from terrace.assurance.checks import Subject
from terrace.assurance.view import View
from terrace.capabilities.cloud import CLOUDS
from terrace.environment import load, target
from terrace.project.basis import with_basis
from tests.conftest import ROOT

_PASSWORD = "correct-horse-battery"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("AKIA" + "IOSFODNN7EXAMPLE", "AWS Access Key"),
        ("postgres://admin:" + _PASSWORD + "@server:5432", "Basic Auth Credentials"),
        ("-----BEGIN RSA " + "PRIVATE KEY-----", "Private Key"),
        ("export DB_PASSWORD=" + _PASSWORD, "an assignment to a name of a secret"),
        ('{"password": "' + _PASSWORD + '"}', "Secret Keyword"),
        ("x8Kq2LmN9pRs4TvW" + "7yZaB3cD", "a random text"),
        (base64.b64encode(f"#!/bin/sh\nexport TOKEN={_PASSWORD}\n".encode()).decode(), "an assignment to a name of"),
        ("arn:aws:iam::aws:policy/AWSBackupServiceRolePolicyForS3Backup", ""),
        ("arn:aws:secretsmanager:eu-central-1:777788889999:secret:dpf-prod/airflow/app-??????", ""),
        ("DB_PASSWORD=${aws_secretsmanager_secret.database.arn}", ""),
        ("database_replica-1-postgresql-log", ""),
    ],
)
def test_a_text_in_the_form_of_a_secret_is_found_and_not_repeated(text: str, kind: str) -> None:
    stack = View({"resource": {"a_type": {"name": {"//": {"metadata": {"path": "prod/one"}}, "attribute": text}}}})
    environment = load("dev", project=ROOT).environment
    found = [str(one) for one in structure.secrets(Subject(stack, environment, target(environment))) if not one.ok]
    assert len(found) == bool(kind)
    assert all(f"one: attribute contains: {kind}" in fact and _PASSWORD not in fact for fact in found)


def test_a_stack_forgets_only_what_is_in_its_bootstrap_and_destroys_none_of_it() -> None:
    environment = load("dev", project=ROOT).environment
    document = with_basis({"resource": {"a_type": {"name": {}}}}, {"a_role": {"plan": {}}})

    def found(address: str, *, destroy: bool) -> list[str]:
        block = {"from": address, "lifecycle": {"destroy": destroy}}
        stack = Subject(View({**document, "removed": [block]}), environment, target(environment))
        return [one.resource for one in structure.fixed(stack) if not one.ok]

    assert found("a_role.plan", destroy=False) == []
    assert found("a_role.plan", destroy=True) == ["a_role.plan"]
    assert found("a_type.name", destroy=False) == ["a_type.name"]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_an_empty_stack_lacks_the_whole_inventory(cloud: str) -> None:
    environment = load("prod", project=ROOT, cloud=cloud).environment
    observations = list(inventory.complete(Subject(View({}), environment, target(environment))))
    assert len(observations) >= 20
    assert not any(observation.ok for observation in observations)
