"""Breaks of the guarantees about the database, the cache and the lake."""

from typing import Any

from terrace.azure import names
from tests.live.azure.breaks import breaks
from tests.live.azure.site import Site


def _change_server(site: Site, **properties: Any) -> None:
    site.change(names.database_id(site.target), **properties)


def _set_parameter(site: Site, name: str, value: str) -> None:
    site.put(f"{names.database_id(site.target)}/configurations/{name}", {"value": value, "source": "user-override"})


@breaks("DB-1")
def server_is_public(site: Site) -> None:
    _change_server(site, network__publicNetworkAccess="Enabled")


@breaks("DB-2")
def server_accepts_connections_without_tls(site: Site) -> None:
    _set_parameter(site, "require_secure_transport", "off")


@breaks("DB-3")
def replica_has_azures_key(site: Site) -> None:
    site.change(f"{names.database_id(site.target)}-replica-1", dataEncryption={"type": "SystemManaged"})


@breaks("DB-4")
def server_has_no_standby(site: Site) -> None:
    _change_server(site, highAvailability={"mode": "Disabled"})


@breaks("DB-5")
def backups_are_kept_for_7_days(site: Site) -> None:
    _change_server(site, backup__backupRetentionDays=7)


@breaks("DB-6")
def server_has_no_lock(site: Site) -> None:
    site.delete(f"{names.database_id(site.target)}/providers/Microsoft.Authorization/locks/keep-database")


@breaks("DB-7")
def statements_are_not_audited(site: Site) -> None:
    _set_parameter(site, "pgaudit.log", "none")


@breaks("DB-8")
def storage_cannot_grow(site: Site) -> None:
    _change_server(site, storage__autoGrow="Disabled")


@breaks("DB-9")
def postgis_is_not_allowed(site: Site) -> None:
    _set_parameter(site, "azure.extensions", "pgaudit")


@breaks("DB-10")
def maintenance_window_is_azures(site: Site) -> None:
    _change_server(site, maintenanceWindow={"customWindow": "Disabled"})


@breaks("CACHE-1")
def cache_accepts_access_keys(site: Site) -> None:
    site.change(f"{names.cache_id(site.target)}/databases/default", accessKeysAuthentication="Enabled")


@breaks("CACHE-2")
def cache_accepts_connections_without_tls(site: Site) -> None:
    site.change(f"{names.cache_id(site.target)}/databases/default", clientProtocol="Plaintext")


@breaks("CACHE-3")
def cache_is_not_persisted(site: Site) -> None:
    site.change(f"{names.cache_id(site.target)}/databases/default", persistence={"rdbEnabled": False})


@breaks("LAKE-1")
def account_allows_anonymous_reads(site: Site) -> None:
    site.change(names.account_id(site.target, "silver"), allowBlobPublicAccess=True)


@breaks("LAKE-2")
def account_accepts_plain_http(site: Site) -> None:
    site.change(names.account_id(site.target, "gold"), supportsHttpsTrafficOnly=False)


@breaks("LAKE-3")
def blobs_have_no_versions(site: Site) -> None:
    site.change(f"{names.account_id(site.target, 'platinum')}/blobServices/default", isVersioningEnabled=False)


@breaks("LAKE-4")
def lifecycle_rules_are_off(site: Site) -> None:
    policy = f"{names.account_id(site.target, 'silver')}/managementPolicies/default"
    rules = site.reader.get(policy)["properties"]["policy"]["rules"]
    site.change(policy, policy__rules=[{**rule, "enabled": False} for rule in rules])


@breaks("LAKE-5")
def account_is_not_replicated(site: Site) -> None:
    policies = f"{names.account_id(site.target, 'gold')}/objectReplicationPolicies"
    for policy in site.reader.pages(policies):
        site.change(f"{policies}/{policy['name']}", rules=[])


@breaks("LAKE-6")
def reads_of_artifacts_are_not_logged(site: Site) -> None:
    site.stop_logs(f"{names.account_id(site.target, 'artifacts')}/blobServices/default", "StorageRead")


@breaks("LAKE-7")
def superset_may_write_to_backups(site: Site) -> None:
    scope = names.container_id(site.target, "backups")
    site.grant(site.principal("module-superset"), "Storage Blob Data Contributor", scope)


@breaks("LAKE-8")
def bronze_is_not_searched(site: Site) -> None:
    defender = "providers/Microsoft.Security/defenderForStorageSettings/current"
    site.change(f"{names.account_id(site.target, 'bronze')}/{defender}", sensitiveDataDiscovery__isEnabled=False)
