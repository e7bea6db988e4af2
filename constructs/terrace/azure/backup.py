"""A backup vault with daily copies of the lake and weekly ones of the database; and Velero's identity (BAK-1 to BAK-4).

Vaulted backups of PostgreSQL run weekly at most; point-in-time recovery covers the days between (DB-5). The cache is
not included: Azure Backup does not support Managed Redis, which keeps its own snapshots (CACHE-3).
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from cdktn import TerraformResource
from cdktn_provider_azurerm.data_protection_backup_instance_blob_storage import DataProtectionBackupInstanceBlobStorage
from cdktn_provider_azurerm.data_protection_backup_instance_postgresql_flexible_server import (
    DataProtectionBackupInstancePostgresqlFlexibleServer,
)
from cdktn_provider_azurerm.data_protection_backup_policy_blob_storage import DataProtectionBackupPolicyBlobStorage
from cdktn_provider_azurerm.data_protection_backup_policy_postgresql_flexible_server import (
    DataProtectionBackupPolicyPostgresqlFlexibleServer,
    DataProtectionBackupPolicyPostgresqlFlexibleServerDefaultRetentionRule,
    DataProtectionBackupPolicyPostgresqlFlexibleServerDefaultRetentionRuleLifeCycle,
)
from cdktn_provider_azurerm.data_protection_backup_vault import (
    DataProtectionBackupVault,
    DataProtectionBackupVaultIdentity,
)
from cdktn_provider_azurerm.data_protection_backup_vault_customer_managed_key import (
    DataProtectionBackupVaultCustomerManagedKey,
)
from cdktn_provider_azurerm.monitor_alert_processing_rule_action_group import MonitorAlertProcessingRuleActionGroup
from cdktn_provider_azurerm.monitor_diagnostic_setting import (
    MonitorDiagnosticSetting,
    MonitorDiagnosticSettingEnabledLog,
)
from constructs import Construct

from terrace.azure import iam, names, providers
from terrace.azure.permissions import SNAPSHOT_VOLUMES
from terrace.capabilities.backup import BackupHandle, BackupSpec
from terrace.capabilities.cluster import ClusterHandle
from terrace.capabilities.database import DatabaseHandle
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.identity import ServiceAccount
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.lake import LakeHandle
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.spec import Layer
from terrace.capabilities.target import Target
from terrace.errors import ContractError

_LONGEST_PAUSE = timedelta(days=1)
BACKED_UP: tuple[Layer, ...] = ("silver", "gold", "platinum")
"""Bronze needs no backup: it is immutable (LAKE-3) and can be loaded again."""
_DAILY = "R/2026-01-04T17:00:00+00:00/P1D"
_WEEKLY = "R/2026-01-04T17:00:00+00:00/P1W"
"""UTC. At 17:00 a database that sleeps at night still runs."""
VELERO = "velero"


class Backup(Construct):
    """A locked vault, its policies and their backup instances, and Velero's identity.

    If the environment requires a copy in a second region, the vault is geo-redundant: Azure copies it to the paired
    region. Raises ContractError for an interval between backups of more than a day.
    """

    handle: BackupHandle

    def __init__(
        self,
        scope: Construct,
        id: str,
        spec: BackupSpec,
        target: Target,
        *,
        accounts: Mapping[str, ServiceAccount],
        keys: KeysHandle,
        cluster: ClusterHandle | None,
        database: DatabaseHandle | None,
        lake: LakeHandle,
        observability: ObservabilityHandle,
        governance: GovernanceHandle,
    ) -> None:
        super().__init__(scope, id)
        if spec.every > _LONGEST_PAUSE:
            raise ContractError(
                f"Azure has no schedule for a backup every {spec.every}",
                where=self.node.path,
                hint="PT6H, PT12H or P1D",
            )
        vault = self._vault(spec, target, keys)
        self._lake(spec, target, vault, lake)
        if database:
            self._database(spec, target, vault, database)
        MonitorAlertProcessingRuleActionGroup(  # OBS-3: the vault's built-in alerts have no recipients
            self,
            "trouble",
            name=f"{target.prefix}-backup-trouble",
            resource_group_name=providers.home(self, target).name,
            scopes=[vault.id],
            add_action_group_ids=[observability.topics["critical"]],
            tags=dict(target.tags),
            depends_on=list(observability.ready),
        )
        MonitorDiagnosticSetting(  # BAK-4: every job, in the workspace, where an alarm counts failed ones
            self,
            "reports",
            name="reports",
            target_resource_id=vault.id,
            log_analytics_workspace_id=names.workspace_id(target),
            log_analytics_destination_type="Dedicated",
            enabled_log=[MonitorDiagnosticSettingEnabledLog(category_group="allLogs")],
            depends_on=list(observability.ready),
        )
        velero = self._velero(target, accounts[VELERO], cluster, lake) if cluster else None
        self.handle = BackupHandle(vault=vault.name, velero=velero)

    def _vault(self, spec: BackupSpec, target: Target, keys: KeysHandle) -> DataProtectionBackupVault:
        """BAK-1: backups cannot be deleted before the end of their retention; `compliance` is irreversible."""
        group = providers.home(self, target)
        away = spec.copy_to_recovery_region and target.recovery_region is not None
        redundancy = "GeoRedundant" if away else "ZoneRedundant" if len(target.zones) > 1 else "LocallyRedundant"
        objectives = spec.model_dump(mode="json", include={"rpo", "rto"})
        vault = DataProtectionBackupVault(
            self,
            "vault",
            name=target.prefix,
            location=group.location,
            resource_group_name=group.name,
            datastore_type="VaultStore",
            redundancy=redundancy,  # BAK-1
            cross_region_restore_enabled=True if away else None,
            immutability="Locked" if spec.lock == "compliance" else "Unlocked",  # BAK-1
            soft_delete="On" if target.tier == "dev" else "AlwaysOn",
            retention_duration_in_days=14,
            identity=DataProtectionBackupVaultIdentity(
                type="SystemAssigned, UserAssigned", identity_ids=[keys.users["backups"].id]
            ),
            tags={**target.tags, **objectives},  # BAK-3: the recovery objectives
            depends_on=list(keys.ready),
        )
        own_key = names.key_id(target, "backups")
        key = iam.grant(
            self,
            "vault-key",
            vault.identity.principal_id,
            "Key Vault Crypto Service Encryption User",
            on=own_key,
        )
        DataProtectionBackupVaultCustomerManagedKey(
            self,
            "encryption",
            data_protection_backup_vault_id=vault.id,
            key_vault_key_id=keys.home["backups"],  # BAK-1
            depends_on=[key],
        )
        return vault

    def _lake(self, spec: BackupSpec, target: Target, vault: DataProtectionBackupVault, lake: LakeHandle) -> None:
        policy = DataProtectionBackupPolicyBlobStorage(  # BAK-1
            self,
            "lake-policy",
            name="lake-daily",
            vault_id=vault.id,
            backup_repeating_time_intervals=[_DAILY],
            vault_default_retention_duration=f"P{spec.retention_days}D",
            time_zone="UTC",
        )
        for layer in BACKED_UP:
            account = names.account_id(target, layer)
            may = iam.grant(
                self,
                f"{layer}-rights",
                vault.identity.principal_id,
                "Storage Account Backup Contributor",
                on=account,
                after=_resources(lake.ready),
            )
            DataProtectionBackupInstanceBlobStorage(  # BAK-1
                self,
                layer,
                name=layer,
                location=target.region,
                vault_id=vault.id,
                backup_policy_id=policy.id,
                storage_account_id=account,
                storage_account_container_names=[layer],
                depends_on=[may],
            )

    def _database(
        self, spec: BackupSpec, target: Target, vault: DataProtectionBackupVault, database: DatabaseHandle
    ) -> None:
        keep = DataProtectionBackupPolicyPostgresqlFlexibleServerDefaultRetentionRuleLifeCycle(
            data_store_type="VaultStore", duration=f"P{spec.retention_days}D"
        )
        policy = DataProtectionBackupPolicyPostgresqlFlexibleServer(
            self,
            "database-policy",
            name="database-weekly",
            vault_id=vault.id,
            backup_repeating_time_intervals=[_WEEKLY],
            time_zone="UTC",
            default_retention_rule=DataProtectionBackupPolicyPostgresqlFlexibleServerDefaultRetentionRule(
                life_cycle=[keep]
            ),
        )
        roles = {
            "database-rights": ("PostgreSQL Flexible Server Long Term Retention Backup Role", database.id),
            "group-rights": ("Reader", providers.home(self, target).id),
        }
        may = [
            iam.grant(self, id, vault.identity.principal_id, role, on=on, after=_resources(database.ready))
            for id, (role, on) in roles.items()
        ]
        DataProtectionBackupInstancePostgresqlFlexibleServer(  # BAK-1
            self,
            "database",
            name="database",
            location=target.region,
            vault_id=vault.id,
            server_id=database.id,
            backup_policy_id=policy.id,
            depends_on=may,
        )

    def _velero(self, target: Target, account: ServiceAccount, cluster: ClusterHandle, lake: LakeHandle) -> str:
        """BAK-2: Velero stores the cluster's objects in the backups bucket and takes volume snapshots. Returns its
        identity."""
        user = iam.identity(self, VELERO, target, purpose=VELERO)
        subject = iam.subject(account.namespace, account.name)
        iam.federate(self, "velero-pods", user, issuer=cluster.workload_identity, subject=subject)  # BAK-2
        bucket, snapshots = lake.ids["backups"], providers.home(self, target).id
        iam.grant(
            self,
            "velero-bucket",
            user.principal_id,
            iam.blob_writer(self, target),
            on=bucket,
            after=_resources(lake.ready),
        )  # BAK-2
        role = iam.role(self, names.SNAPSHOT_WRITER, target, SNAPSHOT_VOLUMES, on=snapshots)
        iam.grant(self, "velero-volumes", user.principal_id, role, on=snapshots)
        return user.client_id


def _resources(ready: Sequence[object]) -> list[TerraformResource]:
    return [resource for resource in ready if isinstance(resource, TerraformResource)]
