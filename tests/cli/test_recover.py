"""`terrace apply --recover`: deleted secrets are restored and adopted, with real Terraform."""

from typing import Any

from terrace.emulator import Emulator
from tests.cli.conftest import GLASS, Command
from tests.deployment.conftest import resource
from tests.deployment.test_adoption import TAGS, client

REGION = "eu-central-1"
"""The region of dev, in which Terrace looks for deleted resources."""


def _secret() -> dict[str, Any]:
    return {
        "aws_kms_key": {"secrets": resource("dev/keys/secrets", tags={"Name": "recovered-secrets"})},
        "aws_secretsmanager_secret": {
            "module": resource("dev/secrets/module", name="dpf-dev/recovered", kms_key_id="${aws_kms_key.secrets.arn}")
        },
    }


def test_a_secret_of_a_module_that_is_enabled_again_is_restored_and_adopted(terrace: Command, aws: Emulator) -> None:
    variables = aws.environment()
    provider = {"aws": [{"region": REGION, "default_tags": [{"tags": TAGS}]}]}

    def applied(resources: dict[str, Any], *options: str) -> None:
        terrace.small.stack(resources, provider=provider)
        terrace.run("plan", "dev", **variables)
        done = terrace.run("apply", "dev", "--yes", *options, *GLASS, **variables)
        assert done.returncode == 0, done.stderr

    enabled = _secret()
    secrets = client(aws, "secretsmanager", REGION)
    applied(enabled)
    arn = secrets.describe_secret(SecretId="dpf-dev/recovered")["ARN"]

    applied({"aws_kms_key": enabled["aws_kms_key"]})  # the module is disabled
    assert "DeletedDate" in secrets.describe_secret(SecretId=arn)
    terrace.small.stack(enabled, provider=provider)
    planned = terrace.run("plan", "dev", **variables)
    assert "exists and is scheduled for deletion" in planned.stderr, planned.stderr
    assert "terrace apply ENV --recover" in planned.stderr
    applied(enabled, "--recover")
    assert secrets.describe_secret(SecretId=arn).get("DeletedDate") is None
