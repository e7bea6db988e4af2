"""`terrace doctor`."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Command

CLOUDS = ("aws", "azure", "gcp")


def findings(terrace: Command, *arguments: str, **variables: str) -> dict[str, dict[str, Any]]:
    ended = terrace.run("doctor", "--json", *arguments, **variables)
    return {finding["name"]: finding for finding in json.loads(ended.stdout)}


def test_it_looks_at_the_clouds_of_the_projects_environments(terrace: Command) -> None:
    found = findings(terrace)
    assert list(found) == [
        "Python",
        "Node",
        "Terraform",
        "aws provider",
        "aws credentials",
        "emulator extra",
        "assurance extra",
    ]
    assert found["Terraform"]["detail"].startswith("Terraform 1.")
    dev = terrace.small.root / "environments" / "dev.yaml"
    dev.write_text(dev.read_text().replace("cloud: aws", "cloud: gcp"))
    assert [name for name in findings(terrace) if name.endswith("provider")] == ["aws provider", "gcp provider"]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_it_looks_at_the_cloud_named(terrace: Command, cloud: str, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    for name in ("aws", "azurerm", "google"):
        (mirror / "registry.terraform.io/hashicorp" / name).mkdir(parents=True)
    found = findings(terrace, "--cloud", cloud, "--provider-mirror", str(mirror))
    assert [name for name in found if name.endswith(("provider", "credentials"))] == [
        f"{cloud} provider",
        f"{cloud} credentials",
    ]
    assert (f"{cloud} extra" in found) == (cloud != "aws"), "boto3 is no extra"
    assert found[f"{cloud} provider"]["status"] == "ok"


def test_a_provider_that_is_nowhere_is_missing(terrace: Command, tmp_path: Path) -> None:
    (tmp_path / "registry.terraform.io").mkdir()
    ended = terrace.run("doctor", "--cloud", "azure", "--provider-mirror", str(tmp_path))
    assert ended.returncode == 1
    assert "it does not hold hashicorp/azurerm" in ended.stdout


def test_an_environment_that_is_wrong_keeps_it_from_nothing(terrace: Command) -> None:
    (terrace.small.root / "environments" / "qa.yaml").write_text("name: [qa\n")
    providers = [name for name in findings(terrace) if name.endswith("provider")]
    assert providers == [f"{cloud} provider" for cloud in CLOUDS]


def test_a_missing_terraform_is_named_with_a_way_to_get_it(terrace: Command) -> None:
    ended = terrace.run("doctor", TERRACE_TERRAFORM="/nowhere/terraform")
    assert ended.returncode == 1
    assert "missing Terraform        TERRACE_TERRAFORM: there is no program '/nowhere/terraform'" in ended.stdout
    assert "→ give the path of a Terraform binary" in ended.stdout


SECRET = "not-a-key"
GIVEN = {
    "aws": {"AWS_ACCESS_KEY_ID": "not-a-key-id", "AWS_SECRET_ACCESS_KEY": SECRET},
    "azure": {"ARM_CLIENT_ID": "somebody", "ARM_CLIENT_SECRET": SECRET, "ARM_TENANT_ID": "somewhere"},
    "gcp": {"GOOGLE_OAUTH_ACCESS_TOKEN": SECRET},
}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_credentials_are_found_but_never_shown(terrace: Command, tmp_path: Path, cloud: str) -> None:
    ended = terrace.run("doctor", "--cloud", cloud, HOME=str(tmp_path), **GIVEN[cloud])
    line = next(line for line in ended.stdout.splitlines() if f"{cloud} credentials" in line)
    assert line.startswith("ok ") and "from " in line
    assert SECRET not in ended.stdout


@pytest.mark.parametrize("cloud", CLOUDS)
def test_without_credentials_it_says_how_to_get_some(terrace: Command, tmp_path: Path, cloud: str) -> None:
    found = findings(terrace, "--cloud", cloud, HOME=str(tmp_path))[f"{cloud} credentials"]
    assert found["status"] == "absent"
    assert "login" in found["hint"]
