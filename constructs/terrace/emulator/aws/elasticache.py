"""ElastiCache: parameter groups, user groups, users, replication groups, subnet groups, tags."""

import re
from types import SimpleNamespace
from typing import Any

import moto.elasticache.models as models
from moto.elasticache.responses import ElastiCacheResponse

from terrace.emulator.aws.patch import Call, Function, as_tags, operation, parameters_of, read_back, service_error, wrap

_READ_BACK = {
    "AutoMinorVersionUpgrade": "auto_minor_version_upgrade",
    "CacheParameterGroupName": "cache_parameter_group_name",
    "EngineVersion": "engine_version",
    "NotificationTopicArn": "notification_topic_arn",
    "PreferredMaintenanceWindow": "preferred_maintenance_window",
    "SecurityGroupIds": "security_group_ids",
    "SnapshotRetentionLimit": "snapshot_retention_limit",
    "SnapshotWindow": "snapshot_window",
    "TransitEncryptionEnabled": "transit_encryption_enabled",
    "TransitEncryptionMode": "transit_encryption_mode",
}


def parameter_groups() -> None:
    """Stock moto lacks the operations for cache parameter groups."""

    @operation(ElastiCacheResponse)
    def create_cache_parameter_group(call: Call) -> dict[str, Any]:
        parameters = call.parameters
        name = parameters["CacheParameterGroupName"]
        groups = call.state("parameter_groups")
        if name in groups:
            raise service_error("CacheParameterGroupAlreadyExists", f"Cache parameter group {name} already exists")
        group = {
            "CacheParameterGroupName": name,
            "CacheParameterGroupFamily": parameters["CacheParameterGroupFamily"],
            "Description": parameters["Description"],
            "IsGlobal": False,
            "ARN": call.arn(f"parametergroup:{name}"),
        }
        groups[name] = {"group": group, "parameters": {}}
        call.backend.add_tags_to_resource(group["ARN"], as_tags(parameters.get("Tags")))
        return {"CacheParameterGroup": group}

    @operation(ElastiCacheResponse)
    def describe_cache_parameter_groups(call: Call) -> dict[str, Any]:
        if call.parameters.get("CacheParameterGroupName"):
            return {"CacheParameterGroups": [group_of(call)["group"]]}
        return {"CacheParameterGroups": [each["group"] for each in call.state("parameter_groups").values()]}

    @operation(ElastiCacheResponse)
    def modify_cache_parameter_group(call: Call) -> dict[str, Any]:
        for parameter in call.parameters.get("ParameterNameValues") or []:
            group_of(call)["parameters"][parameter["ParameterName"]] = parameter["ParameterValue"]
        return {"CacheParameterGroupName": call.parameters["CacheParameterGroupName"]}

    @operation(ElastiCacheResponse)
    def reset_cache_parameter_group(call: Call) -> dict[str, Any]:
        parameters = group_of(call)["parameters"]
        if call.parameters.get("ResetAllParameters"):
            parameters.clear()
        for parameter in call.parameters.get("ParameterNameValues") or []:
            parameters.pop(parameter["ParameterName"], None)
        return {"CacheParameterGroupName": call.parameters["CacheParameterGroupName"]}

    @operation(ElastiCacheResponse)
    def describe_cache_parameters(call: Call) -> dict[str, Any]:
        return {
            "Parameters": [
                {"ParameterName": name, "ParameterValue": value, "Source": "user", "IsModifiable": True}
                for name, value in group_of(call)["parameters"].items()
            ]
        }

    @operation(ElastiCacheResponse)
    def delete_cache_parameter_group(call: Call) -> None:
        group_of(call)
        del call.state("parameter_groups")[call.parameters["CacheParameterGroupName"]]

    def group_of(call: Call) -> dict[str, Any]:
        name = call.parameters["CacheParameterGroupName"]
        group: dict[str, Any] | None = call.state("parameter_groups").get(name)
        if group is None:
            raise service_error("CacheParameterGroupNotFound", f"CacheParameterGroup not found: {name}")
        return group


def user_groups() -> None:
    """Stock moto lacks the operations for user groups."""

    @operation(ElastiCacheResponse)
    def create_user_group(call: Call) -> dict[str, Any]:
        parameters = call.parameters
        name = parameters["UserGroupId"]
        group = {
            "UserGroupId": name,
            "Status": "active",
            "Engine": parameters["Engine"].lower(),
            "UserIds": list(parameters.get("UserIds") or []),
            "MinimumEngineVersion": "7.2",
            "ReplicationGroups": [],
            "ARN": call.arn(f"usergroup:{name}"),
        }
        call.state("user_groups")[name] = group
        call.backend.add_tags_to_resource(group["ARN"], as_tags(parameters.get("Tags")))
        return group

    @operation(ElastiCacheResponse)
    def describe_user_groups(call: Call) -> dict[str, Any]:
        if call.parameters.get("UserGroupId"):
            return {"UserGroups": [user_group_of(call)]}
        return {"UserGroups": list(call.state("user_groups").values())}

    @operation(ElastiCacheResponse)
    def modify_user_group(call: Call) -> dict[str, Any]:
        group = user_group_of(call)
        removed = call.parameters.get("UserIdsToRemove") or []
        added = call.parameters.get("UserIdsToAdd") or []
        group["UserIds"] = [user for user in group["UserIds"] if user not in removed] + list(added)
        return group

    @operation(ElastiCacheResponse)
    def delete_user_group(call: Call) -> dict[str, Any]:
        group = user_group_of(call)
        del call.state("user_groups")[group["UserGroupId"]]
        return {**group, "Status": "deleting"}

    def user_group_of(call: Call) -> dict[str, Any]:
        name = call.parameters["UserGroupId"]
        group: dict[str, Any] | None = call.state("user_groups").get(name)
        if group is None:
            raise service_error("UserGroupNotFound", f"User group {name} not found")
        return group


def users() -> None:
    """Stock moto lacks ModifyUser, which changes an access string."""

    @operation(ElastiCacheResponse)
    def modify_user(call: Call) -> Any:
        user = call.backend.describe_users(call.parameters["UserId"])[0]
        user.access_string = call.parameters.get("AccessString") or user.access_string
        return user


def replication_groups() -> None:
    """Stock moto ignores NumCacheClusters and creates one member, has no cache cluster for a member, from which the
    provider reads version and windows, drops most changed values, and leaves a deleted group in state `deleting`."""

    @wrap(ElastiCacheResponse, "create_replication_group")
    def create_replication_group(original: Function, self: Any) -> Any:
        result = original(self)
        parameters = parameters_of(self)
        group = self.elasticache_backend.replication_groups[parameters["ReplicationGroupId"]]
        if parameters.get("NumCacheClusters") and not parameters.get("NumNodeGroups"):
            members = range(1, parameters["NumCacheClusters"] + 1)
            group.member_clusters = [f"{parameters['ReplicationGroupId']}-{number:03d}" for number in members]
        # the mode "preferred" is a step of enabling TLS, never a default
        group.transit_encryption_mode = parameters.get("TransitEncryptionMode")
        return result

    @wrap(ElastiCacheResponse, "modify_replication_group")
    def modify_replication_group(original: Function, self: Any) -> Any:
        result = original(self)
        parameters = parameters_of(self)
        group = self.elasticache_backend.replication_groups[parameters["ReplicationGroupId"]]
        read_back(group, parameters, _READ_BACK)
        removed = parameters.get("UserGroupIdsToRemove") or []
        remaining = [name for name in group.user_group_ids if name not in removed]
        group.user_group_ids = remaining + list(parameters.get("UserGroupIdsToAdd") or [])
        return result

    @wrap(models.ElastiCacheBackend, "describe_cache_clusters")
    def describe_cache_clusters(original: Function, self: Any, cache_cluster_id: str | None = None) -> Any:
        for group in self.replication_groups.values():
            if cache_cluster_id and cache_cluster_id in group.member_clusters:
                return [_member(self, group, cache_cluster_id)]
        members = [
            _member(self, group, name) for group in self.replication_groups.values() for name in group.member_clusters
        ]
        return [*original(self, cache_cluster_id), *([] if cache_cluster_id else members)]

    @wrap(models.ElastiCacheBackend, "delete_replication_group")
    def delete_replication_group(original: Function, self: Any, replication_group_id: str, *rest: Any) -> Any:
        group = original(self, replication_group_id, *rest)
        del self.replication_groups[replication_group_id]
        return group

    # callers pass the second argument by name
    inner = models.ElastiCacheBackend.delete_replication_group

    def by_name(self: Any, replication_group_id: str, retain_primary_cluster: bool | None = None) -> Any:
        return inner(self, replication_group_id, retain_primary_cluster)

    models.ElastiCacheBackend.delete_replication_group = by_name


def replica_counts() -> None:
    """Stock moto cannot add or remove replicas."""

    # ElastiCache API Reference, IncreaseReplicaCount and DecreaseReplicaCount: bounds of NewReplicaCount
    @operation(ElastiCacheResponse)
    def increase_replica_count(call: Call) -> dict[str, Any]:
        group, members, count = _resized(call)
        if not members <= count <= _MOST_REPLICAS:
            raise service_error("InvalidParameterValue", f"The new number of replicas is {count}")
        return _with_members(group, count + 1)

    @operation(ElastiCacheResponse)
    def decrease_replica_count(call: Call) -> dict[str, Any]:
        group, members, count = _resized(call)
        if not (1 if group.multi_az == "enabled" else 0) <= count < members - 1:
            raise service_error("InvalidParameterValue", f"The new number of replicas is {count}")
        return _with_members(group, count + 1)


_MOST_REPLICAS = 5


def _resized(call: Call) -> tuple[Any, int, int]:
    """The group, the number of its members, and the wanted number of replicas."""
    name = call.parameters["ReplicationGroupId"]
    group = call.backend.replication_groups.get(name)
    if group is None:
        raise service_error("ReplicationGroupNotFoundFault", f"Replication group {name} not found.")
    return group, len(group.member_clusters), call.parameters["NewReplicaCount"]


def _with_members(group: Any, count: int) -> dict[str, Any]:
    group.member_clusters = [f"{group.replication_group_id}-{number:03d}" for number in range(1, count + 1)]
    return {"ReplicationGroup": group}


def subnet_groups() -> None:
    """Stock moto cannot change or delete a cache subnet group."""

    @operation(ElastiCacheResponse)
    def modify_cache_subnet_group(call: Call) -> dict[str, Any]:
        parameters = call.parameters
        name = parameters["CacheSubnetGroupName"]
        before = call.backend.describe_cache_subnet_groups(name)[0]
        group = models.CacheSubnetGroup(
            call.account,
            call.region,
            name,
            parameters.get("CacheSubnetGroupDescription") or before.cache_subnet_group_description,
            parameters.get("SubnetIds") or before.subnet_ids,
            before.tags,
        )
        call.backend.cache_subnet_groups[name] = group
        return {"CacheSubnetGroup": group}

    @operation(ElastiCacheResponse)
    def delete_cache_subnet_group(call: Call) -> None:
        name = call.parameters["CacheSubnetGroupName"]
        call.backend.describe_cache_subnet_groups(name)  # or CacheSubnetGroupNotFoundFault
        del call.backend.cache_subnet_groups[name]


def tagged_arns() -> None:
    """Stock moto refuses to list the tags of a parameter group or a user group: its ARN pattern does not match them."""

    @wrap(models.ElastiCacheBackend, "__init__")
    def __init__(original: Function, self: Any, *arguments: Any, **named: Any) -> None:
        original(self, *arguments, **named)
        self.arn_regex = re.compile(r"^arn:[\w-]+:elasticache:")


def deleted_tags() -> None:
    """Stock moto keeps the tags of what is deleted, and another one of the same name gets them."""
    kinds = {
        "CacheParameterGroupName": "parametergroup",
        "CacheSubnetGroupName": "subnetgroup",
        "ReplicationGroupId": "replicationgroup",
        "UserGroupId": "usergroup",
        "UserId": "user",
    }

    @wrap(ElastiCacheResponse, "call_action")
    def call_action(original: Function, self: Any) -> Any:
        answer = original(self)
        if self._get_action().startswith("Delete") and answer[0] < 300:
            backend = self.elasticache_backend
            prefix = f"arn:{backend.partition}:elasticache:{backend.region_name}:{backend.account_id}"
            for parameter, name in parameters_of(self).items():
                if kind := kinds.get(parameter):
                    backend.tagging_service.delete_all_tags_for_resource(f"{prefix}:{kind}:{name}")
        return answer


def _member(backend: Any, group: Any, name: str) -> SimpleNamespace:
    version = group.engine_version or "8.0"
    family = f"default.{group.engine}{version.split('.')[0]}"
    return SimpleNamespace(
        cache_cluster_id=name,
        cache_cluster_status="available",
        engine=group.engine,
        engine_version=f"{version}.0" if version.count(".") == 1 else version,
        cache_node_type=group.cache_node_type,
        num_cache_nodes=1,
        replication_group_id=group.replication_group_id,
        cache_parameter_group={
            "CacheParameterGroupName": group.cache_parameter_group_name or family,
            "ParameterApplyStatus": "in-sync",
        },
        cache_subnet_group_name=group.cache_subnet_group_name,
        security_groups=[{"SecurityGroupId": each, "Status": "active"} for each in group.security_group_ids or []],
        notification_configuration=(
            {"TopicArn": group.notification_topic_arn, "TopicStatus": "active"}
            if group.notification_topic_arn
            else None
        ),
        auto_minor_version_upgrade=True,
        preferred_maintenance_window=group.preferred_maintenance_window or "sun:05:00-sun:06:00",
        snapshot_retention_limit=0,
        snapshot_window=None,
        transit_encryption_enabled=group.transit_encryption_enabled,
        transit_encryption_mode=group.transit_encryption_mode,
        at_rest_encryption_enabled=group.at_rest_encryption_enabled,
        arn=f"arn:{backend.partition}:elasticache:{backend.region_name}:{backend.account_id}:cluster:{name}",
        network_type="ipv4",
        ip_discovery="ipv4",
    )


PATCHES = (
    parameter_groups,
    user_groups,
    users,
    replication_groups,
    replica_counts,
    subnet_groups,
    tagged_arns,
    deleted_tags,
)
