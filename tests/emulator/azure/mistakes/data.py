"""Wrong configurations of lakes, databases, caches, registries and backups."""

from tests.emulator.azure.bodies import ACCOUNT, CACHE, KEY, NETWORK, PEOPLE, SERVER, SUBSCRIPTION, USER
from tests.emulator.azure.bodies import at as place
from tests.emulator.azure.mistakes.mistake import Mistake, p, set_

MISTAKES = (
    Mistake(
        "account_name_taken",
        "account",
        "StorageAccountAlreadyTaken",
        at=f"{SUBSCRIPTION}/resourceGroups/elsewhere/providers/Microsoft.Storage/storageAccounts/worldlake",
    ),
    Mistake(
        "account_name_malformed", "account", "AccountNameInvalid", at=place("Storage/storageAccounts", "World-Lake")
    ),
    Mistake(
        "encryption_changed", "account", "PropertyImmutable", p("encryption.requireInfrastructureEncryption", False)
    ),
    Mistake("hierarchy_changed", "account", "PropertyImmutable", p("isHnsEnabled", True)),
    Mistake(
        "versions_in_a_hierarchy",
        "blob-service",
        "FeatureNotSupportedForAccount",
        at=place("Storage/storageAccounts", "hierarchy/blobServices/default"),
    ),
    Mistake(
        "restore_without_history",
        "blob-service",
        "InvalidRestorePolicy",
        p("restorePolicy", {"enabled": True, "days": 7}),
        p("isVersioningEnabled", False),
    ),
    Mistake(
        "restore_beyond_soft_delete",
        "blob-service",
        "InvalidRestorePolicy",
        p("restorePolicy", {"enabled": True, "days": 14}),
    ),
    Mistake("public_container", "container", "PublicAccessNotPermitted", p("publicAccess", "Blob")),
    Mistake(
        "append_blobs_moved",
        "lifecycle",
        "InvalidPolicyRule",
        p("policy.rules.0.definition.filters.blobTypes", ["blockBlob", "appendBlob"]),
    ),
    Mistake(
        "archive_over_zones",
        "lifecycle",
        "InvalidPolicyRule",
        p("policy.rules.0.definition.actions.baseBlob", {"tierToArchive": {"daysAfterModificationGreaterThan": 1}}),
        at=place("Storage/storageAccounts", "overzones/managementPolicies/default"),
    ),
    Mistake(
        "last_access_unknown",
        "lifecycle",
        "LastAccessTimeTrackingPolicyNotEnabled",
        at=place("Storage/storageAccounts", "overzones/managementPolicies/default"),
    ),
    Mistake(
        "replication_without_history",
        "replication",
        "VersioningNotEnabledForAccount",
        p("sourceAccount", place("Storage/storageAccounts", "overzones")),
    ),
    Mistake(
        "replication_without_history",
        "replication",
        "FeatureNotSupportedForAccount",
        p("sourceAccount", place("Storage/storageAccounts", "hierarchy")),
    ),
    Mistake("replication_of_nothing", "replication", "ContainerNotFound", p("rules.0.sourceContainer", "none")),
    Mistake(
        "server_name_taken",
        "server",
        "ServerNameAlreadyExists",
        at=f"{SUBSCRIPTION}/resourceGroups/elsewhere/providers/Microsoft.DBforPostgreSQL/flexibleServers/world-database",
    ),
    Mistake("standby_of_burstable", "server", "HADisabledForBurstable", set_("sku.tier", "Burstable")),
    Mistake(
        "standby_in_the_same_zone",
        "server",
        "InvalidStandbyAvailabilityZone",
        p("highAvailability.standbyAvailabilityZone", "1"),
    ),
    Mistake("nobody_can_sign_in", "server", "InvalidAuthConfig", p("authConfig.activeDirectoryAuth", "Disabled")),
    Mistake(
        "administrator_missing",
        "server",
        "MissingRequiredParameter",
        p("authConfig.passwordAuth", "Enabled"),
        at=place("DBforPostgreSQL/flexibleServers", "world-second"),
    ),
    Mistake(
        "password_too_simple",
        "server",
        "PasswordNotComplex",
        p("authConfig.passwordAuth", "Enabled"),
        p("administratorLogin", "a"),
        p("administratorLoginPassword", "secret"),
    ),
    Mistake(
        "subnet_not_delegated",
        "server",
        "InvalidSubnetDelegation",
        p("network.delegatedSubnetResourceId", f"{NETWORK}/subnets/nodes"),
    ),
    Mistake("zone_missing", "server", "MissingPrivateDnsZone", p("network.privateDnsZoneArmResourceId", None)),
    Mistake(
        "zone_of_another_name",
        "server",
        "InvalidPrivateDnsZoneName",
        p("network.privateDnsZoneArmResourceId", place("Network/privateDnsZones", "other.example")),
    ),
    Mistake(
        "zone_not_linked",
        "server",
        "PrivateDnsZoneNotLinkedToVnet",
        p("network.privateDnsZoneArmResourceId", place("Network/privateDnsZones", "alone.postgres.database.azure.com")),
    ),
    Mistake(
        "replica_of_nothing",
        "server",
        "MissingRequiredParameter",
        p("createMode", "Replica"),
        at=place("DBforPostgreSQL/flexibleServers", "world-replica"),
    ),
    Mistake("storage_smaller", "server", "StorageSizeCannotBeReduced", p("storage.storageSizeGB", 32)),
    Mistake("geo_key_missing", "server", "GeoBackupKeyRequired", p("backup.geoRedundantBackup", "Enabled")),
    Mistake(
        "geo_key_missing",
        "server",
        "GeoBackupKeyInvalidRegion",
        p("backup.geoRedundantBackup", "Enabled"),
        p("dataEncryption.geoBackupKeyURI", KEY),
        p("dataEncryption.geoBackupUserAssignedIdentityId", USER),
    ),
    Mistake("extension_unknown", "setting", "InvalidParameterValue", p("value", "postgis,oracle")),
    Mistake(
        "administrator_without_entra",
        "administrator",
        "AadAuthOperationCannotBePerformedWhenAadAuthIsDisabled",
        at=place("DBforPostgreSQL/flexibleServers", f"passwords/administrators/{PEOPLE}"),
    ),
    Mistake(
        "firewall_of_private_server",
        "database",
        "FirewallRuleNotAllowedForPrivateServer",
        at=f"{SERVER}/firewallRules/all",
    ),
    Mistake("database_of_another_name", "cache-database", "InvalidDatabaseName", at=f"{CACHE}/databases/second"),
    Mistake("two_ways_to_persist", "cache-database", "InvalidPersistence", p("persistence.aofEnabled", True)),
    Mistake("persistence_at_odd_times", "cache-database", "InvalidPersistence", p("persistence.rdbFrequency", "24h")),
    Mistake(
        "persistence_with_geo_replication",
        "cache-database",
        "InvalidGeoReplication",
        p("geoReplication.groupNickname", "world"),
    ),
    Mistake(
        "search_that_forgets",
        "cache-database",
        "InvalidModule",
        p("modules", [{"name": "RediSearch"}]),
        p("evictionPolicy", "AllKeysLRU"),
    ),
    Mistake(
        "smallest_in_geo_replication",
        "cache-database",
        "InvalidGeoReplication",
        p("persistence", None),
        p("geoReplication.groupNickname", "world"),
        at=place("Cache/redisEnterprise", "small/databases/default"),
    ),
    Mistake("policy_of_another_name", "cache-access", "InvalidAccessPolicy", p("accessPolicyName", "reader")),
    Mistake(
        "name_taken",
        "registry",
        "AlreadyInUse",
        at=f"{SUBSCRIPTION}/resourceGroups/elsewhere/providers/Microsoft.ContainerRegistry/registries/worldregistry",
    ),
    Mistake(
        "name_malformed", "registry", "InvalidRegistryName", at=place("ContainerRegistry/registries", "world-registry")
    ),
    Mistake("premium_feature", "registry", "SkuNotSupported", set_("sku.name", "Standard")),
    Mistake(
        "export_forbidden_in_public",
        "registry",
        "ExportPolicyRequiresPrivateAccess",
        p("publicNetworkAccess", "Enabled"),
    ),
    Mistake(
        "restore_across_without_copies",
        "backup",
        "CrossRegionRestoreRequiresGeoRedundantStorage",
        p("storageSettings.0.type", "LocallyRedundant"),
        at=place("DataProtection/backupVaults", "local"),
    ),
    Mistake(
        "redundancy_changed",
        "backup",
        "StorageSettingsImmutable",
        p("storageSettings.0.type", "ZoneRedundant"),
        p("featureSettings", None),
    ),
    Mistake(
        "policy_for_something_else",
        "backup-instance",
        "UserErrorPolicyDatasourceMismatch",
        p(
            "dataSourceInfo",
            {"resourceID": ACCOUNT, "datasourceType": "Microsoft.Storage/storageAccounts/blobServices"},
        ),
    ),
    Mistake(
        "vault_without_rights",
        "backup-instance",
        "UserErrorMissingRequiredPermissions",
        p("dataSourceInfo.resourceID", ACCOUNT),
    ),
    Mistake(
        "database_backed_up_daily",
        "backup-policy",
        "InvalidBackupFrequency",
        p("policyRules.0.trigger.schedule.repeatingTimeIntervals", ["R/2026-01-04T17:00:00+00:00/P1D"]),
    ),
)
