"""AKS (K8S-1 to K8S-9, K8S-11)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.checks import Subject
from terrace.assurance.checks.azure import lookup
from terrace.assurance.checks.azure.lookup import logged, referenced, unset, uses
from terrace.assurance.evaluation import NotRequired, Observation, at_least, check, equal
from terrace.assurance.view import Resource
from terrace.azure import names
from terrace.calls import Absent
from terrace.capabilities.spec import present

_OTHER_WAYS_IN = (
    "http_application_routing_enabled", "http_proxy_config", "ingress_application_gateway", "web_app_routing",
    "aci_connector_linux", "custom_ca_trust_certificates_base64", "open_service_mesh_enabled", "service_mesh_profile",
)  # fmt: skip
"""Add-ons with an entry, an egress or an identity of their own, and certificates that nodes would trust."""
_LOG_TYPES = ("kube-apiserver", "kube-audit", "kube-controller-manager", "kube-scheduler", "guard")


def control_plane(stack: Subject) -> Resource:
    """The control plane. Raises Absent."""
    return stack.view.only("azurerm_kubernetes_cluster")


def _pools(stack: Subject) -> Iterator[tuple[str, Resource, dict[str, Any]]]:
    """Each pool of the environment: its name, its resource and its attributes. Raises Absent."""
    cluster = control_plane(stack)
    default = cluster.blocks("default_node_pool")
    pools: dict[str, tuple[Resource, dict[str, Any]]] = {str(one.get("name")): (cluster, one) for one in default}
    for pool in stack.view.pointing("azurerm_kubernetes_cluster_node_pool", "kubernetes_cluster_id", cluster):
        pools[str(pool.get("name"))] = (pool, pool.attributes)
    for name in stack.environment.pools:
        if name not in pools:
            raise Absent(f"no pool {name} of the cluster")
        yield name, *pools[name]


def _undeclared_pools(stack: Subject) -> list[Resource]:
    declared = stack.environment.pools
    return [pool for pool in stack.all("azurerm_kubernetes_cluster_node_pool") if pool.get("name") not in declared]


@check("K8S-1")
def api_access_restricted(stack: Subject) -> Iterator[Observation]:
    stack.own("cluster")
    cluster = control_plane(stack)
    ranges = sorted(stack.environment.api_ranges.values())
    yield equal(str(cluster), "private_cluster_enabled", bool(cluster.get("private_cluster_enabled")), not ranges)
    integrated = cluster.get("api_server_access_profile.virtual_network_integration_enabled")
    yield equal(str(cluster), "virtual_network_integration_enabled", integrated, True)
    cidrs = sorted(cluster.get("api_server_access_profile.authorized_ip_ranges") or [])
    yield equal(str(cluster), "authorized_ip_ranges", cidrs, ranges)
    yield from unset(cluster, *_OTHER_WAYS_IN)


@check("K8S-2")
def secrets_encrypted(stack: Subject) -> Iterator[Observation]:
    stack.own("cluster")
    cluster = control_plane(stack)
    key = cluster.get("key_management_service.key_vault_key_id")
    yield uses(stack, cluster, key, "key_management_service", "cluster")


@check("K8S-3")
def control_plane_logs_enabled(stack: Subject) -> Iterator[Observation]:
    stack.own("cluster")
    yield logged(stack, control_plane(stack), _LOG_TYPES)


@check("K8S-4")
def workload_identity_enabled(stack: Subject) -> Iterator[Observation]:
    stack.own("cluster")
    cluster = control_plane(stack)
    for name in ("oidc_issuer_enabled", "workload_identity_enabled"):
        yield equal(str(cluster), name, cluster.get(name), True)


@check("K8S-5")
def no_local_accounts(stack: Subject) -> Iterator[Observation]:
    stack.own("cluster")
    cluster, settings = control_plane(stack), names.settings(stack.target)
    yield equal(str(cluster), "local_account_disabled", cluster.get("local_account_disabled"), True)
    entra = "azure_active_directory_role_based_access_control"
    yield equal(str(cluster), "azure_rbac_enabled", cluster.get(f"{entra}.azure_rbac_enabled"), True)
    yield equal(str(cluster), "tenant_id", cluster.get(f"{entra}.tenant_id"), settings.tenant_id)
    groups = cluster.get(f"{entra}.admin_group_object_ids", [])
    yield equal(str(cluster), "admin_group_object_ids", groups, [settings.admin_group_id])
    yield equal(str(cluster), "run_command_enabled", cluster.get("run_command_enabled", True), False)


@check("K8S-6")
def node_pools_autoscale(stack: Subject) -> Iterator[Observation]:
    stack.own("cluster")
    for other in _undeclared_pools(stack):
        yield Observation(str(other), f"pool {other.get('name')}", False, "a pool of cluster.pools")
    for name, resource, pool in _pools(stack):
        spec, where = stack.environment.pools[name], f"{resource} {name}"
        yield equal(where, "auto_scaling_enabled", pool.get("auto_scaling_enabled"), True)
        least = (
            max(spec.min_nodes, 1) if pool.get("mode") is None else spec.min_nodes
        )  # AKS's system pool needs at least one node
        yield equal(where, "min_count", pool.get("min_count"), least)
        yield equal(where, "max_count", pool.get("max_count"), spec.max_nodes)
        if pool.get("mode") is not None:
            kind = "Spot" if spec.kind == "spot" else "Regular"
            yield equal(where, "priority", pool.get("priority", "Regular"), kind)
            if spec.dedicated:
                yield at_least(where, "taints", len(pool.get("node_taints") or []), 1)


@check("K8S-7")
def supported_version(stack: Subject) -> Iterator[Observation]:
    stack.own("cluster")
    cluster = control_plane(stack)
    yield equal(
        str(cluster),
        "kubernetes_version",
        cluster.get("kubernetes_version"),
        present(stack.environment.cluster).version,
    )
    channel = cluster.get("automatic_upgrade_channel")
    yield Observation(
        str(cluster), f"automatic_upgrade_channel = {channel}", channel in ("patch", "stable"), "patch or stable"
    )
    node_channel = cluster.get("node_os_upgrade_channel")
    yield Observation(
        str(cluster),
        f"node_os_upgrade_channel = {node_channel}",
        node_channel in ("NodeImage", "SecurityPatch"),
        "NodeImage",
    )
    for name in ("maintenance_window_auto_upgrade", "maintenance_window_node_os"):
        yield equal(str(cluster), f"{name}'s frequency", cluster.get(f"{name}.frequency"), "Weekly")


@check("K8S-8")
def network_policies_enforced(stack: Subject) -> Iterator[Observation]:
    stack.own("cluster")
    cluster = control_plane(stack)
    for name in ("network_policy", "network_data_plane"):
        yield equal(str(cluster), name, cluster.get(f"network_profile.{name}"), "cilium")


@check("K8S-9")
def nodes_hardened(stack: Subject) -> Iterator[Observation]:
    for disks in stack.all("azurerm_disk_encryption_set"):
        yield uses(stack, disks, disks.get("key_vault_key_id"), "key_vault_key_id", "disks")
    if stack.target.existing.cluster:  # its volumes have the set too
        return
    cluster = control_plane(stack)
    if referenced(stack, "azurerm_disk_encryption_set", cluster.get("disk_encryption_set_id")) is None:
        raise Absent("no azurerm_disk_encryption_set of the cluster")
    for name, resource, pool in _pools(stack):
        where = f"{resource} {name}"
        yield equal(where, "host_encryption_enabled", pool.get("host_encryption_enabled"), True)
        yield equal(where, "os_sku", pool.get("os_sku"), "AzureLinux")


@check("K8S-11")
def deletion_protection(stack: Subject) -> Iterator[Observation]:
    stack.own("cluster")
    if not present(stack.environment.cluster).deletion_protection:
        raise NotRequired("cluster.deletion_protection is false")
    cluster = control_plane(stack)
    locks = stack.view.pointing("azurerm_management_lock", "scope", cluster)
    yield at_least(str(cluster), "locks", len(locks), 1)
    for one in locks:
        yield from lookup.lock(stack, one, cluster)
