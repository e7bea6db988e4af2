"""`terrace drift ENV --accept`: settings are found by trying them on the stack."""

import json

import pytest
import yaml

from terrace.emulator import Emulator
from tests.cli.conftest import GLASS, Command
from tests.cli.test_drift import PROVIDER
from tests.deployment.conftest import resource
from tests.deployment.test_adoption import client

# Writes stack.json with the values of the environment, as the real stacks do.
STACKS = """
import json, os, pathlib, sys
from terrace.environment import load
from terrace.environment.sizes import machine
name = sys.argv[1]
environment = load(name, project=pathlib.Path.cwd()).environment
values = {
    "class": machine("aws", "database", environment.database.size).name,
    "storage": environment.database.storage_gb,
    "retention": environment.observability.retention_days,
    "team": environment.ownership.tags.get("team"),
}
text = pathlib.Path("stack.json").read_text()
for key, value in values.items():
    text = text.replace(f'"@{key}@"', json.dumps(value))
target = pathlib.Path(os.environ["TERRACE_OUT"]) / "stacks" / name
target.mkdir(parents=True, exist_ok=True)
(target / "cdk.tf.json").write_text(text)
"""


def stack() -> dict[str, dict[str, object]]:
    return {
        "aws_db_instance": {
            "server": resource(
                "dev/database/server",
                identifier="accepted",
                engine="postgres",
                engine_version="16.3",
                instance_class="@class@",
                allocated_storage="@storage@",
                username="terrace",
                manage_master_user_password=True,
                skip_final_snapshot=True,
                apply_immediately=True,
                tags={"team": "@team@"},
            )
        },
        "aws_cloudwatch_log_group": {
            name: resource(f"dev/{path}", name=f"/accepted/{name}", retention_in_days="@retention@")
            for name, path in (("flow", "network/flow"), ("platform", "observability/platform"))
        },
        "aws_sqs_queue": {"events": resource("dev/keys/events", name="accepted", tags={"fixed": "in-the-code"})},
    }


@pytest.mark.e2e  # the provider waits for the database; tests/deployment/test_drift_acceptance.py is the quick one
def test_settings_are_found_by_trying_them(terrace: Command, aws: Emulator) -> None:
    root = terrace.small.root
    (root / "stacks" / "__main__.py").write_text(STACKS)
    dev = root / "environments" / "dev.yaml"
    dev.write_text(dev.read_text() + "ownership:\n  tags: {team: platform}  # who is on call\n")
    terrace.small.stack(stack(), provider=PROVIDER)
    variables = aws.environment()
    terrace.run("plan", "dev", **variables)
    applied = terrace.run("apply", "dev", "--yes", *GLASS, **variables)
    assert applied.returncode == 0, applied.stderr
    assert terrace.run("drift", "dev", "--accept", **variables).stdout == "no drift to accept\n"

    rds, logs, sqs = (client(aws, name) for name in ("rds", "logs", "sqs"))
    rds.modify_db_instance(
        DBInstanceIdentifier="accepted", DBInstanceClass="db.r6g.large", AllocatedStorage=40, ApplyImmediately=True
    )
    (server,) = rds.describe_db_instances(DBInstanceIdentifier="accepted")["DBInstances"]
    rds.add_tags_to_resource(ResourceName=server["DBInstanceArn"], Tags=[{"Key": "team", "Value": "data"}])
    logs.put_retention_policy(logGroupName="/accepted/platform", retentionInDays=60)
    sqs.tag_queue(QueueUrl=sqs.get_queue_url(QueueName="accepted")["QueueUrl"], Tags={"fixed": "by-hand"})

    before = dev.read_text()
    shown = terrace.run("drift", "dev", "--accept", **variables)
    assert (shown.returncode, dev.read_text()) == (2, before)  # it cannot ask
    accepted = terrace.run("drift", "dev", "--accept", "--yes", "--json", **variables)
    data = json.loads(accepted.stdout)
    assert {one["setting"]: (one["old"], one["new"]) for one in data["accepted"]["adopted"]} == {
        "database.size": ("small", "medium"),
        "database.storage_gb": (20, 40),
        "ownership.tags.team": ("platform", "data"),
        "observability.retention_days": (30, 60),
    }
    assert data["accepted"]["also_changes"] == ["aws_cloudwatch_log_group.flow retention_in_days"]
    (refused,) = data["accepted"]["refused"]
    assert (refused, accepted.returncode) == ("aws_sqs_queue.events tags.fixed", 1)
    old, new = before.splitlines(), dev.read_text().splitlines()
    assert [line for line in new if line not in old] == [
        "  size: medium",
        "  storage_gb: 40",
        "  retention_days: 60",
        "  tags: {team: data}  # who is on call",
    ]
    assert len(old) == len(new)

    reason = "the operations team sets this tag by hand"
    entry = terrace.run("drift", "dev", "--accept", "--reason", reason, "--yes", **variables)
    assert entry.returncode == 0, entry.stderr
    (written,) = yaml.safe_load((root / "policies" / "drift.yaml").read_text())["ignored"]
    assert (written["address"], written["attributes"]) == ("aws_sqs_queue.events", ["tags.fixed"])
    rest = json.loads(terrace.run("drift", "dev", "--json", **variables).stdout)
    assert (rest["drift"], [one["address"] for one in rest["ignored"]]) == ([], ["aws_sqs_queue.events"])
