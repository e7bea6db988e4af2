"""AKS (K8S-1 to K8S-9)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.checks import Subject
from terrace.assurance.checks.azure.lookup import logged, meant, uses
from terrace.assurance.evaluation import Absent, Observation, at_least, check, equal
from terrace.assurance.view import Resource
from terrace.azure import names

_LOG_TYPES = ("kube-apiserver", "kube-audit", "kube-controller-manager", "kube-scheduler", "guard")


def cluster(stack: Subject) -> Resource:
    """The control plane. Raises Absent."""
    return stack.view.only("azurerm_kubernetes_cluster")


def _pools(stack: Subject) -> Iterator[tuple[str, Resource, dict[str, Any]]]:
    """Each pool of the environment: its name, its resource and its attributes. Raises Absent."""
    found = cluster(stack)
    default = found.blocks("default_node_pool")
    known: dict[str, tuple[Resource, dict[str, Any]]] = {str(one.get("name")): (found, one) for one in default}
    for pool in stack.view.pointing("azurerm_kubernetes_cluster_node_pool", "kubernetes_cluster_id", found):
        known[str(pool.get("name"))] = (pool, pool.attributes)
    for name in stack.environment.cluster.pools:
        if name not in known:
            raise Absent(f"no pool {name} of the cluster")
        yield name, *known[name]


@check("K8S-1")
def private_api(stack: Subject) -> Iterator[Observation]:
    found = cluster(stack)
    ranges = sorted(stack.environment.cluster.api_access.public_from.values())
    yield equal(str(found), "private_cluster_enabled", bool(found.get("private_cluster_enabled")), not ranges)
    inside = found.get("api_server_access_profile.virtual_network_integration_enabled")
    yield equal(str(found), "virtual_network_integration_enabled", inside, True)
    named = sorted(found.get("api_server_access_profile.authorized_ip_ranges") or [])
    yield equal(str(found), "authorized_ip_ranges", named, ranges)


@check("K8S-2")
def secrets_encrypted(stack: Subject) -> Iterator[Observation]:
    found = cluster(stack)
    key = found.get("key_management_service.key_vault_key_id")
    yield uses(stack, found, key, "key_management_service", "cluster")


@check("K8S-3")
def control_plane_logged(stack: Subject) -> Iterator[Observation]:
    yield logged(stack, cluster(stack), _LOG_TYPES)


@check("K8S-4")
def workload_identity(stack: Subject) -> Iterator[Observation]:
    found = cluster(stack)
    for name in ("oidc_issuer_enabled", "workload_identity_enabled"):
        yield equal(str(found), name, found.get(name), True)


@check("K8S-5")
def organisation_only(stack: Subject) -> Iterator[Observation]:
    found, settings = cluster(stack), names.settings(stack.target)
    yield equal(str(found), "local_account_disabled", found.get("local_account_disabled"), True)
    entra = "azure_active_directory_role_based_access_control"
    yield equal(str(found), "azure_rbac_enabled", found.get(f"{entra}.azure_rbac_enabled"), True)
    yield equal(str(found), "tenant_id", found.get(f"{entra}.tenant_id"), settings.tenant_id)
    groups = found.get(f"{entra}.admin_group_object_ids", [])
    yield equal(str(found), "admin_group_object_ids", groups, [settings.admin_group_id])
    yield equal(str(found), "run_command_enabled", found.get("run_command_enabled", True), False)


@check("K8S-6")
def pools_scale(stack: Subject) -> Iterator[Observation]:
    for name, resource, pool in _pools(stack):
        spec, where = stack.environment.cluster.pools[name], f"{resource} {name}"
        yield equal(where, "auto_scaling_enabled", pool.get("auto_scaling_enabled"), True)
        least = (
            max(spec.min_nodes, 1) if pool.get("mode") is None else spec.min_nodes
        )  # AKS's first pool is never empty
        yield equal(where, "min_count", pool.get("min_count"), least)
        yield equal(where, "max_count", pool.get("max_count"), spec.max_nodes)
        if pool.get("mode") is not None:
            kind = "Spot" if spec.kind == "spot" else "Regular"
            yield equal(where, "priority", pool.get("priority", "Regular"), kind)
            if spec.dedicated:
                yield at_least(where, "taints", len(pool.get("node_taints") or []), 1)


@check("K8S-7")
def supported_and_patched(stack: Subject) -> Iterator[Observation]:
    found = cluster(stack)
    yield equal(str(found), "kubernetes_version", found.get("kubernetes_version"), stack.environment.cluster.version)
    channel = found.get("automatic_upgrade_channel")
    yield Observation(
        str(found), f"automatic_upgrade_channel = {channel}", channel in ("patch", "stable"), "patch or stable"
    )
    images = found.get("node_os_upgrade_channel")
    yield Observation(
        str(found), f"node_os_upgrade_channel = {images}", images in ("NodeImage", "SecurityPatch"), "NodeImage"
    )
    for name in ("maintenance_window_auto_upgrade", "maintenance_window_node_os"):
        yield equal(str(found), f"{name}'s frequency", found.get(f"{name}.frequency"), "Weekly")


@check("K8S-8")
def policies_enforced(stack: Subject) -> Iterator[Observation]:
    found = cluster(stack)
    for name in ("network_policy", "network_data_plane"):
        yield equal(str(found), name, found.get(f"network_profile.{name}"), "cilium")


@check("K8S-9")
def disks_and_images(stack: Subject) -> Iterator[Observation]:
    found = cluster(stack)
    disks = meant(stack, "azurerm_disk_encryption_set", found.get("disk_encryption_set_id"))
    if disks is None:
        raise Absent("no azurerm_disk_encryption_set of the cluster")
    yield uses(stack, disks, disks.get("key_vault_key_id"), "key_vault_key_id", "disks")
    for name, resource, pool in _pools(stack):
        where = f"{resource} {name}"
        yield equal(where, "host_encryption_enabled", pool.get("host_encryption_enabled"), True)
        yield equal(where, "os_sku", pool.get("os_sku"), "AzureLinux")
