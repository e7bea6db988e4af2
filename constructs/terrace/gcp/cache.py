"""Valkey on Memorystore (CACHE-1 to CACHE-3)."""

from collections.abc import Sequence

from cdktn_provider_google.memorystore_instance import (
    MemorystoreInstance,
    MemorystoreInstanceAutomatedBackupConfig,
    MemorystoreInstanceAutomatedBackupConfigFixedFrequencySchedule,
    MemorystoreInstanceAutomatedBackupConfigFixedFrequencyScheduleStartTime,
    MemorystoreInstanceDesiredAutoCreatedEndpoints,
    MemorystoreInstanceMaintenancePolicy,
    MemorystoreInstanceMaintenancePolicyWeeklyMaintenanceWindow,
    MemorystoreInstanceMaintenancePolicyWeeklyMaintenanceWindowStartTime,
    MemorystoreInstancePersistenceConfig,
    MemorystoreInstancePersistenceConfigRdbConfig,
    MemorystoreInstanceZoneDistributionConfig,
)
from constructs import Construct

from terrace.capabilities.cache import CacheHandle, CacheSpec
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.network import NetworkHandle
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.target import Target
from terrace.environment.sizes import machine
from terrace.gcp import names
from terrace.gcp.providers import service

_ENGINE = "VALKEY_8_0"
PORT = 6379
_DAY_SECONDS = 86400


class Cache(Construct):
    """One shard with a primary and replicas. Each of `modules` authenticates with its service account's token; the
    cache has no users of its own, so modules share all keys. Tokens last an hour, and clients must renew them.

    `handle.id` is the instance's id, `handle.instance` its name. Source: Memorystore for Valkey documentation, "About
    IAM authentication", "High availability and replicas".
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
        zonal = len(network.zones) == 1
        cache = MemorystoreInstance(
            self,
            "cache",
            instance_id=target.prefix,
            location=target.region,
            engine_version=_ENGINE,
            mode="CLUSTER_DISABLED",
            node_type=node_type(spec, target),
            shard_count=1,
            replica_count=spec.replicas,  # CACHE-3
            zone_distribution_config=MemorystoreInstanceZoneDistributionConfig(
                mode="SINGLE_ZONE" if zonal else "MULTI_ZONE",  # CACHE-3
                zone=network.zones[0] if zonal else None,
            ),
            authorization_mode="IAM_AUTH",  # CACHE-1
            desired_auto_created_endpoints=[
                MemorystoreInstanceDesiredAutoCreatedEndpoints(  # CACHE-1
                    network=network.id, project_id=names.account(target)
                )
            ],
            transit_encryption_mode="SERVER_AUTHENTICATION",  # CACHE-2
            kms_key=names.key(target, "cache"),  # CACHE-2
            engine_configs={"maxmemory-policy": "allkeys-lru"},
            persistence_config=MemorystoreInstancePersistenceConfig(
                mode="RDB", rdb_config=MemorystoreInstancePersistenceConfigRdbConfig(rdb_snapshot_period="SIX_HOURS")
            ),
            automated_backup_config=MemorystoreInstanceAutomatedBackupConfig(  # CACHE-3
                retention=f"{spec.snapshot_days * _DAY_SECONDS}s",
                fixed_frequency_schedule=MemorystoreInstanceAutomatedBackupConfigFixedFrequencySchedule(
                    start_time=MemorystoreInstanceAutomatedBackupConfigFixedFrequencyScheduleStartTime(hours=3)
                ),
            ),
            maintenance_policy=MemorystoreInstanceMaintenancePolicy(
                weekly_maintenance_window=[
                    MemorystoreInstanceMaintenancePolicyWeeklyMaintenanceWindow(
                        day="SUNDAY",
                        start_time=MemorystoreInstanceMaintenancePolicyWeeklyMaintenanceWindowStartTime(hours=4),
                    )
                ]
            ),
            deletion_protection_enabled=target.protected,
            deletion_policy=names.deletion(target),
            labels={"capability": "cache"},
            depends_on=[*keys.ready, *network.ready, service(self, "memorystore")],
        )
        self.handle = CacheHandle(
            id=names.cache_id(target),
            instance=target.prefix,
            host=cache.endpoints.get(0).connections.get(0).psc_auto_connection.get(0).ip_address,
            port=PORT,
            users={module: names.role_email(target, f"module-{module}") for module in modules},
        )


def node_type(spec: CacheSpec, target: Target) -> str:
    """The environment's exact node type, else the size's."""
    return names.settings(target).cache_node_type or machine("gcp", "cache", spec.size).name
