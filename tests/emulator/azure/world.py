"""One resource of every type that the stacks use, each accepted as it stands: the start of round trips and refusals.

Bodies are Resource Manager's own. The order is the one in which they can be made.
"""

import copy
from typing import Any

from terrace.emulator.azure import DEFAULT_ACCOUNT
from terrace.emulator.azure.ids import guid

Body = dict[str, Any]

TENANT = DEFAULT_ACCOUNT["tenant_id"]
SUBSCRIPTION = f"/subscriptions/{DEFAULT_ACCOUNT['subscription_id']}"
GROUP = f"{SUBSCRIPTION}/resourceGroups/world"
PLACE = "germanywestcentral"
PEOPLE = "00000000-0000-4000-8000-0000000000aa"  # a group of people in Entra

ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
ACCOUNT_BACKUP = "e5e2a7ff-d759-4cd2-bb51-3152d37e2eb1"
DATABASE_BACKUP = "c088a766-074b-43ba-90d4-1fb21feae531"


def at(kind: str, name: str) -> str:
    return f"{GROUP}/providers/Microsoft.{kind}/{name}"


def role(number: str) -> str:
    return f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{number}"


NETWORK = at("Network/virtualNetworks", "net")
ACCOUNT = at("Storage/storageAccounts", "worldlake")
COPY = at("Storage/storageAccounts", "worldcopy")
CONTAINER = f"{ACCOUNT}/blobServices/default/containers/bronze"
VAULT = at("KeyVault/vaults", "world-vault")
USER = at("ManagedIdentity/userAssignedIdentities", "user")
WORKSPACE = at("OperationalInsights/workspaces", "logs")
CLUSTER = at("ContainerService/managedClusters", "cluster")
SERVER = at("DBforPostgreSQL/flexibleServers", "world-database")
CACHE = at("Cache/redisEnterprise", "cache")
BACKUP = at("DataProtection/backupVaults", "backup")
ZONE = at("Network/privateDnsZones", "world.private.postgres.database.azure.com")
KEY = "https://world-vault.vault.azure.net/keys/purpose"
VERSION = f"{KEY}/{'0' * 32}"

_IDENTITY = {"type": "UserAssigned", "userAssignedIdentities": {USER: {}}}


def _subnet(range: str, **more: Any) -> Body:
    return {"properties": {"addressPrefix": range, **more}}


def _delegated(service: str) -> list[Body]:
    return [{"name": "service", "properties": {"serviceName": service}}]


def _here(**properties: Any) -> Body:
    return {"location": PLACE, "properties": properties}


def _grant(to: str, what: str, on: str) -> tuple[str, Body]:
    path = f"{on}/providers/Microsoft.Authorization/roleAssignments/{guid(to, what, on)}"
    return path, {"properties": {"roleDefinitionId": role(what), "principalId": to}}


def _account(*, source: bool) -> Body:
    return {
        "location": PLACE,
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "identity": _IDENTITY,
        "properties": {
            "allowBlobPublicAccess": False,
            "minimumTlsVersion": "TLS1_2",
            "encryption": {
                "keySource": "Microsoft.Keyvault",
                "requireInfrastructureEncryption": True,
                "keyvaultproperties": {"keyname": "purpose", "keyvaulturi": "https://world-vault.vault.azure.net/"},
                "identity": {"userAssignedIdentity": USER},
            },
        },
        "tags": {"end": "source" if source else "destination"},
    }


def _blob_service() -> Body:
    days = {"enabled": True, "days": 14}
    tracked = {"enable": True, "name": "AccessTimeTracking"}
    properties = {"isVersioningEnabled": True, "changeFeed": {"enabled": True}, "deleteRetentionPolicy": days}
    return {"properties": {**properties, "lastAccessTimeTrackingPolicy": tracked}}


def _lifecycle() -> Body:
    days = {"daysAfterLastAccessTimeGreaterThan": 30}
    definition = {"filters": {"blobTypes": ["blockBlob"]}, "actions": {"baseBlob": {"tierToCool": days}}}
    return {"properties": {"policy": {"rules": [{"name": "age", "type": "Lifecycle", "definition": definition}]}}}


def _gateway() -> Body:
    path = at("Network/applicationGateways", "entry")
    listener = {
        "name": "https",
        "properties": {"protocol": "Https", "frontendPort": {"id": f"{path}/frontendPorts/https"}},
    }
    address = {"publicIPAddress": {"id": at("Network/publicIPAddresses", "entry")}}
    return {
        "location": PLACE,
        "identity": _IDENTITY,
        "properties": {
            "sku": {"name": "WAF_v2", "tier": "WAF_v2"},
            "firewallPolicy": {"id": at("Network/applicationGatewayWebApplicationFirewallPolicies", "waf")},
            "gatewayIPConfigurations": [{"name": "ip", "properties": {"subnet": {"id": f"{NETWORK}/subnets/entry"}}}],
            "frontendIPConfigurations": [{"name": "public", "properties": address}],
            "frontendPorts": [{"name": "https", "properties": {"port": 443}}],
            "httpListeners": [listener],
            "sslCertificates": [
                {"name": "tls", "properties": {"keyVaultSecretId": f"{KEY.replace('keys', 'secrets')}"}}
            ],
            "requestRoutingRules": [{"name": "in", "properties": {"priority": 10, "ruleType": "Basic"}}],
        },
    }


def _cluster() -> Body:
    pool = {
        "name": "system",
        "mode": "System",
        "count": 1,
        "enableAutoScaling": True,
        "minCount": 1,
        "maxCount": 3,
        "vnetSubnetID": f"{NETWORK}/subnets/nodes",
    }
    return {
        "location": PLACE,
        "sku": {"name": "Base", "tier": "Standard"},
        "identity": _IDENTITY,
        "properties": {
            "kubernetesVersion": "1.34",
            "dnsPrefix": "world",
            "agentPoolProfiles": [pool],
            "disableLocalAccounts": True,
            "aadProfile": {"managed": True, "enableAzureRBAC": True, "tenantID": TENANT},
            "oidcIssuerProfile": {"enabled": True},
            "autoUpgradeProfile": {"upgradeChannel": "patch", "nodeOSUpgradeChannel": "NodeImage"},
            "nodeProvisioningProfile": {"mode": "Manual"},
            "apiServerAccessProfile": {"authorizedIPRanges": ["203.0.113.0/24"]},
            "securityProfile": {
                "workloadIdentity": {"enabled": True},
                "azureKeyVaultKms": {"enabled": True, "keyId": VERSION, "keyVaultNetworkAccess": "Private"},
            },
            "networkProfile": {
                "networkPlugin": "azure",
                "networkPluginMode": "overlay",
                "networkPolicy": "cilium",
                "networkDataplane": "cilium",
                "outboundType": "userAssignedNATGateway",
                "podCidr": "100.64.0.0/16",
                "serviceCidr": "172.16.0.0/16",
                "dnsServiceIP": "172.16.0.10",
            },
        },
    }


def _server() -> Body:
    return {
        "location": PLACE,
        "sku": {"name": "Standard_D2ds_v5", "tier": "GeneralPurpose"},
        "identity": _IDENTITY,
        "properties": {
            "createMode": "Default",
            "version": "16",
            "availabilityZone": "1",
            "storage": {"storageSizeGB": 64, "autoGrow": "Enabled"},
            "authConfig": {"activeDirectoryAuth": "Enabled", "passwordAuth": "Disabled", "tenantId": TENANT},
            "backup": {"backupRetentionDays": 7, "geoRedundantBackup": "Disabled"},
            "highAvailability": {"mode": "ZoneRedundant", "standbyAvailabilityZone": "2"},
            "network": {
                "delegatedSubnetResourceId": f"{NETWORK}/subnets/database",
                "privateDnsZoneArmResourceId": ZONE,
                "publicNetworkAccess": "Disabled",
            },
            "dataEncryption": {
                "type": "AzureKeyVault",
                "primaryKeyURI": KEY,
                "primaryUserAssignedIdentityId": USER,
            },
        },
    }


def _customer_key(address: str) -> Body:
    user = {"userAssignedIdentityResourceId": USER, "identityType": "userAssignedIdentity"}
    return {"customerManagedKeyEncryption": {"keyEncryptionKeyUrl": address, "keyEncryptionKeyIdentity": user}}


def _budget() -> Body:
    notice = {"enabled": True, "operator": "GreaterThanOrEqualTo", "threshold": 80, "contactEmails": ["a@example.com"]}
    period = {"startDate": "2026-01-01T00:00:00Z", "endDate": "2036-01-01T00:00:00Z"}
    properties = {"amount": 500, "category": "Cost", "timeGrain": "Monthly", "timePeriod": period}
    return {"properties": {**properties, "notifications": {"actual-80": notice}}}


def _policy() -> Body:
    schedule = {"repeatingTimeIntervals": ["R/2026-01-04T17:00:00+00:00/P1W"], "timeZone": "UTC"}
    rule = {"name": "backup", "objectType": "AzureBackupRule", "trigger": {"schedule": schedule}}
    kinds = ["Microsoft.DBforPostgreSQL/flexibleServers"]
    return {"properties": {"objectType": "BackupPolicy", "datasourceTypes": kinds, "policyRules": [rule]}}


def _instance() -> Body:
    source = {"resourceID": SERVER, "datasourceType": "Microsoft.DBforPostgreSQL/flexibleServers"}
    policy = {"policyId": f"{BACKUP}/backupPolicies/weekly"}
    return {"properties": {"objectType": "BackupInstance", "dataSourceInfo": source, "policyInfo": policy}}


def _alert() -> Body:
    properties = {"severity": 2, "enabled": True, "scopes": [SERVER], "criteria": {"allOf": []}}
    return {"location": "global", "properties": {**properties, "evaluationFrequency": "PT5M", "windowSize": "PT15M"}}


_RULE = {"access": "Allow", "direction": "Inbound", "protocol": "Tcp", "priority": 100, "sourcePortRange": "*"}
_FROM_MANAGER = {**_RULE, "sourceAddressPrefix": "GatewayManager", "destinationPortRange": "65200-65535"}
_SECURED = {"networkSecurityGroup": {"id": at("Network/networkSecurityGroups", "nsg")}}
_STANDARD = {"sku": {"name": "Standard"}, **_here(publicIPAllocationMethod="Static")}


def _world() -> dict[str, tuple[str, Body]]:
    """Name to path and body."""
    return {
        "group": (GROUP, {"location": PLACE}),
        "user": (USER, {"location": PLACE}),
        "credential": (
            f"{USER}/federatedIdentityCredentials/pods",
            {
                "properties": {
                    "issuer": "https://issuer.example",
                    "subject": "a",
                    "audiences": ["api://AzureADTokenExchange"],
                }
            },
        ),
        "vault": (
            VAULT,
            _here(
                tenantId=TENANT,
                sku={"family": "A", "name": "premium"},
                enableRbacAuthorization=True,
                enablePurgeProtection=True,
                softDeleteRetentionInDays=30,
            ),
        ),
        "nsg": (at("Network/networkSecurityGroups", "nsg"), _here()),
        "nsg-rule": (at("Network/networkSecurityGroups", "nsg/securityRules/health"), {"properties": _FROM_MANAGER}),
        "nat-address": (at("Network/publicIPAddresses", "nat"), copy.deepcopy(_STANDARD)),
        "entry-address": (at("Network/publicIPAddresses", "entry"), copy.deepcopy(_STANDARD)),
        "nat": (
            at("Network/natGateways", "nat"),
            {
                "sku": {"name": "Standard"},
                "zones": ["1"],
                **_here(publicIpAddresses=[{"id": at("Network/publicIPAddresses", "nat")}]),
            },
        ),
        "network": (NETWORK, _here(addressSpace={"addressPrefixes": ["10.0.0.0/16"]})),
        "subnet-nodes": (
            f"{NETWORK}/subnets/nodes",
            _subnet("10.0.0.0/20", natGateway={"id": at("Network/natGateways", "nat")}),
        ),
        "subnet-entry": (f"{NETWORK}/subnets/entry", _subnet("10.0.32.0/24", **_SECURED)),
        "subnet-paths": (f"{NETWORK}/subnets/paths", _subnet("10.0.33.0/24")),
        "subnet-gateway": (f"{NETWORK}/subnets/GatewaySubnet", _subnet("10.0.34.0/27")),
        "subnet-database": (
            f"{NETWORK}/subnets/database",
            _subnet("10.0.35.0/24", delegations=_delegated("Microsoft.DBforPostgreSQL/flexibleServers")),
        ),
        "route-table": (at("Network/routeTables", "routes"), _here()),
        "route": (at("Network/routeTables", "routes/routes/out"), {"properties": {"nextHopType": "Internet"}}),
        "zone": (ZONE, {"location": "global", "properties": {}}),
        "zone-link": (
            f"{ZONE}/virtualNetworkLinks/net",
            {"location": "global", "properties": {"virtualNetwork": {"id": NETWORK}, "registrationEnabled": False}},
        ),
        "zone-record": (f"{ZONE}/CNAME/alias", {"properties": {"ttl": 60, "cnameRecord": {"cname": "target.example"}}}),
        "public-zone": (at("Network/dnsZones", "data.example.com"), {"location": "global", "properties": {}}),
        "public-record": (
            at("Network/dnsZones", "data.example.com/A/www"),
            {"properties": {"TTL": 300, "ARecords": [{"ipv4Address": "203.0.113.1"}]}},
        ),
        "grant-key": _grant(guid(USER, "principal"), ENCRYPTION_USER, VAULT),
        "account": (ACCOUNT, _account(source=True)),
        "copy": (COPY, _account(source=False)),
        "blob-service": (f"{ACCOUNT}/blobServices/default", _blob_service()),
        "copy-service": (f"{COPY}/blobServices/default", _blob_service()),
        "container": (CONTAINER, {"properties": {"publicAccess": "None"}}),
        "copy-container": (f"{COPY}/blobServices/default/containers/bronze", {"properties": {"publicAccess": "None"}}),
        "immutability": (
            f"{CONTAINER}/immutabilityPolicies/default",
            {"properties": {"immutabilityPeriodSinceCreationInDays": 7, "allowProtectedAppendWrites": True}},
        ),
        "lifecycle": (f"{ACCOUNT}/managementPolicies/default", _lifecycle()),
        "replication": (
            f"{COPY}/objectReplicationPolicies/11111111-0000-4000-8000-000000000001",
            {
                "properties": {
                    "sourceAccount": ACCOUNT,
                    "destinationAccount": COPY,
                    "rules": [{"sourceContainer": "bronze", "destinationContainer": "bronze"}],
                }
            },
        ),
        "endpoint": (
            at("Network/privateEndpoints", "path"),
            _here(
                subnet={"id": f"{NETWORK}/subnets/paths"},
                privateLinkServiceConnections=[
                    {"name": "blob", "properties": {"privateLinkServiceId": ACCOUNT, "groupIds": ["blob"]}},
                ],
            ),
        ),
        "endpoint-zones": (
            at("Network/privateEndpoints", "path/privateDnsZoneGroups/default"),
            {"properties": {"privateDnsZoneConfigs": [{"name": "blob", "properties": {"privateDnsZoneId": ZONE}}]}},
        ),
        "waf": (
            at("Network/applicationGatewayWebApplicationFirewallPolicies", "waf"),
            _here(
                managedRules={
                    "managedRuleSets": [{"ruleSetType": "Microsoft_DefaultRuleSet", "ruleSetVersion": "2.1"}]
                },
                customRules=[{"name": "rate", "priority": 10}, {"name": "bots", "priority": 20}],
            ),
        ),
        "entry": (at("Network/applicationGateways", "entry"), _gateway()),
        "watcher": (at("Network/networkWatchers", "watcher"), _here()),
        "flow-log": (
            at("Network/networkWatchers", "watcher/flowLogs/net"),
            _here(targetResourceId=NETWORK, storageId=ACCOUNT, enabled=True),
        ),
        "vpn": (
            at("Network/virtualNetworkGateways", "vpn"),
            _here(
                activeActive=False,
                sku={"name": "VpnGw1AZ", "tier": "VpnGw1AZ"},
                ipConfigurations=[
                    {"name": "one", "properties": {"subnet": {"id": f"{NETWORK}/subnets/GatewaySubnet"}}},
                ],
            ),
        ),
        "site": (at("Network/localNetworkGateways", "site"), _here(gatewayIpAddress="198.51.100.1")),
        "tunnel": (
            at("Network/connections", "site"),
            _here(
                connectionType="IPsec",
                virtualNetworkGateway1={"id": at("Network/virtualNetworkGateways", "vpn")},
                localNetworkGateway2={"id": at("Network/localNetworkGateways", "site")},
            ),
        ),
        "disks": (
            at("Compute/diskEncryptionSets", "disks"),
            {
                "identity": _IDENTITY,
                **_here(activeKey={"keyUrl": KEY}, encryptionType="EncryptionAtRestWithCustomerKey"),
            },
        ),
        "registry": (
            at("ContainerRegistry/registries", "worldregistry"),
            {
                "sku": {"name": "Premium"},
                "identity": _IDENTITY,
                **_here(
                    publicNetworkAccess="Disabled",
                    dataEndpointEnabled=True,
                    policies={"exportPolicy": {"status": "disabled"}},
                    encryption={"status": "enabled", "keyVaultProperties": {"keyIdentifier": KEY}},
                ),
            },
        ),
        "workspace": (WORKSPACE, _here(sku={"name": "PerGB2018"}, retentionInDays=30)),
        "search": (
            f"{WORKSPACE}/savedSearches/refused",
            {"properties": {"category": "world", "displayName": "Refused", "query": "AzureActivity | take 1"}},
        ),
        "cluster": (CLUSTER, _cluster()),
        "pool": (
            f"{CLUSTER}/agentPools/spot",
            {
                "properties": {
                    "mode": "User",
                    "scaleSetPriority": "Spot",
                    "enableAutoScaling": True,
                    "minCount": 0,
                    "maxCount": 3,
                    "orchestratorVersion": "1.34",
                    "vnetSubnetID": f"{NETWORK}/subnets/nodes",
                }
            },
        ),
        "window": (f"{CLUSTER}/maintenanceConfigurations/default", {"properties": {"timeInWeek": []}}),
        "server": (SERVER, _server()),
        "database": (f"{SERVER}/databases/platform", {"properties": {"charset": "UTF8", "collation": "en_US.utf8"}}),
        "setting": (
            f"{SERVER}/configurations/azure.extensions",
            {"properties": {"value": "postgis,pgaudit", "source": "user-override"}},
        ),
        "administrator": (
            f"{SERVER}/administrators/{PEOPLE}",
            {"properties": {"principalName": "people", "principalType": "Group", "tenantId": TENANT}},
        ),
        "virtual-endpoint": (
            f"{SERVER}/virtualEndpoints/read",
            {"properties": {"endpointType": "ReadWrite", "members": ["world-database"]}},
        ),
        "cache": (
            CACHE,
            {"sku": {"name": "Balanced_B3"}, "identity": _IDENTITY, **_here(encryption=_customer_key(VERSION))},
        ),
        "cache-database": (
            f"{CACHE}/databases/default",
            {
                "properties": {
                    "clientProtocol": "Encrypted",
                    "evictionPolicy": "NoEviction",
                    "clusteringPolicy": "EnterpriseCluster",
                    "persistence": {"rdbEnabled": True, "rdbFrequency": "12h", "aofEnabled": False},
                }
            },
        ),
        "cache-access": (
            f"{CACHE}/databases/default/accessPolicyAssignments/people",
            {"properties": {"accessPolicyName": "default", "user": {"objectId": PEOPLE}}},
        ),
        "backup": (
            BACKUP,
            {
                "identity": {"type": "SystemAssigned"},
                **_here(
                    storageSettings=[{"datastoreType": "VaultStore", "type": "GeoRedundant"}],
                    featureSettings={"crossRegionRestoreSettings": {"state": "Enabled"}},
                    securitySettings={
                        "immutabilitySettings": {"state": "Unlocked"},
                        "softDeleteSettings": {"state": "On"},
                    },
                ),
            },
        ),
        "backup-policy": (f"{BACKUP}/backupPolicies/weekly", _policy()),
        "grant-backup": _grant(guid(BACKUP, "identity"), DATABASE_BACKUP, SERVER),
        "backup-instance": (f"{BACKUP}/backupInstances/database", _instance()),
        "action-group": (
            at("Insights/actionGroups", "people"),
            {"location": "global", "properties": {"groupShortName": "people", "enabled": True}},
        ),
        "metric-alert": (at("Insights/metricAlerts", "cpu"), _alert()),
        "query-alert": (
            at("Insights/scheduledQueryRules", "denied"),
            _here(scopes=[WORKSPACE], criteria={"allOf": []}, evaluationFrequency="PT15M", windowSize="PT15M"),
        ),
        "workbook": (
            at("Insights/workbooks", guid("workbook")),
            {"kind": "shared", **_here(displayName="world", serializedData="{}")},
        ),
        "processing-rule": (
            at("AlertsManagement/actionRules", "urgent"),
            {"location": "global", "properties": {"scopes": [GROUP], "actions": [{"actionType": "AddActionGroups"}]}},
        ),
        "diagnostics": (
            f"{CLUSTER}/providers/Microsoft.Insights/diagnosticSettings/logs",
            {"properties": {"workspaceId": WORKSPACE, "logs": [{"category": "kube-audit", "enabled": True}]}},
        ),
        "budget": (f"{SUBSCRIPTION}/providers/Microsoft.Consumption/budgets/world", _budget()),
        "workflow": (at("Logic/workflows", "sleep"), _here(definition={"triggers": {}, "actions": {}})),
        "role": (
            f"{GROUP}/providers/Microsoft.Authorization/roleDefinitions/{guid('role')}",
            {
                "properties": {
                    "roleName": "world-sleep",
                    "type": "CustomRole",
                    "permissions": [{"actions": ["Microsoft.ContainerService/managedClusters/stop/action"]}],
                    "assignableScopes": [GROUP],
                }
            },
        ),
        "grant-reader": _grant(PEOPLE, READER, GROUP),
        "policy": (
            f"{GROUP}/providers/Microsoft.Authorization/policyAssignments/locations",
            {
                "properties": {
                    "policyDefinitionId": "/providers/Microsoft.Authorization/policyDefinitions/"
                    "e56962a6-4747-49cd-b67b-bf8b01975c4c",
                }
            },
        ),
        "contact": (
            f"{SUBSCRIPTION}/providers/Microsoft.Security/securityContacts/default",
            {"properties": {"emails": "a@example.com", "isEnabled": True}},
        ),
        "plan": (
            f"{SUBSCRIPTION}/providers/Microsoft.Security/pricings/Arm",
            {"properties": {"pricingTier": "Standard"}},
        ),
    }


WORLD = _world()
"""Name to path and body. Nobody may change what is in it: take `copy.deepcopy`."""
