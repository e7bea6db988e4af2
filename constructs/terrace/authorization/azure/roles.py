"""Azure's built-in roles as actions.

Source: Azure documentation, "Azure built-in roles", in the state of November 2026. Descriptions of reading
only (`.../read` on the control plane) are left out where they are narrower than the resource. Actions that begin with
`data ` are a data plane's. A role that is not in the table is unknown.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers"
ACCOUNTS = "Microsoft.Storage/storageAccounts"
VAULTS = "Microsoft.KeyVault/vaults"
CLUSTERS = "Microsoft.ContainerService/managedClusters"
SERVERS = "Microsoft.DBforPostgreSQL/flexibleServers"
IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"
STREAMS = "Microsoft.EventHub/namespaces"
NETWORK, ROLES = "Microsoft.Network", "Microsoft.Authorization"
DELEGATE = f"{ACCOUNTS}/blobServices/generateUserDelegationKey/action"
COMMON = (
    f"{ROLES}/*/read",
    "Microsoft.Resources/deployments/*",
    "Microsoft.Support/*",
    "Microsoft.Insights/alertRules/*",
)


@dataclass(frozen=True)
class Role:
    """What a role allows: an action that a pattern has, and no pattern of `but`. `*` stands for any text."""

    patterns: tuple[str, ...]
    but: tuple[str, ...] = ()

    def allows(self, action: str) -> bool:
        """Whether the role allows one action."""
        return matches(self.patterns, action) and not matches(self.but, action)


def each(prefix: str, actions: str) -> tuple[str, ...]:
    """Actions, separated by spaces, below a type."""
    return tuple(f"{prefix}/{action}" for action in actions.split())


BUILT_IN: Mapping[str, Role] = {
    "Owner": Role(("*",)),
    "Contributor": Role(
        ("*",),
        (
            f"{ROLES}/*/Delete",
            f"{ROLES}/*/Write",
            f"{ROLES}/elevateAccess/Action",
            "Microsoft.Blueprint/blueprintAssignments/write",
            "Microsoft.Blueprint/blueprintAssignments/delete",
            "Microsoft.Compute/galleries/share/action",
            "Microsoft.Purview/consents/write",
            "Microsoft.Purview/consents/delete",
        ),
    ),
    "Reader": Role(("*/read",)),
    "User Access Administrator": Role(("*/read", f"{ROLES}/*", "Microsoft.Support/*")),
    "Role Based Access Control Administrator": Role(
        ("*/read", *each(f"{ROLES}/roleAssignments", "write delete"), "Microsoft.Support/*")
    ),
    "Storage Blob Data Reader": Role((f"{CONTAINERS}/read", DELEGATE, f"data {BLOBS}/read")),
    "Storage Blob Data Contributor": Role(
        (
            *each(CONTAINERS, "delete read write"),
            DELEGATE,
            *each(f"data {BLOBS}", "delete read write move/action add/action"),
        )
    ),
    "Storage Blob Data Owner": Role((f"{CONTAINERS}/*", DELEGATE, f"data {BLOBS}/*")),
    "Storage Account Contributor": Role(
        (
            *COMMON,
            "Microsoft.Insights/diagnosticSettings/*",
            f"{ACCOUNTS}/*",
            f"{NETWORK}/virtualNetworks/subnets/joinViaServiceEndpoint/action",
        )
    ),
    "Storage Account Backup Contributor": Role(
        (
            *COMMON[:1],
            *each(f"{ROLES}/locks", "read write delete"),
            *each(f"{ACCOUNTS}/objectReplicationPolicies", "delete read write restorePointMarkers/write"),
            *each(f"{ACCOUNTS}/blobServices", "read write"),
            *each(CONTAINERS, "read write"),
            *each(ACCOUNTS, "read restoreBlobRanges/action"),
        )
    ),
    "Key Vault Administrator": Role((*COMMON, f"{VAULTS}/*/read", f"data {VAULTS}/*")),
    "Key Vault Contributor": Role(
        (*COMMON, "Microsoft.KeyVault/*"),
        each("Microsoft.KeyVault", "locations/deletedVaults/purge/action hsmPools/* managedHsms/*"),
    ),
    "Key Vault Certificates Officer": Role(
        (
            *COMMON,
            f"{VAULTS}/*/read",
            f"data {VAULTS}/certificatecas/*",
            f"data {VAULTS}/certificates/*",
            f"data {VAULTS}/certificatecontacts/write",
        )
    ),
    "Key Vault Crypto Officer": Role(
        (*COMMON, f"{VAULTS}/*/read", f"data {VAULTS}/keys/*", f"data {VAULTS}/keyrotationpolicies/*")
    ),
    "Key Vault Reader": Role(
        (
            "Microsoft.KeyVault/checkNameAvailability/read",
            *each("Microsoft.KeyVault", "deletedVaults/read locations/*/read vaults/*/read operations/read"),
            f"data {VAULTS}/*/read",
            f"data {VAULTS}/secrets/readMetadata/action",
        )
    ),
    "Key Vault Crypto Service Encryption User": Role(
        (
            "Microsoft.EventGrid/eventSubscriptions/write",
            "Microsoft.EventGrid/eventSubscriptions/read",
            "Microsoft.EventGrid/eventSubscriptions/delete",
            *each(f"data {VAULTS}/keys", "read wrap/action unwrap/action"),
        )
    ),
    "Key Vault Crypto User": Role(
        each(
            f"data {VAULTS}/keys",
            "read update/action backup/action encrypt/action decrypt/action wrap/action unwrap/action sign/action"
            " verify/action",
        )
    ),
    "Key Vault Secrets Officer": Role((*COMMON, f"{VAULTS}/*/read", f"data {VAULTS}/secrets/*")),
    "Key Vault Secrets User": Role(each(f"data {VAULTS}/secrets", "getSecret/action readMetadata/action")),
    "Azure Event Hubs Data Receiver": Role(
        (f"{STREAMS}/eventhubs/consumergroups/read", f"data {STREAMS}/messages/receive/action")
    ),
    "Azure Event Hubs Data Sender": Role((f"{STREAMS}/eventhubs/read", f"data {STREAMS}/messages/send/action")),
    "Azure Event Hubs Data Owner": Role((f"{STREAMS}/*", f"data {STREAMS}/*")),
    "Network Contributor": Role((*COMMON, f"{NETWORK}/*")),
    "DNS Zone Contributor": Role((*COMMON, f"{NETWORK}/dnsZones/*")),
    "Private DNS Zone Contributor": Role(
        (
            *COMMON,
            f"{NETWORK}/privateDnsZones/*",
            f"{NETWORK}/privateDnsOperationResults/*",
            f"{NETWORK}/privateDnsOperationStatuses/*",
            f"{NETWORK}/virtualNetworks/read",
            f"{NETWORK}/virtualNetworks/join/action",
        )
    ),
    "Managed Identity Operator": Role((*COMMON, f"{IDENTITIES}/*/read", f"{IDENTITIES}/*/assign/action")),
    "Managed Identity Contributor": Role((*COMMON, *each(IDENTITIES, "read write delete"))),
    "AcrPull": Role(("Microsoft.ContainerRegistry/registries/pull/read",)),
    "AcrPush": Role(each("Microsoft.ContainerRegistry/registries", "pull/read push/write")),
    "Disk Snapshot Contributor": Role(
        (
            *COMMON[:1],
            *each("Microsoft.Compute/snapshots", "delete write read beginGetAccess/action endGetAccess/action"),
            "Microsoft.Compute/disks/beginGetAccess/action",
            *each(ACCOUNTS, "listkeys/action write read delete"),
        )
    ),
    "PostgreSQL Flexible Server Long Term Retention Backup Role": Role(
        each(SERVERS, "ltrBackupOperations/read ltrPreBackup/action startLtrBackup/action")
    ),
    "Azure Kubernetes Service RBAC Cluster Admin": Role(
        (*COMMON[:1], f"{CLUSTERS}/listClusterUserCredential/action", f"data {CLUSTERS}/*")
    ),
    "Azure Kubernetes Service RBAC Reader": Role(
        each(
            f"data {CLUSTERS}",
            "apps/deployments/read batch/jobs/read configmaps/read events/read namespaces/read pods/read services/read",
        )
    ),
    "Azure Kubernetes Service Cluster User Role": Role(
        each(CLUSTERS, "listClusterUserCredential/action read")
    ),
    "Azure Kubernetes Service Cluster Admin Role": Role(
        each(CLUSTERS, "listClusterAdminCredential/action accessProfiles/listCredential/action read")
    ),
}  # fmt: skip
GUIDS: Mapping[str, str] = {
    "a638d3c7-ab3a-418d-83e6-5f17a39d4fde": "Azure Event Hubs Data Receiver",
    "2b629674-e913-4c01-ae53-ef4638d8f975": "Azure Event Hubs Data Sender",
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": "Reader",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
    "7f951dda-4ed3-4680-a7ca-43fe172d538d": "AcrPull",
    "8311e382-0749-4cb8-b61a-304f252e45ec": "AcrPush",
    "3498e952-d568-435e-9b2c-8d77e338d7f7": "Azure Kubernetes Service RBAC Admin",
    "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b": "Azure Kubernetes Service RBAC Cluster Admin",
    "7f6c6a51-bcf8-42ba-9220-52d62157d7db": "Azure Kubernetes Service RBAC Reader",
    "a7ffa36f-339b-4b5c-8bdf-e2c188b2c0eb": "Azure Kubernetes Service RBAC Writer",
    "4abbcc35-e782-43d8-92c5-2d3f1bd2253f": "Azure Kubernetes Service Cluster User Role",
    "3e5e47e6-65f7-47ef-90b5-e5dd4d455f24": "Disk Backup Reader",
    "7efff54f-a5b4-42b5-a1c5-5411624893ce": "Disk Snapshot Contributor",
    "befefa01-2a29-4197-83a8-272ff33ce314": "DNS Zone Contributor",
    "00482a5a-887f-4fb3-b363-3b7fe8e74483": "Key Vault Administrator",
    "a4417e6f-fecd-4de8-b567-7b0420556985": "Key Vault Certificates Officer",
    "f25e0fa2-a7c8-4377-a976-54943a77a395": "Key Vault Contributor",
    "14b46e9e-c2b7-41b4-b07b-48a6ebf60603": "Key Vault Crypto Officer",
    "e147488a-f6f5-4113-8e2d-b22465e65bf6": "Key Vault Crypto Service Encryption User",
    "12338af0-0e69-4776-bea7-57ae8d297424": "Key Vault Crypto User",
    "21090545-7ca7-4776-b22c-e363652d74d2": "Key Vault Reader",
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "Key Vault Secrets Officer",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "73c42c96-874c-492b-b04d-ab87d138a893": "Log Analytics Reader",
    "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59": "Managed Identity Contributor",
    "f1a07417-d97a-45cb-824c-7a7467783830": "Managed Identity Operator",
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
    "43d0d8ad-25c7-4714-9337-8ba259a9fe05": "Monitoring Reader",
    "4d97b98b-1d4f-4787-a291-c67834d212e7": "Network Contributor",
    "c088a766-074b-43ba-90d4-1fb21feae531": "PostgreSQL Flexible Server Long Term Retention Backup Role",
    "b12aa53e-6015-4669-85d0-8515ebb3ae7f": "Private DNS Zone Contributor",
    "e5e2a7ff-d759-4cd2-bb51-3152d37e2eb1": "Storage Account Backup Contributor",
    "17d1049b-9a84-46fb-8f53-869881c3d3ab": "Storage Account Contributor",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader",
}
"""The ids of built-in roles to their names, as far as data platforms use them."""
PRIVILEGED = frozenset(
    guid
    for guid, name in GUIDS.items()
    if name in ("Owner", "User Access Administrator", "Role Based Access Control Administrator")
)
"""Roles whose holder can assign any other role. Source: "Azure built-in roles", Privileged."""


@lru_cache(maxsize=65536)
def matches(patterns: tuple[str, ...], action: str) -> bool:
    """Whether an action has one of the patterns."""
    return any(_compiled(pattern).fullmatch(action) is not None for pattern in patterns)


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    """`*` stands for any text on the control plane; a data plane's patterns begin with `data `."""
    any_text = ".*" if pattern.startswith("data ") else "(?!data ).*"
    return re.compile(any_text.join(re.escape(part) for part in pattern.split("*")), re.IGNORECASE)
