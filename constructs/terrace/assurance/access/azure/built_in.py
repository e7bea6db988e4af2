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
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": "Reader",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "00482a5a-887f-4fb3-b363-3b7fe8e74483": "Key Vault Administrator",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "f1a07417-d97a-45cb-824c-7a7467783830": "Managed Identity Operator",
}
"""The ids of roles that an assignment may name by id, to their names."""
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
