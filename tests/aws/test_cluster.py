"""EKS on AWS (K8S-1 to K8S-9)."""

import base64
import json
import tomllib
from collections.abc import Callable
from typing import Any

import pytest

from terrace.aws.nodes import _BOTTLEROCKET, _SPOT_TYPES
from terrace.environment.sizes import machine
from tests.conftest import SynthesizedStack

Foundation = Callable[[str], SynthesizedStack]
ENVIRONMENTS = ("dev", "staging", "prod")


def control_plane(stack: SynthesizedStack) -> dict[str, Any]:
    return stack.one("aws_eks_cluster", "cluster/control-plane")


@pytest.mark.parametrize(("environment", "ranges"), [("dev", ["203.0.113.0/24"]), ("staging", None), ("prod", None)])
def test_the_api_is_private_or_limited_to_public_ranges(
    foundation: Foundation, environment: str, ranges: list[str] | None
) -> None:
    network = control_plane(foundation(environment))["vpc_config"]
    assert network["endpoint_private_access"] is True  # K8S-1
    assert network["endpoint_public_access"] is (ranges is not None)
    assert network.get("public_access_cidrs") == ranges


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_secrets_are_encrypted_with_the_cluster_key_and_all_logs_are_on(
    foundation: Foundation, environment: str
) -> None:
    stack = foundation(environment)
    cluster = control_plane(stack)
    assert cluster["encryption_config"]["resources"] == ["secrets"]  # K8S-2
    assert stack.resolve(cluster["encryption_config"]["provider"]["key_arn"]) == "keys/cluster"
    assert set(cluster["enabled_cluster_log_types"]) == {
        "api",
        "audit",
        "authenticator",
        "controllerManager",
        "scheduler",
    }  # K8S-3


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_people_have_access_only_through_access_entries(foundation: Foundation, environment: str) -> None:
    stack = foundation(environment)
    access = control_plane(stack)["access_config"]
    assert access == {"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": False}  # K8S-5
    policies = {
        path.removeprefix("cluster/access-"): body["policy_arn"].rsplit("/", 1)[1]
        for path, body in stack.all("aws_eks_access_policy_association")
        if path.startswith("cluster/")
    }
    assert policies == {
        "admin-policy": "AmazonEKSClusterAdminPolicy",
        "apply-policy": "AmazonEKSClusterAdminPolicy",
        "plan-policy": "AmazonEKSAdminViewPolicy",
    }


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_nodes_hide_credentials_from_pods_and_encrypt_both_disks(foundation: Foundation, environment: str) -> None:
    stack = foundation(environment)
    templates = [body for path, body in stack.all("aws_launch_template") if path.startswith("cluster/")]
    assert len(templates) == len(pools(stack))
    for template in templates:
        metadata = template["metadata_options"]
        assert (metadata["http_tokens"], metadata["http_put_response_hop_limit"]) == ("required", 1)  # K8S-4
        disks = template["block_device_mappings"]
        assert [disk["device_name"] for disk in disks] == ["/dev/xvda", "/dev/xvdb"]
        for disk in disks:
            assert disk["ebs"]["encrypted"] == "true"  # K8S-9
            assert stack.resolve(disk["ebs"]["kms_key_id"]) == "keys/disks"
        tagged = {block["resource_type"]: block["tags"] for block in template["tag_specifications"]}
        assert set(tagged) == {"instance", "volume", "network-interface"}
        assert all(tags["environment"] == environment for tags in tagged.values())  # GOV-1
        assert base64.b64decode(template["user_data"]).decode() == _BOTTLEROCKET


def test_bottlerocket_settings_are_toml_with_the_kernel_locked() -> None:
    settings = tomllib.loads(_BOTTLEROCKET)["settings"]
    assert settings["kernel"]["lockdown"] == "integrity"
    assert settings["host-containers"]["admin"]["enabled"] is False


def pools(stack: SynthesizedStack) -> dict[str, dict[str, Any]]:
    return {body["labels"]["terrace.dev/pool"]: body for _, body in stack.all("aws_eks_node_group")}


def test_pools_follow_the_environment(foundation: Foundation) -> None:
    assert set(pools(foundation("dev"))) == {"system", "spot"}
    prod = pools(foundation("prod"))
    bounds = {
        name: (pool["scaling_config"]["min_size"], pool["scaling_config"]["max_size"]) for name, pool in prod.items()
    }
    assert bounds == {"system": (3, 6), "general": (3, 12), "spot": (0, 12), "gpu": (0, 4)}  # K8S-6
    assert prod["spot"]["capacity_type"] == "SPOT"
    assert len(prod["spot"]["instance_types"]) >= 3
    assert prod["gpu"]["ami_type"] == "BOTTLEROCKET_x86_64_NVIDIA"  # K8S-9
    assert {prod[name]["ami_type"] for name in ("system", "general", "spot")} == {"BOTTLEROCKET_x86_64"}
    assert {name: [taint["key"] for taint in pool.get("taint", [])] for name, pool in prod.items()} == {
        "system": ["CriticalAddonsOnly"],
        "general": [],
        "spot": ["terrace.dev/pool"],
        "gpu": ["nvidia.com/gpu"],
    }


def test_a_pool_with_a_minimum_of_zero_starts_with_a_node(foundation: Foundation) -> None:
    system = pools(foundation("dev"))["system"]["scaling_config"]
    assert (system["min_size"], system["desired_size"]) == (0, 1)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_pools_are_repaired_and_terraform_ignores_the_desired_size(foundation: Foundation, environment: str) -> None:
    stack = foundation(environment)
    assert control_plane(stack)["upgrade_policy"] == {"support_type": "STANDARD"}  # K8S-7
    for pool in pools(stack).values():
        assert pool["node_repair_config"] == {"enabled": True}  # K8S-7
        assert pool["lifecycle"]["ignore_changes"] == ["scaling_config[0].desired_size"]
        assert pool["version"] == control_plane(stack)["version"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_network_policies_are_enforced_and_addons_have_their_own_identity(
    foundation: Foundation, environment: str
) -> None:
    stack = foundation(environment)
    addons = {body["addon_name"]: body for _, body in stack.all("aws_eks_addon")}
    assert json.loads(addons["vpc-cni"]["configuration_values"])["enableNetworkPolicy"] == "true"  # K8S-8
    identities = {name for name, addon in addons.items() if addon.get("pod_identity_association")}
    assert identities == {"vpc-cni", "aws-ebs-csi-driver", "amazon-cloudwatch-observability"}  # K8S-4


def test_nodes_depend_on_network_addons_and_other_addons_on_nodes(foundation: Foundation) -> None:
    stack = foundation("dev")
    addons = dict(stack.all("aws_eks_addon"))
    for pool in pools(stack).values():
        before = {stack.resolve(f"{name}.id") for name in pool["depends_on"]}
        assert {"cluster/vpc-cni", "cluster/kube-proxy", "cluster/eks-pod-identity-agent"} <= before
        assert "cluster/node-role-AmazonEKSWorkerNodePolicy" in before
    after = {stack.resolve(f"{name}.id") for name in addons["cluster/coredns"]["depends_on"]}
    assert {"cluster/pool-system", "cluster/pool-spot"} <= after


def test_spot_alternatives_begin_with_the_size_itself() -> None:
    for size, types in _SPOT_TYPES.items():
        assert types[0] == machine("aws", "node", size).name
        assert len({name.split(".")[1] for name in types}) == 1


@pytest.mark.parametrize(("environment", "enabled"), [("dev", False), ("staging", True), ("prod", True)])
def test_zonal_shift_is_set_for_one_zone_too(foundation: Foundation, environment: str, enabled: bool) -> None:
    assert control_plane(foundation(environment))["zonal_shift_config"] == {"enabled": enabled}


def test_the_pipeline_cannot_delete_a_protected_cluster(foundation: Foundation) -> None:
    """K8S-11"""
    assert not [path for path, _ in foundation("dev").all("aws_iam_role_policy") if path.startswith("cluster/deletion")]
    stack = foundation("prod")
    body = stack.one("aws_iam_role_policy", "cluster/deletion-protection")
    assert body["role"] == stack.one("aws_iam_role", "pipelines/apply")["name"]
    (statement,) = json.loads(body["policy"])["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", ["eks:DeleteCluster"])
    assert statement["Resource"].endswith(":cluster/dpf-prod")
