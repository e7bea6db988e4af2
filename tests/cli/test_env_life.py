"""`terrace env new` and `terrace env reap`."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from terrace.emulator import Emulator
from terrace.environment import load
from tests.cli.conftest import Command
from tests.cli.test_validate import Terrace, terrace
from tests.deployment.conftest import SmallProject
from tests.deployment.test_lifecycle import two

__all__ = ["terrace"]


@pytest.mark.parametrize("base", ["dev", "staging", "prod"])
def test_a_new_environment_is_valid_small_and_expires(terrace: Terrace, base: str) -> None:
    code, out, err = terrace("env", "new", "pr-7", "--from", base, "--expires", "3d")
    assert code == 0, err
    made = load("pr-7").environment
    assert (made.tier, made.expires) == ("dev", datetime.now(UTC).date() + timedelta(days=3))
    assert (made.database.size, made.database.deletion_protection, made.cluster.deletion_protection) == (
        "small",
        False,
        False,
    )
    assert {pool.size for pool in made.cluster.pools.values()} == {"small"}
    assert (made.recovery_region, made.lake.replicate) == (None, False)
    origin = load(base).environment
    assert made.aws and origin.aws
    assert (made.aws.account, made.aws.owns_account) == (origin.aws.account, False)
    assert Path("environments/pr-7.yaml").read_text() == out
    assert terrace("validate")[0] == 0  # also with the other environments


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("dev", "--from", "dev", "--expires", "3d"), "there is an environment 'dev' already"),
        (("pr-7", "--from", "dev", "--expires", "soon"), "invalid --expires 'soon'"),
        (("pr-7", "--from", "dev", "--expires", "2020-01-01"), "--expires is 2020-01-01"),
        (("a-much-too-long-name", "--from", "dev", "--expires", "3d"), "environments/a-much-too-long-name.yaml:4:7"),
    ],
)
def test_what_is_refused_writes_nothing(terrace: Terrace, arguments: tuple[str, ...], message: str) -> None:
    before = sorted(Path("environments").iterdir())
    code, _, err = terrace("env", "new", *arguments)
    assert (code in (1, 2), message in err) == (True, True), err
    assert sorted(Path("environments").iterdir()) == before


@pytest.mark.parametrize(
    ("line", "problem"), [("expires: soon", "expires"), ("expires: 2030-01-31\ntier: prod", "dev tier")]
)
def test_an_invalid_expiry_has_its_line(terrace: Terrace, line: str, problem: str) -> None:
    Path("environments/qa.yaml").write_text(f"extends: dev.yaml\nname: qa\n{line}\n")
    code, out, _ = terrace("validate", "qa")
    assert (code, "environments/qa.yaml:3:10" in out, problem in out) == (1, True, True), out


def test_only_what_has_expired_and_is_deployed_is_reaped(tmp_path: Path, aws: Emulator) -> None:
    terrace = Command(SmallProject(tmp_path / "project"))
    environments = terrace.small.root / "environments"
    stub = terrace.small.root / "stacks" / "__main__.py"
    written = "json.dumps(stack, indent=2)"
    stub.write_text(
        stub.read_text().replace(written, f'{written}.replace("dev-aws-foundation", f"{{name}}-aws-foundation")')
    )
    today = datetime.now(UTC).date()
    for name, expires in (
        ("old", today - timedelta(days=1)),
        ("new", today + timedelta(days=1)),
        ("gone", today - timedelta(days=1)),
    ):
        domain = f"network: {{entry: {{domain: {name}.example.com}}}}"
        account = 'aws: {account_id: "111122223333", admin_role: a, owns_account: false}'
        (environments / f"{name}.yaml").write_text(
            f"extends: dev.yaml\nname: {name}\nexpires: {expires}\n{domain}\n{account}\n"
        )
    (environments / "torn.yaml").write_text("name: torn\nextends: nowhere.yaml\n")
    terrace.small.stack(two())
    for name in ("old", "new"):
        terrace.run("plan", name)
        assert terrace.run("apply", name, "--yes", "--break-glass", "a stack for this test").returncode == 0
    listed = terrace.run("env", "reap", "--json")
    rows = {row["environment"]: row["status"] for row in json.loads(listed.stdout)["environments"]}
    assert (rows, listed.returncode) == ({"old": "deployed", "torn": "unreadable"}, 3), listed.stderr
    refused = terrace.run("env", "reap", "dev", "--yes")
    assert (refused.returncode, "dev has no expires, and is never reaped" in refused.stderr) == (2, True)
    reaped = terrace.run("env", "reap", "old", "--yes", **aws.environment())
    assert (reaped.returncode, reaped.stdout.splitlines()[-1].split()) == (
        0,
        ["old", "aws", "foundation", str(today - timedelta(days=1)), "destroyed"],
    ), reaped.stderr
    assert terrace.run("env", "reap", "old", "new").returncode == 0  # nothing of them is left to reap
