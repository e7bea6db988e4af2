import pytest
from botocore.exceptions import ClientError

from tests.emulator.aws.conftest import Aws
from tests.emulator.aws.stock_moto import fails_on_stock_moto


def create_cluster(aws: Aws, **settings: object) -> str:
    name = aws.name()
    aws("eks").create_cluster(
        name=name, roleArn=aws.role(), resourcesVpcConfig={"subnetIds": aws.subnets()}, **settings
    )
    return name


def create_group(aws: Aws, cluster: str, **settings: object) -> str:
    name = aws.name()
    aws("eks").create_nodegroup(
        clusterName=cluster, nodegroupName=name, nodeRole=aws.role(), subnets=aws.subnets(), **settings
    )
    return name


@fails_on_stock_moto
def test_cluster_settings(aws: Aws) -> None:
    name = create_cluster(
        aws,
        accessConfig={"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
        upgradePolicy={"supportType": "STANDARD"},
    )
    cluster = aws("eks").describe_cluster(name=name)["cluster"]
    assert cluster["accessConfig"]["authenticationMode"] == "API"
    assert cluster["accessConfig"]["bootstrapClusterCreatorAdminPermissions"] is False
    assert cluster["upgradePolicy"]["supportType"] == "STANDARD"
    assert cluster["resourcesVpcConfig"]["vpcId"].startswith("vpc-")
    assert cluster["identity"]["oidc"]["issuer"] != issuer_of(aws, create_cluster(aws))


def issuer_of(aws: Aws, name: str) -> str:
    issuer: str = aws("eks").describe_cluster(name=name)["cluster"]["identity"]["oidc"]["issuer"]
    return issuer


@fails_on_stock_moto
def test_cluster_updates(aws: Aws) -> None:
    eks, name = aws("eks"), create_cluster(aws)
    update = eks.update_cluster_config(name=name, resourcesVpcConfig={"endpointPrivateAccess": True})["update"]
    assert eks.describe_update(name=name, updateId=update["id"])["update"]["status"] == "Successful"
    before = eks.describe_cluster(name=name)["cluster"]["version"]
    with pytest.raises(ClientError, match=f"Unsupported Kubernetes minor version update from {before} to 1.38"):
        eks.update_cluster_version(name=name, version="1.38")
    eks.update_cluster_version(name=name, version="1.20")
    cluster = eks.describe_cluster(name=name)["cluster"]
    assert cluster["version"] == "1.20"
    assert cluster["resourcesVpcConfig"]["endpointPrivateAccess"] is True
    assert len(cluster["resourcesVpcConfig"]["subnetIds"]) == 2


@fails_on_stock_moto
def test_addons(aws: Aws) -> None:
    eks, cluster = aws("eks"), create_cluster(aws)
    eks.create_addon(
        clusterName=cluster,
        addonName="vpc-cni",
        podIdentityAssociations=[{"serviceAccount": "aws-node", "roleArn": aws.role()}],
    )
    assert eks.list_addons(clusterName=cluster)["addons"] == ["vpc-cni"]
    eks.update_addon(clusterName=cluster, addonName="vpc-cni", configurationValues="{}")
    addon = eks.describe_addon(clusterName=cluster, addonName="vpc-cni")["addon"]
    assert addon["configurationValues"] == "{}"
    assert len(addon["podIdentityAssociations"]) == 1
    eks.delete_addon(clusterName=cluster, addonName="vpc-cni")
    assert eks.list_addons(clusterName=cluster)["addons"] == []
    assert eks.list_pod_identity_associations(clusterName=cluster)["associations"] == []


@fails_on_stock_moto
def test_access_entries(aws: Aws) -> None:
    eks, cluster, principal = aws("eks"), create_cluster(aws), aws.role("path/admin")
    key = {"clusterName": cluster, "principalArn": principal}
    eks.create_access_entry(**key)
    eks.update_access_entry(**key, kubernetesGroups=["readers"])
    assert eks.describe_access_entry(**key)["accessEntry"]["kubernetesGroups"] == ["readers"]
    policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAdminViewPolicy"
    eks.associate_access_policy(**key, policyArn=policy, accessScope={"type": "cluster"})
    assert [p["policyArn"] for p in eks.list_associated_access_policies(**key)["associatedAccessPolicies"]] == [policy]
    eks.disassociate_access_policy(**key, policyArn=policy)
    eks.delete_access_entry(**key)
    assert eks.list_access_entries(clusterName=cluster)["accessEntries"] == []


@fails_on_stock_moto
def test_pod_identities(aws: Aws) -> None:
    eks, cluster = aws("eks"), create_cluster(aws)
    created = eks.create_pod_identity_association(
        clusterName=cluster, namespace="airflow", serviceAccount="worker", roleArn=aws.role("a")
    )["association"]
    key = {"clusterName": cluster, "associationId": created["associationId"]}
    eks.update_pod_identity_association(**key, roleArn=aws.role("b"))
    assert eks.describe_pod_identity_association(**key)["association"]["roleArn"] == aws.role("b")
    assert len(eks.list_pod_identity_associations(clusterName=cluster, namespace="airflow")["associations"]) == 1
    eks.delete_pod_identity_association(**key)
    assert eks.list_pod_identity_associations(clusterName=cluster)["associations"] == []


@fails_on_stock_moto
def test_tags(aws: Aws) -> None:
    eks, cluster = aws("eks"), create_cluster(aws)
    group = create_group(aws, cluster, tags={"owner": "a", "old": "x", "older": "y"})
    arn = eks.describe_nodegroup(clusterName=cluster, nodegroupName=group)["nodegroup"]["nodegroupArn"]
    eks.tag_resource(resourceArn=arn, tags={"owner": "b"})
    eks.untag_resource(resourceArn=arn, tagKeys=["old", "older"])
    assert eks.describe_nodegroup(clusterName=cluster, nodegroupName=group)["nodegroup"]["tags"] == {"owner": "b"}
