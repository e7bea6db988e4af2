"""Changes by hand on Google Cloud."""

from typing import Any

from terrace.gcp import names
from tests.live.access import changes
from tests.live.gcp.site import ACCOUNT, BUCKET, KEY, PROJECT, SECRET, Site

CHANGES, shown_as = changes()
OUTSIDER = "someone@outside.example"
USER = f"user:{OUTSIDER}"


def rule(site: Site, **more: Any) -> dict[str, Any]:
    return {
        "name": "by-hand",
        "network": f"{site.project}/global/networks/{site.prefix}",
        "direction": "INGRESS",
        "priority": 900,
        "targetServiceAccounts": [names.role_email(site.target, "nodes")],
        **more,
    }


@shown_as("internet -> nodes on tcp 22, by google_compute_firewall by-hand")
def nodes_accept_ssh_from_the_internet(site: Site) -> None:
    body = rule(site, sourceRanges=["0.0.0.0/0"], allowed=[{"IPProtocol": "tcp", "ports": ["22"]}])
    site.do("compute", "firewalls.insert", project=site.account, body=body)


@shown_as("internet -> nodes on tcp 6443, by google_compute_network_firewall_policy_rule by-hand_100")
def a_firewall_policy_opens_a_port(site: Site) -> None:
    match = {"srcIpRanges": ["0.0.0.0/0"], "layer4Configs": [{"ipProtocol": "tcp", "ports": ["6443"]}]}
    body = {
        "name": "by-hand",
        "rules": [{"priority": 100, "direction": "INGRESS", "action": "allow", "match": match}],
        "associations": [{"name": "x", "attachmentTarget": f"{site.project}/global/networks/{site.prefix}"}],
    }
    site.do("compute", "networkFirewallPolicies.insert", project=site.account, body=body)


@shown_as(
    "nodes -> unknown route of 172.20.0.0/16 to projects/PROJECT/zones/europe-west3-a/instances/proxy on all ports, "
    "by google_compute_route by-hand"
)
def traffic_is_routed_to_a_machine(site: Site) -> None:
    network = f"{site.project}/global/networks/{site.prefix}"
    hop = f"{site.project}/zones/{site.target.region}-a/instances/proxy"
    body = {"name": "by-hand", "network": network, "destRange": "172.20.0.0/16", "priority": 1, "nextHopInstance": hop}
    site.do("compute", "routes.insert", project=site.account, body=body)


@shown_as("foreign someone@outside.example may administer everything, by roles/owner of USER on project PROJECT")
def an_outsider_owns_the_project(site: Site) -> None:
    site.grant(PROJECT, {"resource": site.project}, "roles/owner", USER)


@shown_as(
    "foreign someone@outside.example may assume identities/*, "
    "by roles/iam.serviceAccountTokenCreator of USER on project PROJECT"
)
def an_outsider_acts_as_every_identity(site: Site) -> None:
    site.grant(PROJECT, {"resource": site.project}, "roles/iam.serviceAccountTokenCreator", USER)


@shown_as("foreign someone@outside.example may read-data lake/gold, by roles/storage.objectViewer of USER on BUCKET")
def an_outsider_reads_a_bucket(site: Site) -> None:
    bucket = {"bucket": names.bucket(site.target, "gold")}
    site.grant(BUCKET, bucket, "roles/storage.objectViewer", USER)


@shown_as(
    "foreign someone@outside.example may read-secret secrets/airflow, "
    "by roles/secretmanager.secretAccessor of USER on dpf-prod-airflow-app"
)
def an_outsider_reads_a_secret(site: Site) -> None:
    secret = {"resource": f"{site.project}/secrets/{site.prefix}-airflow-app"}
    site.grant(SECRET, secret, "roles/secretmanager.secretAccessor", USER)


@shown_as(
    "foreign someone@outside.example may decrypt keys/lake, "
    "by roles/cloudkms.cryptoKeyDecrypter of USER on europe-west3/dpf-prod/lake"
)
def an_outsider_decrypts(site: Site) -> None:
    where = {"resource": names.key(site.target, "lake")}
    site.grant(KEY, where, "roles/cloudkms.cryptoKeyDecrypter", USER)


@shown_as(
    "workflow repo:acme/terrace:pull_request may assume identities/pipeline apply, "
    "by roles/iam.workloadIdentityUser of PRINCIPAL on dpf-prod-ci-apply@ADDRESS"
)
def pull_requests_apply(site: Site) -> None:
    account = f"{site.project}/serviceAccounts/{names.role_email(site.target, 'ci-apply')}"
    pool = f"projects/{names.number(site.target)}/locations/global/workloadIdentityPools/{site.prefix}-github"
    member = f"principal://iam.googleapis.com/{pool}/subject/repo:acme/terrace:pull_request"
    site.grant(ACCOUNT, {"resource": account}, "roles/iam.workloadIdentityUser", member)


@shown_as("range 10.99.0.0/16 -> database on tcp 5432, by google_sql_database_instance dpf-prod")
def the_database_admits_another_range(site: Site) -> None:
    where = {"project": site.account, "instance": site.prefix}
    server = site.deployment.call("sqladmin", "instances.get", **where)
    access = {**server["settings"]["ipConfiguration"], "authorizedNetworks": [{"value": "10.99.0.0/16"}]}
    settings = {**server["settings"], "ipConfiguration": access}
    site.do("sqladmin", "instances.patch", **where, body={"settings": settings})


@shown_as("foreign database user support may connect database/admin, by google_sql_user support")
def the_database_has_a_user_with_a_password(site: Site) -> None:
    where = {"project": site.account, "instance": site.prefix}
    site.do("sqladmin", "users.insert", **where, body={"name": "support", "password": "a-test"})


@shown_as(
    "foreign bigquery.googleapis.com/projects/outside/datasets/x may read-data detection, "
    "by google_logging_project_sink by-hand"
)
def records_go_to_another_project(site: Site) -> None:
    body = {"name": "by-hand", "destination": "bigquery.googleapis.com/projects/outside/datasets/x", "filter": ""}
    site.do("logging", "projects.sinks.create", parent=site.project, body=body)


@shown_as(
    "unknown network projects/outside/global/networks/x -> database on all ports, "
    "by google_compute_network_peering by-hand"
)
def the_network_is_peered(site: Site) -> None:
    peering = {"name": "by-hand", "network": "projects/outside/global/networks/x", "state": "ACTIVE"}
    site.stored(f"compute/{site.project}/global/networks/{site.prefix}", peerings=[peering])
