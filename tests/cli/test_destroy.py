"""`terrace destroy` against the emulated AWS."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from terrace.emulator import Emulator, start
from tests.cli.conftest import GLASS, Command
from tests.conftest import ACCOUNTS
from tests.deployment.conftest import resource
from tests.deployment.test_adoption import TAGS, client


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator for this module only, since the tests list everything that is left in the account."""
    emulator = start("aws", tmp_path_factory.mktemp("emulator"), parent=os.getpid())
    yield emulator
    emulator.stop()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ["prod"],
            2,
            "error: cannot ask for confirmation: standard input is not a terminal\n\nhint: pass --yes prod\n",
        ),
        (["prod", "--yes", "dev"], 2, "error: --yes is 'dev', but the environment is 'prod'"),
        (["dev"], 2, "error: cannot ask for confirmation"),
    ],
)
def test_destroy_requires_the_name_of_the_environment(
    terrace: Command, aws: Emulator, arguments: list[str], code: int, message: str
) -> None:
    accounts = terrace.small.root / "environments/clouds/aws.yaml"
    if "prod" in arguments:  # the emulated account is dev's by default
        without_dev = accounts.read_text().replace(aws.account["account_id"], "999999999999")
        accounts.write_text(without_dev.replace(ACCOUNTS["aws"]["prod"], aws.account["account_id"]))
    completed = terrace.run("destroy", *arguments, **aws.environment())
    assert completed.returncode == code
    assert message in completed.stderr


def test_destroy_lists_leftovers(terrace: Command, aws: Emulator) -> None:
    region = aws.region
    terrace.small.stack(
        {"aws_ssm_parameter": {"p": resource("dev/lake/p", name="/destroyed", type="String", value="a")}},
        provider={"aws": [{"region": region, "default_tags": [{"tags": TAGS}]}]},
    )
    variables = aws.environment()
    assert terrace.run("plan", "dev", **variables).returncode == 1
    assert terrace.run("apply", "dev", "--yes", *GLASS, **variables).returncode == 0
    completed = terrace.run("destroy", "dev", "--yes", "dev", **variables)
    assert (completed.returncode, completed.stdout) == (0, "dev on aws: 1 resource destroyed\nnothing is left\n"), (
        completed.stderr
    )
    assert "a copy of the state is kept as serial-" in completed.stderr
    (state,) = json.loads(terrace.run("state", "list", "dev", "--json", **variables).stdout)["states"]
    assert state["resources"] == 0
    assert 1 in {version["resources"] for version in state["versions"]}
    recorded = json.loads(terrace.run("evidence", "list", "dev", "--json", **variables).stdout)["records"]
    assert [one["kind"] for one in recorded] == ["break-glass", "apply", "destroy"]
    assert (recorded[-1]["passed"], recorded[-1]["summary"]) == (True, {"destroy": 1})
    ssm = client(aws, "ssm", region)
    assert ssm.describe_parameters()["Parameters"] == []

    address = client(aws, "ec2", region).allocate_address(
        Domain="vpc",
        TagSpecifications=[
            {"ResourceType": "elastic-ip", "Tags": [{"Key": key, "Value": value} for key, value in TAGS.items()]}
        ],
    )
    again = terrace.run("destroy", "dev", "--yes", "dev", **variables)
    assert again.returncode == 1
    assert again.stdout.startswith("dev on aws: 0 resources destroyed\n\nleftovers:\n")
    assert address["AllocationId"] in again.stdout
    assert "error: 1 leftover of dev" in again.stderr
    assert "a copy of the state" not in again.stderr


def test_without_credentials_nothing_is_destroyed(terrace: Command, tmp_path: Path) -> None:
    completed = terrace.run("destroy", "dev", "--yes", "dev", HOME=str(tmp_path), AWS_EC2_METADATA_DISABLED="true")
    assert completed.returncode == 3
    assert completed.stderr.startswith("error: no AWS credentials")
