"""The rights of an assumed role, as the emulator evaluates them with `rights`."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from terrace.emulator import Options, start
from terrace.errors import UsageError

ACCOUNT, REGION = "111122223333", "eu-central-1"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/limit"
OWN = [
    {"Effect": "Allow", "NotAction": ["iam:*", "s3:ListBucket"], "Resource": "*"},
    {
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": "arn:aws:s3:::ours",
        "Condition": {"StringLike": {"s3:prefix": "orders/*"}},
    },
    {
        "Effect": "Allow",
        "Action": ["iam:CreateRole", "iam:PutRolePolicy"],
        "Resource": f"arn:aws:iam::{ACCOUNT}:role/ours-*",
        "Condition": {"StringEquals": {"iam:PermissionsBoundary": BOUNDARY}},
    },
    {"Effect": "Allow", "Action": "iam:DeleteRole", "Resource": f"arn:aws:iam::{ACCOUNT}:role/ours-*"},
]
LIMIT = [
    {"Effect": "Allow", "Action": "*", "Resource": "*"},
    {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"},
    {"Effect": "Deny", "Action": "s3:GetObject*", "Resource": "*"},
    {
        "Effect": "Deny",
        "NotAction": ["iam:*", "sts:*"],
        "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:RequestedRegion": [REGION]}},
    },
    {
        "Effect": "Deny",
        "Action": "iam:*",
        "Resource": f"arn:aws:iam::{ACCOUNT}:role/ours-pipeline",
    },
]
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
Call = Callable[[Any], object]


def create(name: str, **more: Any) -> Call:
    return lambda client: client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST, **more)


ALLOWED: dict[str, Call] = {
    "another service": lambda client: client("s3").create_bucket(
        Bucket="ours", CreateBucketConfiguration={"LocationConstraint": REGION}, ObjectLockEnabledForBucket=True
    ),
    # its action is s3:GetBucketObjectLockConfiguration, which is not among s3:GetObject*
    "an operation whose action has another name": lambda client: client("s3").get_object_lock_configuration(
        Bucket="ours"
    ),
    "names in a folder": lambda client: client("s3").list_objects_v2(Bucket="ours", Prefix="orders/"),
    "a role under the boundary": create("ours-one", PermissionsBoundary=BOUNDARY),
    "its deletion": lambda client: client("iam").delete_role(RoleName="ours-one"),
    "who it is": lambda client: client("sts").get_caller_identity(),
}
REFUSED: dict[str, Call] = {
    "a role without the boundary": create("ours-two"),
    "a role of another name": create("theirs", PermissionsBoundary=BOUNDARY),
    "what no policy allows": lambda client: client("iam").create_user(UserName="mallory"),
    "what the boundary denies": lambda client: client("s3").delete_bucket(Bucket="ours"),
    "an object": lambda client: client("s3").get_object(Bucket="ours", Key="key"),
    "names in every folder": lambda client: client("s3").list_objects_v2(Bucket="ours"),
    "names in another folder": lambda client: client("s3").list_objects_v2(Bucket="ours", Prefix="orders-eu/"),
    "another region": lambda client: client("sqs", "us-east-1").create_queue(QueueName="queue"),
    "its own policies": lambda client: client("iam").put_role_policy(
        RoleName="ours-pipeline", PolicyName="more", PolicyDocument=TRUST
    ),
    "its own deletion": lambda client: client("iam").delete_role(RoleName="ours-pipeline"),
}


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Any]]:
    """Clients of a session of the role `ours-pipeline`."""
    emulator = start("aws", tmp_path_factory.mktemp("rights"), options=Options(rights=True), parent=os.getpid())
    at = {"endpoint_url": f"http://127.0.0.1:{emulator.backend_port}"}
    administrator = boto3.Session("person", "person", region_name=REGION)
    iam = administrator.client("iam", **at)
    document = json.dumps({"Version": "2012-10-17", "Statement": LIMIT})
    iam.create_policy(PolicyName="limit", PolicyDocument=document)
    role = iam.create_role(RoleName="ours-pipeline", AssumeRolePolicyDocument=TRUST, PermissionsBoundary=BOUNDARY)
    document = json.dumps({"Version": "2012-10-17", "Statement": OWN})
    iam.put_role_policy(RoleName="ours-pipeline", PolicyName="own", PolicyDocument=document)
    assumed = administrator.client("sts", **at).assume_role(RoleArn=role["Role"]["Arn"], RoleSessionName="run")
    keys = assumed["Credentials"]
    session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    yield lambda service, region=REGION: session.client(service, region_name=region, **at)
    emulator.stop()


def test_a_role_does_what_its_policies_and_its_boundary_allow(clients: Callable[..., Any]) -> None:
    for call in ALLOWED.values():
        call(clients)


@pytest.mark.parametrize("name", REFUSED)
def test_a_role_does_nothing_else(clients: Callable[..., Any], name: str) -> None:
    with pytest.raises(ClientError) as caught:
        REFUSED[name](clients)
    assert caught.value.response["Error"]["Code"] == "AccessDenied"
    assert "assumed-role/ours-pipeline/run is not authorized to perform" in caught.value.response["Error"]["Message"]


def test_only_aws_evaluates_rights(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not evaluate rights"):
        start("azure", tmp_path, options=Options(rights=True))
