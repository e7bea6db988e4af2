"""Azure's half of the workloads."""

from terrace.azure import names, workloads
from terrace.azure.ranges import layout
from tests.workloads.conftest import build

NETWORK, SERVICES = "10.40.0.0/16", "172.20.0.0/16"


def test_a_service_account_names_the_managed_identity() -> None:
    target = build("azure").target
    identity = workloads.pod_identity("client", target)
    assert identity.annotations == {
        "azure.workload.identity/client-id": "client",
        "azure.workload.identity/tenant-id": names.settings(target).tenant_id,
    }
    assert identity.pod_labels == {"azure.workload.identity/use": "true"}


def test_external_secrets_reads_with_the_modules_account() -> None:
    target = build("azure").target
    store = workloads.secret_store(namespace="a", account="a", identity="x", target=target)["azurekv"]
    assert store["authType"] == "WorkloadIdentity"
    assert store["serviceAccountRef"] == {"name": "a"}
    assert store["vaultUrl"] == f"https://{names.vault(target)}.vault.azure.net"
    assert workloads.secret_key("https://x.vault.azure.net/secrets/airflow-app") == "airflow-app"


def test_ranges_are_those_of_the_networks_subnets() -> None:
    ranges, subnets = workloads.ranges(NETWORK, SERVICES), layout(NETWORK)
    assert ranges["database"] == (subnets["database"],)
    assert ranges["cloud"] == (subnets["endpoints"],)
    assert ranges["entry"] == (subnets["entry"],)


def test_volumes_are_encrypted_with_the_clusters_keys() -> None:
    target = build("azure").target
    parameters = workloads.storage_class(target)["parameters"]
    assert parameters["diskEncryptionSetID"].endswith("/providers/Microsoft.Compute/diskEncryptionSets/dpf-dev-disks")
    assert workloads.storage_class(build("azure", "prod").target)["parameters"]["skuName"] == "Premium_LRS"


def test_certificates_are_solved_in_the_environments_zone() -> None:
    context = build("azure")
    solver = workloads.dns_solver(context.outputs, context.target)["azureDNS"]
    assert solver["hostedZoneName"] == "dev.data.example.com"
    assert solver["managedIdentity"]["clientID"] == context.outputs.platform_identities["cert-manager"]


def test_backups_go_to_the_storage_account_of_the_foundation() -> None:
    context = build("azure")
    velero = workloads.values(context.outputs, context.target)["velero"]
    assert velero["bucket"] == "backups"
    assert velero["location"]["storageAccount"] == names.bucket(context.target, "backups")


def test_the_bootstrap_job_logs_in_with_a_token() -> None:
    context = build("azure")
    login = workloads.database_login(context.outputs, context.target)
    assert (login.password, login.authority, login.verified) == ("token", "", True)
    assert "client_assertion@$AZURE_FEDERATED_TOKEN_FILE" in login.token  # from the file, not on the command line
