"""One change a guarantee that breaks it, and no other, in a deployment that keeps them all."""

from collections.abc import Callable
from typing import Any

from terrace.gcp import names
from terrace.live.gcp.observability import SIGNALS
from tests.live.gcp.built.data import FLAGS, instance, rules
from tests.live.gcp.built.ground import open_to
from tests.live.gcp.built.platform import backup_rule, federate, firewall_rules, node_config, pool
from tests.live.gcp.built.watch import alarm, constrain, draw, record, thresholds
from tests.live.gcp.site import BUCKET, KEY, PROJECT, SECRET, Site

Break = Callable[[Site], None]
BREAKS: dict[str, Break] = {}


def breaks(guarantee: str) -> Callable[[Break], Break]:
    def register(function: Break) -> Break:
        assert guarantee not in BREAKS, guarantee
        BREAKS[guarantee] = function
        return function

    return register


def _remade_pool(site: Site, **different: Any) -> None:
    cluster, pools = names.cluster_id(site.target), "projects.locations.clusters.nodePools"
    site.do("container", f"{pools}.delete", name=f"{cluster}/nodePools/general")
    site.do("container", f"{pools}.create", parent=cluster, body={"nodePool": pool(site, "general", **different)})


def _cluster(site: Site, **desired: Any) -> None:
    name = names.cluster_id(site.target)
    site.do("container", "projects.locations.clusters.update", name=name, body={"update": desired})


@breaks("NET-1")
def a_pool_in_one_zone(site: Site) -> None:
    _remade_pool(site, locations=list(site.target.zones[:1]))


def _router(site: Site, **different: Any) -> None:
    where = {"project": site.account, "region": site.target.region, "router": site.prefix}
    site.do("compute", "routers.patch", **where, body=different)


@breaks("NET-2")
def addresses_that_change(site: Site) -> None:
    gateway = {"natIpAllocateOption": "AUTO_ONLY", "natIps": []}
    found = site.deployment.call(
        "compute", "routers.get", project=site.account, region=site.target.region, router=site.prefix
    )
    _router(site, nats=[{**found["nats"][0], **gateway}])


@breaks("NET-3")
def the_database_has_no_private_path(site: Site) -> None:
    name = f"{site.place}/serviceConnectionPolicies/{site.prefix}-database"
    site.do("networkconnectivity", "projects.locations.serviceConnectionPolicies.delete", name=name)


@breaks("NET-4")
def nodes_open_to_everywhere(site: Site) -> None:
    open_to(site, "just-for-a-moment", "INGRESS", "0.0.0.0/0", ["22"])


@breaks("NET-5")
def half_of_the_flows(site: Site) -> None:
    where = {"project": site.account, "region": site.target.region, "subnetwork": f"{site.prefix}-data"}
    found = site.deployment.call("compute", "subnetworks.get", **where)
    log = {"enable": True, "aggregationInterval": "INTERVAL_1_MIN", "flowSampling": 0.5}
    site.do("compute", "subnetworks.patch", **where, body={"logConfig": log, "fingerprint": found["fingerprint"]})


@breaks("NET-6")
def the_firewall_only_watches(site: Site) -> None:
    for rule in firewall_rules(site, preview=True)[:1]:
        where = {"project": site.account, "securityPolicy": site.prefix, "priority": rule["priority"]}
        site.do("compute", "securityPolicies.patchRule", **where, body=rule)


@breaks("NET-7")
def one_tunnel_is_gone(site: Site) -> None:
    where = {"project": site.account, "region": site.target.region}
    site.do("compute", "vpnTunnels.delete", **where, vpnTunnel=f"{site.prefix}-1")


def _key(site: Site, purpose: Any, mask: str, **different: Any) -> None:
    name = names.key(site.target, purpose)
    site.do(KEY[0], f"{KEY[1]}.patch", name=name, updateMask=mask, body=different)


@breaks("KEY-1")
def a_key_hardly_rotates(site: Site) -> None:
    _key(site, "lake", "rotationPeriod", rotationPeriod="63072000s")


@breaks("KEY-2")
def a_key_is_about_to_go(site: Site) -> None:
    version = f"{names.key(site.target, 'logs')}/cryptoKeyVersions/1"
    site.do(KEY[0], f"{KEY[1]}.cryptoKeyVersions.destroy", name=version, body={})


@breaks("KEY-3")
def a_module_uses_a_key_itself(site: Site) -> None:
    member = names.member(site.target, "module-airflow")
    where = {"resource": names.key(site.target, "database")}
    site.grant(KEY, where, ("roles/cloudkms.cryptoKeyEncrypterDecrypter", member))


def _secret(site: Site) -> str:
    return names.secret(site.target, "airflow-app")


@breaks("SEC-1")
def a_secret_without_a_value(site: Site) -> None:
    versions = "projects.secrets.versions"
    site.do("secretmanager", f"{versions}.disable", name=f"{_secret(site)}/versions/1", body={})


@breaks("SEC-2")
def somebody_has_a_password(site: Site) -> None:
    body = {"name": "root", "password": "a-test"}
    site.do("sqladmin", "users.insert", project=site.account, instance=site.prefix, body=body)


@breaks("SEC-3")
def another_module_reads_a_secret(site: Site) -> None:
    member = names.member(site.target, "module-superset")
    site.grant(SECRET, {"resource": _secret(site)}, ("roles/secretmanager.secretAccessor", member))


@breaks("K8S-1")
def the_api_has_an_address(site: Site) -> None:
    ends = {"ipEndpointsConfig": {"enabled": True}}
    _cluster(site, desiredControlPlaneEndpointsConfig=ends)


@breaks("K8S-2")
def kubernetes_secrets_under_googles_key(site: Site) -> None:
    _cluster(site, desiredDatabaseEncryption={"state": "DECRYPTED"})


@breaks("K8S-3")
def the_api_server_is_silent(site: Site) -> None:
    _cluster(site, desiredLoggingConfig={"componentConfig": {"enableComponents": ["SYSTEM_COMPONENTS"]}})


@breaks("K8S-4")
def pods_reach_the_nodes_credentials(site: Site) -> None:
    exposed = node_config(site, "general", workloadMetadataConfig={"mode": "GCE_METADATA"})
    _remade_pool(site, config=exposed)


@breaks("K8S-5")
def anybody_may_ask_anonymously(site: Site) -> None:
    _cluster(site, desiredAnonymousAuthenticationConfig={"mode": "ENABLED"})


@breaks("K8S-6")
def a_pool_may_not_grow(site: Site) -> None:
    name = f"{names.cluster_id(site.target)}/nodePools/general"
    least = site.environment.cluster.pools["general"].min_nodes
    bounds = {"enabled": True, "totalMinNodeCount": least, "totalMaxNodeCount": least}
    pools = "projects.locations.clusters.nodePools"
    site.do("container", f"{pools}.setAutoscaling", name=name, body={"autoscaling": bounds})


@breaks("K8S-7")
def the_newest_versions_come_first(site: Site) -> None:
    _cluster(site, desiredReleaseChannel={"channel": "RAPID"})


@breaks("K8S-8")
def network_policies_are_only_written(site: Site) -> None:
    _cluster(site, desiredDatapathProvider="LEGACY_DATAPATH")


@breaks("K8S-9")
def a_node_may_start_anything(site: Site) -> None:
    shield = {"enableSecureBoot": False, "enableIntegrityMonitoring": True}
    _remade_pool(site, config=node_config(site, "general", shieldedInstanceConfig=shield))


@breaks("K8S-10")
def tags_move(site: Site) -> None:
    site.do(
        "artifactregistry",
        "projects.locations.repositories.patch",
        name=f"{site.place}/repositories/{site.prefix}-airflow",
        updateMask="dockerConfig",
        body={"dockerConfig": {"immutableTags": False}},
    )


def _sql(site: Site, name: str = "", **settings: Any) -> None:
    where = {"project": site.account, "instance": name or site.prefix}
    site.do("sqladmin", "instances.patch", **where, body={"settings": settings})


@breaks("DB-1")
def database_public(site: Site) -> None:
    _sql(site, ipConfiguration={"ipv4Enabled": True})


@breaks("DB-2")
def plain_connections(site: Site) -> None:
    _sql(site, ipConfiguration={"sslMode": "ALLOW_UNENCRYPTED_AND_ENCRYPTED"})


@breaks("DB-3")
def a_copy_under_googles_key(site: Site) -> None:
    name = f"{site.prefix}-replica-1"
    _sql(site, name, deletionProtectionEnabled=False)
    site.do("sqladmin", "instances.delete", project=site.account, instance=name)
    instance(site, name, site.target.region, "home", primary=site.prefix)
    key = f"sqladmin/{site.project}/instances/{name}"
    body = site.cloud.store.get(key)
    assert body
    site.cloud.store.put(key, {**body, "diskEncryptionConfiguration": {}})  # no call changes an instance's key


@breaks("DB-4")
def no_standby(site: Site) -> None:
    _sql(site, availabilityType="ZONAL")


@breaks("DB-5")
def fewer_days(site: Site) -> None:
    _sql(site, backupConfiguration={"transactionLogRetentionDays": 7})


@breaks("DB-6")
def database_unprotected(site: Site) -> None:
    _sql(site, deletionProtectionEnabled=False)


def _flags(site: Site, **different: str) -> None:
    chosen = {**FLAGS, **{name.replace("__", "."): value for name, value in different.items()}}
    _sql(site, databaseFlags=[{"name": name, "value": value} for name, value in chosen.items()])


@breaks("DB-7")
def statements_unaudited(site: Site) -> None:
    _flags(site, pgaudit__log="none")


@breaks("DB-8")
def storage_does_not_grow(site: Site) -> None:
    _sql(site, storageAutoResize=False)


@breaks("DB-9")
def a_module_cannot_log_in(site: Site) -> None:
    user = names.role_email(site.target, "module-superset").removesuffix(".gserviceaccount.com")
    site.do("sqladmin", "users.delete", project=site.account, instance=site.prefix, name=user)


@breaks("DB-10")
def patched_at_noon(site: Site) -> None:
    _sql(site, maintenanceWindow={"hour": 12})


def _cache(site: Site, mask: str, **different: Any) -> None:
    path = f"v1/{names.cache_id(site.target)}?updateMask={mask}"
    site.rest("PATCH", "memorystore", path, different)


@breaks("CACHE-1")
def anybody_in_the_network(site: Site) -> None:
    _cache(site, "authorizationMode", authorizationMode="AUTH_DISABLED")


@breaks("CACHE-2")
def cache_without_tls(site: Site) -> None:
    _cache(site, "transitEncryptionMode", transitEncryptionMode="TRANSIT_ENCRYPTION_DISABLED")


@breaks("CACHE-3")
def cache_does_not_fail_over(site: Site) -> None:
    _cache(site, "replicaCount", replicaCount=0)


def _bucket(site: Site, bucket: Any, **different: Any) -> None:
    site.do("storage", "buckets.patch", bucket=names.bucket(site.target, bucket), body=different)


@breaks("LAKE-1")
def public_access_possible(site: Site) -> None:
    _bucket(site, "gold", iamConfiguration={"publicAccessPrevention": "inherited"})


@breaks("LAKE-2")
def plain_http(site: Site) -> None:
    constrain(site, "storage.secureHttpTransport", {"enforce": False}, verb="patch")


@breaks("LAKE-3")
def versions_are_not_kept(site: Site) -> None:
    _bucket(site, "silver", versioning={"enabled": False})


@breaks("LAKE-4")
def nothing_moves(site: Site) -> None:
    spec = site.environment.lake.lifecycle["platinum"]
    kept = [rule for rule in rules(spec) if rule["action"]["type"] == "Delete"]
    _bucket(site, "platinum", lifecycle={"rule": kept})


@breaks("LAKE-5")
def copied_when_it_suits(site: Site) -> None:
    _bucket(site, "gold", rpo="DEFAULT")


@breaks("LAKE-6")
def access_unlogged(site: Site) -> None:
    _bucket(site, "gold", logging=None)


@breaks("LAKE-7")
def superset_writes_bronze(site: Site) -> None:
    where = {"bucket": names.bucket(site.target, "bronze")}
    site.grant(BUCKET, where, ("roles/storage.objectUser", names.member(site.target, "module-superset")))


@breaks("OBS-1")
def logs_go_nowhere(site: Site) -> None:
    name = f"{site.project}/sinks/{site.prefix}-platform"
    site.do("logging", "projects.sinks.delete", sinkName=name)


def _alarm(site: Site, name: str) -> str:
    found = site.deployment.pages("monitoring", "projects.alertPolicies.list", "alertPolicies", name=site.project)
    return str(next(one["name"] for one in found if one["displayName"] == f"{site.prefix}-{name}"))


@breaks("OBS-2")
def an_alarm_is_off(site: Site) -> None:
    name = _alarm(site, "bytes_used-critical")
    alerts = "projects.alertPolicies"
    site.do("monitoring", f"{alerts}.patch", name=name, updateMask="enabled", body={"enabled": False})


@breaks("OBS-3")
def an_alarm_that_one_person_hears_of(site: Site) -> None:
    told = site.ids["told"]
    site.ids["told"] = {**told, "critical": told["warning"]}
    alarm(site, "new", "critical", 'metric.type="a-test"', 0)
    site.ids["told"] = told


@breaks("OBS-4")
def the_dashboard_lacks_a_signal(site: Site) -> None:
    boards = site.deployment.pages("monitoring/v1", "projects.dashboards.list", "dashboards", parent=site.project)
    site.do("monitoring/v1", "projects.dashboards.delete", name=boards[0]["name"])
    draw(site, SIGNALS[1:])


@breaks("AUD-1")
def reads_of_data_unrecorded(site: Site) -> None:
    record(site, "ADMIN_READ", "DATA_WRITE")


@breaks("AUD-2")
def only_the_critical(site: Site) -> None:
    path = f"v2/{site.project}/locations/global/notificationConfigs/{site.prefix}-findings"
    body = {"streamingConfig": {"filter": 'severity = "CRITICAL"'}}
    site.rest("PATCH", "securitycenter", f"{path}?updateMask=streamingConfig", body)


@breaks("AUD-3")
def public_servers_allowed(site: Site) -> None:
    constrain(site, "sql.restrictPublicIp", {"enforce": False}, verb="patch")


def _plan(site: Site, rule: dict[str, Any]) -> None:
    name = f"{site.place}/backupPlans/{site.prefix}-database"
    plans = "projects.locations.backupPlans"
    site.do("backupdr", f"{plans}.patch", name=name, updateMask="backupRules", body={"backupRules": [rule]})


@breaks("BAK-1")
def kept_for_a_week(site: Site) -> None:
    _plan(site, backup_rule(site, backupRetentionDays=7))


@breaks("BAK-2")
def velero_without_rights(site: Site) -> None:
    member = names.member(site.target, "velero")
    site.policy(
        PROJECT,
        {"resource": site.project},
        lambda bindings: [one for one in bindings if member not in one["members"]],
    )


@breaks("BAK-3")
def once_a_day_is_not_twice(site: Site) -> None:
    _plan(site, backup_rule(site, every=18))


@breaks("COST-1")
def no_alert_at_80(site: Site) -> None:
    budgets = "billingAccounts.budgets"
    body = {"thresholdRules": thresholds(50, 100)}
    site.do("billingbudgets", f"{budgets}.patch", name=site.ids["budget"], updateMask="thresholdRules", body=body)


@breaks("COST-2")
def a_pool_stays_awake(site: Site) -> None:
    name = f"{site.place}/jobs/{site.prefix}-nodes-general-size-down"
    site.do("cloudscheduler", "projects.locations.jobs.delete", name=name)


@breaks("GOV-1")
def an_owner_is_missing(site: Site) -> None:
    labels = {name: value for name, value in site.labels.items() if name != "owner"}
    _key(site, "lake", "labels", labels=labels)


@breaks("GOV-2")
def anywhere_will_do(site: Site) -> None:
    constrain(site, "gcp.resourceLocations", {"allowAll": True}, verb="patch")


@breaks("ID-1")
def any_branch_may_apply(site: Site) -> None:
    federate(site, "ci-apply", f"repo:{site.environment.identity.repository}:ref:refs/heads/any")
