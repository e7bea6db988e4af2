"""The facts of Azure. Loads no CDK.

Sources of the refusals: the provider's own messages, as in tests/deployment/test_refusals.py; Microsoft Entra,
"Authentication and authorization error codes"; Azure Resource Manager, "Common deployment errors".
"""

from datetime import date

from terrace.azure import offline, permissions
from terrace.azure.existing import EXISTING
from terrace.capabilities.cloud import BOOTSTRAP, CloudException, Duration, Facts, Growing, Kept, Offline, Refusal

_LOGIN = "log in with `az login`, or set ARM_TENANT_ID, ARM_CLIENT_ID and ARM_CLIENT_SECRET or ARM_USE_OIDC"

_REFUSALS: tuple[Refusal, ...] = (
    Refusal(
        "expired",
        r"AADSTS(700082|70043|70008|7000222|50173|50078)|ExpiredAuthenticationToken",
        f"{_LOGIN}; renew an expired client secret in Entra",
    ),
    Refusal(
        "elsewhere",
        r"InvalidAuthenticationTokenTenant|SubscriptionNotFound|AADSTS90002|AADSTS700016"
        r"|[Ss]ubscription\W+[0-9a-f-]{36}\W.{0,20}\bnot found",
        "the environment's account is azure.tenant_id and azure.subscription_id: `az login --tenant`, `az account set`",
    ),
    Refusal("refused", r"AADSTS\d+|InvalidAuthenticationToken\b", _LOGIN),
    Refusal("missing", r"exec: \"az\": executable file not found|run 'az login'", _LOGIN),
    Refusal("missing", r"could not configure \w+ Authorizer|unable to build authorizer", _LOGIN),
    Refusal(
        "no state home",
        r"There is no storage account|ContainerNotFound|ResourceGroupNotFound|blob\.core\.windows\.net: no such host",
        BOOTSTRAP,
    ),
    Refusal(
        "denied",
        r"perform action '[\w./]+'|AuthorizationFailed|LinkedAuthorizationFailed|AuthorizationPermissionMismatch"
        r"|ForbiddenByRbac|ForbiddenByPolicy",
        "the required permissions are in policies/deploy/azure; a new role assignment takes minutes to take effect",
    ),
)

_EXCEPTIONS: tuple[CloudException, ...] = (
    CloudException(
        guarantee="OBS-1",
        reason="A Log Analytics workspace takes a customer-managed key only in a dedicated cluster of 100 GB a day or"
        " more.",
        compensation="Logs are encrypted with Azure's own keys; a copy of the activity log is in the audit bucket,"
        " under the environment's key.",
        source="Azure Monitor documentation, Customer-managed keys",
    ),
    CloudException(
        guarantee="SEC-1",
        reason="The VPN's pre-shared key has no write-only argument; Azure generates it, and the provider reads it into"
        " state.",
        compensation="It appears in no file or plan and is rotated in Azure; state is encrypted, and two identities can"
        " read it. The key opens a tunnel; firewall rules still filter its traffic.",
        source="Provider documentation, azurerm_virtual_network_gateway_connection, shared_key",
    ),
    CloudException(
        guarantee="K8S-4",
        reason="AKS has no setting that blocks pods from the nodes' metadata address.",
        compensation="Every namespace of a module denies this address by a network policy, which Cilium enforces;"
        " Kyverno's policy namespaces-have-network-policies requires one of the others, and only reports in dev."
        " The kubelet's identity may only pull images.",
        source="AKS documentation, Best practices for pod security",
    ),
    CloudException(
        guarantee="K8S-9",
        reason="The provider does not expose trusted launch (secure boot and measured boot) of node pools.",
        compensation="Azure Linux, minimal and patched weekly; host encryption and disks under the environment's key.",
        source="Provider documentation, azurerm_kubernetes_cluster_node_pool",
    ),
    CloudException(
        guarantee="K8S-10",
        reason="Tags become immutable image by image; no setting that a provider could manage covers a registry.",
        compensation="Kyverno's policy images-pinned-by-digest refuses images without a digest in staging and prod,"
        " where the module kyverno is enabled, and reports them in dev; only the pipeline may push.",
        source="ACR documentation, Lock a container image",
    ),
    CloudException(
        guarantee="DB-6",
        reason="Deleting a Flexible Server takes no final backup.",
        compensation="A management lock prevents deletion in staging and prod; the vault's last backup outlives"
        " the server.",
        source="Azure Database for PostgreSQL documentation, Backup and restore",
    ),
    CloudException(
        guarantee="BAK-1",
        reason="Vaulted backups of PostgreSQL run weekly at most, and those of blobs daily.",
        compensation="Point-in-time recovery covers the days between for the database (DB-5), object versions for"
        " the lake (LAKE-3).",
        source="Azure Backup documentation, support matrices for PostgreSQL Flexible Server and Azure Blobs",
    ),
    CloudException(
        guarantee="NET-8",
        reason="DNS queries are logged by a DNS security policy, for which the provider has no resource.",
        compensation="Nodes and services use Azure's own resolver, whose queries Defender for Servers inspects for"
        " exfiltration and known attackers (AUD-2); flow logs have every connection (NET-5).",
        source="Azure DNS documentation, DNS security policy; hashicorp/terraform-provider-azurerm, issue 28597",
    ),
    CloudException(
        guarantee="AUD-6",
        reason="Sign-ins without a second factor are in Entra's logs, which belong to the tenant: their export needs a"
        " role in the tenant and a licence, and an environment has rights in its subscription only.",
        compensation="The organisation's Conditional Access requires a second factor of identity.admin_group; the"
        " assignment of a role that can assign others raises a critical alarm.",
        source="Microsoft Entra documentation, Integrate Microsoft Entra logs with Azure Monitor logs",
    ),
    CloudException(
        guarantee="GOV-2",
        reason="Geo-redundant backups of database and vault go to the region that Azure pairs with the home region;"
        " few regions process action groups and activity-log alerts locally.",
        compensation="The paired region is in the home region's geography; the allowed regions include it and no other."
        " An action group is in the home region where possible, and holds only the recipients of alerts, an"
        " activity-log alert only its condition.",
        source="Azure documentation, Azure region pairs and nonpaired regions; Action groups",
    ),
)

_DURATIONS = (
    Duration(
        "azurerm_virtual_network_gateway",
        "create",
        60,
        "Azure provider, azurerm_virtual_network_gateway: between 30 minutes and 1 hour",
        date(2026, 12, 1),
    ),
)

_STATEFUL = """
    azurerm_container_registry azurerm_data_protection_backup_vault azurerm_eventhub azurerm_eventhub_namespace
    azurerm_key_vault azurerm_key_vault_key azurerm_key_vault_secret azurerm_kubernetes_cluster
    azurerm_log_analytics_workspace azurerm_managed_redis
    azurerm_postgresql_flexible_server azurerm_postgresql_flexible_server_database azurerm_recovery_services_vault
    azurerm_redis_cache azurerm_storage_account azurerm_storage_container azurerm_virtual_network
"""

FACTS = Facts(
    provider="hashicorp/azurerm",
    provider_versions=">= 5.2, < 6",  # 5.2 has every argument used; 4.x has other names for many of them
    tried_provider_versions=("5.2.0",),
    stateful=frozenset(_STATEFUL.split()),
    # A container under a locked policy can be deleted once it is empty. Source: Azure Storage, "Time-based retention
    # policies for immutable blob data".
    undeletable={"azurerm_storage_container_immutability_policy": "locked"},
    ignored_changes={
        "azurerm_key_vault_secret": frozenset({"content_type"}),
        "azurerm_kubernetes_cluster": frozenset({"default_node_pool[0].node_count"}),
        "azurerm_kubernetes_cluster_node_pool": frozenset({"node_count"}),
        "azurerm_postgresql_flexible_server": frozenset(
            {"zone", "high_availability[0].standby_availability_zone", "storage_mb"}
        ),
        "azurerm_virtual_network_gateway_connection": frozenset({"shared_key"}),
    },
    # Source: azurerm 5.2, azurerm_key_vault: an update is refused once the days are set; azurerm_key_vault_key: another
    # type forces a new key, whose name the deleted one keeps.
    existing=EXISTING,
    removed_first={"azurerm_management_lock": "azurerm_role_assignment"},
    made_again=frozenset({"azurerm_managed_redis_access_policy_assignment", "azurerm_role_assignment"}),
    kept={
        "azurerm_key_vault": (
            Kept("soft_delete_retention_days", "keys.deletion_window_days", "a vault keeps its retention"),
        ),
        "azurerm_key_vault_key": (Kept("key_type", "tier", "a key keeps its type"),),
    },
    volatile={},
    tag_maps={"*": ("tags",), "azurerm_kubernetes_cluster": ("tags", "default_node_pool[0].tags")},
    # AKS moves the count into new bounds, and azurerm refuses to change that of the system pool. Source: AKS
    # documentation, "Use the cluster autoscaler", on the minimum count; azurerm 5.2, `ExpandDefaultNodePool`.
    autoscaled={},
    growing={"azurerm_postgresql_flexible_server": Growing(size="storage_mb", unit="MB")},
    kubernetes_versions={
        "azurerm_kubernetes_cluster": ("current_kubernetes_version", "kubernetes_version"),
        "azurerm_kubernetes_cluster_node_pool": ("orchestrator_version", "orchestrator_version"),
    },
    postgresql_versions={"azurerm_postgresql_flexible_server": "version"},
    durations=_DURATIONS,
    exceptions=_EXCEPTIONS,
    refusals=_REFUSALS,
    offline=Offline(offline.VARIABLES, offline.credentials, offline.mocked),
    system_namespaces=("gatekeeper-system",),  # Azure Policy; everything else is in kube-system
    permission_files=permissions.files,
)
