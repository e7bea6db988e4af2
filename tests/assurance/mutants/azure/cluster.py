"""The cluster and its images (K8S-1 to K8S-10)."""

from tests.assurance.mutants import drop, mutant, put, remove

CLUSTER, SPOT = (
    ("azurerm_kubernetes_cluster", "cluster/control-plane"),
    ("azurerm_kubernetes_cluster_node_pool", "cluster/pool-spot"),
)
REGISTRY = ("azurerm_container_registry", "registry/registry")
ENTRA = "azure_active_directory_role_based_access_control"

MUTANTS = [
    mutant("K8S-1", "API is public", put(*CLUSTER, "private_cluster_enabled", False), only="prod"),
    mutant(
        "K8S-1", "API for any range", put(*CLUSTER, "api_server_access_profile.authorized_ip_ranges", ["0.0.0.0/0"])
    ),
    mutant(
        "K8S-1",
        "API outside the network",
        put(*CLUSTER, "api_server_access_profile.virtual_network_integration_enabled", False),
    ),
    mutant("K8S-2", "secrets in the clear", drop(*CLUSTER, "key_management_service")),
    mutant(
        "K8S-2",
        "secrets under another key",
        put(*CLUSTER, "key_management_service.key_vault_key_id", "https://other/keys/x"),
    ),
    mutant(
        "K8S-3",
        "no audit log",
        put("azurerm_monitor_diagnostic_setting", "cluster/logs", "enabled_log", [{"category": "guard"}]),
    ),
    mutant("K8S-3", "no logs", remove("azurerm_monitor_diagnostic_setting", "cluster/logs")),
    mutant("K8S-4", "no workload identity", put(*CLUSTER, "workload_identity_enabled", False)),
    mutant("K8S-4", "no issuer", put(*CLUSTER, "oidc_issuer_enabled", False)),
    mutant("K8S-5", "local accounts", put(*CLUSTER, "local_account_disabled", False)),
    mutant("K8S-5", "another group administers", put(*CLUSTER, f"{ENTRA}.admin_group_object_ids", ["x"])),
    mutant("K8S-5", "Azure's roles do not count", put(*CLUSTER, f"{ENTRA}.azure_rbac_enabled", False)),
    mutant("K8S-5", "another tenant", put(*CLUSTER, f"{ENTRA}.tenant_id", "x")),
    mutant("K8S-5", "commands by the back door", put(*CLUSTER, "run_command_enabled", True)),
    mutant("K8S-6", "a pool without a ceiling", put(*SPOT, "max_count", 500)),
    mutant("K8S-6", "a pool that is never small", put(*CLUSTER, "default_node_pool.min_count", 6)),
    mutant("K8S-6", "a pool that does not scale", put(*SPOT, "auto_scaling_enabled", False)),
    mutant("K8S-6", "spot at full price", put(*SPOT, "priority", "Regular")),
    mutant("K8S-6", "anything lands on spot", drop(*SPOT, "node_taints")),
    mutant("K8S-7", "an old version", put(*CLUSTER, "kubernetes_version", "1.20")),
    mutant("K8S-7", "no patches", drop(*CLUSTER, "automatic_upgrade_channel")),
    mutant("K8S-7", "no new images", put(*CLUSTER, "node_os_upgrade_channel", "None")),
    mutant("K8S-7", "patched at any time", drop(*CLUSTER, "maintenance_window_auto_upgrade")),
    mutant("K8S-8", "network policies are only words", drop(*CLUSTER, "network_profile.network_policy")),
    mutant("K8S-8", "another data plane", put(*CLUSTER, "network_profile.network_data_plane", "azure")),
    mutant("K8S-9", "disks under Azure's own key", drop(*CLUSTER, "disk_encryption_set_id")),
    mutant(
        "K8S-9",
        "disks under another key",
        put("azurerm_disk_encryption_set", "cluster/disks", "key_vault_key_id", "https://other/keys/x"),
    ),
    mutant("K8S-9", "hosts in the clear", put(*SPOT, "host_encryption_enabled", False)),
    mutant("K8S-9", "a fat image", put(*CLUSTER, "default_node_pool.os_sku", "Ubuntu")),
    mutant("K8S-10", "an admin with a password", put(*REGISTRY, "admin_enabled", True)),
    mutant("K8S-10", "anybody pulls", put(*REGISTRY, "anonymous_pull_enabled", True)),
    mutant("K8S-10", "a public registry", put(*REGISTRY, "public_network_access_enabled", True)),
    mutant("K8S-10", "images under Azure's own key", drop(*REGISTRY, "encryption")),
    mutant(
        "K8S-10",
        "images are not scanned",
        put("azurerm_security_center_subscription_pricing", "audit/detection-Containers", "extension", []),
    ),
]
