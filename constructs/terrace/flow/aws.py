"""The flow on an emulated AWS: S3 with sessions of the modules' roles, an instance of RDS and its managed secret."""

import json
from collections.abc import Mapping
from typing import Any

from terrace.capabilities.outputs import Outputs
from terrace.capabilities.spec import present
from terrace.emulator import Emulator
from terrace.workloads.context import Context

_ADMIN = "platform_admin"
AS_MODULES = True


def make(emulated: Emulator, context: Context, layers: tuple[str, ...]) -> Outputs:
    prefix, outputs = context.target.prefix, context.outputs
    s3, rds = _client("s3", emulated), _client("rds", emulated)
    for layer in layers:
        s3.create_bucket(
            Bucket=f"{prefix}-{layer}", CreateBucketConfiguration={"LocationConstraint": emulated.region},
            ObjectLockEnabledForBucket=layer == "bronze",
        )  # fmt: skip
    version = str(present(context.environment.database).version)
    made = rds.create_db_instance(
        DBInstanceIdentifier=prefix, Engine="postgres", EngineVersion=version,
        DBInstanceClass="db.t4g.micro", AllocatedStorage=20, DBName="platform", MasterUsername=_ADMIN,
        ManageMasterUserPassword=True,
    )["DBInstance"]  # fmt: skip
    database = present(outputs.database)
    return outputs.model_copy(
        update={
            "database": database.model_copy(
                update={
                    "host": made["Endpoint"]["Address"],
                    "name": "platform",
                    "admin": _ADMIN,
                    "admin_secret": made["MasterUserSecret"]["SecretArn"],
                    "schemas": present(context.environment.database).schemas,
                    "roles": {module: module for module in database.roles},
                }
            ),
            "lake": {layer: f"s3://{prefix}-{layer}" for layer in outputs.lake},
            "identities": {
                module: f"arn:aws:iam::{emulated.account['account_id']}:role/{prefix}-module-{module}"
                for module in outputs.identities
            },
        }
    )


def administrator(emulated: Emulator, context: Context) -> tuple[str, str]:
    database = present(context.outputs.database)
    found = _client("secretsmanager", emulated).get_secret_value(SecretId=database.admin_secret)
    return database.admin, json.loads(found["SecretString"])["password"]


def files(emulated: Emulator, context: Context, module: str) -> Mapping[str, str]:
    role = context.outputs.identities[module]
    session = _client("sts", emulated).assume_role(RoleArn=role, RoleSessionName=module)["Credentials"]
    return {
        "s3.endpoint": f"http://127.0.0.1:{emulated.backend_port}",
        "s3.region": emulated.region,
        "s3.access-key-id": session["AccessKeyId"],
        "s3.secret-access-key": session["SecretAccessKey"],
        "s3.session-token": session["SessionToken"],
    }


def _client(service: str, emulated: Emulator) -> Any:
    import boto3
    from botocore.config import Config

    client: Any = boto3.client  # its overloads want a literal name
    return client(
        service, endpoint_url=f"http://127.0.0.1:{emulated.backend_port}", region_name=emulated.region,
        aws_access_key_id="emulated", aws_secret_access_key="emulated", config=Config(proxies={}),
    )  # fmt: skip
