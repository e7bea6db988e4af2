"""Azure's built-in roles as actions, and actions as the model's verbs on kinds of objects.

Source of the roles: Azure documentation, "Azure built-in roles", in the state of November 2026. Descriptions of reading
only (`.../read` on the control plane) are left out where they are narrower than the resource. Actions that begin with
`data ` are a data plane's. A role that is not in the table is unknown.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from terrace.assurance.access.model import Verb

_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
_CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers"
_ACCOUNTS = "Microsoft.Storage/storageAccounts"
_VAULTS = "Microsoft.KeyVault/vaults"
_CLUSTERS = "Microsoft.ContainerService/managedClusters"
_SERVERS = "Microsoft.DBforPostgreSQL/flexibleServers"
_IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"
_NETWORK, _ROLES = "Microsoft.Network", "Microsoft.Authorization"
_DELEGATE = f"{_ACCOUNTS}/blobServices/generateUserDelegationKey/action"
_COMMON = (
    f"{_ROLES}/*/read",
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
        return _any(self.patterns, action) and not _any(self.but, action)


def _each(prefix: str, actions: str) -> tuple[str, ...]:
    return tuple(f"{prefix}/{action}" for action in actions.split())


BUILT_IN: Mapping[str, Role] = {
    "Owner": Role(("*",)),
    "Contributor": Role(
        ("*",),
        (
            f"{_ROLES}/*/Delete",
            f"{_ROLES}/*/Write",
            f"{_ROLES}/elevateAccess/Action",
            "Microsoft.Blueprint/blueprintAssignments/write",
            "Microsoft.Blueprint/blueprintAssignments/delete",
            "Microsoft.Compute/galleries/share/action",
            "Microsoft.Purview/consents/write",
            "Microsoft.Purview/consents/delete",
        ),
    ),
    "Reader": Role(("*/read",)),
    "User Access Administrator": Role(("*/read", f"{_ROLES}/*", "Microsoft.Support/*")),
    "Role Based Access Control Administrator": Role(
        ("*/read", *_each(f"{_ROLES}/roleAssignments", "write delete"), "Microsoft.Support/*")
    ),
    "Storage Blob Data Reader": Role((f"{_CONTAINERS}/read", _DELEGATE, f"data {_BLOBS}/read")),
    "Storage Blob Data Contributor": Role(
        (
            *_each(_CONTAINERS, "delete read write"),
            _DELEGATE,
            *_each(f"data {_BLOBS}", "delete read write move/action add/action"),
        )
    ),
    "Storage Blob Data Owner": Role((f"{_CONTAINERS}/*", _DELEGATE, f"data {_BLOBS}/*")),
    "Storage Account Contributor": Role(
        (
            *_COMMON,
            "Microsoft.Insights/diagnosticSettings/*",
            f"{_ACCOUNTS}/*",
            f"{_NETWORK}/virtualNetworks/subnets/joinViaServiceEndpoint/action",
        )
    ),
    "Storage Account Backup Contributor": Role(
        (
            *_COMMON[:1],
            *_each(f"{_ROLES}/locks", "read write delete"),
            *_each(f"{_ACCOUNTS}/objectReplicationPolicies", "delete read write restorePointMarkers/write"),
            *_each(f"{_ACCOUNTS}/blobServices", "read write"),
            *_each(_CONTAINERS, "read write"),
            *_each(_ACCOUNTS, "read restoreBlobRanges/action"),
        )
    ),
    "Key Vault Administrator": Role((*_COMMON, f"{_VAULTS}/*/read", f"data {_VAULTS}/*")),
    "Key Vault Contributor": Role(
        (*_COMMON, "Microsoft.KeyVault/*"),
        _each("Microsoft.KeyVault", "locations/deletedVaults/purge/action hsmPools/* managedHsms/*"),
    ),
    "Key Vault Certificates Officer": Role(
        (
            *_COMMON,
            f"{_VAULTS}/*/read",
            f"data {_VAULTS}/certificatecas/*",
            f"data {_VAULTS}/certificates/*",
            f"data {_VAULTS}/certificatecontacts/write",
        )
    ),
    "Key Vault Crypto Officer": Role(
        (*_COMMON, f"{_VAULTS}/*/read", f"data {_VAULTS}/keys/*", f"data {_VAULTS}/keyrotationpolicies/*")
    ),
    "Key Vault Reader": Role(
        (
            "Microsoft.KeyVault/checkNameAvailability/read",
            *_each("Microsoft.KeyVault", "deletedVaults/read locations/*/read vaults/*/read operations/read"),
            f"data {_VAULTS}/*/read",
            f"data {_VAULTS}/secrets/readMetadata/action",
        )
    ),
    "Key Vault Crypto Service Encryption User": Role(
        (
            "Microsoft.EventGrid/eventSubscriptions/write",
            "Microsoft.EventGrid/eventSubscriptions/read",
            "Microsoft.EventGrid/eventSubscriptions/delete",
            *_each(f"data {_VAULTS}/keys", "read wrap/action unwrap/action"),
        )
    ),
    "Key Vault Crypto User": Role(
        _each(
            f"data {_VAULTS}/keys",
            "read update/action backup/action encrypt/action decrypt/action wrap/action unwrap/action sign/action"
            " verify/action",
        )
    ),
    "Key Vault Secrets Officer": Role((*_COMMON, f"{_VAULTS}/*/read", f"data {_VAULTS}/secrets/*")),
    "Key Vault Secrets User": Role(_each(f"data {_VAULTS}/secrets", "getSecret/action readMetadata/action")),
    "Network Contributor": Role((*_COMMON, f"{_NETWORK}/*")),
    "DNS Zone Contributor": Role((*_COMMON, f"{_NETWORK}/dnsZones/*")),
    "Private DNS Zone Contributor": Role(
        (
            *_COMMON,
            f"{_NETWORK}/privateDnsZones/*",
            f"{_NETWORK}/privateDnsOperationResults/*",
            f"{_NETWORK}/privateDnsOperationStatuses/*",
            f"{_NETWORK}/virtualNetworks/read",
            f"{_NETWORK}/virtualNetworks/join/action",
        )
    ),
    "Managed Identity Operator": Role((*_COMMON, f"{_IDENTITIES}/*/read", f"{_IDENTITIES}/*/assign/action")),
    "Managed Identity Contributor": Role((*_COMMON, *_each(_IDENTITIES, "read write delete"))),
    "AcrPull": Role(("Microsoft.ContainerRegistry/registries/pull/read",)),
    "AcrPush": Role(_each("Microsoft.ContainerRegistry/registries", "pull/read push/write")),
    "Disk Snapshot Contributor": Role(
        (
            *_COMMON[:1],
            *_each("Microsoft.Compute/snapshots", "delete write read beginGetAccess/action endGetAccess/action"),
            "Microsoft.Compute/disks/beginGetAccess/action",
            *_each(_ACCOUNTS, "listkeys/action write read delete"),
        )
    ),
    "PostgreSQL Flexible Server Long Term Retention Backup Role": Role(
        _each(_SERVERS, "ltrBackupOperations/read ltrPreBackup/action startLtrBackup/action")
    ),
    "Azure Kubernetes Service RBAC Cluster Admin": Role(
        (*_COMMON[:1], f"{_CLUSTERS}/listClusterUserCredential/action", f"data {_CLUSTERS}/*")
    ),
    "Azure Kubernetes Service RBAC Reader": Role(
        _each(
            f"data {_CLUSTERS}",
            "apps/deployments/read batch/jobs/read configmaps/read events/read namespaces/read pods/read services/read",
        )
    ),
    "Azure Kubernetes Service Cluster User Role": Role(
        _each(_CLUSTERS, "listClusterUserCredential/action read")
    ),
    "Azure Kubernetes Service Cluster Admin Role": Role(
        _each(_CLUSTERS, "listClusterAdminCredential/action accessProfiles/listCredential/action read")
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

PROBES: Mapping[str, Mapping[Verb, tuple[str, ...]]] = {
    "lake": {
        "read-data": (f"data {_BLOBS}/read",),
        "write-data": (
            *_each(f"data {_BLOBS}", "write delete add/action move/action deleteBlobVersion/action tags/write"),
            f"data {_BLOBS}/permanentDelete/action",
            f"data {_BLOBS}/immutableStorage/runAsSuperUser/action",
        ),
        "change-policy": _each(f"data {_BLOBS}", "manageOwnership/action modifyPermissions/action"),
        "delete": (f"{_ACCOUNTS}/delete", f"{_CONTAINERS}/delete"),
        "operate": (
            *_each(_ACCOUNTS, "write listKeys/action regenerateKey/action listAccountSas/action"),
            f"{_ACCOUNTS}/managementPolicies/write",
            *_each(_ACCOUNTS, "objectReplicationPolicies/write objectReplicationPolicies/delete localUsers/write"),
            *_each(_ACCOUNTS, "objectReplicationPolicies/restorePointMarkers/write restoreBlobRanges/action"),
            f"{_ACCOUNTS}/blobServices/write",
            *_each(_CONTAINERS, "write immutabilityPolicies/write immutabilityPolicies/delete clearLegalHold/action"),
        ),
        "view": (f"{_ACCOUNTS}/read", f"{_CONTAINERS}/read", _DELEGATE),
    },
    "secrets": {
        "read-secret": _each(f"data {_VAULTS}/secrets", "getSecret/action backup/action"),
        "write-secret": (
            *_each(f"data {_VAULTS}/secrets", "setSecret/action update/action restore/action recover/action"),
            f"{_VAULTS}/secrets/write",
        ),
        "delete": _each(f"data {_VAULTS}/secrets", "delete purge/action"),
        "view": (f"data {_VAULTS}/secrets/readMetadata/action",),
    },
    "certificates": {
        "operate": (
            *_each(f"data {_VAULTS}/certificates", "create/action import/action"),
            f"data {_VAULTS}/certificatecas/write",
        ),
        "delete": _each(f"data {_VAULTS}/certificates", "delete purge/action"),
        "view": (f"data {_VAULTS}/certificates/read",),
    },
    "keys": {
        "decrypt": _each(f"data {_VAULTS}/keys", "decrypt/action unwrap/action release/action"),
        "encrypt": _each(f"data {_VAULTS}/keys", "encrypt/action wrap/action sign/action"),
        "change-keys": (
            *_each(f"data {_VAULTS}/keys", "create/action import/action rotate/action update/action restore/action"),
            *_each(f"data {_VAULTS}", "keys/backup/action keys/recover/action keyrotationpolicies/write"),
            f"{_VAULTS}/keys/write",
        ),
        "change-policy": (f"{_VAULTS}/accessPolicies/write",),
        "operate": _each(_VAULTS, "write deploy/action privateEndpointConnectionsApproval/action"),
        "delete": (*_each(f"data {_VAULTS}/keys", "delete purge/action"), f"{_VAULTS}/delete"),
        "view": _each(f"data {_VAULTS}", "keys/read keyrotationpolicies/read"),
    },
    "database": {
        "read-data": _each(_SERVERS, "startLtrBackup/action ltrPreBackup/action"),
        "change-policy": _each(_SERVERS, "administrators/write administrators/delete"),
        "change-network": _each(_SERVERS, "firewallRules/write"),
        "operate": _each(_SERVERS, "write start/action stop/action restart/action configurations/write"),
        "delete": _each(_SERVERS, "delete databases/delete"),
        "view": (f"{_SERVERS}/read",),
    },
    "cache": {
        "change-policy": ("Microsoft.Cache/redisEnterprise/databases/accessPolicyAssignments/write",),
        "operate": _each("Microsoft.Cache/redisEnterprise", "write databases/listKeys/action databases/export/action"),
        "delete": _each("Microsoft.Cache/redisEnterprise", "delete databases/delete"),
        "view": ("Microsoft.Cache/redisEnterprise/read",),
    },
    "registry": {
        "read-data": ("Microsoft.ContainerRegistry/registries/pull/read",),
        "write-data": _each("Microsoft.ContainerRegistry/registries", "push/write importImage/action"),
        "operate": _each("Microsoft.ContainerRegistry/registries", "write listCredentials/action tokens/write"),
        "delete": _each("Microsoft.ContainerRegistry/registries", "delete artifacts/delete"),
        "view": ("Microsoft.ContainerRegistry/registries/read",),
    },
    "identities": {
        "pass": _each(_IDENTITIES, "assign/action x/assign/action"),
        "change-policy": _each(_IDENTITIES, "federatedIdentityCredentials/write"),
        "operate": _each(_IDENTITIES, "write delete"),
        "view": (f"{_IDENTITIES}/read",),
    },
    "network": {
        "change-network": (
            *_each(f"{_NETWORK}/networkSecurityGroups", "write delete securityRules/write securityRules/delete"),
            *_each(f"{_NETWORK}/virtualNetworks", "write delete peer/action subnets/write subnets/delete"),
            *_each(_NETWORK, "routeTables/write routeTables/routes/write natGateways/write publicIPAddresses/write"),
            *_each(_NETWORK, "privateEndpoints/write networkInterfaces/write loadBalancers/write"),
            *_each(_NETWORK, "virtualNetworkGateways/write localNetworkGateways/write connections/write"),
        ),
        "operate": _each(f"{_NETWORK}/virtualNetworks", "subnets/join/action join/action"),
        "view": (f"{_NETWORK}/virtualNetworks/read",),
    },
    "dns": {
        "change-network": (
            *_each(f"{_NETWORK}/dnsZones", "write delete A/write TXT/write CNAME/write"),
            *_each(f"{_NETWORK}/privateDnsZones", "write delete A/write CNAME/write virtualNetworkLinks/write"),
        ),
        "view": _each(_NETWORK, "dnsZones/read privateDnsZones/read"),
    },
    "entry": {
        "operate": _each(_NETWORK, "applicationGateways/write ApplicationGatewayWebApplicationFirewallPolicies/write"),
        "view": (f"{_NETWORK}/applicationGateways/read",),
    },
    "detection": {
        "change-detection": (
            *_each("Microsoft.Insights", "diagnosticSettings/write diagnosticSettings/delete metricAlerts/write"),
            *_each("Microsoft.Insights", "scheduledQueryRules/write actionGroups/write actionGroups/delete"),
            *_each("Microsoft.Security", "pricings/write securityContacts/write securityContacts/delete"),
            *_each("Microsoft.OperationalInsights/workspaces", "write delete"),
            *_each(f"{_NETWORK}/networkWatchers", "flowLogs/write flowLogs/delete"),
            *_each("Microsoft.AlertsManagement", "actionRules/write actionRules/delete"),
        ),
        "view": _each("Microsoft.OperationalInsights/workspaces", "read"),
    },
    "backups": {
        "operate": _each(
            "Microsoft.DataProtection/backupVaults", "write backupInstances/write backupInstances/restore/action"
        ),
        "delete": _each("Microsoft.DataProtection/backupVaults", "delete backupInstances/delete"),
        "view": ("Microsoft.DataProtection/backupVaults/read",),
    },
    "volumes": {
        "operate": (
            *_each("Microsoft.Compute/snapshots", "write delete beginGetAccess/action endGetAccess/action"),
            *_each("Microsoft.Compute/disks", "write delete beginGetAccess/action endGetAccess/action"),
            "Microsoft.Compute/diskEncryptionSets/write",
        ),
        "view": _each("Microsoft.Compute", "disks/read snapshots/read diskEncryptionSets/read"),
    },
    "kubernetes": {
        "administer": (
            f"data {_CLUSTERS}/rbac.authorization.k8s.io/clusterrolebindings/write",
            *_each(_CLUSTERS, "listClusterAdminCredential/action accessProfiles/listCredential/action"),
            f"{_CLUSTERS}/runCommand/action",
        ),
        "read-secret": (f"data {_CLUSTERS}/secrets/read",),
        "operate": (
            *_each(f"data {_CLUSTERS}", "apps/deployments/write pods/write pods/exec/action"),
            *_each(_CLUSTERS, "write agentPools/write start/action stop/action delete"),
        ),
        "view": (f"data {_CLUSTERS}/pods/read", *_each(_CLUSTERS, "read listClusterUserCredential/action")),
    },
    "roles": {"change-policy": _each(f"{_ROLES}/roleAssignments", "write delete")},
    "policies": {
        "change-policy": (
            *_each(_ROLES, "roleDefinitions/write roleDefinitions/delete locks/write locks/delete"),
            *_each(_ROLES, "policyAssignments/write policyAssignments/delete policyExemptions/write"),
            f"{_ROLES}/elevateAccess/action",
        ),
    },
    "costs": {"operate": ("Microsoft.Consumption/budgets/write", "Microsoft.Consumption/budgets/delete")},
}  # fmt: skip
"""Kind of object to its verbs, each with the actions that allow it."""
_WITHOUT_EFFECT = (
    *_COMMON,
    "*/read",
    "Microsoft.EventGrid/eventSubscriptions/*",
    "Microsoft.Network/privateDnsOperation*",
    f"data {_CLUSTERS}/*/read",
    f"data {_VAULTS}/keys/verify/action",
    f"data {_VAULTS}/certificatecontacts/write",
)
"""Patterns that change nothing of the platform by themselves. A deployment needs the rights of what it deploys."""


def custom(permissions: Iterable[Mapping[str, object]]) -> Role:
    """A custom role, from the blocks `permissions` of its definition."""
    allowed: list[str] = []
    but: list[str] = []
    for block in permissions:
        for name, into, prefix in (
            ("actions", allowed, ""), ("data_actions", allowed, "data "),
            ("not_actions", but, ""), ("not_data_actions", but, "data "),
        ):  # fmt: skip
            listed = block.get(name)
            into += [f"{prefix}{action}" for action in (listed if isinstance(listed, list) else [])]
    return Role(tuple(allowed), tuple(but))


@lru_cache(maxsize=512)
def verbs(role: Role) -> Mapping[str, frozenset[Verb]]:
    """Kind to the verbs that a role allows on its objects."""
    return {
        kind: frozenset(verb for verb, actions in probes.items() if any(role.allows(action) for action in actions))
        for kind, probes in PROBES.items()
    }


@lru_cache(maxsize=512)
def others(role: Role) -> tuple[str, ...]:
    """Providers whose resources a role changes, and that no kind covers."""
    probes = [action for kind in PROBES.values() for actions in kind.values() for action in actions]
    left = [
        pattern
        for pattern in role.patterns
        if not any(_any((pattern,), action) for action in probes) and not _any(_WITHOUT_EFFECT, pattern)
    ]
    return tuple(sorted({pattern.removeprefix("data ").partition("/")[0] for pattern in left}))


@lru_cache(maxsize=65536)
def _any(patterns: tuple[str, ...], action: str) -> bool:
    return any(_compiled(pattern).fullmatch(action) is not None for pattern in patterns)


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    """`*` stands for any text on the control plane; a data plane's patterns begin with `data `."""
    any_text = ".*" if pattern.startswith("data ") else "(?!data ).*"
    return re.compile(any_text.join(re.escape(part) for part in pattern.split("*")), re.IGNORECASE)
