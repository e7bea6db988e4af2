"""The permissions of the custom roles for storage, and those to apply, as a custom role. Loads no CDK."""

import json
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import NamedTuple

ARM_TYPES: Mapping[str, str] = {
    "azurerm_application_gateway": "Microsoft.Network/applicationGateways",
    "azurerm_automation_account": "Microsoft.Automation/automationAccounts",
    "azurerm_container_registry": "Microsoft.ContainerRegistry/registries",
    "azurerm_data_protection_backup_policy_blob_storage": "Microsoft.DataProtection/backupVaults/*/backupPolicies",
    "azurerm_data_protection_backup_policy_data_lake_storage": "Microsoft.DataProtection/backupVaults/*/backupPolicies",
    "azurerm_data_protection_backup_policy_postgresql_flexible_server": (
        "Microsoft.DataProtection/backupVaults/*/backupPolicies"
    ),
    "azurerm_data_protection_backup_vault": "Microsoft.DataProtection/backupVaults",
    "azurerm_disk_encryption_set": "Microsoft.Compute/diskEncryptionSets",
    "azurerm_dns_zone": "Microsoft.Network/dnsZones",
    "azurerm_eventhub_namespace": "Microsoft.EventHub/namespaces",
    "azurerm_key_vault": "Microsoft.KeyVault/vaults",
    "azurerm_kubernetes_cluster": "Microsoft.ContainerService/managedClusters",
    "azurerm_local_network_gateway": "Microsoft.Network/localNetworkGateways",
    "azurerm_log_analytics_workspace": "Microsoft.OperationalInsights/workspaces",
    "azurerm_logic_app_workflow": "Microsoft.Logic/workflows",
    "azurerm_managed_redis": "Microsoft.Cache/redisEnterprise",
    "azurerm_monitor_action_group": "Microsoft.Insights/actionGroups",
    "azurerm_nat_gateway": "Microsoft.Network/natGateways",
    "azurerm_network_security_group": "Microsoft.Network/networkSecurityGroups",
    "azurerm_postgresql_flexible_server": "Microsoft.DBforPostgreSQL/flexibleServers",
    "azurerm_private_dns_zone": "Microsoft.Network/privateDnsZones",
    "azurerm_public_ip": "Microsoft.Network/publicIPAddresses",
    "azurerm_storage_account": "Microsoft.Storage/storageAccounts",
    "azurerm_storage_container": "Microsoft.Storage/storageAccounts/*/blobServices/default/containers",
    "azurerm_subnet": "Microsoft.Network/virtualNetworks/*/subnets",
    "azurerm_user_assigned_identity": "Microsoft.ManagedIdentity/userAssignedIdentities",
    "azurerm_virtual_network": "Microsoft.Network/virtualNetworks",
    "azurerm_virtual_network_gateway": "Microsoft.Network/virtualNetworkGateways",
    "azurerm_web_application_firewall_policy": "Microsoft.Network/applicationGatewayWebApplicationFirewallPolicies",
}
"""Resource types to those of the Resource Manager, as in ids; `*` is the name of the resource above."""

_CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers"


class Permissions(NamedTuple):
    """Actions on resources, and data actions on what they contain."""

    actions: tuple[str, ...]
    data_actions: tuple[str, ...]


WRITE_BLOBS = Permissions(
    (f"{_CONTAINERS}/read",),
    tuple(f"{_CONTAINERS}/blobs/{action}" for action in ("add/action", "delete", "move/action", "read", "write")),
)
"""To read, create, change, rename and delete files and directories in an existing container, with flat and with
hierarchical namespaces: Put Blob, Put Block, Put Block List, Append Block, Copy Blob, Lease Blob, Set Blob Metadata and
Path Create need `blobs/write` or `blobs/add/action`, renaming a path needs `blobs/move/action`.

The built-in Storage Blob Data Contributor has `containers/delete`, `containers/write` and `generateUserDelegationKey`
too. The second also covers leases and metadata of the container, legal holds, Undelete Blob and Blob Batch; ABFS needs
none of these in a container that exists. The third has no effect on a container, only on an account. Sources: Azure
Storage REST API, "Authorize with Microsoft Entra ID", permissions for Blob service operations; Azure Storage
documentation, "Actions and attributes for Azure role assignment conditions for Azure Blob Storage"; Hadoop
documentation, "Azure Blob Storage REST API (Blob Endpoint)", the operations of ABFS.
"""
SNAPSHOT_VOLUMES = Permissions(
    (
        *(f"Microsoft.Compute/disks/{action}" for action in ("beginGetAccess/action", "endGetAccess/action", "read")),
        *(f"Microsoft.Compute/snapshots/{action}" for action in ("delete", "read", "write")),
    ),
    (),
)
"""To take, read and delete snapshots of disks. The built-in Disk Snapshot Contributor may also change and delete
storage accounts and list their keys. Source: Velero's plugin for Microsoft Azure, "Specify Role"."""
CREATE_BLOBS = Permissions((), (f"{_CONTAINERS}/blobs/add/action",))
"""To create blobs, without reading, replacing or leasing any. Source: as for WRITE_BLOBS."""
WRITE_STATE = Permissions((), tuple(f"{_CONTAINERS}/blobs/{action}" for action in ("add/action", "read", "write")))
"""To read, lease and write Terraform's state; a lease needs `blobs/write`. Source: as for WRITE_BLOBS."""

_ALWAYS = {"Microsoft.Resources/subscriptions": "read", "Microsoft.Storage/storageAccounts": "read"}
STATE = {"Microsoft.Storage/storageAccounts/blobServices/containers/blobs": "add/action delete read write"}
"""In the storage account of remote state: the state blob, leased while in use."""


def files(types: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """File name to content: a custom role, as `az role definition create --role-definition` takes it.

    `types` maps a resource type to Resource Manager types and their verbs; a Resource Manager type that begins with
    `data ` is a data plane's.
    """
    pairs = list(chain(*(verbs.items() for verbs in types.values())))
    data = [(kind.removeprefix("data "), verbs) for kind, verbs in pairs if kind.startswith("data ")]
    role = {
        "Name": "Terrace deploy",
        "IsCustom": True,
        "Description": "Creates, changes and deletes the resources of Terrace's stacks, and nothing else.",
        "Actions": _joined([*_ALWAYS.items(), *(pair for pair in pairs if not pair[0].startswith("data "))]),
        "NotActions": [],
        "DataActions": _joined([*STATE.items(), *data]),
        "NotDataActions": [],
        "AssignableScopes": ["/subscriptions/00000000-0000-0000-0000-000000000000"],
    }
    return {"role.json": json.dumps(role, indent=2) + "\n"}


def _joined(pairs: Iterable[tuple[str, str]]) -> list[str]:
    return sorted({f"{kind}/{verb}" for kind, verbs in pairs for verb in verbs.split()})
