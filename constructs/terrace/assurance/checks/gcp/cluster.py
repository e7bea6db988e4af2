"""GKE (K8S-1 to K8S-9, K8S-11)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.gcp.lookup import path_of, pools, unset, uses
from terrace.assurance.evaluation import NotRequired, Observation, at_least, at_most, check, equal, includes
from terrace.assurance.view import Resource, blocks, flag
from terrace.capabilities.spec import present
from terrace.gcp import names

_DELETION = ["container.googleapis.com/clusters.delete"]
_EVERYBODY = ["principalSet://goog/public:all"]
_LOG_TYPES = ("SYSTEM_COMPONENTS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER")


def control_plane(stack: Subject) -> Resource:
    """The control plane. Raises Absent."""
    return stack.view.only("google_container_cluster")


@check("K8S-1")
def api_access_restricted(stack: Subject) -> Iterator[Observation]:
    stack.own("cluster")
    cluster = control_plane(stack)
    ranges = sorted(stack.environment.api_ranges.values())
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
    stack.own("cluster")
    cluster = control_plane(stack)
    private = cluster.get("private_cluster_config.enable_private_nodes")
    yield equal(str(cluster), "enable_private_nodes", private, True)
    yield equal(str(cluster), "network", path_of(stack, cluster.get("network")), "network/vpc")


@check("K8S-2")
def secrets_encrypted(stack: Subject) -> Iterator[Observation]:
    stack.own("cluster")
    cluster = control_plane(stack)
    yield equal(str(cluster), "database_encryption", cluster.get("database_encryption.state"), "ENCRYPTED")
    yield uses(stack, cluster, cluster.get("database_encryption.key_name"), "database_encryption.key_name", "cluster")


@check("K8S-3")
def control_plane_logs_enabled(stack: Subject) -> Iterator[Observation]:
    stack.own("cluster")
    cluster = control_plane(stack)
    yield includes(str(cluster), "logs", cluster.get("logging_config.enable_components", []), _LOG_TYPES)


@check("K8S-4")
def workload_identity_enabled(stack: Subject) -> Iterator[Observation]:
    stack.own("cluster")
    cluster = control_plane(stack)
    pool = cluster.get("workload_identity_config.workload_pool")
    yield equal(str(cluster), "workload_pool", pool, f"{names.account(stack.target)}.svc.id.goog")
    for _, one in pools(stack):
        mode = one.get("node_config.workload_metadata_config.mode")
        yield equal(str(one), "workload_metadata_config", mode, "GKE_METADATA")
        legacy = one.get("node_config.metadata.disable-legacy-endpoints")
        yield equal(str(one), "disable-legacy-endpoints", legacy, "true")
        kubelet = one.get("node_config.kubelet_config.insecure_kubelet_readonly_port_enabled")
        yield equal(str(one), "insecure_kubelet_readonly_port_enabled", flag(kubelet), False)
        account = names.role_email(stack.target, "nodes")
        yield equal(str(one), "service_account", one.get("node_config.service_account"), account)


@check("K8S-5")
def no_local_accounts(stack: Subject) -> Iterator[Observation]:
    stack.own("cluster")
    cluster = control_plane(stack)
    group = cluster.get("authenticator_groups_config.security_group")
    yield equal(str(cluster), "security_group", group, names.group(stack.target, "gke-security-groups"))
    yield from unset(
        cluster,
        "rbac_binding_config.enable_insecure_binding_system_authenticated",
        "rbac_binding_config.enable_insecure_binding_system_unauthenticated",
        "control_plane_endpoints_config.dns_endpoint_config.enable_k8s_tokens_via_dns",
        "control_plane_endpoints_config.dns_endpoint_config.enable_k8s_certs_via_dns",
    )
    certificate = cluster.get("master_auth.client_certificate_config.issue_client_certificate")
    yield equal(str(cluster), "issue_client_certificate", certificate, False)
    yield equal(str(cluster), "enable_legacy_abac", bool(cluster.get("enable_legacy_abac")), False)
    anonymous = cluster.get("anonymous_authentication_config.mode")
    yield equal(str(cluster), "anonymous_authentication_config", anonymous, "LIMITED")


@check("K8S-6")
def node_pools_autoscale(stack: Subject) -> Iterator[Observation]:
    stack.own("cluster")
    for name, pool in pools(stack):
        spec = stack.environment.pools[name]
        yield equal(str(pool), "total_min_node_count", pool.get("autoscaling.total_min_node_count"), spec.min_nodes)
        yield equal(str(pool), "total_max_node_count", pool.get("autoscaling.total_max_node_count"), spec.max_nodes)
        first = (pool.get("initial_node_count") or 0) * len(pool.get("node_locations") or [None])
        yield at_most(str(pool), "initial_node_count in all zones", first, spec.max_nodes)
        yield equal(str(pool), "spot", bool(pool.get("node_config.spot")), spec.kind == "spot")
        if spec.dedicated:
            yield at_least(str(pool), "taints", len(pool.blocks("node_config.taint")), 1)


@check("K8S-7")
def supported_version(stack: Subject) -> Iterator[Observation]:
    stack.own("cluster")
    cluster = control_plane(stack)
    expected = present(stack.environment.cluster).version
    version = str(cluster.get("min_master_version"))
    yield Observation(str(cluster), f"min_master_version = {version}", version.startswith(expected), expected)
    channel = cluster.get("release_channel.channel")
    yield Observation(
        str(cluster), f"release_channel = {channel}", channel in ("REGULAR", "STABLE"), "REGULAR or STABLE"
    )
    window = cluster.get("maintenance_policy.recurring_window.recurrence")
    yield equal(str(cluster), "maintenance_policy is set", bool(window), True)
    yield from unset(cluster, "maintenance_policy.maintenance_exclusion")
    for _, pool in pools(stack):
        for name in ("auto_repair", "auto_upgrade"):
            yield equal(str(pool), name, pool.get(f"management.{name}"), True)


@check("K8S-8")
def network_policies_enforced(stack: Subject) -> Iterator[Observation]:
    stack.own("cluster")
    cluster = control_plane(stack)
    yield equal(str(cluster), "datapath_provider", cluster.get("datapath_provider"), "ADVANCED_DATAPATH")
    yield from unset(cluster, "service_external_ips_config.enabled")
    if stack.target.tier != "dev":
        encrypted = cluster.get("in_transit_encryption_config")
        yield equal(
            str(cluster), "in_transit_encryption_config", encrypted, "IN_TRANSIT_ENCRYPTION_INTER_NODE_TRANSPARENT"
        )


@check("K8S-9")
def nodes_hardened(stack: Subject) -> Iterator[Observation]:
    stack.own("cluster")
    cluster = control_plane(stack)
    yield equal(str(cluster), "enable_shielded_nodes", cluster.get("enable_shielded_nodes"), True)
    for _, pool in pools(stack):
        yield uses(stack, pool, pool.get("node_config.boot_disk_kms_key"), "boot_disk_kms_key", "disks")
        image = str(pool.get("node_config.image_type"))
        yield Observation(str(pool), f"image_type = {image}", image.startswith("COS"), "COS_CONTAINERD")
        for name in ("enable_secure_boot", "enable_integrity_monitoring"):
            on = flag(pool.get(f"node_config.shielded_instance_config.{name}"))
            yield equal(str(pool), name, on, True)


@check("K8S-11")
def deletion_protection(stack: Subject) -> Iterator[Observation]:
    stack.own("cluster")
    if not present(stack.environment.cluster).deletion_protection:
        raise NotRequired("cluster.deletion_protection is false")
    cluster, wanted = control_plane(stack), not stack.target.unprotected
    yield equal(str(cluster), "deletion_protection", bool(cluster.get("deletion_protection")), wanted)
    if not (stack.target.settings.owns_account and wanted):
        return
    policy = stack.one("google_iam_deny_policy", "cluster/deletion")
    yield equal(str(policy), "project", str(policy.get("parent")).endswith(f"%2F{names.account(stack.target)}"), True)
    rules = [rule for block in policy.blocks("rules") for rule in blocks(block, "deny_rule")]
    yield equal(str(policy), "denied", [rule.get("denied_permissions") for rule in rules], [_DELETION])
    yield equal(str(policy), "denied to", [rule.get("denied_principals") for rule in rules], [_EVERYBODY])
    apply = names.principal(stack.target, "ci-apply")
    yield equal(str(policy), "exceptions", [rule.get("exception_principals") for rule in rules], [[apply]])
    narrowed = [key for rule in rules for key in ("denial_condition", "exception_permissions") if rule.get(key)]
    yield equal(str(policy), "narrowed by", narrowed, [])
