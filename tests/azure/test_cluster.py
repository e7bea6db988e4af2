"""AKS on Azure (K8S-1 to K8S-9)."""

import pytest

from terrace.azure.cluster import _LOGS
from terrace.azure.nodes import pool_name
from terrace.errors import ContractError
from tests.azure.conftest import ENVIRONMENTS


def server(stack):
    return stack.one("azurerm_kubernetes_cluster", "cluster/control-plane")


def pools(stack):
    return {
        path.removeprefix("cluster/pool-"): pool for path, pool in stack.all("azurerm_kubernetes_cluster_node_pool")
    }


def test_only_dev_has_public_access_from_named_ranges(azure):  # K8S-1
    dev = server(azure("dev"))
    assert dev["private_cluster_enabled"] is False
    assert dev["api_server_access_profile"]["authorized_ip_ranges"] == ["203.0.113.0/24"]
    for environment in ("staging", "prod"):
        private = server(azure(environment))
        assert private["private_cluster_enabled"] is True
        assert private["private_cluster_public_fqdn_enabled"] is False
        assert "authorized_ip_ranges" not in private["api_server_access_profile"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_api_server_is_in_the_network(azure, environment):  # K8S-1
    profile = server(azure(environment))["api_server_access_profile"]
    assert profile["virtual_network_integration_enabled"] is True
    assert profile["subnet_id"].endswith("/subnets/control")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_secrets_are_encrypted_with_the_clusters_key(azure, environment):  # K8S-2
    stack = azure(environment)
    service = server(stack)["key_management_service"]
    assert stack.resolve(service["key_vault_key_id"]) == "keys/cluster"
    assert service["key_vault_key_id"].endswith(".id}")  # with its version, as AKS requires
    assert service["key_vault_network_access"] == "Private"
    may = stack.one("azurerm_role_assignment", "cluster/may-use-the-key")
    assert (may["role_definition_name"], may["scope"].rsplit("/", 1)[1]) == ("Key Vault Crypto User", "cluster")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_control_plane_writes_all_logs(azure, environment):  # K8S-3
    stack = azure(environment)
    setting = stack.one("azurerm_monitor_diagnostic_setting", "cluster/logs")
    assert stack.resolve(setting["target_resource_id"]) == "cluster/control-plane"
    assert {log["category"] for log in setting["enabled_log"]} == set(_LOGS)
    assert {"kube-audit", "kube-apiserver", "guard"} <= set(_LOGS)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_pods_use_workload_identity(azure, environment):  # K8S-4
    stack = azure(environment)
    assert server(stack)["oidc_issuer_enabled"] is True
    assert server(stack)["workload_identity_enabled"] is True
    issuers = {
        body["issuer"]
        for path, body in stack.all("azurerm_federated_identity_credential")
        if not path.startswith("pipelines/")
    }
    (issuer,) = issuers
    assert stack.resolve(issuer) == "cluster/control-plane"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_kubelet_may_only_pull_images(azure, environment):  # K8S-4
    stack = azure(environment)
    roles = [
        body["role_definition_name"]
        for _, body in stack.all("azurerm_role_assignment")
        if "user_assigned_identity" in body["principal_id"] and stack.resolve(body["principal_id"]) == "cluster/kubelet"
    ]
    assert roles == ["AcrPull"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_people_authenticate_with_entra_only(azure, environment):  # K8S-5
    cluster = server(azure(environment))
    assert cluster["local_account_disabled"] is True
    assert cluster["run_command_enabled"] is False
    entra = cluster["azure_active_directory_role_based_access_control"]
    assert entra["azure_rbac_enabled"] is True
    assert entra["admin_group_object_ids"] == ["00000000-0000-4000-8000-000000000003"]


def test_pools_scale_within_the_environments_bounds(azure):  # K8S-6
    system = server(azure("prod"))["default_node_pool"]
    assert (system["min_count"], system["max_count"], system["auto_scaling_enabled"]) == (3, 6, True)
    assert system["only_critical_addons_enabled"] is True
    bounds = {name: (pool["min_count"], pool["max_count"]) for name, pool in pools(azure("prod")).items()}
    assert bounds == {"general": (3, 12), "spot": (0, 12), "gpu": (0, 4)}
    dev = server(azure("dev"))["default_node_pool"]
    assert (dev["min_count"], dev["max_count"]) == (1, 2)
    assert dev["only_critical_addons_enabled"] is False


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_spot_nodes_are_spot_and_tainted(azure, environment):  # K8S-6
    spot = pools(azure(environment))["spot"]
    assert (spot["priority"], spot["eviction_policy"], spot["spot_max_price"]) == ("Spot", "Delete", -1)
    assert spot["node_taints"] == ["kubernetes.azure.com/scalesetpriority=spot:NoSchedule"]
    assert "upgrade_settings" not in spot  # Azure rejects them for spot


def test_gpu_nodes_are_tainted_and_have_their_driver(azure):  # K8S-6
    gpu = pools(azure("prod"))["gpu"]
    assert gpu["node_taints"] == ["nvidia.com/gpu=present:NoSchedule"]
    assert gpu["gpu_driver"] == "Install"
    assert gpu["vm_size"] == "Standard_NC8as_T4_v3"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_patches_are_automatic_within_a_window(azure, environment):  # K8S-7
    stack = azure(environment)
    cluster = server(stack)
    assert cluster["kubernetes_version"] == "1.35"
    for pool in (cluster["default_node_pool"], *pools(stack).values()):
        assert pool["orchestrator_version"] == "1.35"
    assert (cluster["automatic_upgrade_channel"], cluster["node_os_upgrade_channel"]) == ("patch", "NodeImage")
    for window in ("maintenance_window_auto_upgrade", "maintenance_window_node_os"):
        assert (cluster[window]["frequency"], cluster[window]["start_time"]) == ("Weekly", "03:00")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_network_policies_are_enforced(azure, environment):  # K8S-8
    profile = server(azure(environment))["network_profile"]
    assert profile["network_policy"] == profile["network_data_plane"] == "cilium"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_nodes_are_encrypted_and_minimal(azure, environment):  # K8S-9
    stack = azure(environment)
    assert stack.resolve(server(stack)["disk_encryption_set_id"]) == "cluster/disks"
    assert stack.one("azurerm_disk_encryption_set", "cluster/disks")["key_vault_key_id"].endswith("/keys/disks")
    for pool in (server(stack)["default_node_pool"], *pools(stack).values()):
        assert pool["host_encryption_enabled"] is True
        assert pool["os_sku"] == "AzureLinux"


def test_a_pool_name_that_is_too_long_is_an_error():
    assert pool_name("spot-small") == "spotsmall"
    with pytest.raises(ContractError, match="AKS allows 12"):
        pool_name("general-purpose")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_cluster_has_a_lock_where_the_environment_asks_for_it(azure, environment):  # K8S-11
    stack = azure(environment)
    locks = {path: lock for path, lock in stack.all("azurerm_management_lock") if path == "cluster/keep"}
    assert bool(locks) is (environment != "dev")
    for lock in locks.values():
        assert stack.resolve(lock["scope"]) == "cluster/control-plane"
        assert lock["lock_level"] == "CanNotDelete"
