"""Rights on Google Cloud."""

import json
from typing import Any

import pytest

from terrace.assurance.access.gcp.roles import ROLES
from terrace.assurance.access.model import VERBS
from tests.assurance.access.gcp.stacks import grants, unknown

PROJECT = "acme-data-prod"
AIRFLOW = f"serviceAccount:dpf-prod-module-airflow@{PROJECT}.iam.gserviceaccount.com"
APPLY = f"dpf-prod-ci-apply@{PROJECT}.iam.gserviceaccount.com"
GOLD = "dpf-prod-gold-345678901234"
POOL = "iam.googleapis.com/projects/345678901234/locations/global/workloadIdentityPools"
READER = "roles/storage.objectViewer"


def on_project(member: str = AIRFLOW, role: str = READER, only: str = "") -> tuple[str, dict[str, Any]]:
    condition = {"condition": {"title": "x", "expression": only}} if only else {}
    return "google_project_iam_member", {"project": PROJECT, "role": role, "member": member, **condition}


@pytest.mark.parametrize(
    ("member", "principal"),
    [
        (AIRFLOW, "module airflow"),
        (f"serviceAccount:dpf-prod-ci-apply@{PROJECT}.iam.gserviceaccount.com", "pipeline apply"),
        (f"serviceAccount:dpf-prod-database-admin@{PROJECT}.iam.gserviceaccount.com", "component database-bootstrap"),
        (f"serviceAccount:helper@{PROJECT}.iam.gserviceaccount.com", "service helper"),
        ("serviceAccount:helper@other.iam.gserviceaccount.com", "foreign helper@other.iam.gserviceaccount.com"),
        ("serviceAccount:service-345678901234@gs-project-accounts.iam.gserviceaccount.com", "cloud storage"),
        ("serviceAccount:service-1@gs-project-accounts.iam.gserviceaccount.com",
         "foreign service-1@gs-project-accounts.iam.gserviceaccount.com"),
        ("serviceAccount:345678901234-compute@developer.gserviceaccount.com", "service default developer"),
        (f"serviceAccount:{PROJECT}.svc.id.goog[a/b]", "pods a/b"),
        ("serviceAccount:other.svc.id.goog[a/b]", "foreign serviceAccount:other.svc.id.goog[a/b]"),
        ("group:platform-admins@example.com", "people admin"),
        ("group:analysts@example.com", "people group analysts@example.com"),
        ("group:analysts@vendor.example", "foreign analysts@vendor.example"),
        ("user:someone@example.com", "people user someone@example.com"),
        ("domain:example.com", "people domain example.com"),
        ("allUsers", "anyone"),
        ("allAuthenticatedUsers", "anyone"),
        (f"projectEditor:{PROJECT}", "account"),
        ("projectEditor:other", "foreign projectEditor:other"),
        (f"principal://{POOL}/dpf-prod-github/subject/repo:a/b:c", "workflow repo:a/b:c"),
        (f"principalSet://{POOL}/dpf-prod-github/*", "workflow *"),
        (f"principalSet://{POOL}/other/*", f"foreign principalSet://{POOL}/other/*"),
        (f"principal://{POOL}/{PROJECT}.svc.id.goog/subject/ns/a/sa/b", "pods a/b"),
        ("deleted:user:x@example.com?uid=1", "foreign deleted:user:x@example.com?uid=1"),
    ],
)  # fmt: skip
def test_members_are_principals(member: str, principal: str) -> None:
    assert f"{principal} may read-data lake/*" in grants(on_project(member))


LIST = 'api.getAttribute("storage.googleapis.com/objectListPrefix", "")'
OBJECTS = f'resource.name.startsWith("projects/_/buckets/{GOLD}/objects/'


@pytest.mark.parametrize(
    ("only", "objects"),
    [
        (f'{OBJECTS}orders/") || {LIST}.startsWith("orders/")', {"lake/gold/orders"}),
        (f"{OBJECTS}orders/\") || {LIST.replace(chr(34), chr(39))}.startsWith('orders/')", {"lake/gold/orders"}),
        (f'{OBJECTS}orders/")', {"lake/gold/orders in part"}),
        (f'{LIST}.startsWith("orders/")', {"lake/gold/orders in part"}),
        (f'{OBJECTS}orders")', {"lake/gold"}),
        (f'{LIST}.startsWith("orders")', {"lake/gold"}),
        (f'{LIST}.startsWith("")', {"lake/gold"}),
        (f'!{LIST}.startsWith("orders/")', {"lake/gold"}),
        (f'{OBJECTS}orders/") || {OBJECTS}stock/")', {"lake/gold/orders in part", "lake/gold/stock in part"}),
        ('resource.type == "storage.googleapis.com/Object"', {"lake/gold"}),
        ('resource.name.startsWith("projects/_/buckets/other/objects/")', set()),
    ],
)
def test_a_condition_on_a_bucket_leaves_folders(only: str, objects: set[str]) -> None:
    binding = {"bucket": GOLD, "role": READER, "member": AIRFLOW, "condition": {"title": "x", "expression": only}}
    found = grants(("google_storage_bucket_iam_member", binding))
    assert {f"lake/{one.partition(' lake/')[2]}" for one in found if "read-data lake" in one} == objects


def test_a_prefix_of_lists_is_not_understood_on_a_project() -> None:
    only = f'{LIST}.startsWith("orders/")'
    assert unknown(on_project(only=only)) == {f"the condition {only}"}


def test_members_and_roles_without_a_word_are_not_understood() -> None:
    assert unknown(on_project("robot:x")) == {"the member robot:x"}
    assert unknown(on_project(role="roles/visionai.admin")) == {"the role roles/visionai.admin"}
    assert unknown(("google_storage_managed_folder_iam_member", {})) == {"a binding on storage_managed_folder"}


@pytest.mark.parametrize(
    ("only", "objects"),
    [
        (f'resource.name.startsWith("projects/_/buckets/{GOLD}/")', {"lake/gold"}),
        (f'resource.name == "projects/_/buckets/{GOLD}"', {"lake/gold"}),
        ('resource.name.startsWith("projects/_/buckets/dpf-state-345678901234/")', {"state"}),
        (f'resource.name.startsWith("projects/_/buckets/{GOLD}")', {"lake/*", "state"}),
        ('resource.name.startsWith("projects/_/buckets/")', {"lake/*", "state"}),
        ('resource.type == "storage.googleapis.com/Object"', {"lake/*", "state"}),
        (f'resource.name.startsWith("projects/_/buckets/{GOLD}/") || true', {"lake/*", "state"}),
        ('!resource.name.startsWith("projects/_/buckets/x/")', {"lake/*", "state"}),
        ('resource.name.endsWith("-gold-345678901234")', {"lake/*", "state"}),
        ('resource.service == "secretmanager.googleapis.com"', set()),
    ],
)
def test_conditions_leave_objects(only: str, objects: set[str]) -> None:
    assert grants(on_project(only=only)) == {f"module airflow may read-data {object}" for object in objects}


@pytest.mark.parametrize(
    "only",
    ['request.time < timestamp("2126-01-01T00:00:00Z")', 'resource.name.matches("x")', "resource.name ==", '"x"'],
)
def test_conditions_that_cannot_be_evaluated_are_not_understood(only: str) -> None:
    assert unknown(on_project(only=only)) == {f"the condition {only}"}
    assert grants(on_project(only=only)) == set()


@pytest.mark.parametrize(
    ("type", "attributes", "object"),
    [
        ("storage_bucket", {"bucket": GOLD, "role": READER}, "read-data lake/gold"),
        ("storage_bucket", {"bucket": "b/other", "role": READER}, "read-data lake/other"),
        ("secret_manager_secret",
         {"secret_id": "projects/p/secrets/dpf-prod-spark-app", "role": "roles/secretmanager.secretAccessor"},
         "read-secret secrets/spark"),
        ("kms_crypto_key",
         {"crypto_key_id": f"projects/{PROJECT}/locations/europe/keyRings/dpf-prod/cryptoKeys/lake",
          "role": "roles/cloudkms.cryptoKeyDecrypter"}, "decrypt keys/lake"),
        ("kms_key_ring", {"key_ring_id": "x", "role": "roles/cloudkms.cryptoKeyDecrypter"}, "decrypt keys/*"),
        ("service_account",
         {"service_account_id": f"projects/-/serviceAccounts/dpf-prod-ci-apply@{PROJECT}.iam.gserviceaccount.com",
          "role": "roles/iam.serviceAccountTokenCreator"}, "assume identities/pipeline apply"),
        ("artifact_registry_repository", {"repository": "dpf-prod-spark", "role": "roles/artifactregistry.writer"},
         "write-data registry/spark"),
        ("pubsub_topic", {"topic": "dpf-prod-findings", "role": "roles/pubsub.publisher"}, "write-data detection"),
        ("dns_managed_zone", {"managed_zone": "dpf-prod-public", "role": "roles/dns.admin"},
         "change-network dns/entry"),
        ("folder", {"folder": "folders/1", "role": "roles/owner"}, "administer everything"),
    ],
)  # fmt: skip
def test_bindings_are_on_objects(type: str, attributes: dict[str, Any], object: str) -> None:
    sentence = f"anyone may {object}"
    role = attributes.pop("role")
    member = {**attributes, "role": role, "member": "allUsers"}
    binding = {**attributes, "role": role, "members": ["allUsers"]}
    text = json.dumps({"bindings": [{"role": role, "members": ["allUsers"]}]})
    assert sentence in grants((f"google_{type}_iam_member", member))
    assert sentence in grants((f"google_{type}_iam_binding", binding))
    assert sentence in grants((f"google_{type}_iam_policy", {**attributes, "policy_data": text}))


def test_a_policy_may_come_from_a_data_source() -> None:
    policy = ("google_project_iam_policy", {"policy_data": "${data.google_iam_policy.all.policy_data}"})
    source = {"google_iam_policy": {"all": {"binding": [{"role": "roles/owner", "members": ["user:x@y.example"]}]}}}
    assert grants(policy, data=source) == {"foreign x@y.example may administer everything"}
    assert unknown(policy) == {"a policy document that cannot be read"}


def test_custom_roles_have_the_rights_of_their_permissions() -> None:
    role = ("google_project_iam_custom_role", {"role_id": "x", "permissions": ["secretmanager.versions.access"]})
    member = on_project(role=f"projects/{PROJECT}/roles/x")
    assert grants(role, member) == {"module airflow may read-secret secrets/*"}
    unheard = ("google_project_iam_custom_role", {"role_id": "x", "permissions": ["a.b.c"]})
    assert unknown(unheard, member) == {f"the permissions a.b.c of projects/{PROJECT}/roles/x"}


def test_a_login_needs_a_user_of_the_database() -> None:
    only = f'resource.name == "projects/{PROJECT}/instances/dpf-prod"'
    login = on_project(role="roles/cloudsql.instanceUser", only=only)
    user = ("google_sql_user", {"name": f"dpf-prod-module-airflow@{PROJECT}.iam", "type": "CLOUD_IAM_SERVICE_ACCOUNT"})
    assert grants(login) == {"module airflow may connect database/*"}
    assert grants(login, user) == {"module airflow may connect database/airflow"}
    assert grants(on_project(role="roles/cloudsql.instanceUser"), user) >= {"module airflow may connect database/*"}


@pytest.mark.parametrize(
    ("type", "attributes", "sentence"),
    [
        ("google_sql_user", {"name": "x"}, "foreign database user x may connect database/admin"),
        ("google_logging_project_sink", {"destination": "x"}, "foreign x may read-data detection"),
        ("google_pubsub_subscription", {"topic": "dpf-prod-critical", "push_config": {"push_endpoint": "x"}},
         "foreign push may read-data monitoring"),
        ("google_storage_transfer_job",
         {"transfer_spec": {"gcs_data_source": {"bucket_name": GOLD}, "gcs_data_sink": {"bucket_name": "x"}}},
         "foreign x may read-data lake/gold"),
        ("google_data_loss_prevention_job_trigger",
         {"inspect_job": {"storage_config": {"cloud_storage_options": {"file_set": {"url": f"gs://{GOLD}/**"}}},
                          "actions": [{"publish_summary_to_cscc": {}}, {"save_findings": {"output_config": {}}}]}},
         "foreign save_findings may read-data lake/gold"),
        ("google_cloud_scheduler_job",
         {"http_target": {"oauth_token": {"service_account_email": APPLY}}},
         "cloud scheduler may assume identities/pipeline apply"),
    ],
)  # fmt: skip
def test_other_resources_give_rights(type: str, attributes: dict[str, Any], sentence: str) -> None:
    assert grants((type, attributes)) == {sentence}


def test_every_role_has_rights() -> None:
    assert all(rights and all(verb in VERBS for verb, _ in rights) for rights in ROLES.values())
