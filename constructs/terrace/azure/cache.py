"""Azure Managed Redis (CACHE-1 to CACHE-3).

Clients authenticate with Entra; access keys are disabled. A client that cannot refresh an Entra token needs a cache in
the cluster instead. Azure Cache for Redis, the older service, accepts no new instances.
"""

from collections.abc import Sequence

from cdktn_provider_azurerm.managed_redis import (
    ManagedRedis,
    ManagedRedisCustomerManagedKey,
    ManagedRedisDefaultDatabase,
    ManagedRedisIdentity,
)
from cdktn_provider_azurerm.monitor_diagnostic_setting import (
    MonitorDiagnosticSetting,
    MonitorDiagnosticSettingEnabledLog,
)
from constructs import Construct

from terrace.azure import names, providers
from terrace.azure.firewall import private_path
from terrace.capabilities.cache import CacheHandle, CacheSpec
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.network import NetworkHandle
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.target import Target
from terrace.environment.sizes import machine

PORT = 10000


class Cache(Construct):
    """One database that behaves as a single shard. Modules get access with their identity (see identity.py), which
    `handle.users` contains. Source: "What is Azure Managed Redis?", "Microsoft Entra authentication".
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
        group, user = providers.home(self, target), keys.users["cache"].id
        server = ManagedRedis(
            self,
            "server",
            name=target.prefix,
            location=group.location,
            resource_group_name=group.name,
            sku_name=node_type(spec, target),
            high_availability_enabled=spec.replicas > 0,  # CACHE-3
            public_network_access="Disabled",  # CACHE-1
            default_database=ManagedRedisDefaultDatabase(
                client_protocol="Encrypted",  # CACHE-2
                access_keys_authentication_enabled=False,  # CACHE-1
                clustering_policy="NoCluster",
                eviction_policy="VolatileLRU",
                persistence_redis_database_backup_frequency="12h" if target.tier != "prod" else "1h",  # CACHE-3
            ),
            identity=ManagedRedisIdentity(type="UserAssigned", identity_ids=[user]),
            customer_managed_key=ManagedRedisCustomerManagedKey(
                key_vault_key_id=keys.versions[
                    "cache"
                ],  # CACHE-2: requires a key version, so a rotation shows up in the next plan
                user_assigned_identity_id=user,
            ),
            tags=dict(target.tags),
            depends_on=list(keys.ready),
        )
        path = private_path(self, "path-cache", target, to=server.id, service="redisEnterprise", subnet="cache")
        MonitorDiagnosticSetting(
            self,
            "logs",
            name="logs",
            target_resource_id=f"{server.id}/databases/default",
            log_analytics_workspace_id=observability.log_ids["cache-engine"],
            log_analytics_destination_type="Dedicated",
            enabled_log=[MonitorDiagnosticSettingEnabledLog(category_group="allLogs")],
            depends_on=list(observability.ready),
        )
        self.handle = CacheHandle(
            id=names.cache_id(target),
            instance=target.prefix,
            host=server.hostname,
            port=PORT,
            users={module: _user_id(module, target) for module in modules},
            ready=(server, path),
        )


def _user_id(module: str, target: Target) -> str:
    """The identity that a module authenticates with; Redis identifies it by the object id in its token."""
    return names.identity(target, f"module-{module}")


def node_type(spec: CacheSpec, target: Target) -> str:
    """The environment's exact SKU, else the size's."""
    return names.settings(target).cache_sku or machine("azure", "cache", spec.size).name
