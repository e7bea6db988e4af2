"""`terrace destroy` against the emulated AWS."""

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
    """An account of its own: what is left in it is the question."""
    emulator = start("aws", tmp_path_factory.mktemp("emulator"), parent=os.getpid())
    yield emulator
    emulator.stop()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ["prod"],
            2,
            "error: this asks first, and there is no terminal to ask on\n\nhint: answer beforehand: --yes prod\n",
        ),
        (["prod", "--yes", "dev"], 2, "error: --yes says 'dev', but the environment is 'prod'"),
        (["dev"], 2, "error: this asks first"),
    ],
)
def test_it_wants_the_name(terrace: Command, aws: Emulator, arguments: list[str], code: int, message: str) -> None:
    accounts = terrace.small.root / "environments/clouds/aws.yaml"
    if "prod" in arguments:  # which is to be in the emulated account, dev's otherwise
        elsewhere = accounts.read_text().replace(aws.account["account_id"], "999999999999")
        accounts.write_text(elsewhere.replace(ACCOUNTS["aws"]["prod"], aws.account["account_id"]))
    ended = terrace.run("destroy", *arguments, **aws.environment())
    assert ended.returncode == code
    assert message in ended.stderr


def test_it_destroys_and_lists_what_is_left(terrace: Command, aws: Emulator) -> None:
    region = aws.region
    terrace.small.stack(
        {"aws_ssm_parameter": {"p": resource("dev/lake/p", name="/destroyed", type="String", value="a")}},
        provider={"aws": [{"region": region, "default_tags": [{"tags": TAGS}]}]},
    )
    variables = aws.environment()
    assert terrace.run("plan", "dev", **variables).returncode == 1
    assert terrace.run("apply", "dev", "--yes", *GLASS, **variables).returncode == 0
    ended = terrace.run("destroy", "dev", "--yes", "dev", **variables)
    assert (ended.returncode, ended.stdout) == (0, "dev on aws: 1 destroyed\nnothing is left\n"), ended.stderr
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
    assert again.stdout.startswith("dev on aws: 0 destroyed\n\nleft behind:\n")
    assert address["AllocationId"] in again.stdout
    assert "error: 1 resources of dev are left" in again.stderr


def test_without_credentials_nothing_is_tried(terrace: Command, tmp_path: Path) -> None:
    ended = terrace.run("destroy", "dev", "--yes", "dev", HOME=str(tmp_path), AWS_EC2_METADATA_DISABLED="true")
    assert ended.returncode == 3
    assert ended.stderr.startswith("error: no AWS credentials")
