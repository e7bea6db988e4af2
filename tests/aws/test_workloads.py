"""AWS's half of the workloads."""

from ipaddress import ip_network

from terrace.aws import workloads
from terrace.aws.ranges import layout
from tests.workloads.conftest import build

NETWORK, SERVICES = "10.40.0.0/16", "172.20.0.0/16"


def test_the_foundation_binds_service_accounts() -> None:
    identity = workloads.pod_identity("arn:aws:iam::111122223333:role/x", build("aws").target)
    assert (identity.annotations, identity.pod_labels) == ({}, {})


def test_external_secrets_assumes_the_role_of_the_module() -> None:
    store = workloads.secret_store(namespace="a", account="a", identity="arn:role", target=build("aws").target)
    assert store == {"aws": {"service": "SecretsManager", "region": "eu-central-1", "role": "arn:role"}}
    assert workloads.secret_key("arn:aws:secretsmanager:x:1:secret:a") == "arn:aws:secretsmanager:x:1:secret:a"


def test_ranges_are_those_of_the_networks_subnets() -> None:
    ranges = workloads.ranges(NETWORK, SERVICES)
    assert ranges["database"] == layout(NETWORK).data
    assert "172.20.0.1/32" in ranges["kubernetes-api"]
    inside = [one for party in ranges for one in ranges[party] if one not in ("0.0.0.0/0", "172.20.0.1/32")]
    assert all(ip_network(one).subnet_of(ip_network(NETWORK)) for one in inside)


def test_volumes_are_encrypted() -> None:
    assert workloads.storage_class(build("aws").target)["parameters"]["encrypted"] == "true"


def test_certificates_are_solved_in_the_environments_zone() -> None:
    context = build("aws")
    assert workloads.dns_solver(context.outputs, context.target) == {
        "route53": {"region": "eu-central-1", "hostedZoneID": "Z0123456789"}
    }


def test_backups_go_to_the_bucket_of_the_foundation() -> None:
    context = build("aws")
    velero = workloads.values(context.outputs, context.target)["velero"]
    assert velero["bucket"] == "dpf-dev-backups"
    assert velero["location"] == {"region": "eu-central-1"}


def test_the_bootstrap_job_verifies_the_server_with_the_regions_authorities() -> None:
    context = build("aws")
    login = workloads.database_login(context.outputs, context.target)
    assert login.password == "secret"
    assert login.authority == "https://truststore.pki.rds.amazonaws.com/eu-central-1/eu-central-1-bundle.pem"
    assert login.verified
