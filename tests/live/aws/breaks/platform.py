"""Breaks of the guarantees about the cluster and the registry."""

import json
from typing import Any

from terrace.live.aws import cluster
from tests.live.aws.breaks import breaks
from tests.live.aws.site import ACCOUNT, Site


@breaks("K8S-1")
def api_is_public(site: Site) -> None:
    site.client("eks").update_cluster_config(
        name=site.prefix, resourcesVpcConfig={"endpointPublicAccess": True, "publicAccessCidrs": ["0.0.0.0/0"]}
    )


@breaks("K8S-2")
def kubernetes_secrets_have_another_key(site: Site) -> None:
    site.client("eks").associate_encryption_config(
        clusterName=site.prefix,
        encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": site.key("logs")}}],
    )


@breaks("K8S-3")
def audit_log_is_off(site: Site) -> None:
    site.client("eks").update_cluster_config(
        name=site.prefix, logging={"clusterLogging": [{"types": ["api"], "enabled": True}]}
    )


def _change_launch_template(site: Site, pool: str, **changes: Any) -> None:
    group = cluster.pool(site.deployment, pool)
    template = group["launchTemplate"]["id"]
    ec2 = site.client("ec2")
    latest = ec2.describe_launch_template_versions(LaunchTemplateId=template, Versions=["$Latest"])
    data = latest["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    version = ec2.create_launch_template_version(LaunchTemplateId=template, LaunchTemplateData={**data, **changes})
    number = str(version["LaunchTemplateVersion"]["VersionNumber"])
    site.client("eks").update_nodegroup_version(
        clusterName=site.prefix,
        nodegroupName=group["nodegroupName"],
        launchTemplate={"id": template, "version": number},
    )


@breaks("K8S-4")
def pods_reach_the_metadata_service(site: Site) -> None:
    _change_launch_template(site, "general", MetadataOptions={"HttpTokens": "optional", "HttpPutResponseHopLimit": 1})


@breaks("K8S-5")
def an_undeclared_role_is_administrator(site: Site) -> None:
    eks = site.client("eks")
    entry = {"clusterName": site.prefix, "principalArn": f"arn:aws:iam::{ACCOUNT}:role/intruder"}
    eks.create_access_entry(**entry, type="STANDARD", tags=dict(site.target.tags))
    policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    eks.associate_access_policy(**entry, policyArn=policy, accessScope={"type": "cluster"})


@breaks("K8S-6")
def pool_cannot_grow(site: Site) -> None:
    minimum = site.environment.cluster.pools["general"].min_nodes
    site.client("eks").update_nodegroup_config(
        clusterName=site.prefix,
        nodegroupName=cluster.pool(site.deployment, "general")["nodegroupName"],
        scalingConfig={"minSize": minimum, "maxSize": minimum},
    )


@breaks("K8S-7")
def unhealthy_nodes_are_not_replaced(site: Site) -> None:
    pool = cluster.pool(site.deployment, "general")
    kept = ("nodegroupName", "nodeRole", "subnets", "capacityType", "amiType", "scalingConfig", "labels", "tags")
    same = {name: pool[name] for name in kept}
    template = {"id": pool["launchTemplate"]["id"], "version": pool["launchTemplate"]["version"]}
    eks = site.client("eks")
    eks.delete_nodegroup(clusterName=site.prefix, nodegroupName=pool["nodegroupName"])
    eks.create_nodegroup(
        clusterName=site.prefix,
        launchTemplate=template,
        nodeRepairConfig={"enabled": False},
        **same,
    )


@breaks("K8S-8")
def network_policies_are_not_enforced(site: Site) -> None:
    site.client("eks").update_addon(
        clusterName=site.prefix, addonName="vpc-cni", configurationValues=json.dumps({"enableNetworkPolicy": "false"})
    )


@breaks("K8S-9")
def node_disks_are_not_encrypted(site: Site) -> None:
    plain = [{"DeviceName": name, "Ebs": {"VolumeSize": 80}} for name in ("/dev/xvda", "/dev/xvdb")]
    _change_launch_template(site, "general", BlockDeviceMappings=plain)


@breaks("K8S-10")
def image_tags_are_mutable(site: Site) -> None:
    site.client("ecr").put_image_tag_mutability(repositoryName=f"{site.prefix}/airflow", imageTagMutability="MUTABLE")


@breaks("K8S-11")
def pipeline_may_delete_the_cluster(site: Site) -> None:
    site.client("iam").delete_role_policy(RoleName=site.role("ci-apply"), PolicyName="deletion-protection")
