import json

import pytest
from botocore.exceptions import ClientError

from tests.emulator.aws.conftest import Aws
from tests.emulator.aws.stock_moto import fails_on_stock_moto


@fails_on_stock_moto
def test_managed_rotation(aws: Aws) -> None:
    secrets = aws("secretsmanager")
    name = aws.name()
    aws("rds").create_db_instance(
        DBInstanceIdentifier=name,
        Engine="postgres",
        DBInstanceClass="db.t4g.medium",
        AllocatedStorage=20,
        MasterUsername="platform",
        ManageMasterUserPassword=True,
    )
    instance = aws("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
    secret = instance["MasterUserSecret"]["SecretArn"]
    value = secrets.get_secret_value(SecretId=secret)["SecretString"]
    assert secrets.describe_secret(SecretId=secret)["RotationEnabled"] is True
    rules = {"ScheduleExpression": "rate(7 days)", "Duration": "2h"}
    secrets.rotate_secret(SecretId=secret, RotationRules=rules, RotateImmediately=False)
    found = secrets.describe_secret(SecretId=secret)
    assert (found["RotationEnabled"], found["RotationRules"]) == (True, rules)
    assert secrets.get_secret_value(SecretId=secret)["SecretString"] == value
    secrets.cancel_rotate_secret(SecretId=secret)
    assert secrets.describe_secret(SecretId=secret)["RotationEnabled"] is False


@fails_on_stock_moto
def test_replica_key(aws: Aws) -> None:
    key = "arn:aws:kms:eu-west-3:111122223333:key/x"
    created = aws("secretsmanager").create_secret(
        Name=aws.name(), SecretString="x", AddReplicaRegions=[{"Region": "eu-west-3", "KmsKeyId": key}]
    )
    found = aws("secretsmanager").describe_secret(SecretId=created["ARN"])
    assert found["ReplicationStatus"][0]["KmsKeyId"] == key


@fails_on_stock_moto
def test_replica_policy(aws: Aws) -> None:
    name = aws.name()
    created = aws("secretsmanager").create_secret(
        Name=name, SecretString="x", AddReplicaRegions=[{"Region": "eu-west-3"}]
    )
    replica = aws("secretsmanager", "eu-west-3")
    assert "ResourcePolicy" not in replica.get_resource_policy(SecretId=name)
    denied = {"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [denied]})
    aws("secretsmanager").put_resource_policy(SecretId=created["ARN"], ResourcePolicy=policy)
    assert json.loads(replica.get_resource_policy(SecretId=name)["ResourcePolicy"])["Statement"] == [denied]


@fails_on_stock_moto
def test_reserved_name(aws: Aws) -> None:
    secrets, name = aws("secretsmanager"), aws.name()
    secrets.create_secret(Name=name, SecretString="x")
    secrets.delete_secret(SecretId=name, RecoveryWindowInDays=7)
    with pytest.raises(ClientError, match="a secret with this name is already scheduled for deletion"):
        secrets.create_secret(Name=name, SecretString="x")
    secrets.restore_secret(SecretId=name)
    assert "DeletedDate" not in secrets.describe_secret(SecretId=name)
