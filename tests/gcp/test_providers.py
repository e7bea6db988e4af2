"""Every resource depends on its service (API), directly or not."""

import json
import re

import pytest

ENVIRONMENTS = ("dev", "staging", "prod")
SERVICES = {
    "artifact_registry": "artifactregistry",
    "backup_dr": "backupdr",
    "billing_budget": "billingbudgets",
    "binary_authorization": "binaryauthorization",
    "certificate_manager": "certificatemanager",
    "cloud_asset": "cloudasset",
    "cloud_scheduler": "cloudscheduler",
    "compute": "compute",
    "container": "container",
    "data_loss_prevention": "dlp",
    "dns": "dns",
    "essential_contacts": "essentialcontacts",
    "gke_backup": "gkebackup",
    "iam": "iam",
    "kms": "cloudkms",
    "logging": "logging",
    "memorystore": "memorystore",
    "monitoring": "monitoring",
    "network_connectivity": "networkconnectivity",
    "org_policy": "orgpolicy",
    "project_default_service_accounts": "iam",
    "project_iam_audit": "cloudresourcemanager",
    "project_iam_custom_role": "iam",
    "project_iam_member": "cloudresourcemanager",
    "pubsub": "pubsub",
    "scc": "securitycenter",
    "secret_manager": "secretmanager",
    "service_account": "iam",
    "sql": "sqladmin",
    "storage": "storage",
    "storage_transfer": "storagetransfer",
}
"""Prefix of a resource type to its service; the longest match counts."""


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_each_resource_depends_on_its_service(gcp, environment):
    resources = {
        f"{type}.{name}": body
        for type, named in gcp(environment).document["resource"].items()
        for name, body in named.items()
    }
    waits = {address: _references(body, resources) for address, body in resources.items()}
    early = []
    for address in resources:
        type = address.split(".")[0].removeprefix("google_")
        if type == "project_service":
            continue
        service_name = SERVICES[max((begin for begin in SERVICES if type.startswith(begin)), key=len)]
        on = {resources[each]["service"] for each in _all(address, waits) if each.startswith("google_project_service.")}
        if f"{service_name}.googleapis.com" not in on:
            early.append((address, service_name))
    assert early == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_destroy_leaves_services_enabled(gcp, environment):
    for path, body in gcp(environment).all("google_project_service"):
        assert body["disable_on_destroy"] is False, path


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_encrypted_resources_depend_on_the_grant_of_their_key(gcp, environment):
    stack = gcp(environment)
    resources = {f"{t}.{n}": body for t, named in stack.document["resource"].items() for n, body in named.items()}
    waits = {address: _references(body, resources) for address, body in resources.items()}
    keyed = [address for address, body in resources.items() if re.search(r"/cryptoKeys/\w+\"", json.dumps(body))]
    assert len(keyed) > 20
    for address in keyed:
        if address.startswith("google_kms_"):
            continue
        assert any(each.startswith("google_kms_crypto_key_iam_member.") for each in _all(address, waits)), address


def _references(body, resources):
    text = json.dumps({key: value for key, value in body.items() if key != "//"})
    return {each for each in re.findall(r"google_\w+\.[\w-]+", text) if each in resources}


def _all(address, waits):
    reached, pending = set(), [address]
    while pending:
        for each in waits[pending.pop()] - reached:
            reached.add(each)
            pending.append(each)
    return reached


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_provider_has_the_project_and_labels_with_hyphens(gcp, environment):  # GOV-1
    provider = gcp(environment).document["provider"]["google"][0]
    assert provider["project"] == f"acme-data-{environment}"
    assert set(provider["default_labels"]) == {
        "environment",
        "owner",
        "cost-centre",
        "data-classification",
        "managed-by",
    }
    assert "access_token" not in provider


def test_stacks_have_no_data_sources(gcp):
    for environment in ENVIRONMENTS:
        assert "data" not in gcp(environment).document
