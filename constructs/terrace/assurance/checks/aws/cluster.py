"""EKS (K8S-1 to K8S-9, K8S-11)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.aws import lookup
from terrace.assurance.evaluation import NotRequired, Observation, at_least, check, equal, includes
from terrace.assurance.view import Resource, at, flag
from terrace.aws import names
from terrace.calls import Absent
from terrace.capabilities.spec import present

_LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")


def control_plane(stack: Subject) -> Resource:
    """The control plane. Raises Absent."""
    return stack.view.only("aws_eks_cluster")


def _launch_template(stack: Subject, name: str) -> Resource:
    """A pool's launch template. Raises Absent."""
    template = stack.view.target(lookup.pool(stack, name).get("launch_template.id"))
    if template is None:
        raise Absent(f"pool {name} has no aws_launch_template in the stack")
    return template


def _addon(stack: Subject, name: str) -> Resource:
    for addon in stack.view.pointing("aws_eks_addon", "cluster_name", control_plane(stack)):
        if addon.get("addon_name") == name:
            return addon
    raise Absent(f"no aws_eks_addon {name}")


@check("K8S-1")
def api_access_restricted(stack: Subject) -> Iterator[Observation]:
    stack.own("cluster")
    cluster = control_plane(stack)
    yield equal(str(cluster), "endpoint_private_access", cluster.get("vpc_config.endpoint_private_access"), True)
    ranges = sorted(stack.environment.api_ranges.values())
    public = cluster.get("vpc_config.endpoint_public_access", True)  # EKS's own default
    yield equal(str(cluster), "endpoint_public_access", public, bool(ranges))
    if public:
        cidrs = sorted(cluster.get("vpc_config.public_access_cidrs", ["0.0.0.0/0"]))
        yield equal(str(cluster), "public_access_cidrs", cidrs, ranges)


@check("K8S-1")
def private_nodes(stack: Subject) -> Iterator[Observation]:
    stack.own("cluster")
    for name in stack.environment.pools:
        group = lookup.pool(stack, name)
        subnets = lookup.subnets(stack, group, "subnet_ids")
        outside = [str(subnet) for subnet in subnets if not subnet.path.startswith("network/nodes-")]
        yield equal(str(group), "subnets outside the node subnets", outside, [])


@check("K8S-2")
def secrets_encrypted(stack: Subject) -> Iterator[Observation]:
    stack.own("cluster")
    cluster = control_plane(stack)
    configs = [block for block in cluster.blocks("encryption_config") if "secrets" in block.get("resources", [])]
    yield equal(str(cluster), "encryption_config blocks for secrets", len(configs), 1)
    for config in configs:
        yield lookup.uses(stack, cluster, at(config, "provider.key_arn"), "encryption_config", "cluster")


@check("K8S-3")
def control_plane_logs_enabled(stack: Subject) -> Iterator[Observation]:
    stack.own("cluster")
    cluster = control_plane(stack)
    yield includes(str(cluster), "enabled_cluster_log_types", cluster.get("enabled_cluster_log_types", []), _LOG_TYPES)
    yield lookup.retained(stack, "cluster", stack.environment.observability.retention_days)


@check("K8S-4")
def workload_identity_enabled(stack: Subject) -> Iterator[Observation]:
    stack.own("cluster")
    yield equal("cluster", "eks-pod-identity-agent is installed", bool(_addon(stack, "eks-pod-identity-agent")), True)
    for name in stack.environment.pools:
        template = _launch_template(stack, name)
        yield equal(str(template), "http_tokens", template.get("metadata_options.http_tokens"), "required")
        hops = template.get("metadata_options.http_put_response_hop_limit")
        yield equal(str(template), "http_put_response_hop_limit", hops, 1)


@check("K8S-5")
def no_local_accounts(stack: Subject) -> Iterator[Observation]:
    stack.own("cluster")
    cluster = control_plane(stack)
    yield equal(str(cluster), "authentication_mode", cluster.get("access_config.authentication_mode"), "API")
    creator = cluster.get("access_config.bootstrap_cluster_creator_admin_permissions", True)  # EKS's own default
    yield equal(str(cluster), "bootstrap_cluster_creator_admin_permissions", creator, False)


@check("K8S-6")
def node_pools_autoscale(stack: Subject) -> Iterator[Observation]:
    stack.own("cluster")
    for name, spec in stack.environment.pools.items():
        group = lookup.pool(stack, name)
        yield equal(str(group), "min_size", group.get("scaling_config.min_size"), spec.min_nodes)
        yield equal(str(group), "max_size", group.get("scaling_config.max_size"), spec.max_nodes)
        kind = "SPOT" if spec.kind == "spot" else "ON_DEMAND"
        yield equal(str(group), "capacity_type", group.get("capacity_type"), kind)
        if spec.kind in ("spot", "gpu") or spec.dedicated:
            yield at_least(str(group), "taints", len(group.blocks("taint")), 1)


@check("K8S-6")
def autoscaler_permissions(stack: Subject) -> Iterator[Observation]:
    role = stack.one("aws_iam_role", "workloads/cluster-autoscaler")
    yield at_least(str(role), "policies", len(stack.view.pointing("aws_iam_role_policy", "role", role)), 1)


@check("K8S-7")
def supported_version(stack: Subject) -> Iterator[Observation]:
    stack.own("cluster")
    cluster, version = control_plane(stack), present(stack.environment.cluster).version
    yield equal(str(cluster), "version", cluster.get("version"), version)
    yield equal(str(cluster), "support_type", cluster.get("upgrade_policy.support_type"), "STANDARD")
    for name in stack.environment.pools:
        group = lookup.pool(stack, name)
        yield equal(str(group), "node_repair_config", group.get("node_repair_config.enabled"), True)
        yield equal(str(group), "version", group.get("version"), version)


@check("K8S-8")
def network_policies_enforced(stack: Subject) -> Iterator[Observation]:
    stack.own("cluster")
    addon = _addon(stack, "vpc-cni")
    enforced = flag(addon.get("configuration_values.enableNetworkPolicy"))
    yield equal(str(addon), "enableNetworkPolicy", enforced, True)


@check("K8S-9")
def nodes_hardened(stack: Subject) -> Iterator[Observation]:
    stack.own("cluster")
    for name in stack.environment.pools:
        group, template = lookup.pool(stack, name), _launch_template(stack, name)
        image = str(group.get("ami_type"))
        yield Observation(str(group), f"ami_type = {image}", image.startswith("BOTTLEROCKET"), "BOTTLEROCKET_*")
        disks = {str(disk.get("device_name")): disk for disk in template.blocks("block_device_mappings")}
        yield includes(str(template), "disks", disks, ["/dev/xvda", "/dev/xvdb"])
        for device, disk in disks.items():
            yield equal(str(template), f"{device} encrypted", flag(at(disk, "ebs.encrypted")), True)
            yield lookup.uses(stack, template, at(disk, "ebs.kms_key_id"), f"{device} kms_key_id", "disks")
    elsewhere = not stack.target.settings.owns_account  # its owner's stack has the defaults
    for default in stack.all("aws_ebs_encryption_by_default", or_none=elsewhere):
        yield equal(str(default), "enabled", default.get("enabled", True), True)
    for block in stack.all("aws_ebs_snapshot_block_public_access", or_none=elsewhere):
        yield equal(str(block), "state", block.get("state"), "block-all-sharing")


@check("K8S-11")
def deletion_protection(stack: Subject) -> Iterator[Observation]:
    stack.own("cluster")
    if not present(stack.environment.cluster).deletion_protection:
        raise NotRequired("cluster.deletion_protection is false")
    role, cluster = stack.one("aws_iam_role", "pipelines/apply"), names.cluster_arn(stack.target)
    denied = any(
        one.get("Effect") == "Deny"
        and lookup.covers(lookup.values(one.get("Action")), "eks:DeleteCluster")
        and lookup.values(one.get("Resource")) in ([cluster], ["*"])
        and not one.get("Condition")
        for policy in stack.all("aws_iam_role_policy")
        if stack.view.target(policy.get("role")) == role or policy.get("role") == role.get("name")
        for one in lookup.statements(policy.get("policy") or {})
    )
    yield equal(str(role), f"denies eks:DeleteCluster on {cluster}", denied, True)
