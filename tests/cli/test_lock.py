"""`terrace lock`, and what an init does with the lock."""

import json

import pytest

from terrace.deployment.mirror import NoProviders, choose
from tests.cli.conftest import Command
from tests.deployment.conftest import resource


def aws_stack(terrace: Command) -> None:
    """A stack that needs the provider, and no account."""
    terrace.small.stack(
        {"terraform_data": {"one": resource("dev/lake/one", input="x")}}, provider={"aws": [{"region": "eu-west-1"}]}
    )


@pytest.fixture(autouse=True)
def mirror() -> None:
    try:
        choose(providers=["hashicorp/aws"])
    except NoProviders as error:
        pytest.skip(str(error))


def test_a_lock_is_written_and_installed_from(terrace: Command) -> None:
    aws_stack(terrace)
    locked = terrace.run("lock", "dev")
    assert (locked.returncode, locked.stdout) == (0, "wrote stacks/aws.lock.hcl\n"), locked.stderr
    path = terrace.small.root / "stacks" / "aws.lock.hcl"
    text = path.read_text()
    assert 'provider "registry.terraform.io/hashicorp/aws" {' in text and '"h1:' in text
    assert terrace.run("lock", "dev").returncode == 0
    assert path.read_text() == text
    planned = terrace.run("plan", "dev", "--json", CI="true")
    assert json.loads(planned.stdout)["counts"]["add"] == 1, planned.stderr
    assert (terrace.small.root / "cdktf.out/stacks/dev/.terraform.lock.hcl").read_text() == text


def test_a_provider_that_was_not_locked_is_refused(terrace: Command) -> None:
    aws_stack(terrace)
    assert terrace.run("lock", "dev").returncode == 0
    path = terrace.small.root / "stacks" / "aws.lock.hcl"
    lines = path.read_text().splitlines()
    kept = [line for line in lines if '"zh:' not in line and '"h1:' not in line]
    other = '    "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",'
    path.write_text("\n".join([*kept[:-2], other, *kept[-2:]]) + "\n")
    refused = terrace.run("plan", "dev")
    assert refused.returncode == 3
    assert "checksums previously recorded in the dependency lock file" in refused.stderr
    assert "`terrace lock STACK` adds it; otherwise the package is not the one that was locked" in refused.stderr
