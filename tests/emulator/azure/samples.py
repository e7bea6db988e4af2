"""One valid resource of every type that the stacks use, for the tests of round trips and refusals.

They are in the order in which they can be created.
"""

import copy

from terrace.emulator.azure.ids import guid
from tests.emulator.azure.bodies import (
    ACCOUNT,
    BACKUP,
    CACHE,
    CLUSTER,
    CONTAINER,
    COPY,
    DATABASE_BACKUP,
    ENCRYPTION_USER,
    FROM_MANAGER,
    GROUP,
    IDENTITY,
    KEY,
    NETWORK,
    PEOPLE,
    READER,
    REGION,
    SECURED,
    SERVER,
    STANDARD,
    STREAMS,
    SUBSCRIPTION,
    TENANT,
    USER,
    VAULT,
    VERSION,
    WATCHER,
    WORKSPACE,
    ZONE,
    Body,
    account_body,
    alert,
    blob_service,
    budget,
    cluster_body,
    customer_key,
    delegated,
    gateway,
    grant,
    instance,
    lifecycle,
    located,
    policy,
    resource_id,
    server_body,
    subnet,
)


def _samples() -> dict[str, tuple[str, Body]]:
    """Name -> path and body."""
    return {
        "group": (GROUP, {"location": REGION}),
        "user": (USER, {"location": REGION}),
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
            located(
                tenantId=TENANT,
                sku={"family": "A", "name": "premium"},
                enableRbacAuthorization=True,
                enablePurgeProtection=True,
                softDeleteRetentionInDays=30,
            ),
        ),
        "nsg": (resource_id("Network/networkSecurityGroups", "nsg"), located()),
        "nsg-rule": (
            resource_id("Network/networkSecurityGroups", "nsg/securityRules/health"),
            {"properties": FROM_MANAGER},
        ),
        "nat-address": (resource_id("Network/publicIPAddresses", "nat"), copy.deepcopy(STANDARD)),
        "entry-address": (resource_id("Network/publicIPAddresses", "entry"), copy.deepcopy(STANDARD)),
        "nat": (
            resource_id("Network/natGateways", "nat"),
            {
                "sku": {"name": "Standard"},
                "zones": ["1"],
                **located(publicIpAddresses=[{"id": resource_id("Network/publicIPAddresses", "nat")}]),
            },
        ),
        "network": (NETWORK, located(addressSpace={"addressPrefixes": ["10.0.0.0/16"]})),
        "subnet-nodes": (
            f"{NETWORK}/subnets/nodes",
            subnet("10.0.0.0/20", natGateway={"id": resource_id("Network/natGateways", "nat")}),
        ),
        "subnet-entry": (f"{NETWORK}/subnets/entry", subnet("10.0.32.0/24", **SECURED)),
        "subnet-paths": (f"{NETWORK}/subnets/paths", subnet("10.0.33.0/24")),
        "subnet-gateway": (f"{NETWORK}/subnets/GatewaySubnet", subnet("10.0.34.0/27")),
        "subnet-database": (
            f"{NETWORK}/subnets/database",
            subnet("10.0.35.0/24", delegations=delegated("Microsoft.DBforPostgreSQL/flexibleServers")),
        ),
        "route-table": (resource_id("Network/routeTables", "routes"), located()),
        "route": (resource_id("Network/routeTables", "routes/routes/out"), {"properties": {"nextHopType": "Internet"}}),
        "zone": (ZONE, {"location": "global", "properties": {}}),
        "zone-link": (
            f"{ZONE}/virtualNetworkLinks/net",
            {"location": "global", "properties": {"virtualNetwork": {"id": NETWORK}, "registrationEnabled": False}},
        ),
        "zone-record": (f"{ZONE}/CNAME/alias", {"properties": {"ttl": 60, "cnameRecord": {"cname": "target.example"}}}),
        "public-zone": (resource_id("Network/dnsZones", "data.example.com"), {"location": "global", "properties": {}}),
        "public-record": (
            resource_id("Network/dnsZones", "data.example.com/A/www"),
            {"properties": {"TTL": 300, "ARecords": [{"ipv4Address": "203.0.113.1"}]}},
        ),
        "grant-key": grant(guid(USER, "principal"), ENCRYPTION_USER, VAULT),
        "account": (ACCOUNT, account_body(source=True)),
        "copy": (COPY, account_body(source=False)),
        "blob-service": (f"{ACCOUNT}/blobServices/default", blob_service()),
        "copy-service": (f"{COPY}/blobServices/default", blob_service()),
        "container": (CONTAINER, {"properties": {"publicAccess": "None"}}),
        "copy-container": (f"{COPY}/blobServices/default/containers/bronze", {"properties": {"publicAccess": "None"}}),
        "immutability": (
            f"{CONTAINER}/immutabilityPolicies/default",
            {"properties": {"immutabilityPeriodSinceCreationInDays": 7, "allowProtectedAppendWrites": True}},
        ),
        "lifecycle": (f"{ACCOUNT}/managementPolicies/default", lifecycle()),
        "local-user": (f"{ACCOUNT}/localUsers/loader", {"properties": {"hasSshKey": False, "permissionScopes": []}}),
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
            resource_id("Network/privateEndpoints", "path"),
            located(
                subnet={"id": f"{NETWORK}/subnets/paths"},
                privateLinkServiceConnections=[
                    {"name": "blob", "properties": {"privateLinkServiceId": ACCOUNT, "groupIds": ["blob"]}},
                ],
            ),
        ),
        "endpoint-zones": (
            resource_id("Network/privateEndpoints", "path/privateDnsZoneGroups/default"),
            {"properties": {"privateDnsZoneConfigs": [{"name": "blob", "properties": {"privateDnsZoneId": ZONE}}]}},
        ),
        "waf": (
            resource_id("Network/applicationGatewayWebApplicationFirewallPolicies", "waf"),
            located(
                managedRules={
                    "managedRuleSets": [{"ruleSetType": "Microsoft_DefaultRuleSet", "ruleSetVersion": "2.1"}]
                },
                customRules=[{"name": "rate", "priority": 10}, {"name": "bots", "priority": 20}],
            ),
        ),
        "entry": (resource_id("Network/applicationGateways", "entry"), gateway()),
        "watcher": (WATCHER, located()),
        "flow-log": (
            f"{WATCHER}/flowLogs/net",
            located(targetResourceId=NETWORK, storageId=ACCOUNT, enabled=True),
        ),
        "vpn": (
            resource_id("Network/virtualNetworkGateways", "vpn"),
            located(
                activeActive=False,
                sku={"name": "VpnGw1AZ", "tier": "VpnGw1AZ"},
                ipConfigurations=[
                    {"name": "one", "properties": {"subnet": {"id": f"{NETWORK}/subnets/GatewaySubnet"}}},
                ],
            ),
        ),
        "site": (resource_id("Network/localNetworkGateways", "site"), located(gatewayIpAddress="198.51.100.1")),
        "tunnel": (
            resource_id("Network/connections", "site"),
            located(
                connectionType="IPsec",
                virtualNetworkGateway1={"id": resource_id("Network/virtualNetworkGateways", "vpn")},
                localNetworkGateway2={"id": resource_id("Network/localNetworkGateways", "site")},
            ),
        ),
        "disks": (
            resource_id("Compute/diskEncryptionSets", "disks"),
            {
                "identity": IDENTITY,
                **located(activeKey={"keyUrl": KEY}, encryptionType="EncryptionAtRestWithCustomerKey"),
            },
        ),
        "registry": (
            resource_id("ContainerRegistry/registries", "worldregistry"),
            {
                "sku": {"name": "Premium"},
                "identity": IDENTITY,
                **located(
                    publicNetworkAccess="Disabled",
                    dataEndpointEnabled=True,
                    policies={"exportPolicy": {"status": "disabled"}},
                    encryption={"status": "enabled", "keyVaultProperties": {"keyIdentifier": KEY}},
                ),
            },
        ),
        "workspace": (WORKSPACE, located(sku={"name": "PerGB2018"}, retentionInDays=30)),
        "search": (
            f"{WORKSPACE}/savedSearches/refused",
            {"properties": {"category": "world", "displayName": "Refused", "query": "AzureActivity | take 1"}},
        ),
        "cluster": (CLUSTER, cluster_body()),
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
        "server": (SERVER, server_body()),
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
        "streams": (STREAMS, {"sku": {"name": "Premium", "tier": "Premium", "capacity": 1}, **located()}),
        "event-hub": (f"{STREAMS}/eventhubs/orders", {"properties": {"partitionCount": 3}}),
        "consumer-group": (f"{STREAMS}/eventhubs/orders/consumergroups/landing", {"properties": {}}),
        "streams-rule": (f"{STREAMS}/authorizationRules/reader", {"properties": {"rights": ["Listen"]}}),
        "streams-network": (f"{STREAMS}/networkRuleSets/default", {"properties": {"defaultAction": "Deny"}}),
        "cache": (
            CACHE,
            {"sku": {"name": "Balanced_B3"}, "identity": IDENTITY, **located(encryption=customer_key(VERSION))},
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
                **located(
                    storageSettings=[{"datastoreType": "VaultStore", "type": "GeoRedundant"}],
                    featureSettings={"crossRegionRestoreSettings": {"state": "Enabled"}},
                    securitySettings={
                        "immutabilitySettings": {"state": "Unlocked"},
                        "softDeleteSettings": {"state": "On"},
                    },
                ),
            },
        ),
        "backup-policy": (f"{BACKUP}/backupPolicies/weekly", policy()),
        "grant-backup": grant(guid(BACKUP, "identity"), DATABASE_BACKUP, SERVER),
        "backup-instance": (f"{BACKUP}/backupInstances/database", instance()),
        "action-group": (
            resource_id("Insights/actionGroups", "people"),
            {"location": "global", "properties": {"groupShortName": "people", "enabled": True}},
        ),
        "metric-alert": (resource_id("Insights/metricAlerts", "cpu"), alert()),
        "query-alert": (
            resource_id("Insights/scheduledQueryRules", "denied"),
            located(scopes=[WORKSPACE], criteria={"allOf": []}, evaluationFrequency="PT15M", windowSize="PT15M"),
        ),
        "activity-alert": (
            resource_id("Insights/activityLogAlerts", "health"),
            {
                "location": "global",
                "properties": {
                    "scopes": [GROUP],
                    "condition": {"allOf": [{"field": "category", "equals": "ResourceHealth"}]},
                    "actions": {"actionGroups": []},
                },
            },
        ),
        "solution": (
            resource_id("OperationsManagement/solutions", "SecurityCenterFree(world)"),
            located(workspaceResourceId=WORKSPACE),
        ),
        "export": (
            resource_id("Security/automations", "findings"),
            located(
                scopes=[{"scopePath": SUBSCRIPTION}],
                sources=[{"eventSource": "Alerts"}],
                actions=[{"actionType": "Workspace", "workspaceResourceId": WORKSPACE}],
            ),
        ),
        "defender": (
            f"{ACCOUNT}/providers/Microsoft.Security/defenderForStorageSettings/current",
            {"properties": {"isEnabled": True, "sensitiveDataDiscovery": {"isEnabled": True}}},
        ),
        "workbook": (
            resource_id("Insights/workbooks", guid("workbook")),
            {"kind": "shared", **located(displayName="world", serializedData="{}")},
        ),
        "processing-rule": (
            resource_id("AlertsManagement/actionRules", "urgent"),
            {"location": "global", "properties": {"scopes": [GROUP], "actions": [{"actionType": "AddActionGroups"}]}},
        ),
        "diagnostics": (
            f"{CLUSTER}/providers/Microsoft.Insights/diagnosticSettings/logs",
            {"properties": {"workspaceId": WORKSPACE, "logs": [{"category": "kube-audit", "enabled": True}]}},
        ),
        "budget": (f"{SUBSCRIPTION}/providers/Microsoft.Consumption/budgets/world", budget()),
        "workflow": (resource_id("Logic/workflows", "sleep"), located(definition={"triggers": {}, "actions": {}})),
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
        "grant-reader": grant(PEOPLE, READER, GROUP),
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


SAMPLES = _samples()
"""Name -> path and body. Use `copy.deepcopy` before changing a body."""
