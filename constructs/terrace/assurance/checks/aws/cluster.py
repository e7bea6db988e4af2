"""EKS (K8S-1 to K8S-9)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.aws import lookup
from terrace.assurance.evaluation import Absent, Observation, at_least, check, equal, includes
from terrace.assurance.view import Resource, at, flag
from terrace.aws import names

_LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")


def cluster(stack: Subject) -> Resource:
    """The control plane. Raises Absent."""
    return stack.view.only("aws_eks_cluster")


def _pool(stack: Subject, name: str) -> Resource:
    """A node group by its pool's name. Raises Absent."""
    for group in stack.view.pointing("aws_eks_node_group", "cluster_name", cluster(stack)):
        if group.get("node_group_name") == name:
            return group
    raise Absent(f"no aws_eks_node_group {name} of the cluster")


def _machine(stack: Subject, name: str) -> Resource:
    """What a pool's nodes are made of. Raises Absent."""
    template = stack.view.target(_pool(stack, name).get("launch_template.id"))
    if template is None:
        raise Absent(f"pool {name} has no launch template of ours")
    return template


def _addon(stack: Subject, name: str) -> Resource:
    for addon in stack.view.pointing("aws_eks_addon", "cluster_name", cluster(stack)):
        if addon.get("addon_name") == name:
            return addon
    raise Absent(f"no aws_eks_addon {name}")


@check("K8S-1")
def private_api(stack: Subject) -> Iterator[Observation]:
    found = cluster(stack)
    yield equal(str(found), "endpoint_private_access", found.get("vpc_config.endpoint_private_access"), True)
    ranges = sorted(stack.environment.cluster.api_access.public_from.values())
    public = found.get("vpc_config.endpoint_public_access", True)  # EKS's own default
    yield equal(str(found), "endpoint_public_access", public, bool(ranges))
    if public:
        named = sorted(found.get("vpc_config.public_access_cidrs", ["0.0.0.0/0"]))
        yield equal(str(found), "public_access_cidrs", named, ranges)


@check("K8S-1")
def private_nodes(stack: Subject) -> Iterator[Observation]:
    for name in stack.environment.cluster.pools:
        group = _pool(stack, name)
        subnets = lookup.subnets(stack, group, "subnet_ids")
        outside = [str(subnet) for subnet in subnets if not subnet.path.startswith("network/nodes-")]
        yield equal(str(group), "subnets that are not for nodes", outside, [])


@check("K8S-2")
def secrets_encrypted(stack: Subject) -> Iterator[Observation]:
    found = cluster(stack)
    setups = [block for block in found.blocks("encryption_config") if "secrets" in block.get("resources", [])]
    yield equal(str(found), "encryption of secrets", len(setups), 1)
    for setup in setups:
        yield lookup.uses(stack, found, at(setup, "provider.key_arn"), "encryption_config", "cluster")


@check("K8S-3")
def control_plane_logged(stack: Subject) -> Iterator[Observation]:
    found = cluster(stack)
    yield includes(str(found), "enabled_cluster_log_types", found.get("enabled_cluster_log_types", []), _LOG_TYPES)
    yield lookup.kept(stack, "cluster", stack.environment.observability.retention_days)


@check("K8S-4")
def no_node_credentials(stack: Subject) -> Iterator[Observation]:
    yield equal("cluster", "agent of pod identity", bool(_addon(stack, "eks-pod-identity-agent")), True)
    for name in stack.environment.cluster.pools:
        template = _machine(stack, name)
        yield equal(str(template), "http_tokens", template.get("metadata_options.http_tokens"), "required")
        hops = template.get("metadata_options.http_put_response_hop_limit")
        yield equal(str(template), "http_put_response_hop_limit", hops, 1)


@check("K8S-5")
def organisation_only(stack: Subject) -> Iterator[Observation]:
    found = cluster(stack)
    yield equal(str(found), "authentication_mode", found.get("access_config.authentication_mode"), "API")
    creator = found.get("access_config.bootstrap_cluster_creator_admin_permissions", True)  # EKS's own default
    yield equal(str(found), "its creator is its administrator", creator, False)
    admin = names.arn(stack.target, "iam", f"role/{names.settings(stack.target).admin_role}", region="")
    admins: set[str] = set()
    for link in stack.all("aws_eks_access_policy_association"):
        if str(link.get("policy_arn")).endswith("AdminPolicy"):
            admins.add(_principal(stack, link))
    yield equal(str(found), "administrators", sorted(admins), sorted([admin, "pipelines/apply"]))


def _principal(stack: Subject, link: Resource) -> str:
    """Who a policy is given to: the ARN, or the construct of the role behind the access entry."""
    value = link.get("principal_arn")
    entry = stack.view.target(value)
    if entry is not None and entry.type == "aws_eks_access_entry":
        value = entry.get("principal_arn")
    return str(stack.view.target(value) or value)


@check("K8S-6")
def pools_scale(stack: Subject) -> Iterator[Observation]:
    for name, spec in stack.environment.cluster.pools.items():
        group = _pool(stack, name)
        yield equal(str(group), "min_size", group.get("scaling_config.min_size"), spec.min_nodes)
        yield equal(str(group), "max_size", group.get("scaling_config.max_size"), spec.max_nodes)
        kind = "SPOT" if spec.kind == "spot" else "ON_DEMAND"
        yield equal(str(group), "capacity_type", group.get("capacity_type"), kind)
        if spec.kind in ("spot", "gpu") or spec.dedicated:
            yield at_least(str(group), "taints", len(group.blocks("taint")), 1)


@check("K8S-6")
def autoscaler_may_scale(stack: Subject) -> Iterator[Observation]:
    role = stack.one("aws_iam_role", "workloads/cluster-autoscaler")
    links = stack.view.pointing("aws_eks_pod_identity_association", "role_arn", role)
    accounts = [f"{link.get('namespace')}/{link.get('service_account')}" for link in links]
    yield equal(str(role), "pods that have it", accounts, ["kube-system/cluster-autoscaler"])
    yield at_least(str(role), "policies", len(stack.view.pointing("aws_iam_role_policy", "role", role)), 1)


@check("K8S-7")
def supported(stack: Subject) -> Iterator[Observation]:
    found, wanted = cluster(stack), stack.environment.cluster.version
    yield equal(str(found), "version", found.get("version"), wanted)
    yield equal(str(found), "support_type", found.get("upgrade_policy.support_type"), "STANDARD")
    for name in stack.environment.cluster.pools:
        group = _pool(stack, name)
        yield equal(str(group), "node_repair_config", group.get("node_repair_config.enabled"), True)
        yield equal(str(group), "version", group.get("version"), wanted)


@check("K8S-8")
def policies_enforced(stack: Subject) -> Iterator[Observation]:
    addon = _addon(stack, "vpc-cni")
    enforced = flag(addon.get("configuration_values.enableNetworkPolicy"))
    yield equal(str(addon), "enableNetworkPolicy", enforced, True)


@check("K8S-9")
def disks_and_images(stack: Subject) -> Iterator[Observation]:
    for name in stack.environment.cluster.pools:
        group, template = _pool(stack, name), _machine(stack, name)
        image = str(group.get("ami_type"))
        yield Observation(str(group), f"ami_type = {image}", image.startswith("BOTTLEROCKET"), "BOTTLEROCKET_*")
        disks = {str(disk.get("device_name")): disk for disk in template.blocks("block_device_mappings")}
        yield includes(str(template), "disks", disks, ["/dev/xvda", "/dev/xvdb"])
        for device, disk in disks.items():
            yield equal(str(template), f"{device} encrypted", flag(at(disk, "ebs.encrypted")), True)
            yield lookup.uses(stack, template, at(disk, "ebs.kms_key_id"), f"{device} kms_key_id", "disks")
