"""Actions of Azure's roles as the model's verbs on kinds of objects."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from terrace.assurance.access.model import Verb
from terrace.authorization.azure.roles import (
    ACCOUNTS,
    BLOBS,
    CLUSTERS,
    COMMON,
    CONTAINERS,
    DELEGATE,
    IDENTITIES,
    NETWORK,
    ROLES,
    SERVERS,
    STREAMS,
    VAULTS,
    Role,
    each,
    matches,
)

PROBES: Mapping[str, Mapping[Verb, tuple[str, ...]]] = {
    "lake": {
        "read-data": (f"data {BLOBS}/read",),
        "write-data": (
            *each(f"data {BLOBS}", "write delete add/action move/action deleteBlobVersion/action tags/write"),
            f"data {BLOBS}/permanentDelete/action",
            f"data {BLOBS}/immutableStorage/runAsSuperUser/action",
        ),
        "change-policy": each(f"data {BLOBS}", "manageOwnership/action modifyPermissions/action"),
        "delete": (f"{ACCOUNTS}/delete", f"{CONTAINERS}/delete"),
        "operate": (
            *each(ACCOUNTS, "write listKeys/action regenerateKey/action listAccountSas/action"),
            f"{ACCOUNTS}/managementPolicies/write",
            *each(ACCOUNTS, "objectReplicationPolicies/write objectReplicationPolicies/delete localUsers/write"),
            *each(ACCOUNTS, "objectReplicationPolicies/restorePointMarkers/write restoreBlobRanges/action"),
            f"{ACCOUNTS}/blobServices/write",
            *each(CONTAINERS, "write immutabilityPolicies/write immutabilityPolicies/delete clearLegalHold/action"),
        ),
        "view": (f"{ACCOUNTS}/read", f"{CONTAINERS}/read", DELEGATE),
    },
    "secrets": {
        "read-secret": each(f"data {VAULTS}/secrets", "getSecret/action backup/action"),
        "write-secret": (
            *each(f"data {VAULTS}/secrets", "setSecret/action update/action restore/action recover/action"),
            f"{VAULTS}/secrets/write",
        ),
        "delete": each(f"data {VAULTS}/secrets", "delete purge/action"),
        "view": (f"data {VAULTS}/secrets/readMetadata/action",),
    },
    "certificates": {
        "operate": (
            *each(f"data {VAULTS}/certificates", "create/action import/action"),
            f"data {VAULTS}/certificatecas/write",
        ),
        "delete": each(f"data {VAULTS}/certificates", "delete purge/action"),
        "view": (f"data {VAULTS}/certificates/read",),
    },
    "keys": {
        "decrypt": each(f"data {VAULTS}/keys", "decrypt/action unwrap/action release/action"),
        "encrypt": each(f"data {VAULTS}/keys", "encrypt/action wrap/action sign/action"),
        "change-keys": (
            *each(f"data {VAULTS}/keys", "create/action import/action rotate/action update/action restore/action"),
            *each(f"data {VAULTS}", "keys/backup/action keys/recover/action keyrotationpolicies/write"),
            f"{VAULTS}/keys/write",
        ),
        "change-policy": (f"{VAULTS}/accessPolicies/write",),
        "operate": each(VAULTS, "write deploy/action privateEndpointConnectionsApproval/action"),
        "delete": (*each(f"data {VAULTS}/keys", "delete purge/action"), f"{VAULTS}/delete"),
        "view": each(f"data {VAULTS}", "keys/read keyrotationpolicies/read"),
    },
    "database": {
        "read-data": each(SERVERS, "startLtrBackup/action ltrPreBackup/action"),
        "change-policy": each(SERVERS, "administrators/write administrators/delete"),
        "change-network": each(SERVERS, "firewallRules/write"),
        "operate": each(SERVERS, "write start/action stop/action restart/action configurations/write"),
        "delete": each(SERVERS, "delete databases/delete"),
        "view": (f"{SERVERS}/read",),
    },
    "cache": {
        "change-policy": ("Microsoft.Cache/redisEnterprise/databases/accessPolicyAssignments/write",),
        "operate": each("Microsoft.Cache/redisEnterprise", "write databases/listKeys/action databases/export/action"),
        "delete": each("Microsoft.Cache/redisEnterprise", "delete databases/delete"),
        "view": ("Microsoft.Cache/redisEnterprise/read",),
    },
    "streams": {
        "read-data": (f"data {STREAMS}/messages/receive/action",),
        "write-data": (f"data {STREAMS}/messages/send/action",),
        "operate": each(STREAMS, "write authorizationRules/write authorizationRules/listKeys/action eventhubs/write"),
        "delete": each(STREAMS, "delete eventhubs/delete"),
        "view": each(STREAMS, "read eventhubs/read eventhubs/consumergroups/read"),
    },
    "registry": {
        "read-data": ("Microsoft.ContainerRegistry/registries/pull/read",),
        "write-data": each("Microsoft.ContainerRegistry/registries", "push/write importImage/action"),
        "operate": each("Microsoft.ContainerRegistry/registries", "write listCredentials/action tokens/write"),
        "delete": each("Microsoft.ContainerRegistry/registries", "delete artifacts/delete"),
        "view": ("Microsoft.ContainerRegistry/registries/read",),
    },
    "identities": {
        "pass": each(IDENTITIES, "assign/action x/assign/action"),
        "change-policy": each(IDENTITIES, "federatedIdentityCredentials/write"),
        "operate": each(IDENTITIES, "write delete"),
        "view": (f"{IDENTITIES}/read",),
    },
    "network": {
        "change-network": (
            *each(f"{NETWORK}/networkSecurityGroups", "write delete securityRules/write securityRules/delete"),
            *each(f"{NETWORK}/virtualNetworks", "write delete peer/action subnets/write subnets/delete"),
            *each(NETWORK, "routeTables/write routeTables/routes/write natGateways/write publicIPAddresses/write"),
            *each(NETWORK, "privateEndpoints/write networkInterfaces/write loadBalancers/write"),
            *each(NETWORK, "virtualNetworkGateways/write localNetworkGateways/write connections/write"),
        ),
        "operate": each(f"{NETWORK}/virtualNetworks", "subnets/join/action join/action"),
        "view": (f"{NETWORK}/virtualNetworks/read",),
    },
    "dns": {
        "change-network": (
            *each(f"{NETWORK}/dnsZones", "write delete A/write TXT/write CNAME/write"),
            *each(f"{NETWORK}/privateDnsZones", "write delete A/write CNAME/write virtualNetworkLinks/write"),
        ),
        "view": each(NETWORK, "dnsZones/read privateDnsZones/read"),
    },
    "entry": {
        "operate": each(NETWORK, "applicationGateways/write ApplicationGatewayWebApplicationFirewallPolicies/write"),
        "view": (f"{NETWORK}/applicationGateways/read",),
    },
    "detection": {
        "change-detection": (
            *each("Microsoft.Insights", "diagnosticSettings/write diagnosticSettings/delete metricAlerts/write"),
            *each("Microsoft.Insights", "scheduledQueryRules/write actionGroups/write actionGroups/delete"),
            *each("Microsoft.Security", "pricings/write securityContacts/write securityContacts/delete"),
            *each("Microsoft.OperationalInsights/workspaces", "write delete"),
            *each(f"{NETWORK}/networkWatchers", "flowLogs/write flowLogs/delete"),
            *each("Microsoft.AlertsManagement", "actionRules/write actionRules/delete"),
        ),
        "view": each("Microsoft.OperationalInsights/workspaces", "read"),
    },
    "backups": {
        "operate": each(
            "Microsoft.DataProtection/backupVaults", "write backupInstances/write backupInstances/restore/action"
        ),
        "delete": each("Microsoft.DataProtection/backupVaults", "delete backupInstances/delete"),
        "view": ("Microsoft.DataProtection/backupVaults/read",),
    },
    "volumes": {
        "operate": (
            *each("Microsoft.Compute/snapshots", "write delete beginGetAccess/action endGetAccess/action"),
            *each("Microsoft.Compute/disks", "write delete beginGetAccess/action endGetAccess/action"),
            "Microsoft.Compute/diskEncryptionSets/write",
        ),
        "view": each("Microsoft.Compute", "disks/read snapshots/read diskEncryptionSets/read"),
    },
    "kubernetes": {
        "administer": (
            f"data {CLUSTERS}/rbac.authorization.k8s.io/clusterrolebindings/write",
            *each(CLUSTERS, "listClusterAdminCredential/action accessProfiles/listCredential/action"),
            f"{CLUSTERS}/runCommand/action",
        ),
        "read-secret": (f"data {CLUSTERS}/secrets/read",),
        "operate": (
            *each(f"data {CLUSTERS}", "apps/deployments/write pods/write pods/exec/action"),
            *each(CLUSTERS, "write agentPools/write start/action stop/action delete"),
        ),
        "view": (f"data {CLUSTERS}/pods/read", *each(CLUSTERS, "read listClusterUserCredential/action")),
    },
    "roles": {"change-policy": each(f"{ROLES}/roleAssignments", "write delete")},
    "policies": {
        "change-policy": (
            *each(ROLES, "roleDefinitions/write roleDefinitions/delete locks/write locks/delete"),
            *each(ROLES, "policyAssignments/write policyAssignments/delete policyExemptions/write"),
            f"{ROLES}/elevateAccess/action",
        ),
    },
    "costs": {"operate": ("Microsoft.Consumption/budgets/write", "Microsoft.Consumption/budgets/delete")},
}  # fmt: skip
"""Kind of object to its verbs, each with the actions that allow it."""
_WITHOUT_EFFECT = (
    *COMMON,
    "*/read",
    "Microsoft.EventGrid/eventSubscriptions/*",
    "Microsoft.Network/privateDnsOperation*",
    f"data {CLUSTERS}/*/read",
    f"data {VAULTS}/keys/verify/action",
    f"data {VAULTS}/certificatecontacts/write",
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
        if not any(matches((pattern,), action) for action in probes) and not matches(_WITHOUT_EFFECT, pattern)
    ]
    return tuple(sorted({pattern.removeprefix("data ").partition("/")[0] for pattern in left}))
