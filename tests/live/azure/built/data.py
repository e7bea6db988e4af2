"""Storage accounts, the database, the cache, the registry and secrets."""

from typing import Any

from terrace.azure import names
from terrace.capabilities.keys import Purpose
from terrace.capabilities.lake import BUCKETS, REPLICATED, Bucket
from terrace.capabilities.spec import LAYERS
from tests.live.azure.built.ground import identity, private_path
from tests.live.azure.site import Site, user

KEYS: dict[Bucket, Purpose] = {"audit": "audit", "backups": "backups", "access": "logs"}
RECORDS = (
    "insights-activity-logs", "insights-logs-storageread", "insights-logs-storagewrite", "insights-logs-storagedelete",
)  # fmt: skip
REQUESTS = ["StorageRead", "StorageWrite", "StorageDelete"]


def account(site: Site, name: str, purpose: Purpose, *, recovery: bool = False, shared_keys: bool = False) -> str:
    who = site.identity(f"{purpose}-recovery-key" if recovery else f"{purpose}-key", recovery=recovery)
    vault = names.vault(site.target, "recovery" if recovery else "")
    id = site.make(
        "Microsoft.Storage/storageAccounts",
        name,
        {
            "accessTier": "Hot",
            "allowBlobPublicAccess": False,
            "allowSharedKeyAccess": shared_keys,
            "allowCrossTenantReplication": False,
            "isLocalUserEnabled": False,
            "isSftpEnabled": False,
            "publicNetworkAccess": "Enabled" if shared_keys else "Disabled",
            "supportsHttpsTrafficOnly": True,
            "minimumTlsVersion": "TLS1_2",
            "networkAcls": {"bypass": "AzureServices", "defaultAction": "Deny"},
            "encryption": {
                "keySource": "Microsoft.Keyvault",
                "requireInfrastructureEncryption": True,
                "identity": {"userAssignedIdentity": who},
                "keyvaultproperties": {"keyvaulturi": f"https://{vault}.vault.azure.net/", "keyname": purpose},
            },
        },
        recovery=recovery,
        sku={"name": "Standard_ZRS"},
        kind="StorageV2",
        identity=user(who),
    )
    kept = {"enabled": True, "days": 30}
    service = {
        "isVersioningEnabled": not shared_keys,
        "changeFeed": {"enabled": not shared_keys},
        "deleteRetentionPolicy": kept,
        "containerDeleteRetentionPolicy": kept,
    }
    site.put(f"{id}/blobServices/default", service)
    return id


def lifecycle(site: Site, name: Bucket, account: str) -> None:
    spec = site.environment.lake.lifecycle[name]
    base: dict[str, Any] = {
        "tierToCool": {"daysAfterModificationGreaterThan": spec.cool_after_days},
        "tierToCold": {"daysAfterModificationGreaterThan": spec.archive_after_days},
    }
    if spec.expire_after_days:
        base["delete"] = {"daysAfterModificationGreaterThan": spec.expire_after_days}
    old = {"delete": {"daysAfterCreationGreaterThan": spec.superseded_after_days}}
    definition = {
        "actions": {"baseBlob": base, "version": old, "snapshot": old},
        "filters": {"blobTypes": ["blockBlob"]},
    }
    rule = {"name": "age", "enabled": True, "type": "Lifecycle", "definition": definition}
    site.put(f"{account}/managementPolicies/default", {"policy": {"rules": [rule]}})


def lock(site: Site, container: str, days: int) -> None:
    """Immutable for these days, and for good."""
    policy = f"{container}/immutabilityPolicies/default"
    site.put(policy, {"immutabilityPeriodSinceCreationInDays": days, "allowProtectedAppendWritesAll": True})
    site.reader.act(policy, "lock")


def lake(site: Site) -> None:
    for name in BUCKETS:
        id = account(site, names.bucket(site.target, name), KEYS.get(name, "lake"))
        for container in RECORDS if name == "audit" else (name,):
            made = site.put(f"{id}/blobServices/default/containers/{container}", {"publicAccess": "None"})
            if name == "bronze":
                lock(site, made, site.environment.lake.immutability.days)
            if name == "audit":
                lock(site, made, site.environment.audit.retention_days)
        lifecycle(site, name, id)
    access, audit = (names.account_id(site.target, name) for name in ("access", "audit"))
    for name in BUCKETS:
        service = f"{names.account_id(site.target, name)}/blobServices/default"
        if name != "access":
            site.logs(service, "access-log", REQUESTS, account=access)
        if name in LAYERS:
            site.logs(service, "audit-log", REQUESTS, account=audit)
    for name in REPLICATED:
        copy = account(site, names.bucket(site.target, name, recovery=True), KEYS.get(name, "lake"), recovery=True)
        site.put(f"{copy}/blobServices/default/containers/{name}", {"publicAccess": "None"})
        replicate(site, name)
    account(site, names.flow_account(site.target), "logs", shared_keys=True)
    flow_log(site)


def replicate(site: Site, name: Bucket) -> None:
    """First at the destination, which gives the policy its name."""
    source, copy = names.account_id(site.target, name), names.account_id(site.target, name, recovery=True)
    accounts = {"sourceAccount": source, "destinationAccount": copy}
    everything = {"filters": {"minCreationTime": "1601-01-01T00:00:00Z"}}
    rule = {"sourceContainer": name, "destinationContainer": name, **everything}
    site.put(f"{copy}/objectReplicationPolicies/default", {**accounts, "rules": [rule]})
    made = site.reader.pages(f"{copy}/objectReplicationPolicies")[0]
    rules = [{**one, **everything} for one in made["properties"]["rules"]]
    site.put(f"{source}/objectReplicationPolicies/{made['name']}", {**accounts, "rules": rules})


def flow_log(site: Site, **different: Any) -> str:
    target = site.target
    watcher = names.id(target, "Microsoft.Network/networkWatchers", f"NetworkWatcher_{target.region}")
    analytics = {
        "enabled": True,
        "workspaceId": site.reader.get(names.workspace_id(target))["properties"]["customerId"],
        "workspaceRegion": target.region,
        "workspaceResourceId": names.workspace_id(target),
        "trafficAnalyticsInterval": 10,
    }
    properties = {
        "targetResourceId": names.network_id(target),
        "storageId": names.flow_account_id(target),
        "enabled": True,
        "format": {"type": "JSON", "version": 2},
        "retentionPolicy": {"enabled": True, "days": site.environment.observability.retention_days},
        "flowAnalyticsConfiguration": {"networkWatcherFlowAnalyticsConfiguration": analytics},
    }
    return site.put(
        f"{watcher}/flowLogs/{site.prefix}", {**properties, **different}, location=target.region, tags=site.tags
    )


def settings(site: Site) -> dict[str, str]:
    return {
        "require_secure_transport": "on",
        "ssl_min_protocol_version": "TLSv1.2",
        "azure.extensions": "postgis,pgaudit,pg_trgm",
        "shared_preload_libraries": "pg_stat_statements,pgaudit",
        "pgaudit.log": "ddl,role,write",
        "log_min_duration_statement": str(site.environment.database.slow_query_ms),
        "pg_qs.query_capture_mode": "top",
    }


def set_parameter(site: Site, name: str, value: str) -> None:
    place = f"{names.database_id(site.target)}/configurations/{name}"
    site.put(place, {"value": value, "source": "user-override"})


def database(site: Site) -> None:
    target, spec = site.target, site.environment.database
    who, away = site.identity("database-key"), site.identity("database-recovery-key", recovery=True)
    sealed = {
        "type": "AzureKeyVault",
        "primaryKeyURI": names.key_url(target, "database"),
        "primaryUserAssignedIdentityId": who,
    }
    common = {
        "network": {
            "publicNetworkAccess": "Disabled",
            "delegatedSubnetResourceId": names.subnet_id(target, "database"),
            "privateDnsZoneArmResourceId": names.private_zone_id(target, "database"),
        },
        "authConfig": {
            "activeDirectoryAuth": "Enabled",
            "passwordAuth": "Disabled",
            "tenantId": names.settings(target).tenant_id,
        },
        "storage": {"storageSizeGB": 512, "autoGrow": "Enabled"},
        "version": str(spec.version),
    }
    sku = {"name": "Standard_D8ds_v5", "tier": "GeneralPurpose"}
    geo = {"geoBackupKeyURI": names.key_url(target, "database", "geo"), "geoBackupUserAssignedIdentityId": away}
    server = site.make(
        "Microsoft.DBforPostgreSQL/flexibleServers",
        names.database(target),
        {
            **common,
            "createMode": "Default",
            "availabilityZone": target.zones[0],
            "highAvailability": {"mode": "ZoneRedundant", "standbyAvailabilityZone": target.zones[1]},
            "backup": {"backupRetentionDays": spec.recovery_days, "geoRedundantBackup": "Enabled"},
            "dataEncryption": {**sealed, **geo},
            "maintenanceWindow": {
                "customWindow": "Enabled",
                "dayOfWeek": ("sun", "mon", "tue", "wed", "thu", "fri", "sat").index(spec.maintenance_window.day),
                "startHour": spec.maintenance_window.hour,
                "startMinute": 0,
            },
        },
        sku=sku,
        identity={"type": "UserAssigned", "userAssignedIdentities": {who: {}, away: {}}},
    )
    replica = site.make(
        "Microsoft.DBforPostgreSQL/flexibleServers",
        f"{names.database(target)}-replica-1",
        {
            **common,
            "createMode": "Replica",
            "sourceServerResourceId": server,
            "availabilityZone": target.zones[-1],
            "dataEncryption": sealed,
        },
        sku=sku,
        identity=user(who),
    )
    for name, value in settings(site).items():
        set_parameter(site, name, value)
    identity(site, "database-admin")
    administrator(site, names.settings(target).admin_group_id, "administrators", "Group")
    administrator(site, site.principal("database-admin"), names.identity(target, "database-admin"), "ServicePrincipal")
    for id in (server, replica):
        site.logs(id, "logs", ["allLogs"], to=names.workspace_id(target))


def administrator(site: Site, object_id: str, name: str, kind: str) -> None:
    properties = {
        "principalName": name,
        "principalType": kind,
        "tenantId": names.settings(site.target).tenant_id,
    }
    site.put(f"{names.database_id(site.target)}/administrators/{object_id}", properties)


def cache(site: Site) -> None:
    who = site.identity("cache-key")
    key = {
        "keyEncryptionKeyUrl": site.key_version("cache"),
        "keyEncryptionKeyIdentity": {"identityType": "userAssignedIdentity", "userAssignedIdentityResourceId": who},
    }
    server = site.make(
        "Microsoft.Cache/redisEnterprise",
        site.prefix,
        {
            "highAvailability": "Enabled",
            "minimumTlsVersion": "1.2",
            "publicNetworkAccess": "Disabled",
            "encryption": {"customerManagedKeyEncryption": key},
        },
        sku={"name": "Balanced_B10"},
        identity=user(who),
    )
    site.put(
        f"{server}/databases/default",
        {
            "accessKeysAuthentication": "Disabled",
            "clientProtocol": "Encrypted",
            "clusteringPolicy": "NoCluster",
            "evictionPolicy": "VolatileLRU",
            "persistence": {"rdbEnabled": True, "rdbFrequency": "1h", "aofEnabled": False},
        },
    )
    site.logs(f"{server}/databases/default", "logs", ["allLogs"], to=names.workspace_id(site.target))


def registry(site: Site) -> str:
    who = site.identity("registry-key")
    client = site.reader.get(who)["properties"]["clientId"]
    return site.make(
        "Microsoft.ContainerRegistry/registries",
        names.registry(site.target),
        {
            "adminUserEnabled": False,
            "anonymousPullEnabled": False,
            "publicNetworkAccess": "Disabled",
            "policies": {"exportPolicy": {"status": "disabled"}},
            "encryption": {
                "status": "enabled",
                "keyVaultProperties": {"keyIdentifier": names.key_url(site.target, "registry"), "identity": client},
            },
        },
        sku={"name": "Premium"},
        identity=user(who),
    )


def paths(site: Site, registry: str) -> None:
    target = site.target
    for place in ("", "recovery", "geo"):
        name = names.vault(target, place)
        vault = names.id(target, "Microsoft.KeyVault/vaults", name, recovery=bool(place))
        private_path(site, f"vault-{place}".rstrip("-"), vault, "vault")
    private_path(site, "registry", registry, "registry")
    private_path(site, "cache", names.cache_id(target), "redisEnterprise", "cache")
    for bucket in BUCKETS:
        private_path(site, bucket, names.account_id(target, bucket), "blob")
    for bucket in REPLICATED:
        private_path(site, f"{bucket}-recovery", names.account_id(target, bucket, recovery=True), "blob")


def secrets(site: Site) -> None:
    client = site.reader.secrets(names.vault(site.target))
    for name, module in site.environment.modules.items():
        if module.enabled:
            client.set_secret(f"{name}-app", "a" * 64, content_type="random")


def build(site: Site) -> None:
    lake(site)
    database(site)
    cache(site)
    paths(site, registry(site))
    secrets(site)
