"""tests/emulator/test_sign_in.py has the tokens that are accepted."""

import json

import boto3
from botocore.exceptions import ClientError

from tests.emulator.aws.conftest import REGION, Aws
from tests.emulator.aws.stock_moto import fails_on_stock_moto


@fails_on_stock_moto
def test_assume_role_with_web_identity(aws: Aws) -> None:
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = aws("iam").create_role(RoleName=aws.name(), AssumeRolePolicyDocument=policy)["Role"]["Arn"]
    try:
        aws("sts").assume_role_with_web_identity(RoleArn=role, RoleSessionName="test", WebIdentityToken="not.a.token")
        raise AssertionError("not refused")
    except ClientError as error:
        assert error.response["Error"]["Code"] == "InvalidIdentityToken"


@fails_on_stock_moto
def test_account_of_a_role(aws: Aws) -> None:
    role = "arn:aws:iam::999988887777:role/theirs"
    keys = aws("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    theirs = boto3.client(
        "sts",
        endpoint_url=aws("sts").meta.endpoint_url,
        region_name=REGION,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    assert theirs.get_caller_identity()["Account"] == "999988887777"
    assert aws("sts").get_caller_identity()["Account"] == aws.account
