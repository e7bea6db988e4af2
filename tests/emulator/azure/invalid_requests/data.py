"""Invalid configurations of lakes, databases, caches, registries and backups."""

from tests.emulator.azure.bodies import (
    ACCOUNT,
    CACHE,
    KEY,
    NETWORK,
    PEOPLE,
    SERVER,
    STREAMS,
    SUBSCRIPTION,
    USER,
    resource_id,
)
from tests.emulator.azure.invalid_requests.invalid_request import InvalidRequest, set_field, set_property

INVALID_REQUESTS = (
    InvalidRequest(
        "key_below_premium",
        "streams",
        "BadRequest",
        set_field("sku.name", "Standard"),
        set_property("encryption.keyVaultProperties", [{"keyName": "purpose"}]),
        path=f"{STREAMS}-standard",
    ),
    InvalidRequest("changed_tier", "streams", "BadRequest", set_field("sku.name", "Standard")),
    InvalidRequest("partitions_out_of_range", "event-hub", "BadRequest", set_property("partitionCount", 2)),
    InvalidRequest(
        "account_name_taken",
        "account",
        "StorageAccountAlreadyTaken",
        path=f"{SUBSCRIPTION}/resourceGroups/elsewhere/providers/Microsoft.Storage/storageAccounts/worldlake",
    ),
    InvalidRequest(
        "account_name_malformed",
        "account",
        "AccountNameInvalid",
        path=resource_id("Storage/storageAccounts", "World-Lake"),
    ),
    InvalidRequest(
        "encryption_changed",
        "account",
        "PropertyImmutable",
        set_property("encryption.requireInfrastructureEncryption", False),
    ),
    InvalidRequest("hierarchy_changed", "account", "PropertyImmutable", set_property("isHnsEnabled", True)),
    InvalidRequest(
        "versioning_with_hierarchical_namespace",
        "blob-service",
        "FeatureNotSupportedForAccount",
        path=resource_id("Storage/storageAccounts", "hierarchy/blobServices/default"),
    ),
    InvalidRequest(
        "restore_without_prerequisites",
        "blob-service",
        "InvalidRestorePolicy",
        set_property("restorePolicy", {"enabled": True, "days": 7}),
        set_property("isVersioningEnabled", False),
    ),
    InvalidRequest(
        "restore_beyond_soft_delete",
        "blob-service",
        "InvalidRestorePolicy",
        set_property("restorePolicy", {"enabled": True, "days": 14}),
    ),
    InvalidRequest("public_container", "container", "PublicAccessNotPermitted", set_property("publicAccess", "Blob")),
    InvalidRequest(
        "append_blobs_tiered",
        "lifecycle",
        "InvalidPolicyRule",
        set_property("policy.rules.0.definition.filters.blobTypes", ["blockBlob", "appendBlob"]),
    ),
    InvalidRequest(
        "archive_with_zone_redundancy",
        "lifecycle",
        "InvalidPolicyRule",
        set_property(
            "policy.rules.0.definition.actions.baseBlob", {"tierToArchive": {"daysAfterModificationGreaterThan": 1}}
        ),
        path=resource_id("Storage/storageAccounts", "overzones/managementPolicies/default"),
    ),
    InvalidRequest(
        "last_access_not_tracked",
        "lifecycle",
        "LastAccessTimeTrackingPolicyNotEnabled",
        path=resource_id("Storage/storageAccounts", "overzones/managementPolicies/default"),
    ),
    InvalidRequest(
        "replication_without_prerequisites",
        "replication",
        "VersioningNotEnabledForAccount",
        set_property("sourceAccount", resource_id("Storage/storageAccounts", "overzones")),
    ),
    InvalidRequest(
        "replication_without_prerequisites",
        "replication",
        "FeatureNotSupportedForAccount",
        set_property("sourceAccount", resource_id("Storage/storageAccounts", "hierarchy")),
    ),
    InvalidRequest(
        "replication_container_missing",
        "replication",
        "ContainerNotFound",
        set_property("rules.0.sourceContainer", "none"),
    ),
    InvalidRequest(
        "server_name_taken",
        "server",
        "ServerNameAlreadyExists",
        path=f"{SUBSCRIPTION}/resourceGroups/elsewhere/providers/Microsoft.DBforPostgreSQL/flexibleServers/world-database",
    ),
    InvalidRequest(
        "high_availability_on_burstable", "server", "HADisabledForBurstable", set_field("sku.tier", "Burstable")
    ),
    InvalidRequest(
        "standby_in_the_same_zone",
        "server",
        "InvalidStandbyAvailabilityZone",
        set_property("highAvailability.standbyAvailabilityZone", "1"),
    ),
    InvalidRequest(
        "no_authentication_method",
        "server",
        "InvalidAuthConfig",
        set_property("authConfig.activeDirectoryAuth", "Disabled"),
    ),
    InvalidRequest(
        "administrator_missing",
        "server",
        "MissingRequiredParameter",
        set_property("authConfig.passwordAuth", "Enabled"),
        path=resource_id("DBforPostgreSQL/flexibleServers", "world-second"),
    ),
    InvalidRequest(
        "password_too_simple",
        "server",
        "PasswordNotComplex",
        set_property("authConfig.passwordAuth", "Enabled"),
        set_property("administratorLogin", "a"),
        set_property("administratorLoginPassword", "secret"),
    ),
    InvalidRequest(
        "subnet_not_delegated",
        "server",
        "InvalidSubnetDelegation",
        set_property("network.delegatedSubnetResourceId", f"{NETWORK}/subnets/nodes"),
    ),
    InvalidRequest(
        "zone_missing", "server", "MissingPrivateDnsZone", set_property("network.privateDnsZoneArmResourceId", None)
    ),
    InvalidRequest(
        "invalid_zone_name",
        "server",
        "InvalidPrivateDnsZoneName",
        set_property("network.privateDnsZoneArmResourceId", resource_id("Network/privateDnsZones", "other.example")),
    ),
    InvalidRequest(
        "zone_not_linked",
        "server",
        "PrivateDnsZoneNotLinkedToVnet",
        set_property(
            "network.privateDnsZoneArmResourceId",
            resource_id("Network/privateDnsZones", "alone.postgres.database.azure.com"),
        ),
    ),
    InvalidRequest(
        "invalid_replica_source",
        "server",
        "MissingRequiredParameter",
        set_property("createMode", "Replica"),
        path=resource_id("DBforPostgreSQL/flexibleServers", "world-replica"),
    ),
    InvalidRequest(
        "storage_reduced", "server", "StorageSizeCannotBeReduced", set_property("storage.storageSizeGB", 32)
    ),
    InvalidRequest(
        "geo_key_missing", "server", "GeoBackupKeyRequired", set_property("backup.geoRedundantBackup", "Enabled")
    ),
    InvalidRequest(
        "geo_key_missing",
        "server",
        "GeoBackupKeyInvalidRegion",
        set_property("backup.geoRedundantBackup", "Enabled"),
        set_property("dataEncryption.geoBackupKeyURI", KEY),
        set_property("dataEncryption.geoBackupUserAssignedIdentityId", USER),
    ),
    InvalidRequest("extension_unknown", "setting", "InvalidParameterValue", set_property("value", "postgis,oracle")),
    InvalidRequest(
        "administrator_without_entra",
        "administrator",
        "AadAuthOperationCannotBePerformedWhenAadAuthIsDisabled",
        path=resource_id("DBforPostgreSQL/flexibleServers", f"passwords/administrators/{PEOPLE}"),
    ),
    InvalidRequest(
        "firewall_of_private_server",
        "database",
        "FirewallRuleNotAllowedForPrivateServer",
        path=f"{SERVER}/firewallRules/all",
    ),
    InvalidRequest("invalid_database_name", "cache-database", "InvalidDatabaseName", path=f"{CACHE}/databases/second"),
    InvalidRequest(
        "two_persistence_modes", "cache-database", "InvalidPersistence", set_property("persistence.aofEnabled", True)
    ),
    InvalidRequest(
        "invalid_persistence_frequency",
        "cache-database",
        "InvalidPersistence",
        set_property("persistence.rdbFrequency", "24h"),
    ),
    InvalidRequest(
        "persistence_with_geo_replication",
        "cache-database",
        "InvalidGeoReplication",
        set_property("geoReplication.groupNickname", "world"),
    ),
    InvalidRequest(
        "search_with_eviction",
        "cache-database",
        "InvalidModule",
        set_property("modules", [{"name": "RediSearch"}]),
        set_property("evictionPolicy", "AllKeysLRU"),
    ),
    InvalidRequest(
        "geo_replication_sku",
        "cache-database",
        "InvalidGeoReplication",
        set_property("persistence", None),
        set_property("geoReplication.groupNickname", "world"),
        path=resource_id("Cache/redisEnterprise", "small/databases/default"),
    ),
    InvalidRequest(
        "unknown_access_policy", "cache-access", "InvalidAccessPolicy", set_property("accessPolicyName", "reader")
    ),
    InvalidRequest(
        "name_taken",
        "registry",
        "AlreadyInUse",
        path=f"{SUBSCRIPTION}/resourceGroups/elsewhere/providers/Microsoft.ContainerRegistry/registries/worldregistry",
    ),
    InvalidRequest(
        "name_malformed",
        "registry",
        "InvalidRegistryName",
        path=resource_id("ContainerRegistry/registries", "world-registry"),
    ),
    InvalidRequest("premium_feature", "registry", "SkuNotSupported", set_field("sku.name", "Standard")),
    InvalidRequest(
        "export_policy_with_public_access",
        "registry",
        "ExportPolicyRequiresPrivateAccess",
        set_property("publicNetworkAccess", "Enabled"),
    ),
    InvalidRequest(
        "cross_region_restore_without_geo_redundancy",
        "backup",
        "CrossRegionRestoreRequiresGeoRedundantStorage",
        set_property("storageSettings.0.type", "LocallyRedundant"),
        path=resource_id("DataProtection/backupVaults", "local"),
    ),
    InvalidRequest(
        "redundancy_changed",
        "backup",
        "StorageSettingsImmutable",
        set_property("storageSettings.0.type", "ZoneRedundant"),
        set_property("featureSettings", None),
    ),
    InvalidRequest(
        "policy_datasource_mismatch",
        "backup-instance",
        "UserErrorPolicyDatasourceMismatch",
        set_property(
            "dataSourceInfo",
            {"resourceID": ACCOUNT, "datasourceType": "Microsoft.Storage/storageAccounts/blobServices"},
        ),
    ),
    InvalidRequest(
        "vault_lacks_role",
        "backup-instance",
        "UserErrorMissingRequiredPermissions",
        set_property("dataSourceInfo.resourceID", ACCOUNT),
    ),
    InvalidRequest(
        "database_backup_not_weekly",
        "backup-policy",
        "InvalidBackupFrequency",
        set_property("policyRules.0.trigger.schedule.repeatingTimeIntervals", ["R/2026-01-04T17:00:00+00:00/P1D"]),
    ),
)
