"""Service accounts of pipelines and workloads on Google Cloud (ID-1, LAKE-7, SEC-3)."""

import re

import pytest

from tests.conftest import FOUNDATION_MODULES, WITH_LOGIN

NUMBERS = {"dev": "123456789012", "staging": "234567890123", "prod": "345678901234"}

ENVIRONMENTS = ("dev", "staging", "prod")


def roles(stack, account):
    return {
        body["role"]
        for _, body in stack.all("google_project_iam_member")
        if body["member"].startswith(f"serviceAccount:{account}@")
    }


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_pipelines_are_trusted_by_exact_subjects(gcp, environment):  # ID-1
    stack = gcp(environment)
    allowed = {
        path: body["attribute_condition"] for path, body in stack.all("google_iam_workload_identity_pool_provider")
    }
    repository, branch = "assertion.repository == 'acme/terrace'", "assertion.ref == 'refs/heads/main'"
    assert allowed == {
        "pipelines/plan-github": f"{repository} && (assertion.sub == 'repo:acme/terrace:pull_request'"
        f" || assertion.sub == 'repo:acme/terrace:ref:refs/heads/main' && {branch})",
        "pipelines/apply-github": f"{repository} && (assertion.sub == 'repo:acme/terrace:environment:{environment}'"
        f" && {branch} && assertion.environment == '{environment}')",
    }
    for path, body in stack.all("google_service_account_iam_member"):
        if path.startswith("pipelines/"):
            assert body["member"].startswith(f"principal://iam.googleapis.com/projects/{NUMBERS[environment]}/"), path
            assert "/subject/repo:acme/terrace:" in body["member"], path


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_plan_only_reads_and_reads_no_data(gcp, environment):  # ID-1
    stack = gcp(environment)
    given = roles(stack, f"dpf-{environment}-ci-plan")
    assert given and not [role for role in given if role.endswith(("admin", "Admin", "editor", "owner"))]
    assert not given & {
        "roles/viewer",
        "roles/storage.objectUser",
        "roles/secretmanager.secretAccessor",
        "roles/cloudsql.instanceUser",
    }
    assert not roles(stack, f"dpf-{environment}-ci-apply") & {"roles/owner", "roles/editor"}
    bucket = f"projects/_/buckets/dpf-state-{NUMBERS[environment]}"
    at = f"{bucket}/objects/{environment}/"
    limits = {
        "state": ("storage.objectViewer", f'resource.name == "{bucket}" || resource.name.startsWith("{at}")'),
        "bundles": (
            "storage.objectCreator",
            f'resource.name.startsWith("{at}gcp/{environment}/plans/")'
            f' || resource.name.startsWith("{at}gcp/{environment}-workloads/plans/")',
        ),
    }
    for id, (role, only) in limits.items():
        grant = stack.one("google_project_iam_member", f"pipelines/plan-{id}")
        assert (grant["role"], grant["condition"]["expression"]) == (f"roles/{role}", only)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_bindings_have_no_public_members_and_no_basic_roles(gcp, environment):
    for type, named in gcp(environment).document["resource"].items():
        if type.endswith("_iam_member"):
            for name, body in named.items():
                assert body["member"] not in ("allUsers", "allAuthenticatedUsers"), name
                assert body["role"] not in ("roles/owner", "roles/editor", "roles/viewer"), name


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_only_its_module_reads_its_secrets(gcp, environment):  # SEC-3
    stack = gcp(environment)
    readers = {body["secret_id"]: body["member"] for _, body in stack.all("google_secret_manager_secret_iam_member")}
    account = f"acme-data-{environment}.iam.gserviceaccount.com"
    assert readers == {
        f"projects/acme-data-{environment}/secrets/dpf-{environment}-{module}-{purpose}": (
            f"serviceAccount:dpf-{environment}-module-{module}@{account}"
        )
        for modules, purpose in ((FOUNDATION_MODULES, "app"), (WITH_LOGIN, "oidc"))
        for module in modules
    }
    assert roles(stack, f"dpf-{environment}-external-secrets") == set()


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_pods_use_their_own_service_account(gcp, environment):  # K8S-4, SEC-3
    stack = gcp(environment)
    bound = stack.one("google_service_account_iam_member", "workloads/module-airflow-identity")
    assert bound["role"] == "roles/iam.workloadIdentityUser"
    assert bound["member"] == f"serviceAccount:acme-data-{environment}.svc.id.goog[airflow/airflow]"
    assert stack.resolve(bound["service_account_id"]) == "workloads/module-airflow"


LAKE = {
    "airflow": {"bronze/orders": "User", "silver/orders": "User", "artifacts/airflow": "Viewer"},
    "spark": {
        **{f"bronze/{product}": "Viewer" for product in ("orders", "web-events")},
        **{f"{layer}/{product}": "User" for layer in ("silver", "gold") for product in ("orders", "web-events")},
    },
    "superset": {"gold/orders": "Viewer", "gold/web-events": "Viewer"},
}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("module", sorted(LAKE))
def test_a_module_gets_exactly_its_access_to_data_products(gcp, environment, module):  # LAKE-7
    granted = {}
    for path, body in gcp(environment).all("google_storage_bucket_iam_member"):
        if path.startswith(f"workloads/module-{module}-"):
            bucket = f"projects/_/buckets/{body['bucket']}"
            layer = body["bucket"].split("-")[2]
            (folder,) = re.findall(r'objects/([^/"]+)/"', body["condition"]["expression"])
            assert body["condition"]["expression"] == (
                f'resource.name.startsWith("{bucket}/objects/{folder}/") || '
                f'api.getAttribute("storage.googleapis.com/objectListPrefix", "").startsWith("{folder}/")'
            )
            granted[f"{layer}/{folder}"] = body["role"].removeprefix("roles/storage.object")
    assert granted == LAKE[module]


def test_modules_log_in_to_one_database_and_one_cache(gcp):  # LAKE-7, CACHE-1
    stack = gcp("prod")
    given = {
        body["role"]: body["condition"]["expression"]
        for path, body in stack.all("google_project_iam_member")
        if path.startswith("workloads/module-airflow-")
    }
    assert set(given) == {
        "roles/cloudsql.client",
        "roles/cloudsql.instanceUser",
        "roles/memorystore.dbConnectionUser",
    }
    assert all("dpf-prod" in only for only in given.values())
    for module in ("airflow", "superset"):
        user = stack.one("google_sql_user", f"workloads/module-{module}-user")
        assert user["name"] == f"dpf-prod-module-{module}@acme-data-prod.iam"
    assert roles(stack, "dpf-prod-module-spark") == set()


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_bootstrap_job_acts_as_the_databases_administrator(gcp, environment):  # DB-9
    stack = gcp(environment)
    bound = stack.one("google_service_account_iam_member", "workloads/database-bootstrap-identity")
    assert bound["member"].endswith("[terrace-system/database-bootstrap]")
    assert stack.resolve(bound["service_account_id"]) == "database/admin"


def test_dns_components_administer_their_zone_only(gcp):
    stack = gcp("prod")
    for component in ("cert-manager", "external-dns"):
        zone = stack.one("google_dns_managed_zone_iam_member", f"workloads/{component}-zone")
        assert stack.resolve(zone["managed_zone"]) == "entry/zone"
        # a zone that is made again has the same name and no rights
        (trigger,) = zone["lifecycle"]["replace_triggered_by"]
        assert zone["managed_zone"] == f"${{{trigger.removesuffix('.id')}.name}}"
        assert roles(stack, f"dpf-prod-{component}") == {"roles/dns.reader"}
