"""GKE (K8S-1 to K8S-9)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.gcp.lookup import path_of, uses
from terrace.assurance.evaluation import Absent, Observation, at_least, check, empty, equal, includes
from terrace.assurance.view import Resource, flag
from terrace.gcp import names

_LOG_TYPES = ("SYSTEM_COMPONENTS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER")
_BROAD = ("roles/owner", "roles/editor", "roles/viewer")


def control_plane(stack: Subject) -> Resource:
    """The control plane. Raises Absent."""
    return stack.view.only("google_container_cluster")


def _pools(stack: Subject) -> Iterator[tuple[str, Resource]]:
    """Each pool of the environment. Raises Absent."""
    node_pools = stack.view.pointing("google_container_node_pool", "cluster", control_plane(stack))
    pools = {str(pool.get("name")): pool for pool in node_pools}
    for name in stack.environment.cluster.pools:
        if name not in pools:
            raise Absent(f"no pool {name} of the cluster")
        yield name, pools[name]


@check("K8S-1")
def api_access_restricted(stack: Subject) -> Iterator[Observation]:
    cluster = control_plane(stack)
    ranges = sorted(stack.environment.cluster.api_access.public_from.values())
    ip_endpoint = cluster.get("control_plane_endpoints_config.ip_endpoints_config.enabled", True)
    yield equal(str(cluster), "ip_endpoints_config", ip_endpoint, bool(ranges))
    external_dns = cluster.get("control_plane_endpoints_config.dns_endpoint_config.allow_external_traffic")
    yield equal(str(cluster), "allow_external_traffic", bool(external_dns), False)
    blocks = cluster.blocks("master_authorized_networks_config.cidr_blocks")
    cidrs = sorted(str(one.get("cidr_block")) for one in blocks)
    yield equal(str(cluster), "master_authorized_networks", cidrs, ranges)
    if ranges:
        google = cluster.get("master_authorized_networks_config.gcp_public_cidrs_access_enabled")
        yield equal(str(cluster), "gcp_public_cidrs_access_enabled", bool(google), False)


@check("K8S-1")
def private_nodes(stack: Subject) -> Iterator[Observation]:
    cluster = control_plane(stack)
    private = cluster.get("private_cluster_config.enable_private_nodes")
    yield equal(str(cluster), "enable_private_nodes", private, True)
    yield equal(str(cluster), "network", path_of(stack, cluster.get("network")), "network/vpc")


@check("K8S-2")
def secrets_encrypted(stack: Subject) -> Iterator[Observation]:
    cluster = control_plane(stack)
    yield equal(str(cluster), "database_encryption", cluster.get("database_encryption.state"), "ENCRYPTED")
    yield uses(stack, cluster, cluster.get("database_encryption.key_name"), "database_encryption.key_name", "cluster")


@check("K8S-3")
def control_plane_logs_enabled(stack: Subject) -> Iterator[Observation]:
    cluster = control_plane(stack)
    yield includes(str(cluster), "logs", cluster.get("logging_config.enable_components", []), _LOG_TYPES)


@check("K8S-4")
def workload_identity_enabled(stack: Subject) -> Iterator[Observation]:
    cluster = control_plane(stack)
    pool = cluster.get("workload_identity_config.workload_pool")
    yield equal(str(cluster), "workload_pool", pool, f"{names.account(stack.target)}.svc.id.goog")
    for _, one in _pools(stack):
        mode = one.get("node_config.workload_metadata_config.mode")
        yield equal(str(one), "workload_metadata_config", mode, "GKE_METADATA")
        legacy = one.get("node_config.metadata.disable-legacy-endpoints")
        yield equal(str(one), "disable-legacy-endpoints", legacy, "true")
        account = names.role_email(stack.target, "nodes")
        yield equal(str(one), "service_account", one.get("node_config.service_account"), account)
    member = names.member(stack.target, "nodes")
    grants = [str(one.get("role")) for one in stack.all("google_project_iam_member") if one.get("member") == member]
    yield empty("nodes", "broad roles", [role for role in grants if role in _BROAD])


@check("K8S-5")
def no_local_accounts(stack: Subject) -> Iterator[Observation]:
    cluster = control_plane(stack)
    group = cluster.get("authenticator_groups_config.security_group")
    yield Observation(
        str(cluster),
        f"security_group = {group}",
        str(group).startswith("gke-security-groups@"),
        "gke-security-groups@DOMAIN",
    )
    certificate = cluster.get("master_auth.client_certificate_config.issue_client_certificate")
    yield equal(str(cluster), "issue_client_certificate", certificate, False)
    yield equal(str(cluster), "enable_legacy_abac", bool(cluster.get("enable_legacy_abac")), False)
    anonymous = cluster.get("anonymous_authentication_config.mode")
    yield equal(str(cluster), "anonymous_authentication_config", anonymous, "LIMITED")


@check("K8S-6")
def node_pools_autoscale(stack: Subject) -> Iterator[Observation]:
    for name, pool in _pools(stack):
        spec = stack.environment.cluster.pools[name]
        yield equal(str(pool), "total_min_node_count", pool.get("autoscaling.total_min_node_count"), spec.min_nodes)
        yield equal(str(pool), "total_max_node_count", pool.get("autoscaling.total_max_node_count"), spec.max_nodes)
        yield equal(str(pool), "spot", bool(pool.get("node_config.spot")), spec.kind == "spot")
        if spec.dedicated:
            yield at_least(str(pool), "taints", len(pool.blocks("node_config.taint")), 1)


@check("K8S-7")
def supported_version(stack: Subject) -> Iterator[Observation]:
    cluster = control_plane(stack)
    expected = stack.environment.cluster.version
    version = str(cluster.get("min_master_version"))
    yield Observation(str(cluster), f"min_master_version = {version}", version.startswith(expected), expected)
    channel = cluster.get("release_channel.channel")
    yield Observation(
        str(cluster), f"release_channel = {channel}", channel in ("REGULAR", "STABLE"), "REGULAR or STABLE"
    )
    window = cluster.get("maintenance_policy.recurring_window.recurrence")
    yield equal(str(cluster), "maintenance_policy is set", window is not None, True)
    for _, pool in _pools(stack):
        for name in ("auto_repair", "auto_upgrade"):
            yield equal(str(pool), name, pool.get(f"management.{name}"), True)


@check("K8S-8")
def network_policies_enforced(stack: Subject) -> Iterator[Observation]:
    cluster = control_plane(stack)
    yield equal(str(cluster), "datapath_provider", cluster.get("datapath_provider"), "ADVANCED_DATAPATH")


@check("K8S-9")
def nodes_hardened(stack: Subject) -> Iterator[Observation]:
    cluster = control_plane(stack)
    yield equal(str(cluster), "enable_shielded_nodes", cluster.get("enable_shielded_nodes"), True)
    for _, pool in _pools(stack):
        yield uses(stack, pool, pool.get("node_config.boot_disk_kms_key"), "boot_disk_kms_key", "disks")
        image = str(pool.get("node_config.image_type"))
        yield Observation(str(pool), f"image_type = {image}", image.startswith("COS"), "COS_CONTAINERD")
        for name in ("enable_secure_boot", "enable_integrity_monitoring"):
            on = flag(pool.get(f"node_config.shielded_instance_config.{name}"))
            yield equal(str(pool), name, on, True)
