"""Preflight, purge, leftovers and injected drift."""

from dataclasses import replace
from typing import Any

import pytest

from terrace.demo.inject_drift.gcp import changed
from terrace.emulator.gcp.inventory import inventory
from terrace.errors import AnswerIsNo
from terrace.gcp import names
from terrace.live.gcp.checks import Deployment
from terrace.live.gcp.leftovers import remaining
from terrace.live.gcp.preflight import obstacles
from terrace.purge.gcp import emptied
from tests.live.gcp.site import KEY, Site

PARTS_WITH_LABELS = {("certificatemanager", "certificateMapEntries"), ("monitoring", "serviceLevelObjectives")}


def _fill(site: Site, bucket: Any, *objects: str) -> str:
    name = names.bucket(site.target, bucket)
    handle = site.reader.storage().bucket(name)
    for each in objects:
        handle.blob(each).upload_from_string(b"a test", retry=None)
    return name


def _lock(site: Site, bucket: str, **fields: Any) -> None:
    """Give an object what the emulator does not model: a hold, the end of its retention."""
    key = next(key for key, _ in site.cloud.store.resources() if key.startswith(f"storage/b/{bucket}/o/"))
    site.stored(key, **fields)


def test_nothing_blocks_the_destroy_of_a_new_prod(site: Site) -> None:
    found = obstacles(site.deployment)
    assert [one.resource for one in found if one.kind == "blocks"] == []
    kept = {one.resource for one in found if one.kind == "retained"}
    assert "log bucket dpf-prod-trail" in kept
    assert {"sql instance dpf-prod", "key ring dpf-prod", "services (APIs)", "identity pool dpf-prod-github"} <= kept
    protected = {one.resource for one in found if one.message == "is protected from deletion"}
    servers = {f"sql instance dpf-prod{suffix}" for suffix in ("", "-recovery", "-replica-1")}
    assert protected == {*servers, "cache dpf-prod", "cluster dpf-prod"}
    assert any("PREVENT" in one.message for one in found)
    assert not [one for one in found if "could not be read" in one.message]


def test_obstacles_that_block_come_first_with_a_remedy(site: Site) -> None:
    gold, bronze = _fill(site, "gold", "orders/1", "orders/2"), _fill(site, "bronze", "events/1")
    _lock(site, bronze, retentionExpirationTime="2999-01-01T00:00:00Z")
    record = {"name": "airflow.data.example.com.", "type": "A", "ttl": 300, "rrdatas": ["203.0.113.7"]}
    zone = {"project": site.account, "managedZone": f"{site.prefix}-public"}
    site.do("dns", "changes.create", **zone, body={"additions": [record]})
    found = obstacles(site.deployment)
    blocks = {one.resource: one for one in found if one.kind == "blocks"}
    assert list(blocks.values()) == found[: len(blocks)]
    assert "2 object versions" in blocks[f"bucket {gold}"].message
    assert "--empty-buckets" in blocks[f"bucket {gold}"].remedy
    assert "the newest is locked until 2999" in blocks[f"bucket {bronze}"].message
    assert "airflow.data.example.com." in blocks["zone dpf-prod-public"].message
    assert len(blocks) == 3
    assert all(one.remedy for one in blocks.values())


def test_an_environment_that_was_never_deployed_has_no_bucket_obstacles(site: Site) -> None:
    nowhere = Deployment(site.environment, replace(site.target, prefix="dpf-other"), site.reader)
    assert [one for one in obstacles(nowhere) if one.resource.startswith("bucket")] == []


def test_purge_removes_every_version(site: Site) -> None:
    name = _fill(site, "gold", "orders/1", "orders/2")
    done = {one.bucket: one.versions for one in emptied(site.deployment)}
    assert done[name] == 2 and sum(done.values()) == 2
    assert list(site.reader.storage().list_blobs(name)) == []


@pytest.mark.parametrize("more", [{"retentionExpirationTime": "2999-01-01T00:00:00Z"}, {"temporaryHold": True}])
def test_locked_objects_stop_the_purge(site: Site, more: dict[str, Any]) -> None:
    gold, bronze = _fill(site, "gold", "orders/1"), _fill(site, "bronze", "events/1")
    _lock(site, bronze, **more)
    with pytest.raises(AnswerIsNo) as refusal:
        emptied(site.deployment)
    assert "cannot remove 1 locked object version:" in str(refusal.value)
    assert f"gs://{bronze}/events/1" in str(refusal.value)
    assert len(list(site.reader.storage().list_blobs(gold))) == 1


def test_purge_removes_an_unlocked_retention_policy(site: Site) -> None:
    name = _fill(site, "bronze", "events/1")
    bucket = site.cloud.store.get(f"storage/b/{name}")
    assert bucket
    unlocked = {"retentionPeriod": bucket["retentionPolicy"]["retentionPeriod"]}
    site.stored(f"storage/b/{name}", retentionPolicy=unlocked)
    emptied(site.deployment)
    found = site.reader.call("storage", "buckets.get", bucket=name, projection="full")
    assert "retentionPolicy" not in found


def test_leftovers_list_every_resource(site: Site) -> None:
    found = remaining(site.deployment)
    assert found.unlisted == ()
    known = {one.id for one in (*found.remaining, *found.kept)}
    # parts go with the resource that is listed; a secret is listed under the project's number; contacts and grants to
    # Google's own agent and to the administrators do not carry the deployment's name
    parts = ("/cryptoKeyVersions/", "/versions/", "/rrsets/", "/nodePools/", "/databases/", "/users/", "/providers/")
    other = ("/secrets/", "serviceLevelObjectives", "/contacts/", "@gcp-sa-logging.iam.gserviceaccount.com", " group:")
    missed = [
        resource.id
        for resource in inventory(site.cloud.store)
        if resource.id not in known and not any(part in resource.id for part in (*parts, *other))
    ]
    assert missed == []
    assert {one.region for one in found.remaining if one.service == "compute"} >= {
        "global",
        site.target.region,
        site.recovery_region,
    }
    by_label = {(one.service, one.type) for one in found.remaining if one.found_by == "label"}
    assert by_label == PARTS_WITH_LABELS
    kept = {one.id.rpartition("/")[2] for one in found.kept if "terrace bootstrap prod --destroy" in one.kept}
    assert {f"{names.role_name(site.target, f'ci-{one}')}" for one in ("plan", "apply")} <= {
        one.partition("@")[0] for one in kept
    }
    assert names.ceiling(site.target) in kept


def test_kinds_without_a_listing_are_found_by_label(site: Site) -> None:
    body = {"name": "unlisted", "labels": {"managed-by": "terrace", "environment": "prod"}}
    site.do("compute", "images.insert", project=site.account, body=body)
    by_label = {(one.service, one.type) for one in remaining(site.deployment).remaining if one.found_by == "label"}
    assert by_label == {("compute", "images"), *PARTS_WITH_LABELS}


def test_resources_of_another_environment_are_not_leftovers(site: Site) -> None:
    other = {**site.labels, "environment": "prod-eu"}
    name = f"projects/{site.account}/topics/{site.prefix}-eu-warning"
    site.do("pubsub", "projects.topics.create", name=name, body={"labels": other})
    assert name not in {one.id for one in remaining(site.deployment).remaining}


def test_retained_resources_are_listed_with_the_reason(site: Site) -> None:
    version = f"{names.key(site.target, 'cache')}/cryptoKeyVersions/1"
    site.do(KEY[0], f"{KEY[1]}.cryptoKeyVersions.destroy", name=version, body={})
    last = {"name": f"{site.project}/backups/1", "instance": site.prefix, "type": "FINAL", "expiryTime": "2999-01-01T0"}
    site.cloud.store.put(f"sqladmin/{last['name']}", last)
    bucket = f"{site.place}/buckets/{site.prefix}-flow"
    site.stored(f"logging/{bucket}", lifecycleState="DELETE_REQUESTED")  # as Google shows it
    role = names.custom_role_id(site.target, "velero")
    site.do("iam", "projects.roles.delete", name=role)
    kept = {one.id: one.kept for one in remaining(site.deployment).kept}
    assert kept.get(role, "soft-deleted").startswith("soft-deleted")
    assert kept[bucket].startswith("soft-deleted")
    assert kept[f"{site.place}/buckets/{site.prefix}-trail"].startswith("locked")
    assert kept[last["name"]] == "the database's final backup, until 2999-01-01"
    assert "undeletable" in kept[names.key_ring(site.target, "both")]
    assert kept[names.key(site.target, "cache")].startswith("its versions are destroyed")
    assert names.key(site.target, "lake") not in kept
    services = [id for id in kept if "/services/" in id]
    assert f"{site.project}/services/container.googleapis.com" in services


def test_a_disabled_service_is_reported_as_not_listed(site: Site) -> None:
    service = f"{site.project}/services/dns.googleapis.com"
    site.do("serviceusage", "services.disable", name=service, body={"disableDependentServices": True})
    assert {gap.service for gap in remaining(site.deployment).unlisted} == {"dns managedZones", "dns policies"}


def test_a_disabled_service_that_is_not_required_is_not_reported(site: Site) -> None:
    off = f"{site.project}/services/cloudscheduler.googleapis.com"
    site.do("serviceusage", "services.disable", name=off, body={"disableDependentServices": True})
    assert site.environment.cost.sleep
    assert {gap.service for gap in remaining(site.deployment).unlisted} == {"cloudscheduler jobs"}
    awake = site.environment.cost.model_copy(update={"sleep": None})
    without_sleep = Deployment(site.environment.model_copy(update={"cost": awake}), site.target, site.reader)
    assert remaining(without_sleep).unlisted == ()


def test_an_environment_that_was_never_deployed_has_no_leftovers(site: Site) -> None:
    nowhere = Deployment(site.environment, replace(site.target, prefix="dpf-other", environment="other"), site.reader)
    # organisation policies and a bucket's name belong to the project
    left = [one for one in remaining(nowhere).remaining if one.service not in ("orgpolicy", "cloudasset")]
    assert left == []


def test_injected_drift_changes_three_resources(site: Site) -> None:
    before = {key: site.cloud.store.get(key) for key, _ in site.cloud.store.resources()}
    drifts = changed(site.deployment)
    after = {key: site.cloud.store.get(key) for key, _ in site.cloud.store.resources()}
    assert [drift.kind for drift in drifts] == ["tag", "public_access", "rule"]
    assert {drift.type for drift in drifts} == {
        "google_kms_crypto_key",
        "google_storage_bucket",
        "google_compute_firewall",
    }
    assert {key for key in before if before[key] != after.get(key)} == {
        f"cloudkms/{names.key(site.target, 'lake')}",
        f"storage/b/{names.bucket(site.target, 'silver')}",
        f"compute/{site.project}/global/firewalls/dpf-prod-nodes-to-database-out",
    }
