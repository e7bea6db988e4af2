"""One change a guarantee that breaks it, and no other, in a deployment that keeps them all."""

from collections.abc import Callable
from typing import Any

from terrace.azure import names
from terrace.live.azure import backup, network
from terrace.live.azure.observability import SIGNALS
from tests.live.azure.built.data import REQUESTS, set_parameter
from tests.live.azure.built.ground import GITHUB, USE, identity, rotate, rule
from tests.live.azure.built.platform import LOGS, budget, draw, firewall, record, trouble, workflow
from tests.live.azure.site import Site

Break = Callable[[Site], None]
BREAKS: dict[str, Break] = {}


def breaks(guarantee: str) -> Callable[[Break], Break]:
    def register(function: Break) -> Break:
        assert guarantee not in BREAKS, guarantee
        BREAKS[guarantee] = function
        return function

    return register


@breaks("NET-1")
def a_subnet_with_azures_own_way_out(site: Site) -> None:
    site.change(names.subnet_id(site.target, "nodes"), defaultOutboundAccess=True)


@breaks("NET-2")
def nodes_leave_by_nothing_of_ours(site: Site) -> None:
    site.change(names.subnet_id(site.target, "nodes"), natGateway=None)


@breaks("NET-3")
def the_vaults_private_path_is_gone(site: Site) -> None:
    site.delete(names.id(site.target, "Microsoft.Network/privateEndpoints", f"{site.prefix}-path-vault"))


@breaks("NET-4")
def database_open_to_everywhere(site: Site) -> None:
    group = names.id(site.target, "Microsoft.Network/networkSecurityGroups", f"{site.prefix}-database")
    opened = rule("for-a-moment", "Inbound", 200, "5432", "Internet", "*", description="just for a moment")
    site.put(f"{group}/securityRules/for-a-moment", opened["properties"])


@breaks("NET-5")
def flow_logs_off(site: Site) -> None:
    site.change(network.flow_log_id(site.deployment), enabled=False)


@breaks("NET-6")
def the_firewall_only_tells(site: Site) -> None:
    firewall(site, "Detection")


@breaks("NET-7")
def the_link_is_gone(site: Site) -> None:
    site.delete(names.id(site.target, "Microsoft.Network/connections", site.prefix))


@breaks("KEY-1")
def a_key_hardly_rotates(site: Site) -> None:
    rotate(site, "lake", 700)


@breaks("KEY-2")
def a_key_is_about_to_go(site: Site) -> None:
    # Azure lets nobody shorten the wait, or lift the protection
    site.touched.add("/keys/events")
    site.reader.keys(names.vault(site.target)).begin_delete_key("events")


@breaks("KEY-3")
def a_stranger_uses_a_key(site: Site) -> None:
    identity(site, "stranger")
    site.grant(site.principal("stranger"), USE, f"{names.vault_id(site.target)}/keys/database")


@breaks("SEC-1")
def a_secret_is_gone(site: Site) -> None:
    site.touched.add("/secrets/airflow-app")
    site.reader.secrets(names.vault(site.target)).begin_delete_secret("airflow-app")


@breaks("SEC-2")
def passwords_are_taken_again(site: Site) -> None:
    site.change(names.database_id(site.target), authConfig__passwordAuth="Enabled")


@breaks("SEC-3")
def another_one_reads_a_secret(site: Site) -> None:
    identity(site, "stranger")
    site.grant(site.principal("stranger"), "Key Vault Secrets User", names.secret_id(site.target, "airflow-app"))


def _cluster(site: Site, **different: Any) -> None:
    site.change(names.cluster_id(site.target), **different)


@breaks("K8S-1")
def the_api_is_out_of_the_network(site: Site) -> None:
    _cluster(site, apiServerAccessProfile__enableVnetIntegration=False)


@breaks("K8S-2")
def kubernetes_secrets_in_the_clear(site: Site) -> None:
    _cluster(site, securityProfile__azureKeyVaultKms={"enabled": False})


@breaks("K8S-3")
def audit_log_off(site: Site) -> None:
    kept = [log for log in LOGS if log != "kube-audit"]
    site.logs(names.cluster_id(site.target), "logs", kept, to=names.workspace_id(site.target))


@breaks("K8S-4")
def no_workload_identity(site: Site) -> None:
    _cluster(site, securityProfile__workloadIdentity={"enabled": False})


@breaks("K8S-5")
def local_accounts_on(site: Site) -> None:
    _cluster(site, disableLocalAccounts=False)


def _pool(site: Site, **different: Any) -> None:
    site.change(f"{names.cluster_id(site.target)}/agentPools/general", **different)


@breaks("K8S-6")
def a_pool_may_not_grow(site: Site) -> None:
    _pool(site, maxCount=site.environment.cluster.pools["general"].min_nodes)


@breaks("K8S-7")
def nobody_patches(site: Site) -> None:
    _cluster(site, autoUpgradeProfile={"upgradeChannel": "none", "nodeOSUpgradeChannel": "NodeImage"})


@breaks("K8S-8")
def network_policies_are_only_written(site: Site) -> None:
    _cluster(site, networkProfile__networkPolicy="none")


@breaks("K8S-9")
def a_pool_without_encryption_at_host(site: Site) -> None:
    _pool(site, enableEncryptionAtHost=False)


@breaks("K8S-10")
def a_registry_with_a_password(site: Site) -> None:
    place = names.id(site.target, "Microsoft.ContainerRegistry/registries", names.registry(site.target))
    site.change(place, adminUserEnabled=True)


def _server(site: Site, **different: Any) -> None:
    site.change(names.database_id(site.target), **different)


@breaks("DB-1")
def a_public_address_may_enter(site: Site) -> None:
    _server(site, network__publicNetworkAccess="Enabled")


@breaks("DB-2")
def clear_text_is_spoken(site: Site) -> None:
    set_parameter(site, "require_secure_transport", "off")


@breaks("DB-3")
def a_replica_under_azures_key(site: Site) -> None:
    site.change(f"{names.database_id(site.target)}-replica-1", dataEncryption={"type": "SystemManaged"})


@breaks("DB-4")
def no_standby(site: Site) -> None:
    _server(site, highAvailability={"mode": "Disabled"})


@breaks("DB-5")
def a_week_to_go_back(site: Site) -> None:
    _server(site, backup__backupRetentionDays=7)


@breaks("DB-6")
def the_lock_is_lifted(site: Site) -> None:
    site.delete(f"{names.database_id(site.target)}/providers/Microsoft.Authorization/locks/keep-database")


@breaks("DB-7")
def nothing_is_audited(site: Site) -> None:
    set_parameter(site, "pgaudit.log", "none")


@breaks("DB-8")
def storage_ends(site: Site) -> None:
    _server(site, storage__autoGrow="Disabled")


@breaks("DB-9")
def an_extension_is_refused(site: Site) -> None:
    set_parameter(site, "azure.extensions", "pgaudit")


@breaks("DB-10")
def patched_at_any_time(site: Site) -> None:
    _server(site, maintenanceWindow={"customWindow": "Disabled"})


@breaks("CACHE-1")
def the_cache_takes_keys(site: Site) -> None:
    site.change(f"{names.cache_id(site.target)}/databases/default", accessKeysAuthentication="Enabled")


@breaks("CACHE-2")
def the_cache_speaks_clear_text(site: Site) -> None:
    site.change(f"{names.cache_id(site.target)}/databases/default", clientProtocol="Plaintext")


@breaks("CACHE-3")
def the_cache_forgets(site: Site) -> None:
    site.change(f"{names.cache_id(site.target)}/databases/default", persistence={"rdbEnabled": False})


@breaks("LAKE-1")
def anonymous_reads_are_possible(site: Site) -> None:
    site.change(names.account_id(site.target, "silver"), allowBlobPublicAccess=True)


@breaks("LAKE-2")
def plain_http(site: Site) -> None:
    site.change(names.account_id(site.target, "gold"), supportsHttpsTrafficOnly=False)


@breaks("LAKE-3")
def what_is_overwritten_is_lost(site: Site) -> None:
    site.change(f"{names.account_id(site.target, 'platinum')}/blobServices/default", isVersioningEnabled=False)


@breaks("LAKE-4")
def nothing_ages(site: Site) -> None:
    place = f"{names.account_id(site.target, 'silver')}/managementPolicies/default"
    rules = site.reader.get(place)["properties"]["policy"]["rules"]
    site.change(place, policy__rules=[{**rule, "enabled": False} for rule in rules])


@breaks("LAKE-5")
def gold_is_copied_no_more(site: Site) -> None:
    source = names.account_id(site.target, "gold")
    for link in site.reader.pages(f"{source}/objectReplicationPolicies"):
        site.change(f"{source}/objectReplicationPolicies/{link['name']}", rules=[])


@breaks("LAKE-6")
def reads_of_artifacts_are_not_logged(site: Site) -> None:
    service = f"{names.account_id(site.target, 'artifacts')}/blobServices/default"
    site.logs(service, "access-log", REQUESTS[1:], account=names.account_id(site.target, "access"))


@breaks("LAKE-7")
def a_module_writes_where_it_may_not(site: Site) -> None:
    scope = names.container_id(site.target, "backups")
    site.grant(site.principal("module-superset"), "Storage Blob Data Contributor", scope)


@breaks("OBS-1")
def requests_are_logged_elsewhere_as_well(site: Site) -> None:
    account = names.account_id(site.target, "gold")
    elsewhere = "Microsoft.OperationalInsights/workspaces"
    other = site.make(elsewhere, "somewhere", {"sku": {"name": "PerGB2018"}, "retentionInDays": 30})
    site.logs(f"{account}/blobServices/default", "copy", REQUESTS, to=other)


@breaks("OBS-2")
def an_alarm_is_off(site: Site) -> None:
    name = f"{site.prefix}-cpu-percent-critical"
    site.change(names.id(site.target, "Microsoft.Insights/metricAlerts", name), enabled=False)


@breaks("OBS-3")
def nobody_hears_of_critical_things(site: Site) -> None:
    site.change(names.topic_id(site.target, "critical"), emailReceivers=[])


@breaks("OBS-4")
def the_dashboard_lacks_a_signal(site: Site) -> None:
    draw(site, SIGNALS[1:])


@breaks("AUD-1")
def policy_is_off_the_record(site: Site) -> None:
    record(site, ["Administrative", "Security"])


@breaks("AUD-2")
def vaults_are_not_watched(site: Site) -> None:
    place = f"{names.subscription(site.target)}/providers/Microsoft.Security/pricings/KeyVaults"
    site.put(place, {"pricingTier": "Free"})


@breaks("AUD-3")
def nothing_is_compared(site: Site) -> None:
    policies = f"{names.subscription(site.target)}/providers/Microsoft.Authorization/policyAssignments"
    site.delete(f"{policies}/{site.prefix}-baseline")


@breaks("BAK-1")
def gold_is_not_backed_up(site: Site) -> None:
    site.delete(f"{backup.vault_id(site.deployment)}/backupInstances/gold")


@breaks("BAK-2")
def no_pod_is_velero(site: Site) -> None:
    site.delete(f"{site.identity('velero')}/federatedIdentityCredentials/pods")


@breaks("BAK-3")
def the_vaults_trouble_reaches_nobody(site: Site) -> None:
    trouble(site, enabled=False)


@breaks("COST-1")
def half_of_the_budget_goes_unnoticed(site: Site) -> None:
    budget(site, (80, 100))


@breaks("COST-2")
def the_cluster_stays_awake(site: Site) -> None:
    workflow(site, "cluster-down", "20:00", f"{names.cluster_id(site.target)}/stop", state="Disabled")


@breaks("GOV-1")
def a_network_of_another_owner(site: Site) -> None:
    body = site.reader.get(names.network_id(site.target))
    site.retag(names.network_id(site.target), {**body["tags"], "owner": "somebody-else"})


@breaks("GOV-2")
def other_regions_are_open(site: Site) -> None:
    site.delete(f"{names.group_id(site.target)}/providers/Microsoft.Authorization/policyAssignments/locations")


@breaks("ID-1")
def another_repository_applies(site: Site) -> None:
    site.trust("ci-plan", "stranger", GITHUB, "repo:somebody/else:pull_request")
