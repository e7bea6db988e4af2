"""What an upgrade does: two stacks compared, and the old one applied to an emulated cloud."""

import copy
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from terrace.capabilities.cloud import facts
from terrace.deployment import offline, upgrade, upgrade_mocks
from terrace.deployment.upgrade import differences, unexplained
from terrace.emulator import Emulator
from terrace.errors import UsageError
from terrace.project.discovery import Project
from tests.cli.conftest import Command, terrace
from tests.conftest import Foundations
from tests.deployment.conftest import SmallProject, resource
from tests.deployment.test_adoption import REGION

__all__ = ["terrace"]

DATABASES = {
    "aws": "aws_db_instance",
    "azure": "azurerm_postgresql_flexible_server",
    "gcp": "google_sql_database_instance",
}
CACHES = {
    "aws": ("aws_elasticache_replication_group", "replication_group_id"),
    "azure": ("azurerm_managed_redis", "name"),
    "gcp": ("google_memorystore_instance", "instance_id"),
}


def moved(stack: dict[str, Any], type: str) -> tuple[dict[str, Any], str, str]:
    """The stack with its first resource of a type under another construct: what renaming a construct does."""
    new = copy.deepcopy(stack)
    group = new["resource"][type]
    name = next(iter(group))
    body = group.pop(name)
    body["//"]["metadata"]["path"] = body["//"]["metadata"]["path"].replace("server", "primary")
    group["renamed_0A1B2C3D"] = body
    return new, f"{type}.{name}", f"{type}.renamed_0A1B2C3D"


@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
def test_a_renamed_database_construct_is_refused_unless_it_is_moved_or_described(
    foundation: Foundations, cloud: str, tmp_path: Path
) -> None:
    old = foundation("dev", None if cloud == "aws" else cloud).document
    new, before, after = moved(old, DATABASES[cloud])
    found = differences(old, new, "dpf-dev")
    assert {(one.kind, one.address) for one in found} == {("delete", before), ("create", after)}
    (lost,) = unexplained(found, tmp_path)
    assert lost.address == before

    kept = differences(old, new | {"moved": [{"from": before, "to": after}]}, "dpf-dev")
    assert [(one.kind, one.address, one.after) for one in kept] == [("move", before, after)]
    assert unexplained(kept, tmp_path) == []

    (tmp_path / "docs" / "upgrades").mkdir(parents=True)
    (tmp_path / "docs" / "upgrades" / "0.2.md").write_text(f"`{lost.construct}` is restored from a backup.\n")
    assert unexplained(found, tmp_path) == []


@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
def test_a_changed_cache_name_is_refused(foundation: Foundations, cloud: str, tmp_path: Path) -> None:
    old = foundation("dev", None if cloud == "aws" else cloud).document
    new = copy.deepcopy(old)
    type, attribute = CACHES[cloud]
    (name,) = new["resource"][type]
    was = new["resource"][type][name][attribute]
    new["resource"][type][name][attribute] = f"{was}-2"
    (renamed,) = [one for one in differences(old, new, "dpf-dev") if one.type == type]
    assert (renamed.kind, renamed.attributes) == ("rename", (f"{attribute}: {was} -> {was}-2",))
    assert renamed.loses_data == (unexplained([renamed], tmp_path) == [renamed])


def test_the_same_stack_has_no_differences(foundation: Foundations) -> None:
    stack = foundation("dev").document
    assert differences(stack, copy.deepcopy(stack), "dpf-dev") == []


def test_what_the_new_stack_forgets_remains(foundation: Foundations) -> None:
    old = foundation("dev").document
    group, name = old["resource"]["aws_iam_policy"], next(iter(old["resource"]["aws_iam_policy"]))
    new = {**old, "resource": {**old["resource"], "aws_iam_policy": {k: v for k, v in group.items() if k != name}}}
    forgotten = {"from": f"aws_iam_policy.{name}", "lifecycle": {"destroy": False}}
    assert differences(old, new | {"removed": [forgotten]}, "dpf-dev") == []
    destroyed = differences(old, new | {"removed": [{**forgotten, "lifecycle": {"destroy": True}}]}, "dpf-dev")
    assert [(one.kind, one.address) for one in destroyed] == [("delete", f"aws_iam_policy.{name}")]


def secret(name: str) -> dict[str, Any]:
    return {"aws_secretsmanager_secret": {"db": resource("dev/secrets/db", name=name, recovery_window_in_days=0)}}


def test_an_emulated_upgrade_shows_what_forces_a_replacement(
    small: SmallProject, aws: Emulator, tmp_path: Path
) -> None:
    provider = {"aws": [{"region": REGION}]}
    stacks = []
    for name in ("upgraded-old", "upgraded-new"):
        small.stack(secret(name), provider=provider)
        stacks.append(json.loads((small.root / "stack.json").read_text()))
    deployment = small.deployment(variables=aws.child_environment(os.environ), state="local", synthesize=False)
    summary = upgrade.rehearse(deployment, *stacks)
    (change,) = summary.changes
    assert (change.verb, change.reasons, change.loses_data) == ("replace", ("name",), True)
    assert upgrade.losses(summary, tmp_path) == [change]


def database(name: str, construct: str = "dev/database/server", **arguments: Any) -> dict[str, Any]:
    """A stack with a database, an alarm on it, and a queue."""
    server = {"identifier": "dpf-dev", "instance_class": "db.t4g.medium", "engine": "postgres", **arguments}
    alarm = {
        "alarm_name": "dpf-dev-database",
        "comparison_operator": "GreaterThanThreshold",
        "evaluation_periods": 1,
        "dimensions": {"DBInstanceIdentifier": f"${{aws_db_instance.{name}.identifier}}"},
        "alarm_actions": [f"${{aws_db_instance.{name}.arn}}"],
    }
    return {
        "aws_db_instance": {name: resource(construct, allocated_storage=20, **server)},
        "aws_cloudwatch_metric_alarm": {"alarm": resource("dev/database/alarm", **alarm)},
        "aws_sqs_queue": {"events": resource("dev/events/queue", name="dpf-dev-events")},
    }


def test_on_mocks_an_upgrade_lists_exactly_its_changes(small: SmallProject, tmp_path: Path) -> None:
    """A renamed construct with a `moved` block, whose size changes, and a queue that is added; then a mutant: the
    `moved` block is from an address that never was."""
    provider = {"aws": [{"region": REGION}]}

    def stack(resources: dict[str, Any], **more: Any) -> dict[str, Any]:
        small.stack(resources, provider=provider, **more)
        content: dict[str, Any] = json.loads((small.root / "stack.json").read_text())
        return content

    def rehearsed(new: dict[str, Any]) -> list[tuple[str, str, bool]]:
        summary = upgrade_mocks.rehearse(deployment, old, new, tmp_path / "upgrade")
        lost = upgrade.losses(summary, tmp_path)
        return [(one.verb, one.address, one in lost) for one in summary.changes]

    deployment = small.deployment(state="local", synthesize=False)
    old = stack(database("server"))
    renamed = database("primary", "dev/database/primary", instance_class="db.m7g.large")
    renamed["aws_sqs_queue"]["more"] = resource("dev/events/more", name="dpf-dev-more")
    change = {"from": "aws_db_instance.server", "to": "aws_db_instance.primary"}
    assert rehearsed(stack(renamed, moved=[change])) == [
        ("change", "aws_db_instance.primary", False),
        ("add", "aws_sqs_queue.more", False),
    ]
    lost = [("add", "aws_db_instance.primary", False), ("destroy", "aws_db_instance.server", True)]
    mistaken = stack(renamed, moved=[change | {"from": "aws_db_instance.servers"}])
    assert [one for one in rehearsed(mistaken) if "db_instance" in one[1]] == lost


def test_a_provider_whose_resources_need_no_mocked_value_has_none() -> None:
    """Terraform refuses an empty `mock_resource`."""
    stack = {"resource": {"aws_sqs_queue": {"q": {"name": "x"}}}, "provider": {"aws": [{"region": REGION}]}}
    assert offline.mocked_test(stack, facts("aws").offline)["mock_provider"] == {"aws": [{}]}


def git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


def test_the_command_compares_with_an_earlier_commit(terrace: Command) -> None:
    root = terrace.small.root
    bucket = {"bucket": "dpf-dev-silver"}
    terrace.small.stack({"aws_s3_bucket": {"silver_1": resource("dev/lake/silver", **bucket)}})
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "first")
    git(root, "tag", "v1")
    terrace.small.stack({"aws_s3_bucket": {"silver_2": resource("dev/data/silver", **bucket)}})
    completed = terrace.run("upgrade", "--from", "v1", "dev")
    assert completed.returncode == 1, completed.stderr
    assert completed.stdout.splitlines() == [
        "dev on aws: 1 resources, then 1",
        "  + aws_s3_bucket.silver_2",
        "  - aws_s3_bucket.silver_1",
        "  refused: the upgrade destroys dev/lake/silver, which holds data",
    ]
    assert "move_to" in completed.stderr
    data = json.loads(terrace.run("upgrade", "--from", "v1", "dev", "--json").stdout)
    assert data[0]["unexplained"] == ["aws_s3_bucket.silver_1"]
    terrace.small.stack(
        {"aws_s3_bucket": {"silver_2": resource("dev/data/silver", **bucket)}},
        moved=[{"from": "aws_s3_bucket.silver_1", "to": "aws_s3_bucket.silver_2"}],
    )
    assert terrace.run("upgrade", "--from", "v1", "dev").returncode == 0
    missing = terrace.run("upgrade", "--from", "v9", "dev")
    assert (missing.returncode, "takes a tag, a branch or a commit" in missing.stderr) == (2, True)


def test_a_directory_without_git_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="git rev-parse failed"), upgrade.checked_out(Project(tmp_path), "v1"):
        pass
