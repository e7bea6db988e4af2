"""Resources of Google Cloud whose names are taken after a destroy."""

from terrace.capabilities.blockers import Planned
from terrace.gcp import names
from terrace.live.deleted import found, lasting
from terrace.live.gcp import deleted
from terrace.recovery.gcp import RESTORE
from tests.live.gcp.site import Site


def test_each_deleted_resource_is_named_with_its_command(site: Site) -> None:
    ring, pool = names.key_ring(site.target, "home"), names.short(f"{site.prefix}-github", 32)
    key = names.key(site.target, "lake", "home")
    site.do("logging", "projects.locations.buckets.create", parent=site.place, bucketId="theirs", body={})
    created = [
        Planned("key", "google_kms_crypto_key", {"key_ring": ring, "name": key.rpartition("/")[2]}),
        Planned("pool", "google_iam_workload_identity_pool", {"workload_identity_pool_id": pool}),
        Planned(
            "log",
            "google_logging_project_bucket_config",
            {"project": site.account, "location": site.target.region, "bucket_id": "theirs"},
        ),
        Planned("new", "google_kms_crypto_key", {"key_ring": None, "name": "a"}),
    ]
    assert found(site.deployment, deleted.CHECKS, created) == []
    versions = "projects.locations.keyRings.cryptoKeys.cryptoKeyVersions"
    site.do("cloudkms", f"{versions}.destroy", name=f"{key}/cryptoKeyVersions/1", body={})
    site.do(
        "iam",
        "projects.locations.workloadIdentityPools.delete",
        name=f"{site.project}/locations/global/workloadIdentityPools/{pool}",
    )
    site.do("logging", "projects.locations.buckets.delete", name=f"{site.place}/buckets/theirs")
    blocking = {one.address: one for one in found(site.deployment, deleted.CHECKS, created)}
    assert set(blocking) == {"key", "pool", "log"}
    assert "gcloud kms keys versions" in blocking["key"].remedy
    assert f"gcloud iam workload-identity-pools undelete {pool}" in blocking["pool"].remedy
    assert "gcloud logging buckets undelete theirs" in blocking["log"].remedy
    assert "google_kms_key_ring" in lasting("gcp")
    for one in created:
        if one.address in blocking:
            RESTORE[one.type](site.deployment, blocking[one.address].restore)
    assert found(site.deployment, deleted.CHECKS, created) == []
