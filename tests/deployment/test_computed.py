"""What the cloud computes after an apply, with real Terraform on an emulated AWS."""

import json
from typing import Any

import pytest

from terrace.deployment import lifecycle
from terrace.deployment.events import Event, ResourceEvent
from terrace.emulator import Emulator
from tests.deployment.conftest import SmallProject, resource
from tests.deployment.test_adoption import REGION, TAGS, client


def _document(action: str, **more: Any) -> str:
    statement = {"Effect": "Allow", "Action": action, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _role(name: str) -> dict[str, Any]:
    """A role, and a policy that the cloud lists as a part of the role afterwards."""
    trust = _document("sts:AssumeRole", Principal={"Service": "ec2.amazonaws.com"})
    policy = _document("s3:ListAllMyBuckets", Resource="*")
    return {
        "aws_iam_role": {"role": resource("dev/lake/role", name=name, assume_role_policy=trust, description="reads")},
        "aws_iam_role_policy": {
            "policy": resource("dev/lake/policy", name="read", role="${aws_iam_role.role.name}", policy=policy)
        },
    }


PROVIDER = {"aws": [{"region": REGION, "default_tags": [{"tags": TAGS}]}]}


@pytest.mark.e2e  # the demo finds no drift after its apply either
def test_nothing_has_drifted_after_an_apply(small: SmallProject, aws: Emulator) -> None:
    small.stack(_role("computed"), provider=PROVIDER)
    deployment = small.deployment(variables=aws.environment())
    lifecycle.plan(deployment)
    lifecycle.apply(deployment, confirm=lambda saved: True)
    assert lifecycle.find_drift(deployment).drifts == ()
    assert not list(deployment.project.plans.glob("*computed*"))


def test_what_others_change_or_delete_during_an_apply_is_not_stored(small: SmallProject, aws: Emulator) -> None:
    stack = _role("raced")
    reader = {**stack["aws_iam_role"]["role"], "name": "unchanged"}
    policy = {**stack["aws_iam_role_policy"]["policy"], "role": "${aws_iam_role.reader.name}"}
    stack["aws_iam_role"]["reader"], stack["aws_iam_role_policy"]["reader"] = reader, policy
    small.stack(stack, provider=PROVIDER)

    def change(event: Event) -> None:
        if isinstance(event, ResourceEvent) and (event.phase, event.moment) == ("apply", "complete"):
            if event.address == "aws_iam_role.role":
                client(aws, "iam").update_role(RoleName="raced", Description="changed by others")
            if event.address == "aws_iam_role_policy.reader":
                client(aws, "iam").delete_role_policy(RoleName="unchanged", PolicyName="read")

    deployment = small.deployment(variables=aws.environment(), on_event=change)
    lifecycle.plan(deployment)
    lifecycle.apply(deployment, confirm=lambda saved: True)
    both = "aws_iam_role.role, aws_iam_role_policy.reader"
    assert f"changed by others during the apply: {both}; `terrace drift dev` shows how" in small.messages
    assert "aws_iam_role_policy.reader" in deployment.terraform().addresses()
    found = lifecycle.find_drift(deployment).effective
    assert {(one.address, one.kind) for one in found} == {
        ("aws_iam_role.role", "changed"),
        ("aws_iam_role_policy.reader", "deleted"),
    }
