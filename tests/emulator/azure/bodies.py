"""The ids of the sample resources, and the bodies of the larger ones in Resource Manager's format."""

from typing import Any

from terrace.emulator.azure import DEFAULT_ACCOUNT
from terrace.emulator.azure.ids import guid

Body = dict[str, Any]

TENANT = DEFAULT_ACCOUNT["tenant_id"]
SUBSCRIPTION = f"/subscriptions/{DEFAULT_ACCOUNT['subscription_id']}"
GROUP = f"{SUBSCRIPTION}/resourceGroups/world"
REGION = "germanywestcentral"
PEOPLE = "00000000-0000-4000-8000-0000000000aa"  # an Entra group

ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
ACCOUNT_BACKUP = "e5e2a7ff-d759-4cd2-bb51-3152d37e2eb1"
DATABASE_BACKUP = "c088a766-074b-43ba-90d4-1fb21feae531"


def resource_id(kind: str, name: str) -> str:
    return f"{GROUP}/providers/Microsoft.{kind}/{name}"


def role(number: str) -> str:
    return f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{number}"


NETWORK = resource_id("Network/virtualNetworks", "net")
WATCHERS = f"{SUBSCRIPTION}/resourceGroups/NetworkWatcherRG/providers/Microsoft.Network/networkWatchers"
WATCHER = f"{WATCHERS}/NetworkWatcher_{REGION}"
"""Azure creates it with the network."""
ACCOUNT = resource_id("Storage/storageAccounts", "worldlake")
COPY = resource_id("Storage/storageAccounts", "worldcopy")
CONTAINER = f"{ACCOUNT}/blobServices/default/containers/bronze"
VAULT = resource_id("KeyVault/vaults", "world-vault")
USER = resource_id("ManagedIdentity/userAssignedIdentities", "user")
WORKSPACE = resource_id("OperationalInsights/workspaces", "logs")
CLUSTER = resource_id("ContainerService/managedClusters", "cluster")
SERVER = resource_id("DBforPostgreSQL/flexibleServers", "world-database")
CACHE = resource_id("Cache/redisEnterprise", "cache")
STREAMS = resource_id("EventHub/namespaces", "world-streams")
BACKUP = resource_id("DataProtection/backupVaults", "backup")
ZONE = resource_id("Network/privateDnsZones", "world.private.postgres.database.azure.com")
KEY = "https://world-vault.vault.azure.net/keys/purpose"
VERSION = f"{KEY}/{'0' * 32}"

IDENTITY = {"type": "UserAssigned", "userAssignedIdentities": {USER: {}}}


def subnet(range: str, **more: Any) -> Body:
    return {"properties": {"addressPrefix": range, **more}}


def delegated(service: str) -> list[Body]:
    return [{"name": "service", "properties": {"serviceName": service}}]


def located(**properties: Any) -> Body:
    return {"location": REGION, "properties": properties}


def grant(principal: str, role_id: str, scope: str) -> tuple[str, Body]:
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{guid(principal, role_id, scope)}"
    return path, {"properties": {"roleDefinitionId": role(role_id), "principalId": principal}}


def account_body(*, source: bool) -> Body:
    return {
        "location": REGION,
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "identity": IDENTITY,
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


def blob_service() -> Body:
    days = {"enabled": True, "days": 14}
    tracked = {"enable": True, "name": "AccessTimeTracking"}
    properties = {"isVersioningEnabled": True, "changeFeed": {"enabled": True}, "deleteRetentionPolicy": days}
    return {"properties": {**properties, "lastAccessTimeTrackingPolicy": tracked}}


def lifecycle() -> Body:
    days = {"daysAfterLastAccessTimeGreaterThan": 30}
    definition = {"filters": {"blobTypes": ["blockBlob"]}, "actions": {"baseBlob": {"tierToCool": days}}}
    return {"properties": {"policy": {"rules": [{"name": "age", "type": "Lifecycle", "definition": definition}]}}}


def gateway() -> Body:
    path = resource_id("Network/applicationGateways", "entry")
    listener = {
        "name": "https",
        "properties": {"protocol": "Https", "frontendPort": {"id": f"{path}/frontendPorts/https"}},
    }
    address = {"publicIPAddress": {"id": resource_id("Network/publicIPAddresses", "entry")}}
    return {
        "location": REGION,
        "identity": IDENTITY,
        "properties": {
            "sku": {"name": "WAF_v2", "tier": "WAF_v2"},
            "firewallPolicy": {"id": resource_id("Network/applicationGatewayWebApplicationFirewallPolicies", "waf")},
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


def cluster_body() -> Body:
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
        "location": REGION,
        "sku": {"name": "Base", "tier": "Standard"},
        "identity": IDENTITY,
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


def server_body() -> Body:
    return {
        "location": REGION,
        "sku": {"name": "Standard_D2ds_v5", "tier": "GeneralPurpose"},
        "identity": IDENTITY,
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


def customer_key(address: str) -> Body:
    user = {"userAssignedIdentityResourceId": USER, "identityType": "userAssignedIdentity"}
    return {"customerManagedKeyEncryption": {"keyEncryptionKeyUrl": address, "keyEncryptionKeyIdentity": user}}


def budget() -> Body:
    notice = {"enabled": True, "operator": "GreaterThanOrEqualTo", "threshold": 80, "contactEmails": ["a@example.com"]}
    period = {"startDate": "2026-01-01T00:00:00Z", "endDate": "2036-01-01T00:00:00Z"}
    properties = {"amount": 500, "category": "Cost", "timeGrain": "Monthly", "timePeriod": period}
    return {"properties": {**properties, "notifications": {"actual-80": notice}}}


def policy() -> Body:
    schedule = {"repeatingTimeIntervals": ["R/2026-01-04T17:00:00+00:00/P1W"], "timeZone": "UTC"}
    rule = {"name": "backup", "objectType": "AzureBackupRule", "trigger": {"schedule": schedule}}
    kinds = ["Microsoft.DBforPostgreSQL/flexibleServers"]
    return {"properties": {"objectType": "BackupPolicy", "datasourceTypes": kinds, "policyRules": [rule]}}


def instance() -> Body:
    source = {"resourceID": SERVER, "datasourceType": "Microsoft.DBforPostgreSQL/flexibleServers"}
    policy = {"policyId": f"{BACKUP}/backupPolicies/weekly"}
    return {"properties": {"objectType": "BackupInstance", "dataSourceInfo": source, "policyInfo": policy}}


def alert() -> Body:
    properties = {"severity": 2, "enabled": True, "scopes": [SERVER], "criteria": {"allOf": []}}
    return {"location": "global", "properties": {**properties, "evaluationFrequency": "PT5M", "windowSize": "PT15M"}}


_RULE = {"access": "Allow", "direction": "Inbound", "protocol": "Tcp", "priority": 100, "sourcePortRange": "*"}
FROM_MANAGER = {**_RULE, "sourceAddressPrefix": "GatewayManager", "destinationPortRange": "65200-65535"}
SECURED = {"networkSecurityGroup": {"id": resource_id("Network/networkSecurityGroups", "nsg")}}
STANDARD = {"sku": {"name": "Standard"}, **located(publicIPAllocationMethod="Static")}
