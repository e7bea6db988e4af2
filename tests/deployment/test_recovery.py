"""Terraform killed at several moments of an apply against the emulated AWS; the next run adopts and converges."""

import json
import os
import signal
import threading
from collections.abc import Callable
from typing import Any

import psutil
import pytest

from terrace.deployment import errors as faults
from terrace.deployment import lifecycle, recovery
from terrace.deployment.deployment import Deployment
from terrace.deployment.events import Event, ResourceEvent
from terrace.emulator import Emulator
from terrace.errors import TerraceError
from tests.deployment.conftest import SmallProject, resource

REGION = "eu-west-1"
ALLOW = {"Effect": "Allow", "Action": "sts:AssumeRole"}
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{**ALLOW, "Principal": {"Service": "ec2.amazonaws.com"}}]})
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{**ALLOW, "Resource": "*"}]})
TAGS = {"managed-by": "terrace", "environment": "dev"}


def aws_stack(small: SmallProject, prefix: str) -> None:
    """Types of all three kinds: found by name (bucket, role, log group, ...), by tag (EC2), by listing (key)."""
    name = {"Name": prefix}
    small.stack(
        {
            "aws_s3_bucket": {"bucket": resource("dev/lake/bucket", bucket=f"{prefix}-lake")},
            "aws_iam_role": {"role": resource("dev/identity/role", name=f"{prefix}-role", assume_role_policy=TRUST)},
            "aws_iam_policy": {"policy": resource("dev/identity/policy", name=f"{prefix}-policy", policy=POLICY)},
            "aws_cloudwatch_log_group": {"logs": resource("dev/observability/logs", name=f"/{prefix}/logs")},
            "aws_kms_key": {"key": resource("dev/keys/key", description="data", tags=name)},
            "aws_kms_alias": {
                "alias": resource("dev/keys/alias", name=f"alias/{prefix}", target_key_id="${aws_kms_key.key.id}")
            },
            "aws_vpc": {"vpc": resource("dev/network/vpc", cidr_block="10.0.0.0/16", tags=name)},
            "aws_subnet": {
                letter: resource(
                    f"dev/network/{letter}",
                    vpc_id="${aws_vpc.vpc.id}",
                    cidr_block=f"10.0.{number}.0/24",
                    tags={"Name": f"{prefix}-{letter}"},
                )
                for number, letter in enumerate("ab")
            },
            "aws_security_group": {
                "group": resource("dev/network/group", name=prefix, vpc_id="${aws_vpc.vpc.id}", tags=name)
            },
            "aws_vpc_security_group_ingress_rule": {
                "rule": resource(
                    "dev/network/rule",
                    security_group_id="${aws_security_group.group.id}",
                    ip_protocol="tcp",
                    from_port=443,
                    to_port=443,
                    cidr_ipv4="10.0.0.0/16",
                )
            },
            "aws_eip": {"address": resource("dev/network/address", domain="vpc", tags=name)},
        },
        provider={"aws": [{"region": REGION, "default_tags": [{"tags": TAGS}]}]},
    )


def census(aws: Emulator, prefix: str) -> dict[str, int]:
    """How many of each kind exist in the emulated account, as its own API tells."""
    ec2, iam, kms = (client(aws, service) for service in ("ec2", "iam", "kms"))
    mine: list[Any] = [{"Name": "tag:Name", "Values": [prefix, f"{prefix}-a", f"{prefix}-b"]}]
    keys = [key["KeyId"] for key in kms.list_keys()["Keys"]]
    return {
        "buckets": sum(b["Name"] == f"{prefix}-lake" for b in client(aws, "s3").list_buckets()["Buckets"]),
        "roles": sum(r["RoleName"] == f"{prefix}-role" for r in iam.list_roles()["Roles"]),
        "policies": sum(p["PolicyName"] == f"{prefix}-policy" for p in iam.list_policies(Scope="Local")["Policies"]),
        "log groups": len(client(aws, "logs").describe_log_groups(logGroupNamePrefix=f"/{prefix}/")["logGroups"]),
        "keys": sum({"TagKey": "Name", "TagValue": prefix} in kms.list_resource_tags(KeyId=k)["Tags"] for k in keys),
        "aliases": sum(a["AliasName"] == f"alias/{prefix}" for a in kms.list_aliases()["Aliases"]),
        "vpcs": len(ec2.describe_vpcs(Filters=mine)["Vpcs"]),
        "subnets": len(ec2.describe_subnets(Filters=mine)["Subnets"]),
        "groups": len(ec2.describe_security_groups(Filters=mine)["SecurityGroups"]),
        "addresses": len(ec2.describe_addresses(Filters=mine)["Addresses"]),
    }


ONE_OF_EACH = {
    "buckets": 1,
    "roles": 1,
    "policies": 1,
    "log groups": 1,
    "keys": 1,
    "aliases": 1,
    "vpcs": 1,
    "subnets": 2,
    "groups": 1,
    "addresses": 1,
}


def client(aws: Emulator, service: str, region: str = REGION) -> Any:
    """A boto3 client of the emulated account, made without touching this process's environment."""
    import boto3

    return boto3.client(
        service,
        region_name=region,
        endpoint_url=f"http://127.0.0.1:{aws.backend_port}",
        aws_access_key_id="emulated",
        aws_secret_access_key="emulated",
    )


def deployment_on(small: SmallProject, aws: Emulator, **more: Any) -> Deployment:
    return small.deployment(variables=aws.child_environment(os.environ), **more)


def killed_when(deployment: Deployment, heard: list[Event], moment: Callable[[list[Event]], bool]) -> None:
    """Apply, and kill Terraform with SIGKILL once `moment` holds for what was heard of its apply so far."""
    over = threading.Event()
    killed = threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            run = recovery.read_marker(deployment.marker)
            if run and run.terraform and run.terraform.alive and steps(heard, "start") and moment(heard):
                os.kill(run.terraform.pid, signal.SIGKILL)
                killed.set()
                return

    heard.clear()
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with pytest.raises(TerraceError, match="killed"):
            lifecycle.apply(deployment, confirm=lambda saved: True)
    finally:
        over.set()
        watcher.join()
    assert killed.is_set()


def steps(heard: list[Event], moment: str) -> int:
    """How many resources of the apply under way have reached `moment`."""
    return sum(
        isinstance(event, ResourceEvent) and event.phase == "apply" and event.moment == moment for event in heard
    )


def converges(small: SmallProject, aws: Emulator, prefix: str) -> None:
    """One apply recovers: all exists once, the state knows all of it, and there is nothing left to do."""
    deployment = deployment_on(small, aws)
    applied = lifecycle.apply(deployment, confirm=lambda saved: True)
    assert applied is not None
    assert any("did not end in good order" in sentence for sentence in small.said)
    assert census(aws, prefix) == ONE_OF_EACH
    assert lifecycle.plan(deployment).summary.empty
    assert not deployment.marker.exists()
    # a killed Terraform leaves its providers running: the next run has ended them
    data = str(deployment.project.working_directory)
    assert [p.pid for p in psutil.process_iter() if any(data in word for word in command_line(p))] == []


def command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_killed_again_and_again_the_next_apply_converges(small: SmallProject, aws: Emulator) -> None:
    """Two kills in a row, the second while the first is being recovered from."""
    prefix = "twice"
    aws_stack(small, prefix)
    heard: list[Event] = []
    deployment = deployment_on(small, aws, listener=heard.append)
    lifecycle.plan(deployment)
    killed_when(deployment, heard, lambda heard: census(aws, prefix)["keys"] == 1)  # the provider still waits for it
    assert "aws_kms_key.key" not in deployment.opened().addresses()
    killed_when(deployment, heard, lambda heard: steps(heard, "start") >= 1)
    converges(small, aws, prefix)
    assert any(sentence.startswith("adopts aws_kms_key.key") for sentence in small.said)


MOMENTS = {
    "as the first creation begins": lambda heard: steps(heard, "start") >= 1,
    "with six under way": lambda heard: steps(heard, "start") >= 6,
    "after three": lambda heard: steps(heard, "complete") >= 3,
    "after nine": lambda heard: steps(heard, "complete") >= 9,
}


@pytest.mark.e2e
@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_apply_is_recovered(small: SmallProject, aws: Emulator, moment: str) -> None:
    prefix = moment.replace(" ", "-")
    aws_stack(small, prefix)
    heard: list[Event] = []
    deployment = deployment_on(small, aws, listener=heard.append)
    lifecycle.plan(deployment)
    killed_when(deployment, heard, MOMENTS[moment])
    converges(small, aws, prefix)


def test_what_exists_without_a_crash_is_adopted_only_if_it_is_ours(small: SmallProject, aws: Emulator) -> None:
    """No marker, no log: tags are the only proof."""
    small.stack(
        {
            "aws_cloudwatch_log_group": {
                name: resource(f"dev/observability/{name}", name=f"/found/{name}") for name in ("ours", "theirs")
            }
        },
        provider={"aws": [{"region": REGION, "default_tags": [{"tags": TAGS}]}]},
    )
    logs = client(aws, "logs")
    logs.create_log_group(logGroupName="/found/ours", tags=TAGS)
    logs.create_log_group(logGroupName="/found/theirs", tags={"environment": "dev", "managed-by": "hand"})
    deployment = deployment_on(small, aws)
    lifecycle.plan(deployment)
    with pytest.raises(faults.AlreadyExists) as caught:
        lifecycle.apply(deployment, confirm=lambda saved: True)
    assert caught.value.addresses == ("aws_cloudwatch_log_group.theirs",)
    assert "adopts aws_cloudwatch_log_group.ours: it exists as /found/ours but is not in the state" in small.said
    refusal = "does not adopt aws_cloudwatch_log_group.theirs: its tags do not say that it is ours (managed-by=hand"
    assert any(sentence.startswith(refusal) for sentence in small.said)
    assert deployment.opened().addresses() == ["aws_cloudwatch_log_group.ours"]
    assert logs.list_tags_log_group(logGroupName="/found/theirs")["tags"]["managed-by"] == "hand"
