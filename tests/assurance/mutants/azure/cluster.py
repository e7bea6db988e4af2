"""The cluster and its images (K8S-1 to K8S-11)."""

from tests.assurance.mutants import drop, mutant, put, remove

CLUSTER, SPOT = (
    ("azurerm_kubernetes_cluster", "cluster/control-plane"),
    ("azurerm_kubernetes_cluster_node_pool", "cluster/pool-spot"),
)
REGISTRY = ("azurerm_container_registry", "registry/registry")
ENTRA = "azure_active_directory_role_based_access_control"

MUTANTS = [
    mutant("K8S-1", "public API", put(*CLUSTER, "private_cluster_enabled", False), only="prod"),
    mutant(
        "K8S-1",
        "API open to the internet",
        put(*CLUSTER, "api_server_access_profile.authorized_ip_ranges", ["0.0.0.0/0"]),
    ),
    mutant(
        "K8S-1",
        "API server outside the network",
        put(*CLUSTER, "api_server_access_profile.virtual_network_integration_enabled", False),
    ),
    mutant("K8S-2", "unencrypted Kubernetes secrets", drop(*CLUSTER, "key_management_service")),
    mutant(
        "K8S-2",
        "Kubernetes secrets with the wrong key",
        put(*CLUSTER, "key_management_service.key_vault_key_id", "https://other/keys/x"),
    ),
    mutant(
        "K8S-3",
        "no audit log",
        put("azurerm_monitor_diagnostic_setting", "cluster/logs", "enabled_log", [{"category": "guard"}]),
    ),
    mutant("K8S-3", "control-plane logs disabled", remove("azurerm_monitor_diagnostic_setting", "cluster/logs")),
    mutant("K8S-4", "workload identity disabled", put(*CLUSTER, "workload_identity_enabled", False)),
    mutant("K8S-4", "OIDC issuer disabled", put(*CLUSTER, "oidc_issuer_enabled", False)),
    mutant("K8S-5", "local accounts enabled", put(*CLUSTER, "local_account_disabled", False)),
    mutant("K8S-5", "wrong admin group", put(*CLUSTER, f"{ENTRA}.admin_group_object_ids", ["x"])),
    mutant("K8S-5", "Azure RBAC disabled", put(*CLUSTER, f"{ENTRA}.azure_rbac_enabled", False)),
    mutant("K8S-5", "wrong tenant", put(*CLUSTER, f"{ENTRA}.tenant_id", "x")),
    mutant("K8S-5", "run command enabled", put(*CLUSTER, "run_command_enabled", True)),
    mutant("K8S-6", "node pool maximum too high", put(*SPOT, "max_count", 500)),
    mutant("K8S-6", "node pool minimum too high", put(*CLUSTER, "default_node_pool.min_count", 6)),
    mutant("K8S-6", "node pool without autoscaling", put(*SPOT, "auto_scaling_enabled", False)),
    mutant("K8S-6", "spot pool with on-demand nodes", put(*SPOT, "priority", "Regular")),
    mutant("K8S-6", "spot pool without taints", drop(*SPOT, "node_taints")),
    mutant("K8S-7", "outdated Kubernetes version", put(*CLUSTER, "kubernetes_version", "1.20")),
    mutant("K8S-7", "no automatic patches", drop(*CLUSTER, "automatic_upgrade_channel")),
    mutant("K8S-7", "no node image upgrades", put(*CLUSTER, "node_os_upgrade_channel", "None")),
    mutant("K8S-7", "no maintenance window", drop(*CLUSTER, "maintenance_window_auto_upgrade")),
    mutant("K8S-8", "network policies not enforced", drop(*CLUSTER, "network_profile.network_policy")),
    mutant("K8S-8", "wrong network data plane", put(*CLUSTER, "network_profile.network_data_plane", "azure")),
    mutant("K8S-9", "node disks with Azure's own key", drop(*CLUSTER, "disk_encryption_set_id")),
    mutant(
        "K8S-9",
        "node disks with the wrong key",
        put("azurerm_disk_encryption_set", "cluster/disks", "key_vault_key_id", "https://other/keys/x"),
    ),
    mutant("K8S-9", "host encryption disabled", put(*SPOT, "host_encryption_enabled", False)),
    mutant("K8S-9", "general-purpose node image", put(*CLUSTER, "default_node_pool.os_sku", "Ubuntu")),
    mutant("K8S-10", "registry admin account enabled", put(*REGISTRY, "admin_enabled", True)),
    mutant("K8S-10", "anonymous pull enabled", put(*REGISTRY, "anonymous_pull_enabled", True)),
    mutant("K8S-10", "registry with public network access", put(*REGISTRY, "public_network_access_enabled", True)),
    mutant("K8S-10", "registry with Azure's own key", drop(*REGISTRY, "encryption")),
    mutant(
        "K8S-10",
        "images not scanned",
        put("azurerm_security_center_subscription_pricing", "audit/detection-Containers", "extension", []),
    ),
    mutant("K8S-11", "cluster that anyone can delete", remove("azurerm_management_lock", "cluster/keep"), only="prod"),
    mutant(
        "K8S-11",
        "lock of the cluster against changes only",
        put("azurerm_management_lock", "cluster/keep", "lock_level", "ReadOnly"),
        only="prod",
    ),
]
