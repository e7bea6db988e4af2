import pytest
from botocore.exceptions import ClientError

from tests.emulator.aws.conftest import Aws
from tests.emulator.aws.stock_moto import fails_on_stock_moto
from tests.emulator.aws.test_eks import create_cluster, create_group


@fails_on_stock_moto
def test_settings(aws: Aws) -> None:
    cluster = create_cluster(aws, version="1.32")
    group = create_group(aws, cluster, updateConfig={"maxUnavailable": 1}, nodeRepairConfig={"enabled": True})
    found = aws("eks").describe_nodegroup(clusterName=cluster, nodegroupName=group)["nodegroup"]
    assert found["version"] == "1.32"
    assert found["updateConfig"] == {"maxUnavailable": 1}
    assert found["nodeRepairConfig"]["enabled"] is True
    assert "remoteAccess" not in found
    aws("eks").update_nodegroup_version(clusterName=cluster, nodegroupName=group, version="1.33")


@fails_on_stock_moto
def test_bounds_that_exclude_the_desired_size_are_refused(aws: Aws) -> None:
    eks, cluster = aws("eks"), create_cluster(aws)
    group = create_group(aws, cluster, scalingConfig={"minSize": 2, "maxSize": 4, "desiredSize": 2})
    for bounds, message in (
        ({"minSize": 4, "maxSize": 6}, "Minimum capacity 4 can't be greater than desired size 2"),
        ({"minSize": 0, "maxSize": 1}, "Desired capacity 2 can't be greater than max size 1"),
    ):
        refusal = ""
        try:
            eks.update_nodegroup_config(clusterName=cluster, nodegroupName=group, scalingConfig=bounds)
        except ClientError as error:
            refusal = str(error)
        assert message in refusal
    bounds = {"minSize": 4, "maxSize": 6, "desiredSize": 4}
    eks.update_nodegroup_config(clusterName=cluster, nodegroupName=group, scalingConfig=bounds)


@fails_on_stock_moto
def test_the_node_groups_of_no_cluster_are_refused(aws: Aws) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        aws("eks").list_nodegroups(clusterName=aws.name())
