"""GKE (K8S-1 to K8S-9)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.gcp.lookup import named, uses
from terrace.assurance.evaluation import Absent, Observation, at_least, check, empty, equal, includes
from terrace.assurance.view import Resource, flag
from terrace.gcp import names

_LOG_TYPES = ("SYSTEM_COMPONENTS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER")
_BROAD = ("roles/owner", "roles/editor", "roles/viewer")


def cluster(stack: Subject) -> Resource:
    """The control plane. Raises Absent."""
    return stack.view.only("google_container_cluster")


def _pools(stack: Subject) -> Iterator[tuple[str, Resource]]:
    """Each pool of the environment. Raises Absent."""
    found = stack.view.pointing("google_container_node_pool", "cluster", cluster(stack))
    known = {str(pool.get("name")): pool for pool in found}
    for name in stack.environment.cluster.pools:
        if name not in known:
            raise Absent(f"no pool {name} of the cluster")
        yield name, known[name]


@check("K8S-1")
def private_api(stack: Subject) -> Iterator[Observation]:
    found = cluster(stack)
    nodes = found.get("private_cluster_config.enable_private_nodes")
    yield equal(str(found), "enable_private_nodes", nodes, True)
    ranges = sorted(stack.environment.cluster.api_access.public_from.values())
    by_address = found.get("control_plane_endpoints_config.ip_endpoints_config.enabled", True)
    yield equal(str(found), "ip_endpoints_config", by_address, bool(ranges))
    by_name = found.get("control_plane_endpoints_config.dns_endpoint_config.allow_external_traffic")
    yield equal(str(found), "allow_external_traffic", bool(by_name), False)
    blocks = found.blocks("master_authorized_networks_config.cidr_blocks")
    named_ones = sorted(str(one.get("cidr_block")) for one in blocks)
    yield equal(str(found), "master_authorized_networks", named_ones, ranges)
    if ranges:
        google = found.get("master_authorized_networks_config.gcp_public_cidrs_access_enabled")
        yield equal(str(found), "gcp_public_cidrs_access_enabled", bool(google), False)


@check("K8S-2")
def secrets_encrypted(stack: Subject) -> Iterator[Observation]:
    found = cluster(stack)
    yield equal(str(found), "database_encryption", found.get("database_encryption.state"), "ENCRYPTED")
    yield uses(stack, found, found.get("database_encryption.key_name"), "its key", "cluster")


@check("K8S-3")
def control_plane_logged(stack: Subject) -> Iterator[Observation]:
    found = cluster(stack)
    yield includes(str(found), "logs", found.get("logging_config.enable_components", []), _LOG_TYPES)


@check("K8S-4")
def no_node_credentials(stack: Subject) -> Iterator[Observation]:
    found = cluster(stack)
    pool = found.get("workload_identity_config.workload_pool")
    yield equal(str(found), "workload_pool", pool, f"{names.account(stack.target)}.svc.id.goog")
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
def organisation_only(stack: Subject) -> Iterator[Observation]:
    found = cluster(stack)
    group = found.get("authenticator_groups_config.security_group")
    yield Observation(
        str(found), f"security_group = {group}", str(group).startswith("gke-security-groups@"), "the groups'"
    )
    certificate = found.get("master_auth.client_certificate_config.issue_client_certificate")
    yield equal(str(found), "issue_client_certificate", certificate, False)
    yield equal(str(found), "enable_legacy_abac", bool(found.get("enable_legacy_abac")), False)
    anonymous = found.get("anonymous_authentication_config.mode")
    yield equal(str(found), "anonymous_authentication_config", anonymous, "LIMITED")


@check("K8S-6")
def pools_scale(stack: Subject) -> Iterator[Observation]:
    for name, pool in _pools(stack):
        spec = stack.environment.cluster.pools[name]
        yield equal(str(pool), "total_min_node_count", pool.get("autoscaling.total_min_node_count"), spec.min_nodes)
        yield equal(str(pool), "total_max_node_count", pool.get("autoscaling.total_max_node_count"), spec.max_nodes)
        yield equal(str(pool), "spot", bool(pool.get("node_config.spot")), spec.kind == "spot")
        if spec.dedicated:
            yield at_least(str(pool), "taints", len(pool.blocks("node_config.taint")), 1)


@check("K8S-7")
def supported_and_patched(stack: Subject) -> Iterator[Observation]:
    found = cluster(stack)
    wanted = stack.environment.cluster.version
    version = str(found.get("min_master_version"))
    yield Observation(str(found), f"min_master_version = {version}", version.startswith(wanted), wanted)
    channel = found.get("release_channel.channel")
    yield Observation(str(found), f"release_channel = {channel}", channel in ("REGULAR", "STABLE"), "REGULAR or STABLE")
    window = found.get("maintenance_policy.recurring_window.recurrence")
    yield equal(str(found), "has a maintenance window", window is not None, True)
    for _, pool in _pools(stack):
        for name in ("auto_repair", "auto_upgrade"):
            yield equal(str(pool), name, pool.get(f"management.{name}"), True)


@check("K8S-8")
def policies_enforced(stack: Subject) -> Iterator[Observation]:
    found = cluster(stack)
    yield equal(str(found), "datapath_provider", found.get("datapath_provider"), "ADVANCED_DATAPATH")


@check("K8S-9")
def disks_and_images(stack: Subject) -> Iterator[Observation]:
    found = cluster(stack)
    yield equal(str(found), "enable_shielded_nodes", found.get("enable_shielded_nodes"), True)
    for _, pool in _pools(stack):
        yield uses(stack, pool, pool.get("node_config.boot_disk_kms_key"), "boot_disk_kms_key", "disks")
        image = str(pool.get("node_config.image_type"))
        yield Observation(str(pool), f"image_type = {image}", image.startswith("COS"), "COS_CONTAINERD")
        for name in ("enable_secure_boot", "enable_integrity_monitoring"):
            on = flag(pool.get(f"node_config.shielded_instance_config.{name}"))
            yield equal(str(pool), name, on, True)


@check("K8S-1")
def inside_the_network(stack: Subject) -> Iterator[Observation]:
    found = cluster(stack)
    yield equal(str(found), "network", named(stack, found.get("network")), "network/vpc")
