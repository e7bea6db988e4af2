"""What an offline run needs, without a provider: nothing of the shell's credentials, mocks that others can refer to."""

import base64
import json
import os
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from terrace.capabilities.cloud import facts
from terrace.deployment import offline
from terrace.project.discovery import Project
from tests.conformance.conftest import PROVIDERS
from tests.conftest import ROOT

THE_SHELLS = {
    "aws": {"AWS_PROFILE": "production", "AWS_ENDPOINT_URL": "https://example.com"},
    "azure": {"ARM_CLIENT_ID": "somebody", "AZURE_CONFIG_DIR": "/somewhere"},
    "gcp": {"GOOGLE_APPLICATION_CREDENTIALS": "/somewhere.json", "CLOUDSDK_CORE_PROJECT": "production"},
}


@pytest.mark.parametrize("cloud", PROVIDERS)
def test_nothing_of_the_shells_account_goes_along(tmp_path: Path, cloud: str) -> None:
    environ = {"PATH": os.environ["PATH"], **THE_SHELLS[cloud]}
    with offline.offline_deployment(Project(ROOT, scratch=tmp_path), "dev", cloud, environ=environ) as deployment:
        variables = dict(deployment.variables)
    assert variables["TERRACE_OFFLINE"] == "1"
    assert variables["PATH"] == os.environ["PATH"]
    assert not set(THE_SHELLS[cloud].items()) & set(variables.items())


def test_its_files_are_not_the_projects(tmp_path: Path) -> None:
    """Neither the state nor a plan that `terrace apply` would take."""
    project = Project(ROOT, scratch=tmp_path)
    with offline.offline_deployment(project, "dev", "gcp") as deployment:
        assert deployment.state == "local"
        assert not deployment.project.plans.is_relative_to(project.plans)
        assert deployment.project.synthesized != project.synthesized
        assert deployment.project.working_directory.is_relative_to(project.working_directory)


def test_azures_token_is_one_for_nobody() -> None:
    with facts("azure").offline.credentials() as variables:
        with urllib.request.urlopen(variables["ARM_MSI_ENDPOINT"] + "?resource=x", timeout=5) as response:
            answer = json.load(response)
        claims = answer["access_token"].split(".")[1]
        told = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert {"oid", "tid", "appid"} <= set(told)
    assert answer["token_type"] == "Bearer"
    with pytest.raises(OSError):
        urllib.request.urlopen(variables["ARM_MSI_ENDPOINT"], timeout=1)


def stack() -> dict[str, Any]:
    return {
        "provider": {"aws": [{"region": "eu-west-1"}, {"region": "eu-central-1", "alias": "recovery"}]},
        "resource": {
            "aws_kms_key": {"one": {}},
            "aws_db_instance": {"two": {"kms_key_id": "${aws_kms_key.one.arn}"}},
            "aws_eip": {"three": {}},
        },
        "output": {"secret": {"value": "${aws_db_instance.two.master_user_secret[0].secret_arn}"}},
    }


def test_references_are_found_in_every_attribute() -> None:
    assert offline.references(stack()) == {"aws_kms_key": {"arn"}, "aws_db_instance": {"master_user_secret"}}


def test_every_alias_is_mocked_and_answers_what_others_refer_to() -> None:
    test = offline.mocked_test(stack(), facts("aws").offline)
    home, recovery = test["mock_provider"]["aws"]
    assert "alias" not in home
    assert recovery["alias"] == "recovery"
    assert home["mock_resource"] == recovery["mock_resource"]
    assert home["mock_resource"]["aws_kms_key"]["defaults"]["arn"].startswith("arn:aws:")
    assert "aws_eip" not in home["mock_resource"]
    assert test["run"] == {"apply": {"command": "apply"}}


def test_what_a_stack_writes_itself_is_not_answered_for_it() -> None:
    """OpenTofu refuses an answer for what is configured; of a type, what each resource writes."""
    written = stack()
    written["resource"]["aws_eks_access_entry"] = {"one": {"principal_arn": "arn:aws:iam::1:role/x"}}
    written["output"]["who"] = {"value": "${aws_eks_access_entry.one.principal_arn}"}
    test = offline.mocked_test(written, facts("aws").offline)
    assert all("aws_eks_access_entry" not in block["mock_resource"] for block in test["mock_provider"]["aws"])


def test_azures_ids_have_resource_managers_shape() -> None:
    mocked = facts("azure").offline.mocked
    container = mocked("azurerm_storage_container", {"id"})["id"].split("/")
    assert container[1] == "subscriptions"
    assert container[-2:] == ["containers", "mocked"]
    assert "*" not in "".join(container)
