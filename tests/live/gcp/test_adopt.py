"""Adoption finds the import ids of what a killed apply created."""

import json
from typing import Any

import pytest

from terrace.capabilities.adoption import Candidate
from terrace.errors import TerraceError
from terrace.gcp import names
from terrace.live.gcp import cost, observability
from terrace.live.gcp.adopt import BY_NAME, OVERWRITTEN, find
from terrace.live.gcp.adopt_listing import BY_LISTING
from tests.conftest import Foundations
from tests.live.gcp.site import Site

ENVIRONMENTS = ("dev", "staging", "prod")
REGION, PROJECT = "europe-west3", "a-project"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_each_type_of_the_foundation_is_found_in_one_way(environment: str, foundation: Foundations) -> None:
    tables = [set(BY_NAME), set(BY_LISTING), set(OVERWRITTEN)]
    types = foundation(environment, cloud="gcp").document["resource"]
    assert {type: count for type in types if (count := sum(type in table for table in tables)) != 1} == {}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_names_give_distinct_ids(environment: str, foundation: Foundations) -> None:
    """No two resources of a stack have the same import id, where it is known before the apply."""
    stack = foundation(environment, cloud="gcp")
    ids = [
        (type, identity)
        for type in BY_NAME
        for _, body in stack.all(type)
        if "${" not in json.dumps(body) and (identity := found(type, body))
    ]
    assert len(ids) == len(set(ids)) > 60


def found(type: str, values: dict[str, Any]) -> str | None:
    candidate = Candidate(f"{type}.it", type, values, REGION, PROJECT)
    return find([candidate], environment="dev", variables={}).get(f"{type}.it")


@pytest.mark.parametrize(
    ("type", "values", "identity"),
    [
        ("google_compute_network", {"name": "n"}, f"projects/{PROJECT}/global/networks/n"),
        ("google_compute_network", {}, None),
        ("google_compute_address", {"name": "a"}, f"projects/{PROJECT}/regions/{REGION}/addresses/a"),
        ("google_compute_address", {"name": "a", "region": "x"}, f"projects/{PROJECT}/regions/x/addresses/a"),
        ("google_storage_bucket", {"name": "b", "project": "other"}, "other/b"),
        (
            "google_kms_crypto_key",
            {"key_ring": "projects/p/keyRings/r", "name": "k"},
            "projects/p/keyRings/r/cryptoKeys/k",
        ),
        (
            "google_container_node_pool",
            {"cluster": "projects/p/locations/l/clusters/c", "location": "l", "name": "n"},
            f"{PROJECT}/l/c/n",
        ),
        ("google_container_node_pool", {"location": "l", "name": "n"}, None),  # the cluster is known after the apply
        (
            "google_service_account",
            {"account_id": "a"},
            f"projects/{PROJECT}/serviceAccounts/a@{PROJECT}.iam.gserviceaccount.com",
        ),
        ("google_project_iam_member", {"role": "r", "member": "m"}, None),  # granted again, not adopted
    ],
)
def test_a_name_gives_the_id(type: str, values: dict[str, Any], identity: str | None) -> None:
    assert found(type, values) == identity


def listed(site: Site, type: str, **values: Any) -> str | None:
    candidate = Candidate(f"{type}.it", type, values, REGION, site.account)
    return BY_LISTING[type](site.reader, candidate)


def test_types_with_numeric_ids_are_found_by_display_name(site: Site) -> None:
    channel = listed(site, "google_monitoring_notification_channel", display_name="dpf-prod critical")
    assert channel in observability.channels(site.deployment)
    alarm = listed(site, "google_monitoring_alert_policy", display_name="dpf-prod-lake-denials-warning")
    assert alarm and alarm.startswith(f"{site.project}/alertPolicies/")
    assert listed(site, "google_monitoring_alert_policy", display_name="none") is None
    board = listed(site, "google_monitoring_dashboard", dashboard_json=json.dumps({"displayName": "dpf-prod"}))
    assert board and board.startswith(f"{site.project}/dashboards/")
    assert listed(site, "google_monitoring_dashboard", dashboard_json="{}") is None
    account = names.settings(site.target).billing_account
    budget = cost.budget(site.deployment)["name"]
    assert listed(site, "google_billing_budget", display_name="dpf-prod", billing_account=account) == budget
    job = listed(site, "google_storage_transfer_job", description="dpf-prod: gold to backups")
    assert job and job.startswith(f"{site.account}/")
    topic = f"{site.project}/topics/dpf-prod-changes"
    output = [{"pubsub_destination": [{"topic": topic}]}]
    assert listed(site, "google_cloud_asset_project_feed", content_type="RESOURCE", feed_output_config=output)


def test_a_deleted_transfer_is_not_adopted(site: Site) -> None:
    jobs = site.deployment.pages(
        "storagetransfer", "transferJobs.list", "transferJobs", filter=json.dumps({"projectId": site.account})
    )
    gold = next(job["name"] for job in jobs if job["description"] == "dpf-prod: gold to backups")
    body = {"projectId": site.account, "transferJob": {"status": "DELETED"}, "updateTransferJobFieldMask": "status"}
    site.do("storagetransfer", "transferJobs.patch", jobName=gold, body=body)
    assert listed(site, "google_storage_transfer_job", description="dpf-prod: gold to backups") is None


def test_two_matches_are_an_error(site: Site) -> None:
    body = {"displayName": "dpf-prod critical", "type": "email", "labels": {"email_address": "a@example.com"}}
    site.do("monitoring", "projects.notificationChannels.create", name=site.project, body=body)
    with pytest.raises(TerraceError, match="2 resources have the same name"):
        listed(site, "google_monitoring_notification_channel", display_name="dpf-prod critical")
