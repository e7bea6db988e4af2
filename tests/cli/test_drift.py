"""`terrace drift`."""

import json
from datetime import date, timedelta
from typing import Any

import pytest

from terrace.assurance.drift_severity import Grade
from terrace.cli.drift_text import drift_lines
from terrace.deployment.drift import AttributeDrift, Drift
from terrace.emulator import Emulator
from tests.cli.conftest import GLASS, Command
from tests.deployment.conftest import resource
from tests.deployment.test_adoption import REGION, TAGS, client
from tests.deployment.test_lifecycle import two


def test_without_drift_the_exit_code_is_0(terrace: Command) -> None:
    terrace.small.stack(two())
    terrace.run("plan", "dev")
    terrace.run("apply", "dev", "--yes", *GLASS)
    completed = terrace.run("drift", "dev")
    assert (completed.returncode, completed.stdout) == (0, "no drift\n")
    data = json.loads(terrace.run("drift", "dev", "--json").stdout)
    nothing: dict[str, object] = {
        name: [] for name in ("drift", "ignored", "expired_ignores", "informational", "pending")
    }
    same = {"environment": "dev", "cloud": "aws", "layer": "foundation", "severity": None, **nothing}
    assert data == same
    # a person applied the bootstrap from another stack
    noted = terrace.small.root / ".terrace/state/dev/aws/bootstrap/applied.sha256"
    noted.parent.mkdir(parents=True)
    noted.write_text("another")
    completed = terrace.run("drift", "dev")
    assert completed.returncode == 0 and "identity changed: run `terrace bootstrap dev`" in completed.stderr
    assert json.loads(terrace.run("drift", "dev", "--json").stdout) == same | {"bootstrap_outdated": True}


@pytest.mark.parametrize(
    ("drift", "lines"),
    [
        (
            Drift(
                "aws_s3_bucket.b",
                "aws_s3_bucket",
                "changed",
                (AttributeDrift("tags.team", "platform", None),),
                "dev/lake/b",
                "lake",
                "environments/base.yaml:9:1",
            ),
            [
                "aws_s3_bucket.b was changed",
                '  tags.team: "platform" → null',
                "  construct dev/lake/b, environment environments/base.yaml:9:1",
            ],
        ),
        (Drift("aws_x.a", "aws_x", "deleted"), ["aws_x.a was deleted"]),
        (
            Drift("aws_x.a", "aws_x", "deleted", grade=Grade("security", ("DB-1",), ("one", "two", "three", "four"))),
            ["aws_x.a was deleted [security]", "  one", "  two", "  three", "  and 1 more"],
        ),
    ],
)
def test_drift_is_printed_with_attributes_and_environment_line(drift: Drift, lines: list[str]) -> None:
    assert drift_lines(drift) == lines


PROVIDER = {"aws": [{"region": REGION, "default_tags": [{"tags": TAGS}], "s3_use_path_style": True}]}


def platform(prefix: str) -> dict[str, dict[str, object]]:
    """A bucket with its public access block, an alarm and a topic: what guarantees read, and what none reads."""
    return {
        "aws_s3_bucket": {"silver": resource("dev/lake/silver/bucket", bucket=f"{prefix}-silver", tags={"team": "a"})},
        "aws_s3_bucket_public_access_block": {
            "silver": resource(
                "dev/lake/silver/public-access",
                bucket="${aws_s3_bucket.silver.id}",
                block_public_acls=True,
                block_public_policy=True,
                ignore_public_acls=True,
                restrict_public_buckets=True,
            )
        },
        "aws_cloudwatch_metric_alarm": {
            "ports": resource(
                "dev/observability/nat-ports",
                alarm_name=f"{prefix}-ports",
                namespace="AWS/NATGateway",
                metric_name="ErrorPortAllocation",
                comparison_operator="GreaterThanThreshold",
                statistic="Sum",
                threshold=0,
                period=300,
                evaluation_periods=1,
            )
        },
        "aws_sns_topic": {"alarms": resource("dev/observability/alarms", name=f"{prefix}-alarms", tags={"team": "a"})},
    }


def drift_three_ways(aws: Emulator, prefix: str) -> None:
    """Open a bucket, silence an alarm, and change a tag."""
    block = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "RestrictPublicBuckets": True}
    client(aws, "s3").put_public_access_block(
        Bucket=f"{prefix}-silver", PublicAccessBlockConfiguration={**block, "BlockPublicPolicy": False}
    )
    client(aws, "cloudwatch").disable_alarm_actions(AlarmNames=[f"{prefix}-ports"])
    (topic,) = [t["TopicArn"] for t in client(aws, "sns").list_topics()["Topics"] if f":{prefix}-" in t["TopicArn"]]
    client(aws, "sns").tag_resource(ResourceArn=topic, Tags=[{"Key": "team", "Value": "b"}])


def each_with_its_own_state(terrace: Command) -> None:
    """The stub writes the same stack for every environment."""
    stub = terrace.small.root / "stacks" / "__main__.py"
    written = "json.dumps(stack, indent=2)"
    text = stub.read_text()
    assert written in text
    stub.write_text(text.replace(written, f'{written}.replace("dev-aws-foundation", f"{{name}}-aws-foundation")'))


def test_all_deployments_are_graded_and_a_failure_does_not_stop_the_others(terrace: Command, aws: Emulator) -> None:
    """Three changes by others, a resource that they deleted, and a value that the stack ignores."""
    each_with_its_own_state(terrace)
    ignored = {"name": "/graded/ignored", "type": "String", "value": "a", "lifecycle": {"ignore_changes": ["value"]}}
    parameters = {
        "ignored": resource("dev/lake/ignored", **ignored),
        "gone": resource("dev/lake/gone", name="/graded/gone", type="String", value="a"),
    }
    terrace.small.stack(platform("graded") | {"aws_ssm_parameter": parameters}, provider=PROVIDER)
    variables = aws.environment()
    assert terrace.run("plan", "dev", **variables).returncode == 1
    assert terrace.run("apply", "dev", "--yes", *GLASS, **variables).returncode == 0
    drift_three_ways(aws, "graded")
    client(aws, "ssm").put_parameter(Name="/graded/ignored", Value="b", Type="String", Overwrite=True)
    client(aws, "ssm").delete_parameter(Name="/graded/gone")
    torn = terrace.small.root / ".terrace" / "state" / "staging-aws-foundation.tfstate"
    torn.write_text("{ torn")
    completed = terrace.run("drift", "--all", "--json", **variables)
    data = json.loads(completed.stdout)
    by_name = {(one["environment"], one["cloud"], one["layer"]): one for one in data["deployments"]}
    dev, staging = by_name["dev", "aws", "foundation"], by_name["staging", "aws", "foundation"]
    assert staging["status"] == "failed" and staging["error"]
    assert (dev["status"], dev["severity"]) == ("drifted", "security")
    assert (data["counts"], completed.returncode) == ({"clean": 0, "drifted": 1, "failed": 1, "not_deployed": 0}, 3)
    assert [(drift["address"], drift["severity"], drift["guarantees"]) for drift in dev["drift"]] == [
        ("aws_s3_bucket_public_access_block.silver", "security", ["LAKE-1"]),
        ("aws_cloudwatch_metric_alarm.ports", "availability", ["OBS-3"]),
        ("aws_ssm_parameter.gone", "availability", []),
        ("aws_sns_topic.alarms", "cosmetic", []),
    ]
    assert dev["drift"][1]["reasons"] == ["CKV_AWS_319 Ensure that CloudWatch alarm actions are enabled"]

    printed = terrace.run("drift", "dev", **variables)
    assert printed.returncode == 1
    assert (
        'aws_sns_topic.alarms was changed [cosmetic]\n  tags.team: "a" → "b"\n'
        "  no check of a guarantee and no access depends on it\n"
        "  construct dev/observability/alarms, environment environments/"
    ) in printed.stdout
    assert "aws_ssm_parameter.gone was deleted [availability]\n  the resource is missing\n" in printed.stdout
    assert (
        'not reverted by an apply:\n  aws_ssm_parameter.ignored was changed\n    value: "(sensitive)"' in printed.stdout
    )
    assert printed.stdout.endswith("4 drifted resources; `terrace drift dev --repair` reverts the drift\n")

    (terrace.small.root / "policies").mkdir(exist_ok=True)
    ignores = terrace.small.root / "policies" / "drift.yaml"
    until, past = date.today() + timedelta(days=30), date.today() - timedelta(days=1)
    ignores.write_text(
        f"""ignored:
  - address: aws_sns_topic.*
    attributes: [tags]
    environments: [dev]
    reason: the team's own tool sets this tag
    owner: data-platform
    until: {until}
  - address: aws_cloudwatch_metric_alarm.ports
    environments: [dev]
    reason: the network team tests its gateways
    owner: data-platform
    until: {past}
"""
    )
    completed = terrace.run("drift", "dev", "--json", **variables)
    data = json.loads(completed.stdout)
    assert [drift["address"] for drift in data["ignored"]] == ["aws_sns_topic.alarms"]
    assert data["ignored"][0]["ignored_by"]["line"] == "policies/drift.yaml:2:5"
    assert [entry["address"] for entry in data["expired_ignores"]] == ["aws_cloudwatch_metric_alarm.ports"]
    assert (len(data["drift"]), completed.returncode) == (3, 1)


@pytest.mark.parametrize("arguments", [("--all", "dev"), ("--all", "--repair"), (), ("dev", "--repair", "--no-lock")])
def test_all_and_a_stack_exclude_each_other(terrace: Command, arguments: tuple[str, ...]) -> None:
    assert terrace.run("drift", *arguments).returncode == 2


def test_nothing_to_repair(terrace: Command) -> None:
    terrace.small.stack(two())
    terrace.run("plan", "dev")
    terrace.run("apply", "dev", "--yes", *GLASS)
    completed = terrace.run("drift", "dev", "--repair")
    assert (completed.returncode, completed.stdout) == (0, "dev on aws: no drift to repair\n")


def test_a_repair_reverts_the_drift_and_applies_no_other_change(terrace: Command, aws: Emulator) -> None:
    def stack(**changed: str) -> None:
        """The platform, with changes of the stack that no apply has made yet."""
        resources: dict[str, dict[str, Any]] = platform("repaired")
        resources["aws_sns_topic"]["other"] = resource("dev/observability/other", name="other-repaired")
        for name in ("alarms", "other"):
            resources["aws_sns_topic"][name]["display_name"] = changed.get(name, "a")
        resources["aws_s3_bucket"]["silver"] |= {
            "tags": {"team": changed.get("team", "a")},
            "bucket": changed.get("bucket", "repaired-silver"),
        }
        terrace.small.stack(resources, provider=PROVIDER)

    stack()
    variables = aws.environment()
    terrace.run("plan", "dev", **variables)
    assert terrace.run("apply", "dev", "--yes", *GLASS, **variables).returncode == 0
    drift_three_ways(aws, "repaired")
    client(aws, "cloudwatch").delete_alarms(AlarmNames=["repaired-ports"])

    stack(bucket="repaired-renamed")
    lossy = terrace.run("drift", "dev", "--repair", "--yes", *GLASS, **variables)
    assert lossy.returncode == 1
    assert "the repair would replace or destroy resources with data: aws_s3_bucket.silver" in lossy.stderr

    stack(team="b", alarms="b", other="b")
    refused = terrace.run("drift", "dev", "--repair", "--yes", **variables)
    assert (refused.returncode, "does not pass the gate" in refused.stderr) == (1, True)
    repaired = terrace.run("drift", "dev", "--repair", "--yes", *GLASS, "--json", **variables)
    data = json.loads(repaired.stdout)
    assert data["repair"] == {
        "repaired": ["aws_cloudwatch_metric_alarm.ports", "aws_s3_bucket_public_access_block.silver"],
        "required": ["aws_s3_bucket.silver"],  # the block depends on it
        "left": {"aws_sns_topic.alarms": ["display_name"]},
    }
    assert repaired.returncode == 1
    assert "Terraform also changes what the drifted resources depend on:\n  change aws_s3_bucket" in repaired.stderr
    assert "not repaired: aws_sns_topic.alarms, of which the stack also changes display_name" in repaired.stderr
    block = client(aws, "s3").get_public_access_block(Bucket="repaired-silver")["PublicAccessBlockConfiguration"]
    assert block["BlockPublicPolicy"] is True

    rest = json.loads(terrace.run("drift", "dev", "--json", **variables).stdout)
    assert ([one["address"] for one in rest["drift"]], rest["pending"]) == (
        ["aws_sns_topic.alarms"],
        ["aws_sns_topic.other"],
    )
    (write, *_) = rest["drift"][0]["last_writes"]["writes"]
    assert (write["actor"].endswith(":user/moto"), write["call"]) == (True, "sns:TagResource")
    records = json.loads(terrace.run("evidence", "list", "dev", "--json", **variables).stdout)["records"]
    assert [(one["kind"], one["passed"], one["detail"]) for one in records][-1] == ("apply", True, "repair of drift")


def test_an_unreadable_environment_is_counted_once(terrace: Command) -> None:
    broken = terrace.small.root / "environments" / "staging.yaml"
    broken.write_text(broken.read_text() + "no_such_key: 1\n")
    completed = terrace.run("drift", "--all", "--json")
    data = json.loads(completed.stdout)
    assert [(one["environment"], one["status"]) for one in data["deployments"]] == [("staging", "failed")]
    assert (data["counts"]["failed"], completed.returncode) == (1, 3)
