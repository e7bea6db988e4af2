"""Restores deleted resources of AWS, by Terraform's type.

Sources: AWS Secrets Manager User Guide, "Restore a secret"; AWS KMS Developer Guide, "Deleting AWS KMS keys": a key
whose deletion is cancelled is disabled.
"""

from collections.abc import Callable, Mapping

from terrace.live.aws.checks import Deployment, opened
from terrace.live.aws.session import explained

__all__ = ["RESTORE", "opened"]


def _secret(deployment: Deployment, id: str) -> None:
    """Restore a secret and, before it, its key: AWS cannot decrypt the secret without the key."""
    if key := deployment.call("secretsmanager", "describe_secret", SecretId=id).get("KmsKeyId"):
        _key(deployment, key)
    with explained("secretsmanager", "restore_secret"):
        deployment.reader.client("secretsmanager").restore_secret(SecretId=id)


def _key(deployment: Deployment, id: str) -> None:
    kms = deployment.reader.client("kms")
    with explained("kms", "cancel_key_deletion"):
        if kms.describe_key(KeyId=id)["KeyMetadata"]["KeyState"] == "PendingDeletion":
            kms.cancel_key_deletion(KeyId=id)
            kms.enable_key(KeyId=id)


RESTORE: Mapping[str, Callable[[Deployment, str], None]] = {"aws_secretsmanager_secret": _secret}
