"""Checks of EKS (K8S-1 to K8S-9, K8S-11)."""

import json
from collections.abc import Iterator
from typing import Any

from terrace.assurance.checks.aws.lookup import covers, statements, values
from terrace.assurance.evaluation import NotRequired, Observation, check, empty, equal, includes
from terrace.aws import names
from terrace.calls import Absent
from terrace.capabilities.cluster import POOL_LABEL
from terrace.capabilities.spec import present
from terrace.live.aws import keys, logs
from terrace.live.aws.checks import Deployment

_LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")


def cluster(deployment: Deployment) -> dict[str, Any]:
    """The cluster. Raises Absent."""
    described: dict[str, Any] = deployment.call("eks", "describe_cluster", name=deployment.cluster)["cluster"]
    return described


def pool(deployment: Deployment, name: str) -> dict[str, Any]:
    """The node group of a pool, which its nodes' label names. Raises Absent."""
    for group in deployment.pages("eks", "list_nodegroups", "nodegroups", clusterName=deployment.cluster):
        answer = deployment.call("eks", "describe_nodegroup", clusterName=deployment.cluster, nodegroupName=group)
        described: dict[str, Any] = answer["nodegroup"]
        if described.get("labels", {}).get(POOL_LABEL) == name:
            return described
    raise Absent(f"a node group of pool {name} in cluster {deployment.cluster}")


def _machine(deployment: Deployment, name: str) -> dict[str, Any]:
    """The launch template of a pool, in the version that its node group uses."""
    template = pool(deployment, name)["launchTemplate"]
    answer = deployment.call(
        "ec2",
        "describe_launch_template_versions",
        LaunchTemplateId=template["id"],
        Versions=[str(template.get("version", "$Default"))],
    )
    data: dict[str, Any] = answer["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    return data


@check("K8S-1")
def private_api(deployment: Deployment) -> Iterator[Observation]:
    resource, settings = f"cluster {deployment.cluster}", cluster(deployment)["resourcesVpcConfig"]
    yield equal(resource, "endpointPrivateAccess", settings.get("endpointPrivateAccess"), True)
    ranges = sorted(deployment.environment.api_ranges.values())
    yield equal(resource, "endpointPublicAccess", settings.get("endpointPublicAccess"), bool(ranges))
    if settings.get("endpointPublicAccess"):
        yield equal(resource, "publicAccessCidrs", sorted(settings.get("publicAccessCidrs", [])), ranges)


@check("K8S-2")
def secrets_encrypted(deployment: Deployment) -> Iterator[Observation]:
    resource = f"cluster {deployment.cluster}"
    found = [entry for entry in cluster(deployment).get("encryptionConfig", []) if "secrets" in entry["resources"]]
    yield equal(resource, "encryption of secrets", len(found), 1)
    for entry in found:
        key = entry["provider"].get("keyArn")
        yield keys.sealed(deployment, resource, "encryptionConfig", key, "cluster", "cluster")


@check("K8S-3")
def control_plane_logged(deployment: Deployment) -> Iterator[Observation]:
    setups = cluster(deployment).get("logging", {}).get("clusterLogging", [])
    enabled = [kind for setup in setups if setup.get("enabled") for kind in setup.get("types", [])]
    yield includes(f"cluster {deployment.cluster}", "logs", enabled, _LOG_TYPES)
    yield logs.kept(deployment, "cluster", deployment.environment.observability.retention_days)


@check("K8S-4")
def no_node_credentials(deployment: Deployment) -> Iterator[Observation]:
    agent = _addon(deployment, "eks-pod-identity-agent")
    yield equal("add-on eks-pod-identity-agent", "status", agent.get("status"), "ACTIVE")
    for name in deployment.environment.pools:
        metadata = _machine(deployment, name).get("MetadataOptions", {})
        yield equal(f"pool {name}", "HttpTokens", metadata.get("HttpTokens"), "required")
        yield equal(f"pool {name}", "HttpPutResponseHopLimit", metadata.get("HttpPutResponseHopLimit"), 1)


@check("K8S-5")
def organisation_only(deployment: Deployment) -> Iterator[Observation]:
    access = cluster(deployment).get("accessConfig", {})
    resource = f"cluster {deployment.cluster}"
    yield equal(resource, "authenticationMode", access.get("authenticationMode"), "API")
    # nodes and AWS's own roles have entries too; only those with an administrator's policy are administrators
    known = {
        names.arn(deployment.target, "iam", f"role/{names.settings(deployment.target).admin_role}", region=""),
        names.role_arn(deployment.target, "ci-apply"),
    }
    admins: set[str] = set()
    for principal in deployment.pages("eks", "list_access_entries", "accessEntries", clusterName=deployment.cluster):
        policies = deployment.pages(
            "eks",
            "list_associated_access_policies",
            "associatedAccessPolicies",
            clusterName=deployment.cluster,
            principalArn=principal,
        )
        if any(str(policy["policyArn"]).endswith("AdminPolicy") for policy in policies):
            admins.add(principal)
    yield empty(resource, "undeclared administrators", sorted(admins - known))
    yield includes(resource, "administrators", admins, known)


@check("K8S-6")
def pools_scale(deployment: Deployment) -> Iterator[Observation]:
    for name, spec in deployment.environment.pools.items():
        found = pool(deployment, name)
        scaling = found.get("scalingConfig", {})
        if deployment.environment.cost.sleep is None:
            yield equal(f"pool {name}", "minSize", scaling.get("minSize"), spec.min_nodes)
        else:  # zero during the sleep schedule
            ok = scaling.get("minSize") in (0, spec.min_nodes)
            yield Observation(f"pool {name}", f"minSize = {scaling.get('minSize')}", ok, f"0 or {spec.min_nodes}")
        yield equal(f"pool {name}", "maxSize", scaling.get("maxSize"), spec.max_nodes)
        expected = "SPOT" if spec.kind == "spot" else "ON_DEMAND"
        yield equal(f"pool {name}", "capacityType", found.get("capacityType"), expected)


@check("K8S-7")
def supported(deployment: Deployment) -> Iterator[Observation]:
    resource, found = f"cluster {deployment.cluster}", cluster(deployment)
    yield equal(resource, "version", found.get("version"), present(deployment.environment.cluster).version)
    yield equal(resource, "supportType", found.get("upgradePolicy", {}).get("supportType"), "STANDARD")
    for name in deployment.environment.pools:
        repair = pool(deployment, name).get("nodeRepairConfig", {})
        yield equal(f"pool {name}", "nodeRepairConfig", repair.get("enabled"), True)


@check("K8S-8")
def policies_enforced(deployment: Deployment) -> Iterator[Observation]:
    settings = json.loads(_addon(deployment, "vpc-cni").get("configurationValues") or "{}")
    enforced = str(settings.get("enableNetworkPolicy")).lower()
    yield equal("add-on vpc-cni", "enableNetworkPolicy", enforced, "true")


@check("K8S-9")
def disks_and_images(deployment: Deployment) -> Iterator[Observation]:
    for name in deployment.environment.pools:
        image = str(pool(deployment, name).get("amiType"))
        yield Observation(f"pool {name}", f"amiType = {image}", image.startswith("BOTTLEROCKET"), "BOTTLEROCKET_*")
        disks = _machine(deployment, name).get("BlockDeviceMappings", [])
        yield includes(f"pool {name}", "disks", [disk["DeviceName"] for disk in disks], ["/dev/xvda", "/dev/xvdb"])
        for disk in disks:
            resource, volume = f"pool {name} {disk['DeviceName']}", disk.get("Ebs", {})
            yield equal(resource, "Encrypted", volume.get("Encrypted"), True)
            yield keys.sealed(deployment, resource, "KmsKeyId", volume.get("KmsKeyId"), "disks", "cluster")


@check("K8S-11")
def protected(deployment: Deployment) -> Iterator[Observation]:
    if not present(deployment.environment.cluster).deletion_protection:
        raise NotRequired("cluster.deletion_protection is false")
    if deployment.target.existing.cluster:
        kept = cluster(deployment).get("deletionProtection", False)
        yield equal(f"cluster {deployment.cluster}", "deletionProtection", kept, True)
        return
    role, arn = names.role_name(deployment.target, "ci-apply"), names.cluster_arn(deployment.target)
    denied = any(
        statement.get("Effect") == "Deny"
        and covers(values(statement.get("Action")), "eks:DeleteCluster")
        and values(statement.get("Resource")) in ([arn], ["*"])
        for policy in deployment.pages("iam", "list_role_policies", "PolicyNames", RoleName=role)
        for statement in statements(
            deployment.call("iam", "get_role_policy", RoleName=role, PolicyName=policy)["PolicyDocument"]
        )
    )
    yield equal(f"role {role}", "denies eks:DeleteCluster", denied, True)


def _addon(deployment: Deployment, name: str) -> dict[str, Any]:
    answer = deployment.call("eks", "describe_addon", clusterName=deployment.cluster, addonName=name)
    described: dict[str, Any] = answer["addon"]
    return described
