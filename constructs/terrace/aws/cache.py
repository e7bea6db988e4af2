"""ElastiCache for Valkey, compatible with Redis clients (CACHE-1 to CACHE-3).

Clients authenticate with IAM, so no password is in a state or a manifest. A client that cannot refresh an IAM token
needs a cache in the cluster instead.
"""

from collections.abc import Sequence

from cdktn import TerraformResourceLifecycle
from cdktn_provider_aws.elasticache_parameter_group import (
    ElasticacheParameterGroup,
    ElasticacheParameterGroupParameter,
)
from cdktn_provider_aws.elasticache_replication_group import (
    ElasticacheReplicationGroup,
    ElasticacheReplicationGroupLogDeliveryConfiguration,
)
from cdktn_provider_aws.elasticache_subnet_group import ElasticacheSubnetGroup
from cdktn_provider_aws.elasticache_user import ElasticacheUser, ElasticacheUserAuthenticationMode
from cdktn_provider_aws.elasticache_user_group import ElasticacheUserGroup
from constructs import Construct

from terrace.aws import names
from terrace.capabilities.cache import CacheHandle, CacheSpec
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.network import NetworkHandle
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.target import Target
from terrace.environment.sizes import machine

_ENGINE = "valkey"
PORT = 6379


class Cache(Construct):
    """One shard with a primary and replicas, and a user for each of `modules`, limited to keys that begin with its
    name.

    `handle.id` is the group's ARN, `handle.instance` its name; its nodes are <instance>-001 and so on. Raises
    ContractError if the name of a module's user is too long. Source: ElastiCache User Guide, "Role-Based Access
    Control", "Authenticating with IAM".
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        spec: CacheSpec,
        target: Target,
        *,
        modules: Sequence[str],
        keys: KeysHandle,
        network: NetworkHandle,
        observability: ObservabilityHandle,
    ) -> None:
        super().__init__(scope, id)
        users, group = self._users(modules, target)
        subnets = ElasticacheSubnetGroup(self, "subnets", name=target.prefix, subnet_ids=list(network.data_subnet_ids))
        parameters = ElasticacheParameterGroup(
            self,
            "parameters",
            name=f"{target.prefix}-valkey8",
            family="valkey8",
            parameter=[ElasticacheParameterGroupParameter(name="maxmemory-policy", value="volatile-lru")],
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
        )
        replicated = spec.replicas > 0
        server = ElasticacheReplicationGroup(
            self,
            "server",
            replication_group_id=target.prefix,
            description=f"{target.prefix} cache",
            engine=_ENGINE,
            engine_version="8.0",
            node_type=node_type(spec, target),
            num_cache_clusters=spec.replicas + 1,  # CACHE-3
            automatic_failover_enabled=replicated,  # CACHE-3
            multi_az_enabled=replicated,  # CACHE-3
            user_group_ids=[group.user_group_id],  # CACHE-1
            subnet_group_name=subnets.name,  # CACHE-1
            security_group_ids=[network.groups["cache"]],  # CACHE-1
            port=PORT,
            transit_encryption_enabled=True,  # CACHE-2
            transit_encryption_mode="required",  # CACHE-2
            at_rest_encryption_enabled="true",  # CACHE-2
            kms_key_id=keys.home["cache"],  # CACHE-2
            parameter_group_name=parameters.name,
            snapshot_retention_limit=spec.snapshot_days,  # CACHE-3
            snapshot_window="01:00-02:00",
            final_snapshot_identifier=None if target.tier == "dev" else f"{target.prefix}-final",
            maintenance_window="sun:03:00-sun:04:00",
            auto_minor_version_upgrade="true",
            apply_immediately=False,
            notification_topic_arn=observability.topics["warning"],
            log_delivery_configuration=[
                ElasticacheReplicationGroupLogDeliveryConfiguration(
                    destination=destination,
                    destination_type="cloudwatch-logs",
                    log_format="json",
                    log_type=log_type,
                )
                for log_type, destination in (
                    ("slow-log", observability.logs["cache-slow"]),
                    ("engine-log", observability.logs["cache-engine"]),
                )
            ],
            depends_on=list(observability.ready),
        )
        self.handle = CacheHandle(
            id=server.arn,
            instance=target.prefix,
            host=server.primary_endpoint_address,
            port=PORT,
            users=users,
        )

    def _users(self, modules: Sequence[str], target: Target) -> tuple[dict[str, str], ElasticacheUserGroup]:
        # Every group requires a user named default; this one is disabled and has no permissions.
        default = ElasticacheUser(
            self,
            "user-default",
            user_id=f"{target.prefix}-default",
            user_name="default",
            engine=_ENGINE,
            access_string="off ~* -@all",  # CACHE-1
            authentication_mode=ElasticacheUserAuthenticationMode(type="no-password-required"),
        )
        module_users = []
        names_by_module = {module: names.cache_user(target, module) for module in modules}
        for module, name in names_by_module.items():
            user = ElasticacheUser(
                self,
                f"user-{module}",
                user_id=name,
                user_name=name,  # IAM authentication requires user id and name to be equal
                engine=_ENGINE,
                access_string=f"on ~{module}:* &{module}:* +@all -@dangerous",  # CACHE-1
                authentication_mode=ElasticacheUserAuthenticationMode(type="iam"),  # CACHE-1
            )
            module_users.append(user)
        group = ElasticacheUserGroup(
            self,
            "users",
            user_group_id=target.prefix,
            engine=_ENGINE,
            user_ids=[user.user_id for user in (default, *module_users)],
        )
        return names_by_module, group


def node_type(spec: CacheSpec, target: Target) -> str:
    """The environment's exact node type, else the size's."""
    return names.settings(target).cache_node_type or machine("aws", "cache", spec.size).name
