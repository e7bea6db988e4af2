"""Every rule refuses the configuration it is about, with its code, where a world without the mistake is accepted."""

import ast
import copy
import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from terrace.emulator.azure import refusals
from terrace.emulator.azure.ids import guid
from tests.emulator.azure.conftest import Azure
from tests.emulator.azure.world import (
    ACCOUNT,
    CACHE,
    CLUSTER,
    CONTAINER,
    GROUP,
    KEY,
    NETWORK,
    PEOPLE,
    SERVER,
    SUBSCRIPTION,
    USER,
    VAULT,
    WORLD,
    ZONE,
    Body,
    at,
    role,
)

Change = Callable[[Body], Any]


def set_(path: str, value: Any) -> Change:
    """Put `value` at a dotted path; numbers are positions in a list. None takes it away."""

    def change(body: Body) -> None:
        place: Any = body
        *steps, last = path.split(".")
        for step in steps:
            place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
        if value is None:
            place.pop(last)
        elif isinstance(place, list):
            place[int(last)] = value
        else:
            place[last] = value

    return change


def p(path: str, value: Any) -> Change:
    return set_(f"properties.{path}", value)


# rule, what of the world is written, with what mistake, and the code of the answer; a path: written there instead
WRITES: list[tuple[str, str, Change | list[Change], str, str]] = [
    # network
    (
        "space_overlaps_itself",
        "network",
        p("addressSpace.addressPrefixes", ["10.0.0.0/16", "10.0.1.0/24"]),
        "InvalidCIDRNotation",
        "",
    ),
    ("subnet_outside_network", "subnet-paths", p("addressPrefix", "10.1.0.0/24"), "NetcfgSubnetRangeOutsideVnet", ""),
    ("subnets_overlap", "subnet-paths", p("addressPrefix", "10.0.0.0/24"), "NetcfgSubnetRangesOverlap", ""),
    ("subnet_too_small", "subnet-paths", p("addressPrefix", "10.0.33.0/30"), "NetcfgInvalidSubnet", ""),
    (
        "rule_priority_taken",
        "nsg-rule",
        [],
        "SecurityRuleConflict",
        at("Network/networkSecurityGroups", "nsg/securityRules/other"),
    ),
    ("nat_in_two_zones", "nat", set_("zones", ["1", "2"]), "NatGatewayMultipleZonesNotSupported", ""),
    (
        "nat_in_two_zones",
        "nat",
        set_("sku.name", "StandardV2"),
        "NatGatewayZonesNotSupported",
        at("Network/natGateways", "second"),
    ),
    (
        "nat_with_other_address",
        "nat",
        [set_("sku.name", "StandardV2"), set_("zones", [])],
        "NatGatewayPublicIpSkuMismatch",
        "",
    ),
    (
        "dynamic_standard_address",
        "nat-address",
        p("publicIPAllocationMethod", "Dynamic"),
        "StandardSkuPublicIPAddressesMustBeStatic",
        "",
    ),
    (
        "endpoint_in_delegated_subnet",
        "endpoint",
        p("subnet.id", f"{NETWORK}/subnets/database"),
        "PrivateEndpointCreationNotAllowedAsSubnetIsDelegated",
        "",
    ),
    (
        "endpoint_to_unknown_part",
        "endpoint",
        p("privateLinkServiceConnections.0.properties.groupIds", ["vault"]),
        "InvalidPrivateLinkGroupId",
        "",
    ),
    ("network_linked_twice", "zone-link", [], "Conflict", f"{ZONE}/virtualNetworkLinks/again"),
    ("second_watcher", "watcher", [], "NetworkWatcherCountLimitReached", at("Network/networkWatchers", "second")),
    (
        "flow_log_elsewhere",
        "flow-log",
        p("storageId", at("Storage/storageAccounts", "faraway")),
        "FlowLogStorageAccountRegionMismatch",
        "",
    ),
    (
        "gateway_outside_its_subnet",
        "vpn",
        p("ipConfigurations.0.properties.subnet.id", f"{NETWORK}/subnets/paths"),
        "InvalidGatewaySubnetName",
        "",
    ),
    (
        "active_active_with_one_address",
        "vpn",
        p("activeActive", True),
        "ActiveActiveGatewayRequiresTwoIpConfigurations",
        "",
    ),
    # entry
    (
        "rule_without_priority",
        "entry",
        p("requestRoutingRules.0.properties.priority", None),
        "ApplicationGatewayRequestRoutingRulePriorityCannotBeEmpty",
        "",
    ),
    (
        "firewall_on_plain_sku",
        "entry",
        p("sku.tier", "Standard_v2"),
        "ApplicationGatewayFirewallPolicyNotAllowedForSku",
        "",
    ),
    (
        "certificate_without_identity",
        "entry",
        set_("identity", None),
        "ApplicationGatewayKeyVaultSecretRequiresIdentity",
        "",
    ),
    (
        "address_of_other_sku",
        "entry",
        p(
            "frontendIPConfigurations.0.properties.publicIPAddress.id",
            at("Network/publicIPAddresses", "basic"),
        ),
        "ApplicationGatewayPublicIpSkuMismatch",
        "",
    ),
    (
        "health_ports_closed",
        "entry",
        p("gatewayIPConfigurations.0.properties.subnet.id", f"{NETWORK}/subnets/closed"),
        "ApplicationGatewaySubnetInboundTrafficBlockedByNetworkSecurityGroup",
        "",
    ),
    (
        "unknown_rule_set",
        "waf",
        p("managedRules.managedRuleSets.0.ruleSetVersion", "3.2"),
        "ApplicationGatewayFirewallUnknownRuleSet",
        "",
    ),
    (
        "custom_rules_of_one_priority",
        "waf",
        p("customRules.1.priority", 10),
        "ApplicationGatewayFirewallCustomRuleDuplicatePriority",
        "",
    ),
    # keys of customers: one rule, seven services
    ("storage", "account", p("encryption.identity", {}), "KeyVaultPolicyError", ""),
    ("storage", "account", p("encryption.keyvaultproperties.keyname", "none"), "KeyVaultPolicyError", ""),
    ("disk_encryption", "disks", p("activeKey.keyUrl", KEY.replace("purpose", "none")), "KeyVaultAccessForbidden", ""),
    ("registry", "registry", set_("identity", None), "CustomerManagedKeyInvalid", ""),
    ("cluster", "cluster", p("securityProfile.azureKeyVaultKms.keyId", KEY), "AzureKeyVaultKmsInvalid", ""),
    (
        "database",
        "server",
        p("dataEncryption.primaryKeyURI", KEY.replace("world-vault", "nowhere")),
        "AzureKeyVaultKeyInvalid",
        "",
    ),
    (
        "cache",
        "cache",
        p("encryption.customerManagedKeyEncryption.keyEncryptionKeyUrl", KEY),
        "CustomerManagedKeyInvalid",
        "",
    ),
    (
        "backup",
        "backup",
        p(
            "securitySettings.encryptionSettings",
            {"keyVaultProperties": {"keyUri": KEY.replace("purpose", "none")}, "kekIdentity": {"identityId": USER}},
        ),
        "CMKSettingsInvalid",
        "",
    ),
    # authorization
    (
        "role_unknown",
        "grant-reader",
        p("roleDefinitionId", role(guid("none"))),
        "RoleDefinitionDoesNotExist",
        f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/{guid('a')}",
    ),
    (
        "assignment_exists",
        "grant-reader",
        [],
        "RoleAssignmentExists",
        f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/{guid('a')}",
    ),
    ("assignment_changed", "grant-reader", p("principalId", guid("other")), "RoleAssignmentUpdateNotPermitted", ""),
    (
        "role_not_assignable_here",
        "grant-reader",
        p("roleDefinitionId", WORLD["role"][0]),
        "RoleDefinitionNotAssignableAtScope",
        f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleAssignments/{guid('a')}",
    ),
    ("role_name_taken", "role", p("roleName", "Reader"), "RoleDefinitionWithSameNameExists", ""),
    ("role_for_the_world", "role", p("assignableScopes", ["/"]), "InvalidAssignableScopes", ""),
    (
        "policy_unknown",
        "policy",
        p("policyDefinitionId", f"/providers/Microsoft.Authorization/policyDefinitions/{guid('none')}"),
        "PolicyDefinitionNotFound",
        "",
    ),
    (
        "policy_without_identity",
        "policy",
        p(
            "policyDefinitionId",
            "/providers/Microsoft.Authorization/policyDefinitions/ea3f2387-9b95-492a-a190-fcdc54f7b070",
        ),
        "ResourceIdentityRequired",
        "",
    ),
    ("policy_without_identity", "policy", set_("identity", {"type": "SystemAssigned"}), "LocationRequired", ""),
    (
        "lock_of_unknown_level",
        "policy",
        p("level", "Forever"),
        "InvalidLockLevel",
        f"{GROUP}/providers/Microsoft.Authorization/locks/all",
    ),
    # storage
    (
        "account_name_taken",
        "account",
        [],
        "StorageAccountAlreadyTaken",
        f"{SUBSCRIPTION}/resourceGroups/elsewhere/providers/Microsoft.Storage/storageAccounts/worldlake",
    ),
    ("account_name_malformed", "account", [], "AccountNameInvalid", at("Storage/storageAccounts", "World-Lake")),
    ("encryption_changed", "account", p("encryption.requireInfrastructureEncryption", False), "PropertyImmutable", ""),
    ("hierarchy_changed", "account", p("isHnsEnabled", True), "PropertyImmutable", ""),
    (
        "versions_in_a_hierarchy",
        "blob-service",
        [],
        "FeatureNotSupportedForAccount",
        at("Storage/storageAccounts", "hierarchy/blobServices/default"),
    ),
    (
        "restore_without_history",
        "blob-service",
        [p("restorePolicy", {"enabled": True, "days": 7}), p("isVersioningEnabled", False)],
        "InvalidRestorePolicy",
        "",
    ),
    (
        "restore_beyond_soft_delete",
        "blob-service",
        p("restorePolicy", {"enabled": True, "days": 14}),
        "InvalidRestorePolicy",
        "",
    ),
    ("public_container", "container", p("publicAccess", "Blob"), "PublicAccessNotPermitted", ""),
    (
        "append_blobs_moved",
        "lifecycle",
        p("policy.rules.0.definition.filters.blobTypes", ["blockBlob", "appendBlob"]),
        "InvalidPolicyRule",
        "",
    ),
    (
        "archive_over_zones",
        "lifecycle",
        p("policy.rules.0.definition.actions.baseBlob", {"tierToArchive": {"daysAfterModificationGreaterThan": 1}}),
        "InvalidPolicyRule",
        at("Storage/storageAccounts", "overzones/managementPolicies/default"),
    ),
    (
        "last_access_unknown",
        "lifecycle",
        [],
        "LastAccessTimeTrackingPolicyNotEnabled",
        at("Storage/storageAccounts", "overzones/managementPolicies/default"),
    ),
    (
        "replication_without_history",
        "replication",
        p("sourceAccount", at("Storage/storageAccounts", "overzones")),
        "VersioningNotEnabledForAccount",
        "",
    ),
    (
        "replication_without_history",
        "replication",
        p("sourceAccount", at("Storage/storageAccounts", "hierarchy")),
        "FeatureNotSupportedForAccount",
        "",
    ),
    ("replication_of_nothing", "replication", p("rules.0.sourceContainer", "none"), "ContainerNotFound", ""),
    # database
    (
        "server_name_taken",
        "server",
        [],
        "ServerNameAlreadyExists",
        f"{SUBSCRIPTION}/resourceGroups/elsewhere/providers/Microsoft.DBforPostgreSQL/flexibleServers/world-database",
    ),
    ("standby_of_burstable", "server", set_("sku.tier", "Burstable"), "HADisabledForBurstable", ""),
    (
        "standby_in_the_same_zone",
        "server",
        p("highAvailability.standbyAvailabilityZone", "1"),
        "InvalidStandbyAvailabilityZone",
        "",
    ),
    ("nobody_can_sign_in", "server", p("authConfig.activeDirectoryAuth", "Disabled"), "InvalidAuthConfig", ""),
    (
        "administrator_missing",
        "server",
        p("authConfig.passwordAuth", "Enabled"),
        "MissingRequiredParameter",
        at("DBforPostgreSQL/flexibleServers", "world-second"),
    ),
    (
        "password_too_simple",
        "server",
        [
            p("authConfig.passwordAuth", "Enabled"),
            p("administratorLogin", "a"),
            p("administratorLoginPassword", "secret"),
        ],
        "PasswordNotComplex",
        "",
    ),
    (
        "subnet_not_delegated",
        "server",
        p("network.delegatedSubnetResourceId", f"{NETWORK}/subnets/nodes"),
        "InvalidSubnetDelegation",
        "",
    ),
    ("zone_missing", "server", p("network.privateDnsZoneArmResourceId", None), "MissingPrivateDnsZone", ""),
    (
        "zone_of_another_name",
        "server",
        p("network.privateDnsZoneArmResourceId", at("Network/privateDnsZones", "other.example")),
        "InvalidPrivateDnsZoneName",
        "",
    ),
    (
        "zone_not_linked",
        "server",
        p("network.privateDnsZoneArmResourceId", at("Network/privateDnsZones", "alone.postgres.database.azure.com")),
        "PrivateDnsZoneNotLinkedToVnet",
        "",
    ),
    (
        "replica_of_nothing",
        "server",
        p("createMode", "Replica"),
        "MissingRequiredParameter",
        at("DBforPostgreSQL/flexibleServers", "world-replica"),
    ),
    ("storage_smaller", "server", p("storage.storageSizeGB", 32), "StorageSizeCannotBeReduced", ""),
    ("geo_key_missing", "server", p("backup.geoRedundantBackup", "Enabled"), "GeoBackupKeyRequired", ""),
    (
        "geo_key_missing",
        "server",
        [
            p("backup.geoRedundantBackup", "Enabled"),
            p("dataEncryption.geoBackupKeyURI", KEY),
            p("dataEncryption.geoBackupUserAssignedIdentityId", USER),
        ],
        "GeoBackupKeyInvalidRegion",
        "",
    ),
    ("extension_unknown", "setting", p("value", "postgis,oracle"), "InvalidParameterValue", ""),
    (
        "administrator_without_entra",
        "administrator",
        [],
        "AadAuthOperationCannotBePerformedWhenAadAuthIsDisabled",
        at("DBforPostgreSQL/flexibleServers", f"passwords/administrators/{PEOPLE}"),
    ),
    (
        "firewall_of_private_server",
        "database",
        [],
        "FirewallRuleNotAllowedForPrivateServer",
        f"{SERVER}/firewallRules/all",
    ),
    # cluster
    ("cilium_policy_without_cilium", "cluster", p("networkProfile.networkDataplane", "azure"), "InvalidParameter", ""),
    ("cilium_policy_without_cilium", "cluster", p("networkProfile.networkPolicy", "calico"), "InvalidParameter", ""),
    ("overlay_without_azure_cni", "cluster", p("networkProfile.networkPlugin", "kubenet"), "InvalidParameter", ""),
    (
        "services_overlap_network",
        "cluster",
        p("networkProfile.podCidr", "172.16.0.0/12"),
        "ServiceCidrOverlapPodCidr",
        "",
    ),
    (
        "services_overlap_network",
        "cluster",
        p("networkProfile.serviceCidr", "10.0.0.0/16"),
        "ServiceCidrOverlapExistingSubnetsCidr",
        "",
    ),
    (
        "dns_outside_services",
        "cluster",
        p("networkProfile.dnsServiceIP", "172.17.0.10"),
        "DnsServiceIpOutOfServiceCidr",
        "",
    ),
    (
        "no_way_to_sign_in",
        "cluster",
        [p("aadProfile", None)],
        "InvalidParameter",
        "",
    ),
    (
        "azure_rights_without_entra",
        "cluster",
        [p("disableLocalAccounts", False), p("aadProfile.managed", False)],
        "InvalidParameter",
        "",
    ),
    ("provisioning_beside_autoscaler", "cluster", p("nodeProvisioningProfile.mode", "Auto"), "InvalidParameter", ""),
    (
        "ranges_on_private_cluster",
        "cluster",
        p("apiServerAccessProfile.enablePrivateCluster", True),
        "InvalidAuthorizedIPRanges",
        "",
    ),
    (
        "own_zone_without_own_identity",
        "cluster",
        [
            set_("identity", {"type": "SystemAssigned"}),
            p("apiServerAccessProfile", {"enablePrivateCluster": True, "privateDNSZone": ZONE}),
        ],
        "CustomPrivateDNSZoneMissingPermissionError",
        "",
    ),
    (
        "costs_on_free_tier",
        "cluster",
        [set_("sku.tier", "Free"), p("metricsProfile.costAnalysis.enabled", True)],
        "InvalidCostAnalysisTier",
        "",
    ),
    (
        "image_channels_differ",
        "cluster",
        p("autoUpgradeProfile", {"upgradeChannel": "node-image", "nodeOSUpgradeChannel": "SecurityPatch"}),
        "InvalidParameter",
        "",
    ),
    (
        "workload_identity_without_issuer",
        "cluster",
        p("oidcIssuerProfile.enabled", False),
        "OIDCIssuerFeatureRequired",
        "",
    ),
    (
        "egress_without_gateway",
        "cluster",
        p("agentPoolProfiles.0.vnetSubnetID", f"{NETWORK}/subnets/paths"),
        "NatGatewayNotAssociated",
        "",
    ),
    ("no_system_pool", "cluster", p("agentPoolProfiles.0.mode", "User"), "AtLeastOneSystemPool", ""),
    ("autoscaler_without_bounds", "cluster", p("agentPoolProfiles.0.maxCount", None), "InvalidAutoScalingBounds", ""),
    ("autoscaler_without_bounds", "pool", p("minCount", 9), "InvalidAutoScalingBounds", ""),
    ("spot_with_surge", "pool", p("upgradeSettings", {"maxSurge": "33%"}), "InvalidSpotPoolUpgradeSettings", ""),
    ("spot_with_surge", "pool", p("mode", "System"), "InvalidSpotPoolMode", ""),
    ("pool_ahead_of_cluster", "pool", p("orchestratorVersion", "1.35"), "NodePoolMcVersionIncompatible", ""),
    (
        "pool_subnet_elsewhere",
        "pool",
        p("vnetSubnetID", at("Network/virtualNetworks", "other/subnets/nodes")),
        "AgentPoolSubnetMismatch",
        "",
    ),
    # cache
    ("database_of_another_name", "cache-database", [], "InvalidDatabaseName", f"{CACHE}/databases/second"),
    ("two_ways_to_persist", "cache-database", p("persistence.aofEnabled", True), "InvalidPersistence", ""),
    ("persistence_at_odd_times", "cache-database", p("persistence.rdbFrequency", "24h"), "InvalidPersistence", ""),
    (
        "persistence_with_geo_replication",
        "cache-database",
        p("geoReplication.groupNickname", "world"),
        "InvalidGeoReplication",
        "",
    ),
    (
        "search_that_forgets",
        "cache-database",
        [p("modules", [{"name": "RediSearch"}]), p("evictionPolicy", "AllKeysLRU")],
        "InvalidModule",
        "",
    ),
    (
        "smallest_in_geo_replication",
        "cache-database",
        [p("persistence", None), p("geoReplication.groupNickname", "world")],
        "InvalidGeoReplication",
        at("Cache/redisEnterprise", "small/databases/default"),
    ),
    ("policy_of_another_name", "cache-access", p("accessPolicyName", "reader"), "InvalidAccessPolicy", ""),
    # registry
    (
        "name_taken",
        "registry",
        [],
        "AlreadyInUse",
        f"{SUBSCRIPTION}/resourceGroups/elsewhere/providers/Microsoft.ContainerRegistry/registries/worldregistry",
    ),
    ("name_malformed", "registry", [], "InvalidRegistryName", at("ContainerRegistry/registries", "world-registry")),
    ("premium_feature", "registry", set_("sku.name", "Standard"), "SkuNotSupported", ""),
    (
        "export_forbidden_in_public",
        "registry",
        p("publicNetworkAccess", "Enabled"),
        "ExportPolicyRequiresPrivateAccess",
        "",
    ),
    # vault
    (
        "name_taken",
        "vault",
        [],
        "VaultAlreadyExists",
        f"{SUBSCRIPTION}/resourceGroups/elsewhere/providers/Microsoft.KeyVault/vaults/world-vault",
    ),
    ("protection_taken_back", "vault", p("enablePurgeProtection", None), "BadRequest", ""),
    ("retention_changed", "vault", p("softDeleteRetentionInDays", 90), "BadRequest", ""),
    (
        "retention_out_of_range",
        "vault",
        p("softDeleteRetentionInDays", 5),
        "BadRequest",
        at("KeyVault/vaults", "brief"),
    ),
    ("tenant_of_another", "vault", p("tenantId", guid("other")), "InvalidTenantId", ""),
    ("nothing_to_recover", "vault", p("createMode", "recover"), "DeletedVaultNotFound", at("KeyVault/vaults", "fresh")),
    # identity
    ("same_subject_twice", "credential", [], "Conflict", f"{USER}/federatedIdentityCredentials/again"),
    # backup
    (
        "restore_across_without_copies",
        "backup",
        p("storageSettings.0.type", "LocallyRedundant"),
        "CrossRegionRestoreRequiresGeoRedundantStorage",
        at("DataProtection/backupVaults", "local"),
    ),
    (
        "redundancy_changed",
        "backup",
        [p("storageSettings.0.type", "ZoneRedundant"), p("featureSettings", None)],
        "StorageSettingsImmutable",
        "",
    ),
    (
        "policy_for_something_else",
        "backup-instance",
        p(
            "dataSourceInfo",
            {"resourceID": ACCOUNT, "datasourceType": "Microsoft.Storage/storageAccounts/blobServices"},
        ),
        "UserErrorPolicyDatasourceMismatch",
        "",
    ),
    (
        "vault_without_rights",
        "backup-instance",
        [p("dataSourceInfo.resourceID", ACCOUNT)],
        "UserErrorMissingRequiredPermissions",
        "",
    ),
    (
        "database_backed_up_daily",
        "backup-policy",
        p("policyRules.0.trigger.schedule.repeatingTimeIntervals", ["R/2026-01-04T17:00:00+00:00/P1D"]),
        "InvalidBackupFrequency",
        "",
    ),
    # observation
    ("setting_without_destination", "diagnostics", p("workspaceId", None), "BadRequest", ""),
    ("category_unknown", "diagnostics", p("logs.0.category", "PostgreSQLLogs"), "BadRequest", ""),
    (
        "sink_used_twice",
        "diagnostics",
        [],
        "Conflict",
        f"{CLUSTER}/providers/Microsoft.Insights/diagnosticSettings/again",
    ),
    ("window_shorter_than_frequency", "metric-alert", p("windowSize", "PT1M"), "BadRequest", ""),
    ("many_kinds_watched", "metric-alert", p("scopes", [SERVER, CLUSTER]), "BadRequest", ""),
    ("short_name_too_long", "action-group", p("groupShortName", "all-the-people"), "InvalidShortName", ""),
    ("workbook_of_any_name", "workbook", [], "BadRequest", at("Insights/workbooks", "signals")),
    ("retention_out_of_range", "workspace", p("retentionInDays", 7), "InvalidParameter", ""),
    ("budget_heard_by_nobody", "budget", p("notifications.actual-80.contactEmails", []), "BadRequest", ""),
    ("budget_starts_in_the_middle", "budget", p("timePeriod.startDate", "2026-01-15T00:00:00Z"), "BadRequest", ""),
    (
        "budget_of_many_voices",
        "budget",
        p("notifications", {f"n{number}": {"contactEmails": ["a@example.com"]} for number in range(6)}),
        "BadRequest",
        "",
    ),
    # Resource Manager itself
    (
        "_group_absent",
        "user",
        [],
        "ResourceGroupNotFound",
        f"{SUBSCRIPTION}/resourceGroups/none/providers/Microsoft.ManagedIdentity/userAssignedIdentities/user",
    ),
    (
        "_parent_absent",
        "database",
        [],
        "ParentResourceNotFound",
        at("DBforPostgreSQL/flexibleServers", "none/databases/a"),
    ),
    (
        "_parent_absent",
        "diagnostics",
        [],
        "ResourceNotFound",
        at("Network/virtualNetworks", "none/providers/Microsoft.Insights/diagnosticSettings/a"),
    ),
    ("_required", "account", set_("sku", None), "InvalidRequestContent", ""),
    ("_required", "network", set_("location", None), "LocationRequired", ""),
    ("_moved", "network", set_("location", "westeurope"), "InvalidResourceLocation", ""),
    ("_refers_to_nothing", "endpoint", p("subnet.id", f"{NETWORK}/subnets/none"), "InvalidResourceReference", ""),
]


def _surroundings(azure: Azure) -> None:
    """What some of the mistakes refer to: an account in another region, one with a hierarchy, an open network."""
    azure.put(f"{SUBSCRIPTION}/resourceGroups/elsewhere", {"location": "germanywestcentral"})
    plain = {"location": "germanywestcentral", "kind": "StorageV2", "sku": {"name": "Standard_ZRS"}, "properties": {}}
    made = {
        at("Storage/storageAccounts", "faraway"): {**plain, "location": "westeurope"},
        at("Storage/storageAccounts", "hierarchy"): {**plain, "properties": {"isHnsEnabled": True}},
        at("Storage/storageAccounts", "overzones"): plain,
        at("Network/publicIPAddresses", "basic"): {"location": "germanywestcentral", "sku": {"name": "Basic"}},
        at("Network/networkSecurityGroups", "closed"): {"location": "germanywestcentral"},
        f"{NETWORK}/subnets/closed": {
            "properties": {
                "addressPrefix": "10.0.40.0/24",
                "networkSecurityGroup": {"id": at("Network/networkSecurityGroups", "closed")},
            }
        },
        at("Network/virtualNetworks", "other"): {
            "location": "germanywestcentral",
            "properties": {"addressSpace": {"addressPrefixes": ["10.9.0.0/16"]}},
        },
        at("Network/virtualNetworks", "other/subnets/nodes"): {"properties": {"addressPrefix": "10.9.0.0/24"}},
        at("Network/privateDnsZones", "other.example"): {"location": "global"},
        at("Network/privateDnsZones", "alone.postgres.database.azure.com"): {"location": "global"},
        at("Cache/redisEnterprise", "small"): {"location": "germanywestcentral", "sku": {"name": "Balanced_B0"}},
        at("DBforPostgreSQL/flexibleServers", "passwords"): {
            "location": "germanywestcentral",
            "properties": {"administratorLogin": "chief", "administratorLoginPassword": "Correct-Horse-9"},
        },
    }
    for path, body in made.items():
        said = azure.put(path, copy.deepcopy(body))
        assert said.status < 300, (path, said.body)


@pytest.fixture(scope="module")
def full() -> Azure:
    """A world in which nothing may change: a refused write leaves no trace, which the last test looks at."""
    azure = Azure()
    azure.make(*WORLD)
    _surroundings(azure)
    return azure


@pytest.mark.parametrize(("rule", "name", "changes", "code", "path"), WRITES, ids=[f"{w[0]}-{w[1]}" for w in WRITES])
def test_a_mistake_is_refused(full: Azure, rule: str, name: str, changes: Any, code: str, path: str) -> None:
    place, body = copy.deepcopy(WORLD[name])
    for change in changes if isinstance(changes, list) else [changes]:
        change(body)
    before = full.backend.inventory()
    said = full.put(path or place, body)
    assert (said.status // 100, said.code) == (4, code), said.body
    assert said.message
    assert full.backend.inventory() == before


# rule, what of the world is deleted while the rest is there, and the code of the answer
DELETES = [
    ("in_use", "network", "InUseVirtualNetworkCannotBeDeleted"),
    ("in_use", "subnet-nodes", "InUseSubnetCannotBeDeleted"),
    ("in_use", "nsg", "InUseNetworkSecurityGroupCannotBeDeleted"),
    ("in_use", "nat", "InUseNatGatewayCannotBeDeleted"),
    ("in_use", "entry-address", "PublicIPAddressCannotBeDeleted"),
    ("in_use", "waf", "ApplicationGatewayFirewallPolicyInUse"),
    ("zone_with_links", "zone", "CannotDeleteResource"),
    ("vault_in_use", "backup", "VaultNotEmpty"),
    ("policy_in_use", "backup-policy", "UserErrorPolicyInUse"),
]


@pytest.mark.parametrize(("rule", "name", "code"), DELETES, ids=[f"{w[0]}-{w[1]}" for w in DELETES])
def test_what_is_needed_stays(full: Azure, rule: str, name: str, code: str) -> None:
    said = full.delete(WORLD[name][0])
    assert (said.status // 100, said.code) == (4, code)
    assert full.get(WORLD[name][0]).status == 200


def test_the_last_system_pool_stays(world: Azure) -> None:
    said = world.delete(f"{CLUSTER}/agentPools/system")
    assert (said.status, said.code) == (400, "AtLeastOneSystemPool")


def test_a_role_in_use_stays(world: Azure) -> None:
    grant = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/{guid('sleep')}"
    assert world.put(grant, {"properties": {"roleDefinitionId": WORLD["role"][0], "principalId": PEOPLE}}).status == 201
    said = world.delete(WORLD["role"][0])
    assert said.code == "RoleDefinitionHasAssignments"
    world.delete(grant)
    assert world.delete(WORLD["role"][0]).status == 200


def test_a_locked_policy_only_grows(world: Azure) -> None:
    path, body = copy.deepcopy(WORLD["immutability"])
    assert world.call("POST", f"{path}/lock").status == 200
    days = "immutabilityPeriodSinceCreationInDays"
    body["properties"][days] = 30
    body["properties"]["state"] = "Locked"
    assert world.put(path, body).status == 200
    body["properties"][days] = 7
    assert world.put(path, body).code == "ImmutabilityPolicyLocked"
    assert world.delete(path).code == "ImmutabilityPolicyLocked"
    assert world.delete(ACCOUNT).code == "AccountProtectedFromDeletion"


def test_a_container_with_kept_blobs_stays(world: Azure) -> None:
    host = "worldlake.blob.core.windows.net"
    assert world.call("PUT", "/bronze/day", {"a": 1}, host=host).status == 201
    assert world.delete(CONTAINER).code == "ContainerProtectedFromDeletion"


def test_a_vaults_promises_are_not_taken_back(world: Azure) -> None:
    path, body = copy.deepcopy(WORLD["backup"])
    security = body["properties"]["securitySettings"]
    security["immutabilitySettings"]["state"] = "Locked"
    assert world.put(path, body).status == 200
    security["immutabilitySettings"]["state"] = "Unlocked"
    assert world.put(path, body).code == "ImmutabilityStateIrreversible"
    security["immutabilitySettings"]["state"] = "Locked"
    security["softDeleteSettings"]["state"] = "AlwaysOn"
    assert world.put(path, body).status == 200
    security["softDeleteSettings"]["state"] = "Off"
    assert world.put(path, body).code == "SoftDeleteStateIrreversible"


def test_twenty_credentials_and_no_more(azure: Azure) -> None:
    azure.make("group", "user")
    path, body = copy.deepcopy(WORLD["credential"])
    for number in range(21):
        body["properties"]["subject"] = f"subject-{number}"
        said = azure.put(f"{path}-{number}", body)
    assert said.code == "TooManyFederatedIdentityCredentials"


def test_a_deleted_vault_keeps_its_name(azure: Azure) -> None:
    azure.make("group", "vault")
    azure.delete(VAULT)
    path, body = copy.deepcopy(WORLD["vault"])
    assert azure.put(path, body).code == "ConflictError"
    body["properties"]["createMode"] = "recover"
    assert azure.put(path, body).status == 200
    assert azure.call("GET", "/keys/purpose", host="world-vault.vault.azure.net").status == 200


def test_a_key_needs_a_safe_vault_and_a_right(azure: Azure) -> None:
    """A store that took any key would hide the two mistakes that cost most time on Azure."""
    azure.make("group", "user")
    path, body = copy.deepcopy(WORLD["vault"])
    del body["properties"]["enablePurgeProtection"]
    azure.put(path, body)
    azure.key("purpose")
    account, wanted = copy.deepcopy(WORLD["account"])
    said = azure.put(account, wanted)
    assert said.code == "KeyVaultPolicyError" and "purge protection" in said.message
    body["properties"]["enablePurgeProtection"] = True
    assert azure.put(path, body).status == 200
    said = azure.put(account, wanted)
    assert (said.status, said.code) == (403, "KeyVaultPolicyError") and "permission" in said.message
    azure.make("grant-key")
    assert azure.put(account, wanted).status == 200


@pytest.mark.parametrize("on", [GROUP, SUBSCRIPTION, NETWORK])
def test_a_lock_holds_what_is_below(world: Azure, on: str) -> None:
    lock = f"{on}/providers/Microsoft.Authorization/locks/keep"
    assert world.put(lock, {"properties": {"level": "CanNotDelete"}}).status == 201
    said = world.delete(f"{NETWORK}/subnets/paths")
    assert (said.status, said.code) == (409, "ScopeLocked") and on in said.message
    assert world.put(f"{NETWORK}/subnets/paths", WORLD["subnet-paths"][1]).status == 200
    assert world.delete(lock).status == 204


def test_a_read_only_lock_holds_writes(world: Azure) -> None:
    world.put(f"{NETWORK}/providers/Microsoft.Authorization/locks/still", {"properties": {"level": "ReadOnly"}})
    assert world.put(f"{NETWORK}/subnets/paths", WORLD["subnet-paths"][1]).code == "ScopeLocked"


def test_a_lock_below_holds_its_group(world: Azure) -> None:
    world.put(f"{SERVER}/providers/Microsoft.Authorization/locks/keep", {"properties": {"level": "CanNotDelete"}})
    assert world.delete(GROUP).code == "ScopeLocked"


def test_local_accounts_that_are_off_give_nothing(world: Azure) -> None:
    assert world.call("POST", f"{CLUSTER}/listClusterAdminCredential").code == "BadRequest"
    assert world.call("POST", f"{CLUSTER}/listClusterUserCredential").status == 200


def _rules() -> set[str]:
    """The names of all rules: what takes a resource and may answer with a refusal."""
    found = set()
    for module in pkgutil.iter_modules(refusals.__path__):
        loaded = importlib.import_module(f"terrace.emulator.azure.refusals.{module.name}")
        assert loaded.__file__
        for node in ast.parse(Path(loaded.__file__).read_text()).body:
            returns = ast.unparse(node.returns) if isinstance(node, ast.FunctionDef) and node.returns else ""
            if isinstance(node, ast.FunctionDef) and returns == "Refused | None" and not node.name.startswith("_"):
                found.add(node.name)
    return found


_IN_STORIES = {
    "account_kept",
    "container_kept",
    "immutability_taken_back",
    "last_system_pool",
    "name_soft_deleted",
    "policy_kept",
    "policy_locked",
    "role_in_use",
    "soft_delete_taken_back",
    "too_many_credentials",
}


def test_no_rule_goes_untested() -> None:
    shown = {write[0] for write in WRITES} | {delete[0] for delete in DELETES} | _IN_STORIES
    assert _rules() - shown == set()
    assert len(_rules()) > 100
