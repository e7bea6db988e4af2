"""`terrace drift`."""

import json

import pytest

from scripts import drift as command
from terrace.deployment.drift import AttributeDrift, Drift
from tests.deployment.test_lifecycle import two
from tests.scripts.conftest import Command


def test_none_is_exit_code_0(terrace: Command) -> None:
    terrace.small.stack(two())
    terrace.run("plan", "dev")
    terrace.run("apply", "dev", "--yes")
    ended = terrace.run("drift", "dev")
    assert (ended.returncode, ended.stdout) == (0, "no drift\n")
    data = json.loads(terrace.run("drift", "dev", "--json").stdout)
    assert data == {"environment": "dev", "cloud": "aws", "drift": [], "informational": [], "pending": []}


@pytest.mark.parametrize(
    ("found", "told"),
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
def test_which_attribute_from_what_to_what_and_whose(found: Drift, told: list[str]) -> None:
    assert command._told(found) == told
