"""Azure Database for PostgreSQL, Flexible Server (DB-1 to DB-10, SEC-2).

Every login uses Entra, so there is no password in a state and none to rotate.
"""

from collections.abc import Mapping

from cdktn import TerraformResourceLifecycle
from cdktn_provider_azurerm.management_lock import ManagementLock
from cdktn_provider_azurerm.monitor_diagnostic_setting import (
    MonitorDiagnosticSetting,
    MonitorDiagnosticSettingEnabledLog,
)
from cdktn_provider_azurerm.postgresql_flexible_server import (
    PostgresqlFlexibleServer,
    PostgresqlFlexibleServerAuthentication,
    PostgresqlFlexibleServerCustomerManagedKey,
    PostgresqlFlexibleServerHighAvailability,
    PostgresqlFlexibleServerIdentity,
    PostgresqlFlexibleServerMaintenanceWindow,
)
from cdktn_provider_azurerm.postgresql_flexible_server_active_directory_administrator import (
    PostgresqlFlexibleServerActiveDirectoryAdministrator,
)
from cdktn_provider_azurerm.postgresql_flexible_server_configuration import PostgresqlFlexibleServerConfiguration
from cdktn_provider_azurerm.postgresql_flexible_server_database import PostgresqlFlexibleServerDatabase
from cdktn_provider_azurerm.private_dns_cname_record import PrivateDnsCnameRecord
from constructs import Construct

from terrace.azure import iam, names, providers
from terrace.capabilities.database import DatabaseHandle, DatabaseSpec
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.network import NetworkHandle
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.target import Target
from terrace.environment.sizes import machine

NAME = "platform"
ADMIN = "database-admin"
PORT = 5432
_STORAGE_GB = (32, 64, 128, 256, 512, 1024, 2048, 4095, 8192, 16384)
"""Available storage sizes. Source: provider, `postgresql_flexible_server.storage_mb`."""

_EXTENSIONS = (
    "address_standardizer",
    "btree_gin",
    "btree_gist",
    "citext",
    "fuzzystrmatch",
    "hstore",
    "pg_stat_statements",
    "pg_trgm",
    "pgaudit",
    "pgcrypto",
    "plpgsql",
    "postgis",
    "postgis_raster",
    "postgis_tiger_geocoder",
    "postgis_topology",
    "unaccent",
    "uuid-ossp",
)
"""Allowed extensions; none of them reads files, other servers or buckets."""
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
"""In Azure's order."""


def parameters(spec: DatabaseSpec) -> Mapping[str, str]:
    """Settings that differ from Azure's defaults. Source: Flexible Server documentation, "Server parameters"."""
    return {
        "require_secure_transport": "on",  # DB-2
        "ssl_min_protocol_version": "TLSv1.2",  # DB-2
        "azure.extensions": ",".join(_EXTENSIONS),  # DB-9
        "shared_preload_libraries": "pg_stat_statements,pgaudit",  # DB-7
        "pgaudit.log": "ddl,role,write",  # DB-7
        "log_connections": "on",
        "log_disconnections": "on",
        "log_lock_waits": "on",
        "log_min_duration_statement": str(spec.slow_query_ms),  # DB-7
        "log_statement": "none",  # DB-7: it would log passwords; pgaudit replaces them
        "pg_qs.query_capture_mode": "top",  # DB-7
        "pg_qs.retention_period_in_days": str(min(spec.insights_days, 30)),  # DB-7: Query Store's maximum is a month
        "pgms_wait_sampling.query_capture_mode": "all",  # DB-7
        "track_io_timing": "on",
    }


class Database(Construct):
    """A server in the network, its settings and administrators, replicas, and a lock if it is protected from deletion.

    `handle.login_resource` is the client id of the administrator identity, which grants logins to the others.
    Source: "Azure Database for PostgreSQL", "Microsoft Entra authentication", "Networking with private access".
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        spec: DatabaseSpec,
        target: Target,
        *,
        keys: KeysHandle,
        network: NetworkHandle,
        observability: ObservabilityHandle,
        governance: GovernanceHandle,
    ) -> None:
        super().__init__(scope, id)
        self._target, self._group, self._keys = target, providers.home(self, target), keys
        server = self._server(spec, network)
        settings: list[PostgresqlFlexibleServerConfiguration] = []
        for name, value in parameters(spec).items():
            settings.append(
                PostgresqlFlexibleServerConfiguration(
                    self,
                    name.replace(".", "-").replace("_", "-"),
                    name=name,
                    server_id=server.id,
                    value=value,
                    # the server accepts one change at a time, and restarts after some
                    depends_on=settings[-1:],
                )
            )
        admin_id, administrators = self._administrators(server)
        database = PostgresqlFlexibleServerDatabase(
            self, "platform", name=NAME, server_id=server.id, charset="UTF8", collation="en_US.utf8"
        )  # DB-9
        replicas = [self._replica(number, spec, server, network, settings) for number in range(1, spec.replicas + 1)]
        for suffix, instance in {"": server, **{f"-{replica.node.id}": replica for replica in replicas}}.items():
            MonitorDiagnosticSetting(
                self,
                f"logs{suffix}",
                name="logs",
                target_resource_id=instance.id,
                log_analytics_workspace_id=observability.log_ids["postgresql"],
                log_analytics_destination_type="Dedicated",
                enabled_log=[MonitorDiagnosticSettingEnabledLog(category_group="allLogs")],  # DB-7
                depends_on=list(observability.ready),
            )
        if spec.deletion_protection and not target.unprotected:
            ManagementLock(
                self,
                "keep",
                name="keep-database",
                scope=server.id,
                lock_level="CanNotDelete",  # DB-6
                notes="Removed first when the environment is destroyed",
                depends_on=providers.below(self),
            )
        PrivateDnsCnameRecord(
            self,
            "address",
            name="database",
            private_dns_zone_id=network.private_zone_id,
            ttl=60,
            record=server.fqdn,
            tags=dict(target.tags),
            depends_on=list(network.ready),
        )
        self.handle = DatabaseHandle(
            id=names.database_id(target),
            instance=names.database(target),
            host=server.fqdn,
            port=PORT,
            name=NAME,
            admin_secret="",  # SEC-2: no password exists
            admin=names.identity(target, ADMIN),
            login_resource=admin_id,
            ready=(server, database, administrators, *settings),
        )

    def _server(self, spec: DatabaseSpec, network: NetworkHandle) -> PostgresqlFlexibleServer:
        target, keys = self._target, self._keys
        geo = "database" in keys.recovery_users and target.region in names.PAIRS
        user = keys.users["database"].id
        identities, geo_key, geo_user = [user], None, None
        if geo:
            geo_key, geo_user = keys.recovery["database"], keys.recovery_users["database"].id
            identities.append(geo_user)
        high_availability = None
        if spec.high_availability:
            high_availability = PostgresqlFlexibleServerHighAvailability(
                mode="ZoneRedundant",  # DB-4
                standby_availability_zone=(*target.zones, *target.spare_zones)[1],
            )
        return PostgresqlFlexibleServer(
            self,
            "server",
            name=names.database(target),
            location=self._group.location,
            resource_group_name=self._group.name,
            version=str(spec.version),
            create_mode="Default",
            sku_name=instance_class(spec, target),
            storage_mb=_storage_gb(spec) * 1024,
            auto_grow_enabled=True,  # DB-8
            zone=target.zones[0],
            high_availability=high_availability,  # DB-4
            backup_retention_days=spec.recovery_days,  # DB-5
            geo_redundant_backup_enabled=geo,  # DB-5
            delegated_subnet_id=network.data_subnet_ids[0],  # DB-1
            private_dns_zone_id=names.private_zone_id(target, "database"),  # DB-1
            public_network_access_enabled=False,  # DB-1
            authentication=PostgresqlFlexibleServerAuthentication(
                active_directory_auth_enabled=True,  # SEC-2
                password_auth_enabled=False,  # SEC-2
                tenant_id=names.settings(target).tenant_id,
            ),
            identity=PostgresqlFlexibleServerIdentity(type="UserAssigned", identity_ids=identities),
            customer_managed_key=PostgresqlFlexibleServerCustomerManagedKey(
                key_vault_key_id=keys.home["database"],  # DB-3
                primary_user_assigned_identity_id=user,
                geo_backup_key_vault_key_id=geo_key,  # DB-3
                geo_backup_user_assigned_identity_id=geo_user,
            ),
            maintenance_window=maintenance_window(spec),  # DB-10
            tags=dict(target.tags),
            lifecycle=TerraformResourceLifecycle(
                # a failover swaps zones, and storage grows automatically
                ignore_changes=["zone", "high_availability[0].standby_availability_zone", "storage_mb"]
            ),
            depends_on=[*keys.ready, *network.ready],
        )

    def _administrators(
        self, server: PostgresqlFlexibleServer
    ) -> tuple[str, PostgresqlFlexibleServerActiveDirectoryAdministrator]:
        """SEC-2: the organisation's group, and an identity for the job that creates schemas and roles (DB-9)."""
        target = self._target
        job = iam.identity(self, "admin", target, purpose=ADMIN)
        people = names.settings(target).admin_group_id
        group = self._administrator("administrators", server, people, f"{target.prefix}-administrators", "Group")
        own = names.identity(target, ADMIN)
        return job.client_id, self._administrator(
            "bootstrap", server, job.principal_id, own, "ServicePrincipal", after=group
        )

    def _administrator(
        self,
        id: str,
        server: PostgresqlFlexibleServer,
        object_id: str,
        name: str,
        kind: str,
        after: PostgresqlFlexibleServerActiveDirectoryAdministrator | None = None,
    ) -> PostgresqlFlexibleServerActiveDirectoryAdministrator:
        return PostgresqlFlexibleServerActiveDirectoryAdministrator(
            self,
            id,
            server_name=server.name,
            resource_group_name=self._group.name,
            tenant_id=names.settings(self._target).tenant_id,
            object_id=object_id,
            principal_name=name,
            principal_type=kind,
            depends_on=[after] if after else None,
        )

    def _replica(
        self,
        number: int,
        spec: DatabaseSpec,
        server: PostgresqlFlexibleServer,
        network: NetworkHandle,
        settings: list[PostgresqlFlexibleServerConfiguration],
    ) -> PostgresqlFlexibleServer:
        """DB-8. A replica refers to key and identity itself, and has the same logins as its source server."""
        target, user = self._target, self._keys.users["database"].id
        return PostgresqlFlexibleServer(
            self,
            f"replica-{number}",
            name=f"{names.database(target)}-replica-{number}",
            location=self._group.location,
            resource_group_name=self._group.name,
            create_mode="Replica",
            source_server_id=server.id,  # DB-8
            sku_name=instance_class(spec, target),
            storage_mb=_storage_gb(spec) * 1024,
            auto_grow_enabled=True,  # DB-8
            zone=target.zones[-1],
            delegated_subnet_id=network.data_subnet_ids[0],  # DB-1
            private_dns_zone_id=names.private_zone_id(target, "database"),
            public_network_access_enabled=False,  # DB-1
            authentication=PostgresqlFlexibleServerAuthentication(
                active_directory_auth_enabled=True,
                password_auth_enabled=False,  # SEC-2
                tenant_id=names.settings(target).tenant_id,
            ),
            identity=PostgresqlFlexibleServerIdentity(type="UserAssigned", identity_ids=[user]),
            customer_managed_key=PostgresqlFlexibleServerCustomerManagedKey(
                key_vault_key_id=self._keys.home["database"],  # DB-3
                primary_user_assigned_identity_id=user,
            ),
            tags=dict(target.tags),
            lifecycle=TerraformResourceLifecycle(ignore_changes=["zone", "storage_mb"]),
            depends_on=list(settings),
        )


def instance_class(spec: DatabaseSpec, target: Target) -> str:
    """The environment's exact SKU, else the size's."""
    return names.settings(target).database_sku or machine("azure", "database", spec.size).name


def maintenance_window(spec: DatabaseSpec) -> PostgresqlFlexibleServerMaintenanceWindow:
    """The start of the weekly hour, UTC; Azure counts days from Sunday."""
    window = spec.maintenance_window
    return PostgresqlFlexibleServerMaintenanceWindow(
        day_of_week=_DAYS.index(window.day), start_hour=window.hour, start_minute=0
    )


def _storage_gb(spec: DatabaseSpec) -> int:
    """The smallest available storage size that is large enough."""
    return next(size for size in _STORAGE_GB if size >= spec.storage_gb)
