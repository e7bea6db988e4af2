from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.aws.conftest import Aws
from tests.emulator.aws.stock_moto import fails_on_stock_moto


def create_group(aws: Aws, **settings: object) -> str:
    name = aws.name()
    aws("elasticache").create_replication_group(
        ReplicationGroupId=name,
        ReplicationGroupDescription="test",
        Engine="valkey",
        EngineVersion="8.0",
        NumCacheClusters=2,
        TransitEncryptionEnabled=True,
        **settings,
    )
    return name


@fails_on_stock_moto
def test_parameter_groups(aws: Aws) -> None:
    cache, name = aws("elasticache"), aws.name()
    cache.create_cache_parameter_group(
        CacheParameterGroupName=name, CacheParameterGroupFamily="valkey8", Description="test"
    )
    policy = {"ParameterName": "maxmemory-policy", "ParameterValue": "volatile-lru"}
    cache.modify_cache_parameter_group(CacheParameterGroupName=name, ParameterNameValues=[policy])
    found = cache.describe_cache_parameters(CacheParameterGroupName=name, Source="user")["Parameters"]
    assert found[0]["ParameterValue"] == "volatile-lru"
    cache.reset_cache_parameter_group(CacheParameterGroupName=name, ResetAllParameters=True)
    assert cache.describe_cache_parameters(CacheParameterGroupName=name)["Parameters"] == []
    cache.delete_cache_parameter_group(CacheParameterGroupName=name)
    try:
        cache.describe_cache_parameter_groups(CacheParameterGroupName=name)
        raise AssertionError("not deleted")
    except cache.exceptions.CacheParameterGroupNotFoundFault:
        pass


@fails_on_stock_moto
def test_user_groups(aws: Aws) -> None:
    cache, name = aws("elasticache"), aws.name()
    cache.create_user_group(UserGroupId=name, Engine="valkey", UserIds=["a", "b"])
    cache.modify_user_group(UserGroupId=name, UserIdsToAdd=["c"], UserIdsToRemove=["a"])
    found = cache.describe_user_groups(UserGroupId=name)["UserGroups"][0]
    assert (found["UserIds"], found["Engine"], found["Status"]) == (["b", "c"], "valkey", "active")
    cache.delete_user_group(UserGroupId=name)
    try:
        cache.describe_user_groups(UserGroupId=name)
        raise AssertionError("not deleted")
    except cache.exceptions.UserGroupNotFoundFault:
        pass


@fails_on_stock_moto
def test_users(aws: Aws) -> None:
    cache, name = aws("elasticache"), aws.name()
    cache.create_user(
        UserId=name, UserName=name, Engine="redis", AccessString="off", AuthenticationMode={"Type": "iam"}
    )
    cache.modify_user(UserId=name, AccessString="on ~* +@read")
    assert cache.describe_users(UserId=name)["Users"][0]["AccessString"] == "on ~* +@read"


@fails_on_stock_moto
def test_replication_groups(aws: Aws) -> None:
    cache = aws("elasticache")
    name = create_group(aws, TransitEncryptionMode="required", PreferredMaintenanceWindow="sun:03:00-sun:04:00")
    group = find(aws, name)
    assert group["MemberClusters"] == [f"{name}-001", f"{name}-002"]
    assert group["TransitEncryptionMode"] == "required"
    member = cache.describe_cache_clusters(CacheClusterId=f"{name}-001")["CacheClusters"][0]
    assert member["EngineVersion"] == "8.0.0"
    assert member["PreferredMaintenanceWindow"] == "sun:03:00-sun:04:00"
    listed = [each["CacheClusterId"] for each in cache.describe_cache_clusters()["CacheClusters"]]
    assert {f"{name}-001", f"{name}-002"} <= set(listed)
    cache.modify_replication_group(ReplicationGroupId=name, SnapshotWindow="01:00-02:00")
    assert find(aws, name)["SnapshotWindow"] == "01:00-02:00"
    cache.delete_replication_group(ReplicationGroupId=name)
    try:
        find(aws, name)
        raise AssertionError("not deleted")
    except cache.exceptions.ReplicationGroupNotFoundFault:
        pass


def find(aws: Aws, name: str) -> dict[str, Any]:
    found: dict[str, Any] = aws("elasticache").describe_replication_groups(ReplicationGroupId=name)[
        "ReplicationGroups"
    ][0]
    return found


@fails_on_stock_moto
def test_replica_counts(aws: Aws) -> None:
    cache, name = aws("elasticache"), create_group(aws, MultiAZEnabled=True, AutomaticFailoverEnabled=True)
    cache.increase_replica_count(ReplicationGroupId=name, NewReplicaCount=2, ApplyImmediately=True)
    assert find(aws, name)["MemberClusters"] == [f"{name}-001", f"{name}-002", f"{name}-003"]
    cache.decrease_replica_count(ReplicationGroupId=name, NewReplicaCount=1, ApplyImmediately=True)
    assert find(aws, name)["MemberClusters"] == [f"{name}-001", f"{name}-002"]
    for refused in (
        lambda: cache.increase_replica_count(ReplicationGroupId=name, NewReplicaCount=1, ApplyImmediately=True),
        lambda: cache.decrease_replica_count(ReplicationGroupId=name, NewReplicaCount=0, ApplyImmediately=True),
    ):
        with pytest.raises(ClientError, match="InvalidParameterValue"):
            refused()


@fails_on_stock_moto
def test_subnet_groups(aws: Aws) -> None:
    cache, name, subnets = aws("elasticache"), aws.name(), aws.subnets()
    cache.create_cache_subnet_group(
        CacheSubnetGroupName=name, CacheSubnetGroupDescription="test", SubnetIds=subnets[:1]
    )
    cache.modify_cache_subnet_group(CacheSubnetGroupName=name, SubnetIds=subnets)
    found = cache.describe_cache_subnet_groups(CacheSubnetGroupName=name)["CacheSubnetGroups"][0]
    assert {subnet["SubnetIdentifier"] for subnet in found["Subnets"]} == set(subnets)
    cache.delete_cache_subnet_group(CacheSubnetGroupName=name)
    assert name not in [g["CacheSubnetGroupName"] for g in cache.describe_cache_subnet_groups()["CacheSubnetGroups"]]


@fails_on_stock_moto
def test_tagged_arns(aws: Aws) -> None:
    arn = f"arn:aws:elasticache:eu-central-1:{aws.account}:usergroup:{aws.name()}"
    aws("elasticache").add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "owner", "Value": "a"}])
    assert aws("elasticache").list_tags_for_resource(ResourceName=arn)["TagList"] == [{"Key": "owner", "Value": "a"}]


@fails_on_stock_moto
def test_a_user_made_again_has_no_tags_of_the_deleted_one(aws: Aws) -> None:
    cache, name = aws("elasticache"), aws.name()
    user = {"UserId": name, "UserName": name, "Engine": "valkey", "AccessString": "on", "NoPasswordRequired": True}
    cache.create_user(**user, Tags=[{"Key": "owner", "Value": "a"}])
    cache.delete_user(UserId=name)
    for _ in range(3):  # moto deletes a user when it is read
        try:
            cache.describe_users(UserId=name)
        except ClientError:
            break
    arn = cache.create_user(**user, Tags=[{"Key": "owned-by", "Value": "a"}])["ARN"]
    assert cache.list_tags_for_resource(ResourceName=arn)["TagList"] == [{"Key": "owned-by", "Value": "a"}]


@fails_on_stock_moto
def test_deleted_tags(aws: Aws) -> None:
    cache, name = aws("elasticache"), create_group(aws, Tags=[{"Key": "owner", "Value": "a"}])
    arn = cache.describe_replication_groups(ReplicationGroupId=name)["ReplicationGroups"][0]["ARN"]
    cache.delete_replication_group(ReplicationGroupId=name)
    cache.create_replication_group(
        ReplicationGroupId=name, ReplicationGroupDescription="test", Tags=[{"Key": "owned-by", "Value": "a"}]
    )
    assert cache.list_tags_for_resource(ResourceName=arn)["TagList"] == [{"Key": "owned-by", "Value": "a"}]
