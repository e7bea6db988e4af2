"""Restores deleted resources of Google Cloud, by Terraform's type. The provider restores custom roles.

Sources: Cloud KMS, "Destroy and restore key versions": a restored version is disabled; Cloud Logging, "Manage log
buckets"; IAM, "Manage workload identity pools and providers".
"""

from collections.abc import Callable, Mapping

from terrace.live.gcp.checks import Deployment, opened

__all__ = ["RESTORE", "opened"]


def _key_version(deployment: Deployment, id: str) -> None:
    versions = "projects.locations.keyRings.cryptoKeys.cryptoKeyVersions"
    deployment.reader.change("cloudkms", f"{versions}.restore", name=id, body={})
    body = {"state": "ENABLED"}
    deployment.reader.change("cloudkms", f"{versions}.patch", name=id, updateMask="state", body=body)


def _log_bucket(deployment: Deployment, id: str) -> None:
    deployment.reader.change("logging", "projects.locations.buckets.undelete", name=id, body={})


def _pool(deployment: Deployment, id: str) -> None:
    deployment.reader.change("iam", "projects.locations.workloadIdentityPools.undelete", name=id, body={})


def _provider(deployment: Deployment, id: str) -> None:
    """Restore a provider, of a pool that is restored already."""
    method = "projects.locations.workloadIdentityPools.providers.undelete"
    deployment.reader.change("iam", method, name=id, body={})


RESTORE: Mapping[str, Callable[[Deployment, str], None]] = {
    "google_iam_workload_identity_pool": _pool,
    "google_iam_workload_identity_pool_provider": _provider,
    "google_kms_crypto_key": _key_version,
    "google_logging_project_bucket_config": _log_bucket,
}
