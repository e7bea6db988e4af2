"""`terrace doctor`."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Command

CLOUDS = ("aws", "azure", "gcp")


def diagnoses(terrace: Command, *arguments: str, **variables: str) -> dict[str, dict[str, Any]]:
    completed = terrace.run("doctor", "--json", *arguments, **variables)
    return {diagnosis["name"]: diagnosis for diagnosis in json.loads(completed.stdout)}


def test_doctor_checks_the_clouds_of_the_projects_environments(terrace: Command) -> None:
    by_name = diagnoses(terrace)
    assert list(by_name) == [
        "Python",
        "Node",
        "Terraform",
        "aws provider",
        "aws credentials",
        "emulator extra",
        "assurance extra",
        "sigstore extra",
        "aws extra",
    ]
    assert by_name["Terraform"]["detail"].startswith("Terraform 1.")
    dev = terrace.small.root / "environments" / "dev.yaml"
    dev.write_text(dev.read_text().replace("cloud: aws", "cloud: gcp"))
    assert [name for name in diagnoses(terrace) if name.endswith("provider")] == ["aws provider", "gcp provider"]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_doctor_checks_the_given_cloud(terrace: Command, cloud: str, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    for name in ("aws", "azurerm", "google"):
        (mirror / "registry.terraform.io/hashicorp" / name).mkdir(parents=True)
    by_name = diagnoses(terrace, "--cloud", cloud, "--provider-mirror", str(mirror))
    assert [name for name in by_name if name.endswith(("provider", "credentials"))] == [
        f"{cloud} provider",
        f"{cloud} credentials",
    ]
    assert f"{cloud} extra" in by_name
    assert by_name[f"{cloud} provider"]["status"] == "ok"


@pytest.mark.parametrize(("version", "status"), [("5.100.0", "ok"), ("6.3.0", "untried")])
def test_a_provider_version_that_was_never_tried_is_named(
    terrace: Command, tmp_path: Path, version: str, status: str
) -> None:
    (tmp_path / "registry.terraform.io/hashicorp/aws").mkdir(parents=True)
    lock = terrace.small.root / "stacks" / "aws.lock.hcl"
    lock.write_text(f'provider "registry.terraform.io/hashicorp/aws" {{\n  version = "{version}"\n}}\n')
    arguments = ("--cloud", "aws", "--provider-mirror", str(tmp_path))
    found = diagnoses(terrace, *arguments)["aws provider"]
    assert (found["status"], f"hashicorp/aws {version}: " in found["detail"]) == (status, True)
    assert ("Terrace was never tried with hashicorp/aws 6.3.0" in found["hint"]) == (status == "untried")
    lock.unlink()
    assert (
        "the newest version of >= 5.100, < 7; tried: 5.100.0"
        in diagnoses(terrace, *arguments)["aws provider"]["detail"]
    )


def test_a_provider_that_is_in_no_mirror_is_missing(terrace: Command, tmp_path: Path) -> None:
    (tmp_path / "registry.terraform.io").mkdir()
    completed = terrace.run("doctor", "--cloud", "azure", "--provider-mirror", str(tmp_path))
    assert completed.returncode == 1
    assert "it does not contain hashicorp/azurerm" in completed.stdout


def test_with_an_invalid_environment_doctor_checks_all_clouds(terrace: Command) -> None:
    (terrace.small.root / "environments" / "qa.yaml").write_text("name: [qa\n")
    providers = [name for name in diagnoses(terrace) if name.endswith("provider")]
    assert providers == [f"{cloud} provider" for cloud in CLOUDS]


def test_a_missing_terraform_comes_with_a_hint(terrace: Command) -> None:
    completed = terrace.run("doctor", TERRACE_TERRAFORM="/nowhere/terraform")
    assert completed.returncode == 1
    assert "missing  Terraform        TERRACE_TERRAFORM: no such program: '/nowhere/terraform'" in completed.stdout
    assert "\nTerraform: set it to the path of a Terraform binary" in completed.stdout


SECRET = "not-a-key"
VARIABLES = {
    "aws": {"AWS_ACCESS_KEY_ID": "not-a-key-id", "AWS_SECRET_ACCESS_KEY": SECRET},
    "azure": {"ARM_CLIENT_ID": "client", "ARM_CLIENT_SECRET": SECRET, "ARM_TENANT_ID": "tenant"},
    "gcp": {"GOOGLE_OAUTH_ACCESS_TOKEN": SECRET},
}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_credentials_are_reported_but_not_printed(terrace: Command, tmp_path: Path, cloud: str) -> None:
    completed = terrace.run("doctor", "--cloud", cloud, HOME=str(tmp_path), **VARIABLES[cloud])
    line = next(line for line in completed.stdout.splitlines() if f"{cloud} credentials" in line)
    assert line.startswith("ok ") and "from " in line
    assert SECRET not in completed.stdout


@pytest.mark.parametrize("cloud", CLOUDS)
def test_missing_credentials_come_with_a_hint(terrace: Command, tmp_path: Path, cloud: str) -> None:
    credentials = diagnoses(terrace, "--cloud", cloud, HOME=str(tmp_path))[f"{cloud} credentials"]
    assert credentials["status"] == "absent"
    assert "login" in credentials["hint"]
