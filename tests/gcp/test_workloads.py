"""Google Cloud's half of the workloads."""

from terrace.gcp import names, workloads
from terrace.gcp.ranges import layout
from tests.workloads.conftest import build

NETWORK, SERVICES = "10.40.0.0/16", "172.20.0.0/16"


def test_a_service_account_names_the_google_service_account() -> None:
    identity = workloads.pod_identity("a@b.iam.gserviceaccount.com", build("gcp").target)
    assert identity.annotations == {"iam.gke.io/gcp-service-account": "a@b.iam.gserviceaccount.com"}
    assert identity.pod_labels == {}


def test_external_secrets_reads_with_the_modules_account() -> None:
    store = workloads.secret_store(namespace="a", account="a", identity="x", target=build("gcp").target)["gcpsm"]
    identity = store["auth"]["workloadIdentity"]
    assert store["projectID"] == "acme-data-dev"
    assert (identity["serviceAccountRef"], identity["clusterName"]) == ({"name": "a"}, "dpf-dev")
    assert workloads.secret_key("projects/p/secrets/dpf-dev-airflow-app") == "dpf-dev-airflow-app"


def test_ranges_are_those_of_the_network_and_googles_own() -> None:
    ranges, subnets = workloads.ranges(NETWORK, SERVICES), layout(NETWORK)
    assert ranges["database"] == (subnets.data,)
    assert ranges["kubernetes-api"][0] == subnets.control
    assert ranges["cloud"] == ("199.36.153.4/30",)


def test_volumes_are_encrypted_with_the_environments_key() -> None:
    target = build("gcp").target
    assert workloads.storage_class(target)["parameters"]["disk-encryption-kms-key"] == names.key(target, "disks")


def test_certificates_are_solved_in_the_environments_zone() -> None:
    context = build("gcp")
    assert workloads.dns_solver(context.outputs, context.target) == {
        "cloudDNS": {"project": "acme-data-dev", "hostedZoneName": "Z0123456789"}
    }


def test_backups_go_to_the_bucket_of_the_foundation() -> None:
    context = build("gcp")
    velero = workloads.values(context.outputs, context.target)["velero"]
    assert velero["bucket"] == "dpf-dev-backups"
    assert velero["location"]["serviceAccount"] == context.outputs.platform_identities["velero"]


def test_the_bootstrap_job_logs_in_with_a_token_for_logging_in_only() -> None:
    context = build("gcp")
    login = workloads.database_login(context.outputs, context.target)
    assert login.password == "token"
    assert "scopes=https://www.googleapis.com/auth/sqlservice.login" in login.token
