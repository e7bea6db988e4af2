"""Breaks of the guarantees about the network, its entry, keys and secrets."""

from typing import Any

from terrace.gcp import names
from tests.live.gcp.breaks import breaks
from tests.live.gcp.breaks.platform import recreate_pool
from tests.live.gcp.site import KEY, SECRET, Site


@breaks("NET-1")
def pool_is_in_one_zone(site: Site) -> None:
    recreate_pool(site, locations=list(site.target.zones[:1]))


@breaks("NET-2")
def nat_addresses_are_not_reserved(site: Site) -> None:
    where = {"project": site.account, "region": site.target.region, "router": site.prefix}
    router = site.deployment.call("compute", "routers.get", **where)
    nat = {**router["nats"][0], "natIpAllocateOption": "AUTO_ONLY", "natIps": []}
    site.do("compute", "routers.patch", **where, body={"nats": [nat]})


@breaks("NET-3")
def database_has_no_private_path(site: Site) -> None:
    name = f"{site.place}/serviceConnectionPolicies/{site.prefix}-database"
    site.do("networkconnectivity", "projects.locations.serviceConnectionPolicies.delete", name=name)


@breaks("NET-4")
def nodes_accept_ssh_from_every_address(site: Site) -> None:
    body = {
        "name": f"{site.prefix}-debugging",
        "network": f"{site.project}/global/networks/{site.prefix}",
        "description": "for debugging",
        "direction": "INGRESS",
        "priority": 1000,
        "sourceRanges": ["0.0.0.0/0"],
        "allowed": [{"IPProtocol": "tcp", "ports": ["22"]}],
        "targetServiceAccounts": [names.role_email(site.target, "nodes")],
    }
    site.do("compute", "firewalls.insert", project=site.account, body=body)


@breaks("NET-5")
def half_of_the_flows_are_logged(site: Site) -> None:
    where = {"project": site.account, "region": site.target.region, "subnetwork": f"{site.prefix}-data"}
    subnet = site.deployment.call("compute", "subnetworks.get", **where)
    log = {"enable": True, "aggregationInterval": "INTERVAL_1_MIN", "flowSampling": 0.5}
    site.do("compute", "subnetworks.patch", **where, body={"logConfig": log, "fingerprint": subnet["fingerprint"]})


@breaks("NET-6")
def firewall_rule_only_previews(site: Site) -> None:
    where = {"project": site.account, "securityPolicy": site.prefix}
    policy = site.deployment.call("compute", "securityPolicies.get", **where)
    rule = next(rule for rule in policy["rules"] if "sqli" in str(rule["match"]))
    site.do("compute", "securityPolicies.patchRule", **where, priority=rule["priority"], body={**rule, "preview": True})


@breaks("NET-7")
def vpn_tunnel_is_deleted(site: Site) -> None:
    where = {"project": site.account, "region": site.target.region}
    tunnels = site.deployment.pages("compute", "vpnTunnels.list", "items", **where)
    site.do("compute", "vpnTunnels.delete", **where, vpnTunnel=tunnels[0]["name"])


def _patch_key(site: Site, purpose: Any, mask: str, **changes: Any) -> None:
    site.do(KEY[0], f"{KEY[1]}.patch", name=names.key(site.target, purpose), updateMask=mask, body=changes)


@breaks("KEY-1")
def key_rotates_every_two_years(site: Site) -> None:
    _patch_key(site, "lake", "rotationPeriod", rotationPeriod="63072000s")


@breaks("KEY-2")
def key_version_is_scheduled_for_destruction(site: Site) -> None:
    version = f"{names.key(site.target, 'logs')}/cryptoKeyVersions/1"
    site.do(KEY[0], f"{KEY[1]}.cryptoKeyVersions.destroy", name=version, body={})


@breaks("KEY-3")
def a_module_may_use_a_key(site: Site) -> None:
    member = names.member(site.target, "module-airflow")
    where = {"resource": names.key(site.target, "database")}
    site.grant(KEY, where, "roles/cloudkms.cryptoKeyEncrypterDecrypter", member)


@breaks("SEC-1")
def secret_has_no_enabled_version(site: Site) -> None:
    name = f"{names.secret(site.target, 'airflow-app')}/versions/1"
    site.do("secretmanager", "projects.secrets.versions.disable", name=name, body={})


@breaks("SEC-2")
def a_database_user_has_a_password(site: Site) -> None:
    body = {"name": "root", "password": "emulated"}
    site.do("sqladmin", "users.insert", project=site.account, instance=site.prefix, body=body)


@breaks("SEC-3")
def another_module_may_read_a_secret(site: Site) -> None:
    member = names.member(site.target, "module-superset")
    where = {"resource": names.secret(site.target, "airflow-app")}
    site.grant(SECRET, where, "roles/secretmanager.secretAccessor", member)


@breaks("GOV-1")
def owner_label_is_missing(site: Site) -> None:
    labels = {name: value for name, value in site.labels.items() if name != "owner"}
    _patch_key(site, "lake", "labels", labels=labels)


@breaks("NET-8")
def queries_are_not_logged(site: Site) -> None:
    where = {"project": site.account, "policy": site.prefix}
    site.do("dns", "policies.patch", **where, body={"enableLogging": False})
