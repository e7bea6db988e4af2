"""`terrace drift`."""

import json

import pytest

from terrace.cli import drift as command
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
    assert data == {"environment": "dev", "cloud": "aws", "drift": [], "informational": [], "pending": []}


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
    ],
)
def test_drift_is_printed_with_attributes_and_environment_line(drift: Drift, lines: list[str]) -> None:
    assert command._lines(drift) == lines


def test_a_live_change_is_detected_and_repaired(terrace: Command, aws: Emulator) -> None:
    """Changes a tag, deletes a parameter, and changes a value that the stack ignores."""
    ignored = {"name": "/drifting/ignored", "type": "String", "value": "a", "lifecycle": {"ignore_changes": ["value"]}}
    terrace.small.stack(
        {
            "aws_sns_topic": {
                "alarms": resource("dev/observability/alarms", name="drifting", tags={"team": "platform"})
            },
            "aws_ssm_parameter": {
                "ignored": resource("dev/lake/ignored", **ignored),
                "gone": resource("dev/lake/gone", name="/drifting/gone", type="String", value="a"),
            },
        },
        provider={"aws": [{"region": REGION, "default_tags": [{"tags": TAGS}]}]},
    )
    variables = aws.environment()
    assert terrace.run("plan", "dev", **variables).returncode == 1
    assert terrace.run("apply", "dev", "--yes", *GLASS, **variables).returncode == 0

    sns, ssm = client(aws, "sns"), client(aws, "ssm")
    (topic,) = [t["TopicArn"] for t in sns.list_topics()["Topics"] if t["TopicArn"].endswith(":drifting")]
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "team", "Value": "other"}])
    ssm.put_parameter(Name="/drifting/ignored", Value="b", Type="String", Overwrite=True)
    ssm.delete_parameter(Name="/drifting/gone")

    drifted = terrace.run("drift", "dev", **variables)
    assert drifted.returncode == 1
    assert drifted.stdout.startswith(
        'aws_sns_topic.alarms was changed\n  tags.team: "platform" → "other"\n'
        "  construct dev/observability/alarms, environment environments/"
    )
    assert "aws_ssm_parameter.gone was deleted\n" in drifted.stdout
    assert (
        'not reverted by an apply:\n  aws_ssm_parameter.ignored was changed\n    value: "(sensitive)"' in drifted.stdout
    )
    assert drifted.stdout.endswith("2 drifted resources; run `terrace plan dev` to see the repair\n")

    terrace.run("plan", "dev", **variables)
    terrace.run("apply", "dev", "--yes", *GLASS, **variables)
    assert terrace.run("drift", "dev", **variables).returncode == 0
