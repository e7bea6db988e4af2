"""Resources of AWS that are deleted and whose names cannot be used yet, by Terraform's type.

Source: AWS Secrets Manager User Guide, "Delete an AWS Secrets Manager secret", "Restore a secret".
"""

from collections.abc import Iterator, Mapping
from typing import Any

from terrace.live.aws.checks import Deployment, opened
from terrace.live.deleted import Check
from terrace.live.reasons import Reason

__all__ = ["CHECKS", "LASTING", "opened"]


def _secret(deployment: Deployment, values: Mapping[str, Any]) -> Iterator[Reason]:
    found = deployment.call("secretsmanager", "describe_secret", SecretId=values["name"])
    if deleted := found.get("DeletedDate"):
        message = f"exists and is scheduled for deletion on {deleted:%Y-%m-%d}"
        command = f"`aws secretsmanager restore-secret --secret-id {values['name']}`, then plan again"
        yield message, command, str(found["ARN"])


CHECKS: Mapping[str, Check[Deployment]] = {"aws_secretsmanager_secret": _secret}

LASTING = frozenset({"aws_secretsmanager_secret"})
"""Types that a plan looks for before it creates them: what is restored is adopted."""
