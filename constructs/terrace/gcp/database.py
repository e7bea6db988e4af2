"""PostgreSQL on Cloud SQL (DB-1 to DB-10, SEC-2)."""

from collections.abc import Mapping
from typing import Any

from cdktn import Fn, TerraformResourceLifecycle, Token
from cdktn_provider_google.dns_managed_zone import (
    DnsManagedZone,
    DnsManagedZonePrivateVisibilityConfig,
    DnsManagedZonePrivateVisibilityConfigNetworks,
)
from cdktn_provider_google.dns_record_set import DnsRecordSet
from cdktn_provider_google.service_account import ServiceAccount
from cdktn_provider_google.sql_database import SqlDatabase
from cdktn_provider_google.sql_database_instance import (
    SqlDatabaseInstance,
    SqlDatabaseInstanceSettings,
    SqlDatabaseInstanceSettingsBackupConfiguration,
    SqlDatabaseInstanceSettingsBackupConfigurationBackupRetentionSettings,
    SqlDatabaseInstanceSettingsDatabaseFlags,
    SqlDatabaseInstanceSettingsFinalBackupConfig,
    SqlDatabaseInstanceSettingsInsightsConfig,
    SqlDatabaseInstanceSettingsIpConfiguration,
    SqlDatabaseInstanceSettingsIpConfigurationPscConfig,
    SqlDatabaseInstanceSettingsIpConfigurationPscConfigPscAutoConnections,
    SqlDatabaseInstanceSettingsLocationPreference,
    SqlDatabaseInstanceSettingsMaintenanceWindow,
)
from cdktn_provider_google.sql_user import SqlUser
from constructs import Construct

from terrace.capabilities.database import DatabaseHandle, DatabaseSpec
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.network import NetworkHandle
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.target import Target
from terrace.environment.sizes import machine
from terrace.errors import ContractError
from terrace.gcp import iam, names
from terrace.gcp.iam import Grant
from terrace.gcp.providers import service

NAME = "platform"
ADMIN = "database-admin"
"""The service account of the job that creates databases, roles and schemas (DB-9)."""
PORT = 5432
_LOG_DAYS = {"ENTERPRISE": 7, "ENTERPRISE_PLUS": 35}
"""Maximum days of point-in-time recovery per edition. Source: Cloud SQL, "Point-in-time recovery"."""
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""In Cloud SQL's order, which counts from 1."""
_FINAL_BACKUP_DAYS = 30


def parameters(spec: DatabaseSpec) -> Mapping[str, str]:
    """The server's flags that differ from Cloud SQL's defaults. Source: Cloud SQL, "Configure database flags".

    Cloud SQL's own list of allowed extensions includes PostGIS and pgaudit (DB-9).
    """
    return {
        "cloudsql.enable_pgaudit": "on",  # DB-7, DB-9
        "cloudsql.iam_authentication": "on",  # SEC-2, DB-9
        "log_checkpoints": "on",
        "log_connections": "on",
        "log_disconnections": "on",
        "log_lock_waits": "on",
        "log_min_duration_statement": str(spec.slow_query_ms),  # DB-7
        "log_statement": "none",  # DB-7: it would log passwords; pgaudit replaces them
        "log_temp_files": "0",
        "pgaudit.log": "ddl,role",  # DB-7
    }


class Database(Construct):
    """A server and its read replicas, accessible only through addresses in the data subnet.

    There are no passwords: people log in as members of the administrators' group, the bootstrap job and modules with
    their service accounts, with Google's tokens, which last an hour (SEC-2); `handle.admin_secret` is empty.
    `handle.host` is Cloud SQL's own name, the only one on its certificate, and resolves inside the network.
    Raises ContractError if the machine's edition does not support the days of recovery.
    Source: Cloud SQL documentation, "Private Service Connect overview", "IAM authentication".
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
        self._spec, self._target, self._network = spec, target, network
        self._tier = instance_class(spec, target)
        self._edition = _edition(self._tier)
        if spec.recovery_days > _LOG_DAYS[self._edition]:
            raise ContractError(
                f"{self._tier} supports {_LOG_DAYS[self._edition]} days of recovery; {spec.recovery_days} are required",
                where="database.recovery_days",
                hint="use a larger size or fewer days",
            )
        self._protected = spec.deletion_protection and not target.unprotected
        server = SqlDatabaseInstance(
            self,
            "server",
            name=target.prefix,
            region=target.region,
            database_version=f"POSTGRES_{spec.version}",
            encryption_key_name=names.key(target, "database"),  # DB-3
            deletion_protection=self._protected,  # DB-6
            deletion_policy="PREVENT" if self._protected else "DELETE",  # DB-6
            final_backup_description=f"{target.prefix}, before it was deleted",
            settings=self._settings(
                availability_type="REGIONAL" if spec.high_availability else "ZONAL",  # DB-4
                disk_size=spec.storage_gb,
                location_preference=SqlDatabaseInstanceSettingsLocationPreference(
                    zone=network.zones[0], secondary_zone=self._second_zone()
                ),
                backup_configuration=self._backups(),  # DB-5
                maintenance_window=self._maintenance(),  # DB-10: also for replicas
                final_backup_config=SqlDatabaseInstanceSettingsFinalBackupConfig(  # DB-6
                    enabled=spec.deletion_protection,
                    retention_days=_FINAL_BACKUP_DAYS if spec.deletion_protection else None,
                ),
                retain_backups_on_delete=spec.deletion_protection,  # DB-6
            ),
            lifecycle=TerraformResourceLifecycle(ignore_changes=["settings[0].disk_size"]),  # DB-8: grows automatically
            depends_on=[*keys.ready, *network.ready, service(self, "sqladmin")],
        )
        self._name_inside("server", server)
        for number in range(1, spec.replicas + 1):  # DB-8
            zone = network.zones[number % len(network.zones)]
            self._replica(f"replica-{number}", server, target.region, names.key(target, "database"), zone)
        if target.recovery_region:  # DB-5: takes over if the region fails
            away = names.key(target, "database", "recovery")
            self._replica("recovery", server, target.recovery_region, away, None)
        database = SqlDatabase(
            self,
            "platform",
            name=NAME,
            instance=server.name,
            deletion_policy="ABANDON" if target.protected else "DELETE",
        )
        admin = self._administrators(target, server, database)
        self.handle = DatabaseHandle(
            id=names.database_id(target),
            instance=target.prefix,
            host=_host(server),
            port=PORT,
            name=NAME,
            admin_secret="",
            admin=names.login_name(names.role_email(target, ADMIN)),
            login_resource=names.database_id(target),
            ready=(server, database),
            admin_ready=(admin,),
            recovery_days=spec.recovery_days,
        )

    def _settings(self, **own: Any) -> SqlDatabaseInstanceSettings:
        """The common settings of server and replicas, and `own`."""
        spec, target = self._spec, self._target
        return SqlDatabaseInstanceSettings(
            tier=self._tier,
            edition=self._edition,
            disk_type="PD_SSD",
            disk_autoresize=True,  # DB-8
            disk_autoresize_limit=spec.max_storage_gb,  # DB-8
            deletion_protection_enabled=self._protected,  # DB-6
            ip_configuration=SqlDatabaseInstanceSettingsIpConfiguration(
                ipv4_enabled=False,  # DB-1
                ssl_mode="ENCRYPTED_ONLY",  # DB-2
                server_ca_mode="GOOGLE_MANAGED_CAS_CA",
                psc_config=[
                    SqlDatabaseInstanceSettingsIpConfigurationPscConfig(
                        psc_enabled=True,  # DB-1
                        allowed_consumer_projects=[names.account(target)],  # DB-1
                        psc_auto_connections=[
                            SqlDatabaseInstanceSettingsIpConfigurationPscConfigPscAutoConnections(
                                consumer_network=self._network.id, consumer_service_project_id=names.account(target)
                            )
                        ],
                    )
                ],
            ),
            insights_config=SqlDatabaseInstanceSettingsInsightsConfig(
                query_insights_enabled=True,  # DB-7
                query_plans_per_minute=5,
                query_string_length=1024,
                record_application_tags=True,
                record_client_address=False,
            ),
            database_flags=[
                SqlDatabaseInstanceSettingsDatabaseFlags(name=name, value=value)
                for name, value in parameters(spec).items()
            ],
            user_labels=names.labels(target),  # GOV-1
            **own,
        )

    def _second_zone(self) -> str | None:
        """The zone of the standby (DB-4)."""
        zones = (*self._network.zones, *self._target.spare_zones)
        return zones[1] if self._spec.high_availability else None

    def _backups(self) -> SqlDatabaseInstanceSettingsBackupConfiguration:
        return SqlDatabaseInstanceSettingsBackupConfiguration(
            enabled=True,
            start_time=_backup_window(self._spec),
            location=self._target.recovery_region or self._target.region,  # DB-5, GOV-2
            point_in_time_recovery_enabled=True,  # DB-5
            transaction_log_retention_days=self._spec.recovery_days,  # DB-5
            backup_retention_settings=SqlDatabaseInstanceSettingsBackupConfigurationBackupRetentionSettings(
                retained_backups=self._spec.recovery_days, retention_unit="COUNT"
            ),
        )

    def _maintenance(self) -> SqlDatabaseInstanceSettingsMaintenanceWindow:
        day, hour = maintenance_window(self._spec)
        track = "canary" if self._target.tier == "dev" else "stable"
        return SqlDatabaseInstanceSettingsMaintenanceWindow(day=day, hour=hour, update_track=track)  # DB-10

    def _replica(self, id: str, server: SqlDatabaseInstance, region: str, key: str, zone: str | None) -> None:
        replica = SqlDatabaseInstance(
            self,
            id,
            name=f"{self._target.prefix}-{id}",
            region=region,
            database_version=f"POSTGRES_{self._spec.version}",
            master_instance_name=server.name,
            encryption_key_name=key,  # DB-3
            deletion_protection=self._protected,  # DB-6
            deletion_policy="PREVENT" if self._protected else "DELETE",
            settings=self._settings(
                availability_type="ZONAL",
                location_preference=SqlDatabaseInstanceSettingsLocationPreference(zone=zone) if zone else None,
            ),
        )
        self._name_inside(id, replica)

    def _name_inside(self, id: str, instance: SqlDatabaseInstance) -> None:
        """A private DNS zone for the instance's own name, with its address in the network."""
        name = f"{_host(instance)}."
        zone = DnsManagedZone(
            self,
            f"{id}-zone",
            name=f"{self._target.prefix}-database-{id}",
            dns_name=name,
            description=f"Address of database {id}",
            visibility="private",
            private_visibility_config=DnsManagedZonePrivateVisibilityConfig(
                networks=[DnsManagedZonePrivateVisibilityConfigNetworks(network_url=self._network.id)]
            ),
            depends_on=[service(self, "dns")],
        )
        # A set with one element, which the binding cannot index
        connection = Fn.one(instance.interpolation_for_attribute("settings[0].ip_configuration[0].psc_config"))
        DnsRecordSet(
            self,
            f"{id}-address",
            managed_zone=zone.name,
            name=name,
            type="A",
            ttl=60,
            rrdatas=[Token.as_string(Fn.lookup_nested(connection, ["psc_auto_connections", 0, "ip_address"]))],
        )

    def _administrators(self, target: Target, server: SqlDatabaseInstance, database: SqlDatabase) -> ServiceAccount:
        """SEC-2: the organisation's group, and an account for the job that creates schemas and roles (DB-9)."""
        only = f'resource.name == "{names.database_id(target)}" && resource.type == "sqladmin.googleapis.com/Instance"'
        account = iam.role(
            self,
            "admin",
            target,
            purpose=ADMIN,
            title=f"Makes databases and roles in {target.prefix}",
            grants={
                "connect": Grant("roles/cloudsql.client", only),
                "login": Grant("roles/cloudsql.instanceUser", only),
            },
        )
        SqlUser(
            self,
            "people",
            instance=server.name,
            name=names.settings(target).admin_group,
            type="CLOUD_IAM_GROUP",  # SEC-2
            database_roles=["cloudsqlsuperuser"],
            deletion_policy="ABANDON",
            depends_on=[database],
        )
        SqlUser(
            self,
            "admin-user",
            instance=server.name,
            name=names.login_name(names.role_email(target, ADMIN)),
            type="CLOUD_IAM_SERVICE_ACCOUNT",  # SEC-2
            database_roles=["cloudsqlsuperuser"],
            deletion_policy="ABANDON",
            depends_on=[account, database],
        )
        return account


def _host(instance: SqlDatabaseInstance) -> str:
    """An instance's own name, without Cloud SQL's trailing dot."""
    return Fn.trimsuffix(instance.dns_name, ".")


def instance_class(spec: DatabaseSpec, target: Target) -> str:
    """The environment's exact tier, else the size's."""
    return names.settings(target).database_tier or machine("gcp", "database", spec.size).name


def maintenance_window(spec: DatabaseSpec) -> tuple[int, int]:
    """Day and hour, UTC, in Cloud SQL's format: Monday is 1."""
    return _DAYS.index(spec.maintenance_window.day) + 1, spec.maintenance_window.hour


def _backup_window(spec: DatabaseSpec) -> str:
    """The start of daily backups, UTC: two hours before maintenance."""
    return f"{(spec.maintenance_window.hour - 2) % 24:02}:00"


def _edition(tier: str) -> str:
    """The edition of a tier: custom machines are Enterprise, predefined ones Enterprise Plus."""
    return "ENTERPRISE" if tier.startswith("db-custom-") else "ENTERPRISE_PLUS"
