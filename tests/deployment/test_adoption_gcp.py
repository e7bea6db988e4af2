"""A lost state on the emulated Google Cloud: the resources are found by name, listing and label, and adopted."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from terrace.deployment import lifecycle, mirror
from terrace.deployment.adoption import failed_imports
from terrace.deployment.deployment import Deployment
from terrace.deployment.errors import says_already_exists
from terrace.deployment.events import Diagnostic
from terrace.emulator import Emulator, start
from terrace.errors import TerraceError
from terrace.project.discovery import Project
from tests.deployment.conftest import SmallProject, resource

NETWORK = "${google_compute_network.main.id}"
REGION, LABELS = "europe-west3", {"managed-by": "terrace", "environment": "dev"}
SERVICES = ("cloudkms", "compute", "iam", "logging", "monitoring", "orgpolicy", "pubsub", "sqladmin", "storage")
STATE = "../../../.terrace/state/dev-gcp-foundation.tfstate"
TERRAFORM = {
    "backend": {"local": {"path": STATE}},
    "required_providers": {"google": {"source": "hashicorp/google", "version": ">= 7.33, < 9"}},
}


@pytest.fixture
def gcp(tmp_path: Path) -> Iterator[Emulator]:
    try:
        mirror.choose(providers=["hashicorp/google"], host="registry.terraform.io")
    except TerraceError as error:
        pytest.skip(f"hashicorp/google: {error}")
    emulator = start("gcp", tmp_path / "emulator", parent=os.getpid())
    yield emulator
    emulator.stop()


def stack(small: SmallProject, project: str) -> None:
    services = {
        name: resource(f"dev/services/{name}", service=f"{name}.googleapis.com", disable_on_destroy=False)
        for name in (
            *("cloudkms", "compute", "iam", "logging", "monitoring", "orgpolicy", "pubsub", "sqladmin"),
            "storage",
        )
    }
    after: dict[str, Any] = {"depends_on": [f"google_project_service.{name}" for name in services]}
    ring = f"projects/{project}/locations/{REGION}/keyRings/main"
    routed = {"region": REGION, "depends_on": ["google_compute_router.main"]}
    policy, rules = f"projects/{project}/policies/sql.restrictPublicIp", {"rules": [{"enforce": "TRUE"}]}
    flag = {"name": "cloudsql.iam_authentication", "value": "on"}
    settings = {"tier": "db-custom-2-8192", "edition": "ENTERPRISE", "user_labels": LABELS, "database_flags": [flag]}
    server: dict[str, Any] = {"database_version": "POSTGRES_16", "deletion_protection": False, "settings": settings}
    people: dict[str, Any] = {"type": "CLOUD_IAM_GROUP", "instance": "main", "deletion_policy": "ABANDON"}
    people["depends_on"] = ["google_sql_database_instance.main"]
    ringed = {"depends_on": ["google_kms_key_ring.main"]}
    channel = {"display_name": "main people", "type": "email", "labels": {"email_address": "a@example.com"}}
    small.stack(
        {
            "google_project_service": services,
            "google_compute_network": {
                "main": resource("dev/network/vpc", name="main", auto_create_subnetworks=False, **after)
            },
            "google_compute_address": {"main": resource("dev/network/address", name="main", region=REGION, **after)},
            "google_compute_router": {
                "main": resource("dev/network/router", name="main", region=REGION, network=NETWORK, bgp={"asn": 64514})
            },
            "google_compute_router_interface": {
                "main": resource(
                    "dev/network/interface", name="main", router="main", ip_range="169.254.1.1/30", **routed
                )
            },
            "google_logging_metric": {
                "main": resource("dev/alarms/main", name="main/denials", filter='resource.type="gcs_bucket"', **after)
            },
            "google_org_policy_policy": {
                "main": resource("dev/governance/main", name=policy, parent=f"projects/{project}", spec=rules, **after)
            },
            "google_sql_database_instance": {
                "main": resource("dev/database/server", name="main", region=REGION, **server, **after)
            },
            "google_sql_user": {"main": resource("dev/database/people", name="people@example.com", **people)},
            "google_storage_bucket": {
                "main": resource("dev/lake/main", name="a-main-bucket", location=REGION.upper(), **after)
            },
            "google_kms_key_ring": {"main": resource("dev/keys/ring", name="main", location=REGION, **after)},
            "google_kms_crypto_key": {"main": resource("dev/keys/main", name="main", key_ring=ring, **ringed)},
            "google_pubsub_topic": {"main": resource("dev/observability/topic", name="main", **after)},
            "google_service_account": {"main": resource("dev/identity/main", account_id="main-account", **after)},
            "google_monitoring_notification_channel": {
                "main": resource("dev/observability/channel", **channel, user_labels=LABELS, **after)
            },
        },
        terraform=TERRAFORM,
        provider={"google": [{"project": project, "region": REGION, "default_labels": LABELS}]},
    )


def test_the_resources_of_a_lost_state_are_adopted(small: SmallProject, gcp: Emulator) -> None:
    stack(small, gcp.account["project_id"])
    deployment = Deployment(
        Project(small.root), "dev", "gcp", variables=gcp.child_environment(os.environ), on_message=small.messages.append
    )
    lifecycle.plan(deployment)
    lifecycle.apply(deployment, confirm=lambda saved: True)
    created = {address for address in deployment.terraform().addresses() if "project_service" not in address}
    (small.root / ".terrace/state/dev-gcp-foundation.tfstate").unlink()
    saved = lifecycle.plan(deployment, recover=True)
    assert set(saved.adopted) == created and len(created) == 14
    lifecycle.apply(deployment, confirm=lambda saved: True)
    assert lifecycle.plan(deployment).summary.empty


@pytest.mark.parametrize(
    "text",
    [
        "googleapi: Error 409: The resource 'projects/p/global/networks/n' already exists, alreadyExists",
        "googleapi: Error 409: Already exists: projects/p/locations/l/clusters/c.",
        "googleapi: Error 409: Your previous request to create the named bucket succeeded and you already own it.",
        "Error 409: Service account main-account already exists within project projects/p.",
    ],
)
def test_googles_conflict_errors_are_recognized(text: str) -> None:
    assert says_already_exists(Diagnostic("error", "Error creating it", text))


def test_an_import_from_a_service_that_is_not_enabled_fails_by_its_id() -> None:
    """Google's error has no address: nothing exists in such a service, and Terraform creates it."""
    account = "projects/p/serviceAccounts/dpf-dev-ci-plan@p.iam.gserviceaccount.com"
    text = f'Error when reading or editing Service Account "{account}": googleapi: Error 403, SERVICE_DISABLED'
    imports = {"google_service_account.plan": account, "google_kms_key_ring.ring": "projects/p/keyRings/ring"}
    assert failed_imports(imports, [Diagnostic("error", text)]) == {"google_service_account.plan"}
