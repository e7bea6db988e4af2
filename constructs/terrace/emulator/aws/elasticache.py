"""ElastiCache: parameter groups, user groups, members of a replication group, deletes that end."""

import re
from types import SimpleNamespace
from typing import Any

import moto.elasticache.models as models
from moto.elasticache.responses import ElastiCacheResponse

from terrace.emulator.aws.patch import Call, Function, as_tags, fault, operation, parameters_of, read_back, wrap

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
    """Stock moto has no operation for cache parameter groups."""

    @operation(ElastiCacheResponse)
    def create_cache_parameter_group(call: Call) -> dict[str, Any]:
        asked = call.parameters
        name = asked["CacheParameterGroupName"]
        kept = call.shelf("parameter_groups")
        if name in kept:
            raise fault("CacheParameterGroupAlreadyExists", f"Cache parameter group {name} already exists")
        group = {
            "CacheParameterGroupName": name,
            "CacheParameterGroupFamily": asked["CacheParameterGroupFamily"],
            "Description": asked["Description"],
            "IsGlobal": False,
            "ARN": call.arn(f"parametergroup:{name}"),
        }
        kept[name] = {"group": group, "parameters": {}}
        call.backend.add_tags_to_resource(group["ARN"], as_tags(asked.get("Tags")))
        return {"CacheParameterGroup": group}

    @operation(ElastiCacheResponse)
    def describe_cache_parameter_groups(call: Call) -> dict[str, Any]:
        if call.parameters.get("CacheParameterGroupName"):
            return {"CacheParameterGroups": [group_of(call)["group"]]}
        return {"CacheParameterGroups": [kept["group"] for kept in call.shelf("parameter_groups").values()]}

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
        del call.shelf("parameter_groups")[call.parameters["CacheParameterGroupName"]]

    def group_of(call: Call) -> dict[str, Any]:
        name = call.parameters["CacheParameterGroupName"]
        found: dict[str, Any] | None = call.shelf("parameter_groups").get(name)
        if found is None:
            raise fault("CacheParameterGroupNotFound", f"CacheParameterGroup not found: {name}")
        return found


def user_groups() -> None:
    """Stock moto has no operation for user groups."""

    @operation(ElastiCacheResponse)
    def create_user_group(call: Call) -> dict[str, Any]:
        asked = call.parameters
        name = asked["UserGroupId"]
        group = {
            "UserGroupId": name,
            "Status": "active",
            "Engine": asked["Engine"].lower(),
            "UserIds": list(asked.get("UserIds") or []),
            "MinimumEngineVersion": "7.2",
            "ReplicationGroups": [],
            "ARN": call.arn(f"usergroup:{name}"),
        }
        call.shelf("user_groups")[name] = group
        call.backend.add_tags_to_resource(group["ARN"], as_tags(asked.get("Tags")))
        return group

    @operation(ElastiCacheResponse)
    def describe_user_groups(call: Call) -> dict[str, Any]:
        if call.parameters.get("UserGroupId"):
            return {"UserGroups": [user_group_of(call)]}
        return {"UserGroups": list(call.shelf("user_groups").values())}

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
        del call.shelf("user_groups")[group["UserGroupId"]]
        return {**group, "Status": "deleting"}

    def user_group_of(call: Call) -> dict[str, Any]:
        name = call.parameters["UserGroupId"]
        found: dict[str, Any] | None = call.shelf("user_groups").get(name)
        if found is None:
            raise fault("UserGroupNotFound", f"User group {name} not found")
        return found


def users() -> None:
    """Stock moto has no ModifyUser, which a changed access string calls."""

    @operation(ElastiCacheResponse)
    def modify_user(call: Call) -> Any:
        user = call.backend.describe_users(call.parameters["UserId"])[0]
        user.access_string = call.parameters.get("AccessString") or user.access_string
        return user


def replication_groups() -> None:
    """Stock moto makes one member whatever NumCacheClusters says, knows no cache cluster for a member, so the provider
    reads neither version nor windows, keeps only few changed values, and leaves a deleted group in state `deleting` for
    ever."""

    @wrap(ElastiCacheResponse, "create_replication_group")
    def create_replication_group(original: Function, self: Any) -> Any:
        result = original(self)
        asked = parameters_of(self)
        group = self.elasticache_backend.replication_groups[asked["ReplicationGroupId"]]
        if asked.get("NumCacheClusters") and not asked.get("NumNodeGroups"):
            members = range(1, asked["NumCacheClusters"] + 1)
            group.member_clusters = [f"{asked['ReplicationGroupId']}-{number:03d}" for number in members]
        # the mode "preferred" is a step of turning TLS on, never a default
        group.transit_encryption_mode = asked.get("TransitEncryptionMode")
        return result

    @wrap(ElastiCacheResponse, "modify_replication_group")
    def modify_replication_group(original: Function, self: Any) -> Any:
        result = original(self)
        asked = parameters_of(self)
        group = self.elasticache_backend.replication_groups[asked["ReplicationGroupId"]]
        read_back(group, asked, _READ_BACK)
        removed = asked.get("UserGroupIdsToRemove") or []
        kept = [name for name in group.user_group_ids if name not in removed]
        group.user_group_ids = kept + list(asked.get("UserGroupIdsToAdd") or [])
        return result

    @wrap(models.ElastiCacheBackend, "describe_cache_clusters")
    def describe_cache_clusters(original: Function, self: Any, cache_cluster_id: str | None = None) -> Any:
        for group in self.replication_groups.values():
            if cache_cluster_id and cache_cluster_id in group.member_clusters:
                return [_member(self, group, cache_cluster_id)]
        return original(self, cache_cluster_id)

    @wrap(models.ElastiCacheBackend, "delete_replication_group")
    def delete_replication_group(original: Function, self: Any, replication_group_id: str, *rest: Any) -> Any:
        group = original(self, replication_group_id, *rest)
        del self.replication_groups[replication_group_id]
        return group

    # the method passes its second argument by name
    inner = models.ElastiCacheBackend.delete_replication_group

    def by_name(self: Any, replication_group_id: str, retain_primary_cluster: bool | None = None) -> Any:
        return inner(self, replication_group_id, retain_primary_cluster)

    models.ElastiCacheBackend.delete_replication_group = by_name


def subnet_groups() -> None:
    """Stock moto can neither change nor delete a cache subnet group."""

    @operation(ElastiCacheResponse)
    def modify_cache_subnet_group(call: Call) -> dict[str, Any]:
        asked = call.parameters
        name = asked["CacheSubnetGroupName"]
        before = call.backend.describe_cache_subnet_groups(name)[0]
        group = models.CacheSubnetGroup(
            call.account,
            call.region,
            name,
            asked.get("CacheSubnetGroupDescription") or before.cache_subnet_group_description,
            asked.get("SubnetIds") or before.subnet_ids,
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
    """Stock moto refuses to list the tags of a parameter group or a user group: its pattern of an ARN lacks them."""

    @wrap(models.ElastiCacheBackend, "__init__")
    def __init__(original: Function, self: Any, *arguments: Any, **named: Any) -> None:
        original(self, *arguments, **named)
        self.arn_regex = re.compile(r"^arn:[\w-]+:elasticache:")


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


PATCHES = (parameter_groups, user_groups, users, replication_groups, subnet_groups, tagged_arns)
