"""RDS for PostgreSQL (DB-1 to DB-10, SEC-2).

The bootstrap job of the workloads stack creates databases, schemas and roles inside the server (DB-9); it logs in with
the master secret. Its prerequisites are here: the allowed extensions, and login with IAM.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from cdktn import TerraformResourceLifecycle
from cdktn_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktn_provider_aws.db_event_subscription import DbEventSubscription
from cdktn_provider_aws.db_instance import DbInstance
from cdktn_provider_aws.db_instance_automated_backups_replication import DbInstanceAutomatedBackupsReplication
from cdktn_provider_aws.db_parameter_group import DbParameterGroup, DbParameterGroupParameter
from cdktn_provider_aws.db_subnet_group import DbSubnetGroup
from cdktn_provider_aws.route53_record import Route53Record
from constructs import Construct

from terrace.aws import iam, names, providers
from terrace.capabilities.database import DatabaseHandle, DatabaseSpec
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.network import NetworkHandle
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.target import Target
from terrace.environment.sizes import machine
from terrace.errors import ContractError

NAME = "platform"
ADMIN = "platform_admin"
PORT = 5432
_LOGS = ("postgresql", "upgrade", "iam-db-auth-error")
"""Logs that RDS sends to CloudWatch, to groups with fixed names: /aws/rds/instance/<server>/<log>."""

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


class _Parameter(NamedTuple):
    value: str
    at_reboot: bool = False


def parameters(spec: DatabaseSpec) -> Mapping[str, _Parameter]:
    """The server's settings that differ from RDS's defaults. Source: RDS User Guide, "Parameters on RDS for
    PostgreSQL"."""
    return {
        "log_connections": _Parameter("1"),
        "log_disconnections": _Parameter("1"),
        "log_lock_waits": _Parameter("1"),
        "log_min_duration_statement": _Parameter(str(spec.slow_query_ms)),  # DB-7
        "log_statement": _Parameter("none"),  # DB-7: it would log passwords; pgaudit replaces them
        "pgaudit.log": _Parameter("ddl,role"),  # DB-7
        "pgaudit.role": _Parameter("rds_pgaudit"),  # DB-7
        "rds.allowed_extensions": _Parameter(",".join(_EXTENSIONS), at_reboot=True),  # DB-9
        "rds.force_ssl": _Parameter("1"),  # DB-2
        "shared_preload_libraries": _Parameter("pg_stat_statements,pgaudit", at_reboot=True),  # DB-7
        "ssl_min_protocol_version": _Parameter("TLSv1.2"),  # DB-2
    }


class Database(Construct):
    """A server and its read replicas. Raises ContractError if `network` has fewer than two data subnets: RDS requires
    two zones even for one instance. Source: RDS User Guide, "Working with a DB instance in a VPC".

    `handle.host` is RDS's own name, the only one on its certificate; database.<prefix>.internal is an alias for people.
    The name of the final snapshot is computed: delete the previous one before a second destroy.
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
        if len(network.data_subnet_ids) < 2:
            raise ContractError(
                "RDS needs data subnets in two zones", where=id, hint="give the network a second data subnet"
            )
        subnets = DbSubnetGroup(self, "subnets", name=target.prefix, subnet_ids=list(network.data_subnet_ids))
        group = DbParameterGroup(
            self,
            "parameters",
            name=f"{target.prefix}-pg{spec.version}",  # one name per family, so that both exist during an upgrade
            family=f"postgres{spec.version}",
            parameter=[
                DbParameterGroupParameter(
                    name=name,
                    value=parameter.value,
                    apply_method="pending-reboot" if parameter.at_reboot else "immediate",
                )
                for name, parameter in parameters(spec).items()
            ],
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
        )
        monitor = iam.role(
            self,
            "monitoring-role",
            target,
            purpose="database-monitoring",
            trust=iam.service_trust(target, "monitoring.rds.amazonaws.com"),
            governance=governance,
            managed=["service-role/AmazonRDSEnhancedMonitoringRole"],
        )
        own_logs = self._log_groups("server", target.prefix, ("iam-db-auth-error",), keys, observability)
        common: dict[str, Any] = {
            "instance_class": instance_class(spec, target),
            "max_allocated_storage": spec.max_storage_gb,  # DB-8
            "storage_encrypted": True,  # DB-3
            "kms_key_id": keys.home["database"],  # DB-3
            "iam_database_authentication_enabled": True,  # DB-9
            "parameter_group_name": group.name,
            "vpc_security_group_ids": [network.groups["database"]],
            "publicly_accessible": False,  # DB-1
            "ca_cert_identifier": "rds-ca-rsa2048-g1",
            "maintenance_window": maintenance_window(spec),  # DB-10
            "auto_minor_version_upgrade": True,  # DB-10
            "apply_immediately": False,
            "copy_tags_to_snapshot": True,
            "deletion_protection": spec.deletion_protection and not target.unprotected,  # DB-6
            "performance_insights_enabled": True,  # DB-7
            "performance_insights_kms_key_id": keys.home["database"],
            "performance_insights_retention_period": spec.insights_days,  # DB-7
            "database_insights_mode": "advanced" if spec.insights_days == 465 else "standard",
            "monitoring_interval": 15 if spec.high_availability else 60,  # seconds
            "monitoring_role_arn": monitor.arn,
            "enabled_cloudwatch_logs_exports": list(_LOGS),  # DB-7
            "lifecycle": TerraformResourceLifecycle(ignore_changes=["engine_version"]),  # DB-10: AWS upgrades
        }
        server = DbInstance(
            self,
            "server",
            identifier=target.prefix,
            engine="postgres",
            engine_version=str(spec.version),
            engine_lifecycle_support="open-source-rds-extended-support-disabled",
            allow_major_version_upgrade=False,
            allocated_storage=spec.storage_gb,
            storage_type="gp3",
            db_name=NAME,
            username=ADMIN,
            manage_master_user_password=True,  # SEC-2
            master_user_secret_kms_key_id=keys.home["secrets"],  # SEC-2
            multi_az=spec.high_availability,  # DB-4
            availability_zone=None if spec.high_availability else network.zones[0],
            db_subnet_group_name=subnets.name,  # DB-1
            network_type="IPV4",
            backup_retention_period=spec.recovery_days,  # DB-5
            backup_window=_backup_window(spec),
            delete_automated_backups=not spec.deletion_protection,  # DB-6
            skip_final_snapshot=not spec.deletion_protection,  # DB-6
            final_snapshot_identifier=f"{target.prefix}-final" if spec.deletion_protection else None,  # DB-6
            depends_on=[*iam.rights(self, "monitoring-role"), *own_logs, *observability.ready],
            **common,
        )
        replicas = []
        for number in range(1, spec.replicas + 1):  # DB-8
            identifier = f"{target.prefix}-replica-{number}"
            logs = self._log_groups(f"replica-{number}", identifier, _LOGS, keys, observability)
            replica = DbInstance(
                self,
                f"replica-{number}",
                identifier=identifier,
                replicate_source_db=server.identifier,
                availability_zone=network.zones[number % len(network.zones)],
                skip_final_snapshot=True,  # the server's final snapshot holds the same data
                depends_on=logs,
                **common,
            )
            replicas.append(replica)
        self._recovery(spec, target, server, keys)
        Route53Record(
            self,
            "address",
            zone_id=network.private_zone_id,
            name=f"database.{target.prefix}.internal",
            type="CNAME",
            ttl=60,
            records=[server.address],
        )
        DbEventSubscription(  # OBS-5
            self,
            "events",
            name=target.prefix,
            sns_topic=observability.topics["warning"],
            source_type="db-instance",
            source_ids=[server.identifier, *(replica.identifier for replica in replicas)],
            event_categories=[
                "availability",
                "deletion",
                "failover",
                "failure",
                "low storage",
                "maintenance",
                "recovery",
            ],
        )
        self.handle = DatabaseHandle(
            id=server.arn,
            instance=target.prefix,
            host=server.address,
            port=PORT,
            name=NAME,
            admin_secret=server.master_user_secret.get(0).secret_arn,
            admin=ADMIN,
            login_resource=names.arn(target, "rds-db", f"dbuser:{server.resource_id}"),
        )

    def _log_groups(
        self, id: str, identifier: str, logs: tuple[str, ...], keys: KeysHandle, observability: ObservabilityHandle
    ) -> list[CloudwatchLogGroup]:
        """Log groups that RDS would otherwise create unencrypted and without retention (OBS-1)."""
        return [
            CloudwatchLogGroup(
                self,
                f"{id}-{log}-log",
                name=f"/aws/rds/instance/{identifier}/{log}",
                retention_in_days=observability.retention_days,
                kms_key_id=keys.home["logs"],
            )
            for log in logs
        ]

    def _recovery(self, spec: DatabaseSpec, target: Target, server: DbInstance, keys: KeysHandle) -> None:
        if not target.recovery_region:
            return
        DbInstanceAutomatedBackupsReplication(
            self,
            "recovery",
            provider=providers.recovery(self),
            source_db_instance_arn=server.arn,  # DB-5
            kms_key_id=keys.recovery["database"],  # DB-3
            retention_period=spec.recovery_days,  # DB-5
        )


def instance_class(spec: DatabaseSpec, target: Target) -> str:
    """The environment's exact class, else the size's."""
    return names.settings(target).database_class or machine("aws", "database", spec.size).name


def maintenance_window(spec: DatabaseSpec) -> str:
    """The weekly hour in RDS's format, UTC: sun:03:00-sun:04:00."""
    window = spec.maintenance_window
    return f"{window.day}:{window.hour:02}:00-{window.day}:{window.hour + 1:02}:00"


def _backup_window(spec: DatabaseSpec) -> str:
    """A daily hour, UTC, two hours before maintenance begins; RDS rejects overlapping windows."""
    hour = (spec.maintenance_window.hour - 2) % 24
    return f"{hour:02}:00-{(hour + 1) % 24:02}:00"
