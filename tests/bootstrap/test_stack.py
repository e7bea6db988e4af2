"""The stack of `terrace bootstrap` on the emulated AWS, as a process, with real Terraform."""

import json
import shutil
from pathlib import Path
from typing import Any

import boto3
import pytest

from terrace.aws import names
from terrace.environment import load, target
from tests.conftest import ROOT
from tests.state.conftest import Clouds
from tests.state.site import Site, made


@pytest.fixture
def site(clouds: Clouds, tmp_path: Path) -> Site:
    found = made(clouds["aws"], tmp_path)
    for folder in ("modules", "policies"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return found


def bootstrapped(site: Site, *more: str) -> dict[str, Any]:
    finished = site.run("bootstrap", "--yes", "--json", *more)
    assert finished.returncode == 0, finished.stderr
    answer: dict[str, Any] = json.loads(finished.stdout)
    return answer


@pytest.mark.e2e
def test_identities_are_made_adopted_and_removed(site: Site) -> None:
    assert bootstrapped(site)["resources"]["add"] > 5
    again = bootstrapped(site)
    assert (again["changed"], again["resources"]) == (0, {})
    # an earlier version had made them in the foundation: they exist, and are in no state of the bootstrap
    state = "dev/aws/bootstrap.tfstate"
    site.home().write(state, json.dumps({"version": 4, "serial": 99, "lineage": "l", "resources": []}).encode())
    adopted = bootstrapped(site)["resources"]
    assert adopted["import"] == 4 and adopted["add"] == 5, adopted  # policies of a role are put again, the same
    assert not adopted["change"] + adopted["replace"] + adopted["destroy"], adopted
    account = target(load("dev", project=site.root, cloud="aws").environment)
    iam = boto3.Session(aws_access_key_id="person", aws_secret_access_key="person").client(
        "iam", region_name="eu-central-1", endpoint_url=f"http://127.0.0.1:{site.emulator.backend_port}"
    )
    assert iam.get_role(RoleName=names.role_name(account, "ci-apply"))
    destroyed = bootstrapped(site, "--destroy")
    assert destroyed["destroyed"] > 5
    assert not [one for one in iam.list_roles()["Roles"] if one["RoleName"].startswith(account.prefix)]
