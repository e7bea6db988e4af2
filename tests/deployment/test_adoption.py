"""Terraform is killed during an apply on the emulated AWS; the next run adopts what it created and converges."""

import json
import os
import signal
import threading
from collections.abc import Callable
from typing import Any

import psutil
import pytest

from terrace.deployment import lifecycle, runs
from terrace.deployment.deployment import Deployment
from terrace.deployment.errors import AlreadyExists
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
    """Resources that are found by name (bucket, role, log group, ...), by tag (EC2) and by listing (key)."""
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
    """How many of each kind exist in the emulated account, read through its API."""
    ec2, iam, kms = (client(aws, service) for service in ("ec2", "iam", "kms"))
    filters: list[Any] = [{"Name": "tag:Name", "Values": [prefix, f"{prefix}-a", f"{prefix}-b"]}]
    keys = [key["KeyId"] for key in kms.list_keys()["Keys"]]
    return {
        "buckets": sum(b["Name"] == f"{prefix}-lake" for b in client(aws, "s3").list_buckets()["Buckets"]),
        "roles": sum(r["RoleName"] == f"{prefix}-role" for r in iam.list_roles()["Roles"]),
        "policies": sum(p["PolicyName"] == f"{prefix}-policy" for p in iam.list_policies(Scope="Local")["Policies"]),
        "log groups": len(client(aws, "logs").describe_log_groups(logGroupNamePrefix=f"/{prefix}/")["logGroups"]),
        "keys": sum({"TagKey": "Name", "TagValue": prefix} in kms.list_resource_tags(KeyId=k)["Tags"] for k in keys),
        "aliases": sum(a["AliasName"] == f"alias/{prefix}" for a in kms.list_aliases()["Aliases"]),
        "vpcs": len(ec2.describe_vpcs(Filters=filters)["Vpcs"]),
        "subnets": len(ec2.describe_subnets(Filters=filters)["Subnets"]),
        "groups": len(ec2.describe_security_groups(Filters=filters)["SecurityGroups"]),
        "addresses": len(ec2.describe_addresses(Filters=filters)["Addresses"]),
    }


EXPECTED_CENSUS = {
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
    """A boto3 client of the emulated account, independent of this process's environment variables."""
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


def kill_apply_when(deployment: Deployment, events: list[Event], condition: Callable[[list[Event]], bool]) -> None:
    """Apply, and kill Terraform with SIGKILL once `condition` is true for the events of the apply."""
    ended = threading.Event()
    killed = threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            run = runs.read_marker(deployment.marker)
            if run and run.terraform and run.terraform.alive and condition(events):
                os.kill(run.terraform.pid, signal.SIGKILL)
                killed.set()
                return

    events.clear()
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with pytest.raises(TerraceError, match="killed"):
            lifecycle.apply(deployment, confirm=lambda saved: True)
    finally:
        ended.set()
        watcher.join()
    assert killed.is_set()


def count(events: list[Event], moment: str) -> int:
    """How many resources have reached `moment` in the current apply."""
    return sum(
        isinstance(event, ResourceEvent) and event.phase == "apply" and event.moment == moment for event in events
    )


def assert_converges(small: SmallProject, aws: Emulator, prefix: str) -> None:
    """After one apply every resource exists once and is in the state, and the next plan is empty."""
    deployment = deployment_on(small, aws)
    lifecycle.apply(deployment, confirm=lambda saved: True)  # nothing is left to apply if the kill came very late
    assert any("was killed; searching for resources" in message for message in small.messages)
    assert census(aws, prefix) == EXPECTED_CENSUS
    assert lifecycle.plan(deployment).summary.empty
    assert not deployment.marker.exists()
    # the providers of a killed Terraform keep running; the next run ends them
    data = str(deployment.project.working_directory)
    assert [p.pid for p in psutil.process_iter() if any(data in word for word in command_line(p))] == []


def command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.mark.e2e  # test_marks.py has one kill, and a second checkout that recovers from it
def test_an_apply_converges_after_two_kills(small: SmallProject, aws: Emulator) -> None:
    """The second kill interrupts the recovery from the first."""
    prefix = "twice"
    aws_stack(small, prefix)
    events: list[Event] = []
    deployment = deployment_on(small, aws, on_event=events.append)
    lifecycle.plan(deployment)
    kms = client(aws, "kms")
    earlier = len(kms.list_keys()["Keys"])
    # when the key exists, the provider still waits for it
    kill_apply_when(deployment, events, lambda _: len(kms.list_keys()["Keys"]) > earlier)
    assert "aws_kms_key.key" not in deployment.terraform().addresses()
    kill_apply_when(deployment, events, lambda _: True)  # what is left may take less than a second
    assert_converges(small, aws, prefix)
    assert any(message.startswith("adopting aws_kms_key.key") for message in small.messages)


MOMENTS = {
    "first started": lambda events: count(events, "start") >= 1,
    "six started": lambda events: count(events, "start") >= 6,
    "three completed": lambda events: count(events, "complete") >= 3,
    "nine completed": lambda events: count(events, "complete") >= 9,
}


@pytest.mark.e2e
@pytest.mark.parametrize("moment", MOMENTS)
def test_an_apply_converges_after_a_kill(small: SmallProject, aws: Emulator, moment: str) -> None:
    prefix = moment.replace(" ", "-")
    aws_stack(small, prefix)
    events: list[Event] = []
    deployment = deployment_on(small, aws, on_event=events.append)
    lifecycle.plan(deployment)
    kill_apply_when(deployment, events, MOMENTS[moment])
    assert_converges(small, aws, prefix)


def test_an_existing_resource_is_adopted_only_with_the_deployments_tags(small: SmallProject, aws: Emulator) -> None:
    """Without a killed run, there is no log: tags are the only proof."""
    small.stack(
        {
            "aws_cloudwatch_log_group": {
                name: resource(f"dev/observability/{name}", name=f"/found/{name}") for name in ("own", "other")
            }
        },
        provider={"aws": [{"region": REGION, "default_tags": [{"tags": TAGS}]}]},
    )
    logs = client(aws, "logs")
    logs.create_log_group(logGroupName="/found/own", tags=TAGS)
    logs.create_log_group(logGroupName="/found/other", tags={"environment": "dev", "managed-by": "hand"})
    deployment = deployment_on(small, aws)
    lifecycle.plan(deployment)
    with pytest.raises(AlreadyExists) as caught:
        lifecycle.apply(deployment, confirm=lambda saved: True)
    assert caught.value.addresses == ("aws_cloudwatch_log_group.other",)
    assert "adopting aws_cloudwatch_log_group.own: it exists as /found/own but is not in the state" in small.messages
    refusal = "not adopting aws_cloudwatch_log_group.other: its tags do not match this deployment (managed-by=hand"
    assert any(message.startswith(refusal) for message in small.messages)
    assert deployment.terraform().addresses() == ["aws_cloudwatch_log_group.own"]
    assert logs.list_tags_log_group(logGroupName="/found/other")["tags"]["managed-by"] == "hand"
