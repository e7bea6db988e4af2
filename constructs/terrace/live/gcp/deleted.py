"""Resources of Google Cloud whose names stay taken, since they are deleted or never are, by Terraform's type.

Sources: Cloud KMS, "Cloud KMS resources" (key rings and keys are never deleted); Cloud Logging, "Manage log buckets"
(DELETE_REQUESTED for seven days); IAM, "Manage workload identity pools and providers" (30 days). Custom roles are
restored by the provider. Secrets are deleted at once. Names of others can be used again at once: IAM, "Delete and
undelete service accounts" (a new account of the name is another identity); Cloud SQL, "Delete instances".
"""

from collections.abc import Iterator, Mapping
from typing import Any

from terrace.live.deleted import Check
from terrace.live.gcp.checks import Deployment, opened
from terrace.live.reasons import Reason

__all__ = ["CHECKS", "LASTING", "opened"]


def _key(deployment: Deployment, values: Mapping[str, Any]) -> Iterator[Reason]:
    if not values.get("key_ring"):
        return  # of a ring that this plan creates
    name = f"{values['key_ring']}/cryptoKeys/{values['name']}"
    keys = "projects.locations.keyRings.cryptoKeys"
    versions = deployment.pages("cloudkms", f"{keys}.cryptoKeyVersions.list", "cryptoKeyVersions", parent=name)
    if any(version.get("state") == "ENABLED" for version in versions):
        return
    parts = name.split("/")
    place = f"--key {values['name']} --keyring {parts[5]} --location {parts[3]}"
    scheduled = [str(one["name"]).rpartition("/")[2] for one in versions if one.get("state") == "DESTROY_SCHEDULED"]
    command, restore = f"`gcloud kms keys versions create {place} --primary`", ""
    if scheduled:
        newest = max(scheduled, key=int)
        command = (
            f"`gcloud kms keys versions restore {newest} {place}`, `gcloud kms keys versions enable {newest} {place}`"
        )
        restore = f"{name}/cryptoKeyVersions/{newest}"
    yield "exists without an enabled version; keys are never deleted", f"{command}, then plan again", restore


def _log_bucket(deployment: Deployment, values: Mapping[str, Any]) -> Iterator[Reason]:
    project = str(values.get("project") or deployment.project).removeprefix("projects/")
    name = f"projects/{project}/locations/{values['location']}/buckets/{values['bucket_id']}"
    bucket = deployment.call("logging", "projects.locations.buckets.get", name=name)
    if bucket.get("lifecycleState") == "DELETE_REQUESTED":
        command = f"`gcloud logging buckets undelete {values['bucket_id']} --location {values['location']}`"
        yield "exists and is deleted in seven days (DELETE_REQUESTED)", f"{command}, then plan again", name


def _pool(deployment: Deployment, values: Mapping[str, Any]) -> Iterator[Reason]:
    id = values["workload_identity_pool_id"]
    name = f"{deployment.project}/locations/global/workloadIdentityPools/{id}"
    pool = deployment.call("iam", "projects.locations.workloadIdentityPools.get", name=name)
    if pool.get("state") == "DELETED":
        command = f"`gcloud iam workload-identity-pools undelete {id} --location global`"
        yield "exists and is deleted in 30 days", f"{command}, then plan again", name


def _provider(deployment: Deployment, values: Mapping[str, Any]) -> Iterator[Reason]:
    pool, id = values["workload_identity_pool_id"], values["workload_identity_pool_provider_id"]
    name = f"{deployment.project}/locations/global/workloadIdentityPools/{pool}/providers/{id}"
    provider = deployment.call("iam", "projects.locations.workloadIdentityPools.providers.get", name=name)
    if provider.get("state") == "DELETED":
        place = f"--workload-identity-pool {pool} --location global"
        command = f"`gcloud iam workload-identity-pools providers undelete {id} {place}`"
        yield "exists and is deleted in 30 days", f"{command}, then plan again", name


CHECKS: Mapping[str, Check[Deployment]] = {
    "google_iam_workload_identity_pool": _pool,
    "google_iam_workload_identity_pool_provider": _provider,
    "google_kms_crypto_key": _key,
    "google_logging_project_bucket_config": _log_bucket,
}

LASTING = frozenset(
    {
        "google_iam_workload_identity_pool",
        "google_iam_workload_identity_pool_provider",
        "google_kms_crypto_key",
        "google_kms_key_ring",
        "google_logging_project_bucket_config",
    }
)
"""Types that a plan looks for before it creates them: what is never deleted, or restored, is adopted."""
