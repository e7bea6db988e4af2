"""The version of Resource Manager's API for each type: azurerm 5.2's, so that reads return what it wrote.

Source: "Azure resource reference".
"""

from collections.abc import Mapping

VERSIONS: Mapping[str, str] = {
    "Microsoft.AlertsManagement/actionRules": "2021-08-08",
    "Microsoft.Authorization/locks": "2020-05-01",
    "Microsoft.Authorization/policyAssignments": "2022-06-01",
    "Microsoft.Authorization/roleAssignments": "2022-04-01",
    "Microsoft.Authorization/roleDefinitions": "2022-04-01",
    "Microsoft.Cache/redisEnterprise": "2025-07-01",
    "Microsoft.Compute/diskEncryptionSets": "2022-03-02",
    "Microsoft.Compute/disks": "2023-04-02",
    "Microsoft.Compute/snapshots": "2022-03-02",
    "Microsoft.Compute/virtualMachines": "2024-03-01",
    "Microsoft.Consumption/budgets": "2019-10-01",
    "Microsoft.ContainerRegistry/registries": "2025-11-01",
    "Microsoft.ContainerService/managedClusters": "2025-10-01",
    "Microsoft.DBforPostgreSQL/flexibleServers": "2025-08-01",
    "Microsoft.DataProtection/backupVaults": "2025-07-01",
    "Microsoft.EventHub/namespaces": "2024-01-01",
    "Microsoft.Insights/actionGroups": "2023-01-01",
    "Microsoft.Insights/activityLogAlerts": "2020-10-01",
    "Microsoft.Insights/diagnosticSettings": "2021-05-01-preview",
    "Microsoft.Insights/eventtypes": "2015-04-01",
    "Microsoft.Insights/metricAlerts": "2018-03-01",
    "Microsoft.Insights/scheduledQueryRules": "2023-03-15-preview",
    "Microsoft.Insights/workbooks": "2022-04-01",
    "Microsoft.KeyVault": "2026-02-01",
    "Microsoft.Logic/workflows": "2019-05-01",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "2024-11-30",
    "Microsoft.Network": "2025-01-01",
    "Microsoft.Network/dnsZones": "2018-05-01",
    "Microsoft.Network/privateDnsZones": "2024-06-01",
    "Microsoft.OperationalInsights": "2025-07-01",
    "Microsoft.OperationalInsights/workspaces/savedSearches": "2020-08-01",
    "Microsoft.OperationsManagement/solutions": "2015-11-01-preview",
    "Microsoft.Resources": "2022-12-01",
    "Microsoft.Security/automations": "2019-01-01-preview",
    "Microsoft.Security/defenderForStorageSettings": "2025-06-01",
    "Microsoft.Security/pricings": "2023-01-01",
    "Microsoft.Security/securityContacts": "2017-08-01-preview",
    "Microsoft.Storage/storageAccounts": "2025-08-01",
}
"""Type to version. A type without an entry has the version of its parent type or namespace."""
_BY_TYPE = {type.lower(): version for type, version in VERSIONS.items()}


def kind(path: str) -> str:
    """The type of a path to a resource, a collection or an action: Microsoft.Network/virtualNetworks/subnets.

    The last `providers` decides.
    """
    parts = path.partition("?")[0].strip("/").split("/")
    lower = [part.lower() for part in parts]
    if "providers" not in lower:
        return f"Microsoft.Resources/{parts[(len(parts) - 1) // 2 * 2]}"
    at = len(lower) - 1 - lower[::-1].index("providers")
    return "/".join(parts[at + 1 : at + 2] + parts[at + 2 :: 2])


def version(path: str) -> str:
    """The version for a path. Raises KeyError for a namespace that is not in the table."""
    type = kind(path).lower()
    while type not in _BY_TYPE:
        above = type.rpartition("/")[0]
        if not above:
            raise KeyError(f"no API version for {kind(path)}")
        type = above
    return _BY_TYPE[type]
