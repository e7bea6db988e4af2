"""The StorageClass of the platform's volumes."""

from terrace.workloads import storage
from terrace.workloads.context import Context

ENCRYPTION = {"aws": "encrypted", "azure": "diskEncryptionSetID", "gcp": "disk-encryption-kms-key"}


def test_volumes_are_encrypted_and_survive_in_prod(context: Context) -> None:
    (made,) = storage.release(context).values["objects"]
    assert made["parameters"][ENCRYPTION[context.environment.cloud]]
    assert made["metadata"]["name"] == context.cloud.STORAGE_CLASS
    assert made["reclaimPolicy"] == ("Retain" if context.environment.tier == "prod" else "Delete")
