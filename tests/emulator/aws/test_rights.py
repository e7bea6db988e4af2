"""The rights of a request, as the emulator evaluates them with `rights`."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from terrace.emulator import Emulator, Options, start
from tests.conftest import ROOT

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


LAKE = "arn:aws:s3:::lake"
READER, WRITER = (f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("reader", "writer"))
DATA = {
    "reader": ["s3:GetObject", "s3:ListBucket"],
    "writer": [
        *("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:GetBucketEncryption"),
        *("kms:Decrypt", "kms:GenerateDataKey"),
    ],
    "stranger": ["s3:*", "kms:*", "secretsmanager:*"],
    "keeper": ["secretsmanager:GetSecretValue", "kms:Decrypt"],
}
"""Roles of modules, each with the actions that its own policy allows."""


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _key_policy() -> str:
    """What the account's identities may do through S3 is left to them; the role `stranger` may not use the key."""
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    return _document(
        {"Effect": "Allow", "Principal": root, "Action": ["kms:PutKeyPolicy", "kms:Describe*"], "Resource": "*"},
        {
            "Effect": "Allow",
            "Principal": root,
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": "*",
            "Condition": {"StringEquals": {"kms:ViaService": [f"{one}.{REGION}.amazonaws.com" for one in VIA]}},
        },
    )


VIA = ("s3", "secretsmanager")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Emulator, Callable[[str], Callable[..., Any]]]]:
    """A bucket and a secret with their own policies and a key; clients of the account ("") and of a role, by name."""
    emulator = start("aws", tmp_path_factory.mktemp("lake"), options=Options(rights=True), parent=os.getpid())
    at = {"endpoint_url": f"http://127.0.0.1:{emulator.backend_port}", "region_name": REGION}

    def of(name: str) -> Callable[..., Any]:
        if not name:
            return lambda service: boto3.Session("person", "person").client(service, **at)
        role = f"arn:aws:iam::{ACCOUNT}:role/{name}"
        given = of("")("sts").assume_role(RoleArn=role, RoleSessionName="run")["Credentials"]
        session = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        return lambda service: session.client(service, **at)

    account = of("")
    for name, actions in DATA.items():
        account("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
        own = _document({"Effect": "Allow", "Action": actions, "Resource": "*"})
        account("iam").put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=own)
    key = account("kms").create_key(Policy=_key_policy())["KeyMetadata"]["Arn"]
    s3 = account("s3")
    s3.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": REGION})
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules = [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]
    s3.put_bucket_encryption(Bucket="lake", ServerSideEncryptionConfiguration={"Rules": rules})
    s3.put_object(Bucket="lake", Key="orders/1", Body=b"1")
    denied = {
        "Sid": "KeepsOut",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [LAKE, f"{LAKE}/*"],
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": [READER, WRITER, f"arn:aws:iam::{ACCOUNT}:root"]}},
    }
    other_key = {
        "Sid": "OneKey",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"{LAKE}/*",
        "Condition": {
            "Null": {"s3:x-amz-server-side-encryption": "false"},
            "StringNotEquals": {"s3:x-amz-server-side-encryption-aws-kms-key-id": key},
        },
    }
    listed = {"Effect": "Allow", "Principal": {"AWS": WRITER}, "Action": "s3:ListBucket", "Resource": LAKE}
    s3.put_bucket_policy(Bucket="lake", Policy=_document(denied, other_key, listed))
    secrets = account("secretsmanager")
    secrets.create_secret(Name="password", SecretString="of the test", KmsKeyId=key)
    keeper = {"ArnNotEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/keeper"}}
    secrets.put_resource_policy(
        SecretId="password",
        ResourcePolicy=_document(
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "secretsmanager:GetSecretValue",
                "Resource": "*",
                "Condition": keeper,
            }
        ),
    )
    yield emulator, of
    emulator.stop()


def write(client: Any, **more: Any) -> object:
    return client("s3").put_object(Bucket="lake", Key="orders/2", Body=b"2", **more)


def read(client: Any) -> object:
    return client("s3").get_object(Bucket="lake", Key="orders/1")["Body"].read()


def delete(client: Any) -> object:
    return client("s3").delete_objects(Bucket="lake", Delete={"Objects": [{"Key": "orders/2"}]})


def secret(client: Any) -> object:
    return client("secretsmanager").get_secret_value(SecretId="password")["SecretString"]


def names(client: Any) -> object:
    return client("s3").list_objects_v2(Bucket="lake")


def decrypt(client: Any) -> object:
    key = client("s3").get_bucket_encryption(Bucket="lake")["ServerSideEncryptionConfiguration"]["Rules"][0]
    id = key["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"]
    return client("kms").generate_data_key(KeyId=id, KeySpec="AES_256")


def assume(client: Any) -> object:
    return client("sts").assume_role(RoleArn=READER, RoleSessionName="other")


@pytest.mark.parametrize(
    ("role", "call", "refused"),
    [
        ("", read, ""),
        ("writer", read, ""),
        ("writer", write, ""),
        ("writer", delete, ""),
        ("writer", names, ""),  # by the bucket's policy alone
        ("keeper", secret, ""),
        ("reader", read, "kms:Decrypt"),  # without the key
        ("reader", write, "s3:PutObject"),
        ("reader", delete, "s3:DeleteObject"),
        ("stranger", read, "explicit deny in statement KeepsOut"),
        ("stranger", write, "explicit deny in statement KeepsOut"),
        ("stranger", decrypt, "explicit deny in statement KeepsOut"),
        ("stranger", secret, "explicit deny in statement 1 of the policy of the resource"),
        ("writer", decrypt, "the policy of the resource does not allow"),  # the key, other than through a service
        ("writer", assume, "sts:AssumeRole"),
        ("stranger", assume, "sts:AssumeRole"),
        (
            "writer",
            lambda client: write(client, ServerSideEncryption="aws:kms", SSEKMSKeyId="another"),
            "explicit deny in statement OneKey",
        ),
    ],
)
def test_policies_of_resources_and_keys_are_evaluated(
    lake: tuple[Emulator, Callable[[str], Callable[..., Any]]], role: str, call: Call, refused: str
) -> None:
    _, of = lake
    client = of(role)
    if not refused:
        call(client)
        return
    with pytest.raises(ClientError) as caught:
        call(client)
    assert caught.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")
    assert refused in caught.value.response["Error"]["Message"]


def test_each_decision_is_recorded(lake: tuple[Emulator, Callable[[str], Callable[..., Any]]]) -> None:
    emulator, of = lake
    read(of("writer"))
    with pytest.raises(ClientError):
        write(of("reader"))
    decisions = {(one.identity, one.action, one.resource): one for one in emulator.decisions()}
    allowed = decisions[WRITER, "s3:GetObject", f"{LAKE}/orders/1"]
    assert (allowed.allowed, allowed.by) == (True, "statement 1 of the policy own")
    refused = decisions[READER, "s3:PutObject", f"{LAKE}/orders/2"]
    assert (refused.allowed, refused.by) == (False, "no identity-based policy allows the action")
    assert refused.count >= 1


def test_the_command_shows_what_was_refused(lake: tuple[Emulator, Callable[[str], Callable[..., Any]]]) -> None:
    emulator, of = lake
    with pytest.raises(ClientError):
        delete(of("reader"))
    command = [sys.executable, "-m", "scripts.emulator", "decisions", "--directory", str(emulator.directory)]
    shown = subprocess.run([*command, "--refused", "--json"], capture_output=True, text=True, check=True, cwd=ROOT)
    decisions = json.loads(shown.stdout)
    assert f"{LAKE}/orders/2" in {one["resource"] for one in decisions if one["action"] == "s3:DeleteObject"}
    assert not [one for one in decisions if one["allowed"]]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert "role/writer" in shown.stdout
