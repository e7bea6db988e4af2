"""What blocks the removal of single resources of Google Cloud."""

from terrace.capabilities.blockers import Planned
from terrace.gcp import names
from terrace.live.gcp import removal
from terrace.live.removal import found
from tests.live.gcp.site import Site


def test_contents_that_terraform_did_not_create_block_a_removal(site: Site) -> None:
    bucket, zone = names.bucket(site.target, "gold"), f"{site.prefix}-public"
    listed = {"project": site.account, "managedZone": zone}
    own = [
        Planned(str(index), "google_dns_record_set", {"name": record["name"]})
        for index, record in enumerate(site.deployment.pages("dns", "resourceRecordSets.list", "rrsets", **listed))
    ]
    removed = [
        *own,
        Planned("b", "google_storage_bucket", {"name": bucket}),
        Planned("z", "google_dns_managed_zone", {"name": zone}),
        Planned("c", "google_container_cluster", {"deletion_protection": True}),
    ]
    assert [one.address for one in found(site.deployment, removal.CHECKS, removed)] == ["c"]
    site.reader.storage().bucket(bucket).blob("orders/1").upload_from_string(b"a", retry=None)
    record = {"name": "airflow.data.example.com.", "type": "A", "ttl": 300, "rrdatas": ["203.0.113.7"]}
    site.do("dns", "changes.create", **listed, body={"additions": [record]})
    blocking = {one.address: one for one in found(site.deployment, removal.CHECKS, removed)}
    assert set(blocking) == {"b", "z", "c"}
    assert "1 object version" in blocking["b"].message and "gcloud storage rm" in blocking["b"].remedy
    assert "airflow.data.example.com." in blocking["z"].message
