"""A backup plan with its vault; the lake's copies; Velero's identity (BAK-1 to BAK-4)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from cdktn_provider_google.backup_dr_backup_plan import (
    BackupDrBackupPlan,
    BackupDrBackupPlanBackupRules,
    BackupDrBackupPlanBackupRulesStandardSchedule,
    BackupDrBackupPlanBackupRulesStandardScheduleBackupWindow,
)
from cdktn_provider_google.backup_dr_backup_plan_association import BackupDrBackupPlanAssociation
from cdktn_provider_google.backup_dr_backup_vault import BackupDrBackupVault, BackupDrBackupVaultEncryptionConfig
from cdktn_provider_google.gke_backup_backup_plan import (
    GkeBackupBackupPlan,
    GkeBackupBackupPlanBackupConfig,
    GkeBackupBackupPlanBackupConfigEncryptionKey,
    GkeBackupBackupPlanBackupSchedule,
    GkeBackupBackupPlanRetentionPolicy,
)
from cdktn_provider_google.gke_backup_restore_plan import (
    GkeBackupRestorePlan,
    GkeBackupRestorePlanRestoreConfig,
    GkeBackupRestorePlanRestoreConfigClusterResourceRestoreScope,
)
from cdktn_provider_google.project_iam_custom_role import ProjectIamCustomRole
from cdktn_provider_google.storage_transfer_job import (
    StorageTransferJob,
    StorageTransferJobLoggingConfig,
    StorageTransferJobSchedule,
    StorageTransferJobScheduleScheduleStartDate,
    StorageTransferJobScheduleStartTimeOfDay,
    StorageTransferJobTransferSpec,
    StorageTransferJobTransferSpecGcsDataSink,
    StorageTransferJobTransferSpecGcsDataSource,
)
from constructs import Construct

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
from terrace.gcp import iam, names
from terrace.gcp.iam import Grant
from terrace.gcp.providers import service


class _Schedule(NamedTuple):
    """An interval in the format of each service: the plan's recurrence, GKE's cron, the copies' seconds."""

    recurrence: str
    hours: int | None
    cron: str
    seconds: str


_SCHEDULES: Mapping[timedelta, _Schedule] = {
    timedelta(hours=6): _Schedule("HOURLY", 6, "0 5,11,17,23 * * *", "21600s"),
    timedelta(hours=12): _Schedule("HOURLY", 12, "0 5,17 * * *", "43200s"),
    timedelta(days=1): _Schedule("DAILY", None, "0 17 * * *", "86400s"),
}
"""UTC. Each includes 17:00, when a database that sleeps at night still runs; a stopped one cannot be backed up."""
_WINDOW = {"HOURLY": (0, 24), "DAILY": (14, 20)}
"""Hours in which a backup may begin; at least six. Source: Backup and DR, "Create a backup plan"."""
BACKED_UP: tuple[Layer, ...] = ("silver", "gold", "platinum")
"""Bronze needs no backup: it is immutable (LAKE-3) and can be loaded again."""
_SHORTEST_DAYS = 7
"""The minimum retention that the vault enforces for every backup."""
VELERO = "velero"
_VELERO_VOLUMES = (
    "compute.disks.create",
    "compute.disks.createSnapshot",
    "compute.disks.get",
    "compute.projects.get",
    "compute.snapshots.create",
    "compute.snapshots.delete",
    "compute.snapshots.get",
    "compute.snapshots.useReadOnly",
    "compute.zones.get",
)
_DATABASE = "sqladmin.googleapis.com/Instance"


class Backup(Construct):
    """A vault, the plan for the database, copies of the lake's layers, the cluster's own backups, Velero's identity.

    A plan has no copy rule: if the environment requires a copy in the recovery region, the vault itself is there
    (BAK-1). Backup and DR does not support Cloud Storage; Storage Transfer copies the layers to the backups bucket, as
    often as the plan runs.
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
        if spec.every not in _SCHEDULES:
            raise ContractError(
                f"Google Cloud has no schedule for a backup every {spec.every}",
                where=self.node.path,
                hint="PT6H, PT12H or P1D",
            )
        away = target.recovery_region if spec.copy_to_recovery_region else None
        self._region = away or target.region
        self._key = names.key(target, "backups", "recovery" if away else "home")
        vault = _vault(self, spec, target, self._region, self._key, keys)
        if database:
            self._database(spec, target, vault, database)
        if cluster:
            self._cluster(spec, target, cluster, keys)
        self._lake(spec, target, lake)
        if cluster:
            self._velero(target, accounts[VELERO], cluster, lake)
        velero = names.role_email(target, VELERO) if cluster else None
        self.handle = BackupHandle(vault=vault.backup_vault_id, velero=velero)

    def _database(self, spec: BackupSpec, target: Target, vault: BackupDrBackupVault, database: DatabaseHandle) -> None:
        schedule = _SCHEDULES[spec.every]
        first, last = _WINDOW[schedule.recurrence]
        plan = BackupDrBackupPlan(  # BAK-1
            self,
            "plan",
            backup_plan_id=f"{target.prefix}-database",
            location=target.region,
            resource_type=_DATABASE,
            backup_vault=vault.id,
            # The plan replaces the server's own recovery, so it keeps as many days of logs (DB-5)
            log_retention_days=database.recovery_days,
            backup_rules=[
                BackupDrBackupPlanBackupRules(
                    rule_id="platform",
                    backup_retention_days=spec.retention_days,  # BAK-1
                    standard_schedule=BackupDrBackupPlanBackupRulesStandardSchedule(
                        recurrence_type=schedule.recurrence,
                        hourly_frequency=schedule.hours,
                        time_zone="UTC",
                        backup_window=BackupDrBackupPlanBackupRulesStandardScheduleBackupWindow(
                            start_hour_of_day=first, end_hour_of_day=last
                        ),
                    ),
                )
            ],
        )
        BackupDrBackupPlanAssociation(  # BAK-1
            self,
            "database",
            backup_plan_association_id=f"{target.prefix}-database",
            location=target.region,
            resource_type=_DATABASE,
            resource=database.id,
            backup_plan=plan.name,
            lifecycle=iam.made_again_with(plan),  # a plan cannot be deleted, and so not replaced, while it is in use
            depends_on=list(database.ready),
        )

    def _cluster(self, spec: BackupSpec, target: Target, cluster: ClusterHandle, keys: KeysHandle) -> None:
        """BAK-2, in addition to Velero: GKE's own backups, in case Velero itself is lost."""
        plan = GkeBackupBackupPlan(
            self,
            "cluster",
            name=target.prefix,
            cluster=names.cluster_id(target),
            location=self._region,
            backup_config=GkeBackupBackupPlanBackupConfig(
                all_namespaces=True,
                include_volume_data=True,
                include_secrets=True,
                encryption_key=GkeBackupBackupPlanBackupConfigEncryptionKey(gcp_kms_encryption_key=self._key),
            ),
            backup_schedule=GkeBackupBackupPlanBackupSchedule(cron_schedule=_SCHEDULES[spec.every].cron),
            retention_policy=GkeBackupBackupPlanRetentionPolicy(
                backup_retain_days=spec.retention_days,
                backup_delete_lock_days=_SHORTEST_DAYS if target.protected else 0,
                locked=False,  # a locked retention could never be extended
            ),
            labels={"capability": "backup"},
            depends_on=[*cluster.ready, *keys.ready, service(self, "gkebackup")],
        )
        GkeBackupRestorePlan(
            self,
            "restore",
            name=target.prefix,
            location=self._region,
            backup_plan=plan.id,
            cluster=names.cluster_id(target),
            restore_config=GkeBackupRestorePlanRestoreConfig(
                all_namespaces=True,
                namespaced_resource_restore_mode="FAIL_ON_CONFLICT",
                volume_data_restore_policy="RESTORE_VOLUME_DATA_FROM_BACKUP",
                cluster_resource_restore_scope=GkeBackupRestorePlanRestoreConfigClusterResourceRestoreScope(
                    all_group_kinds=True
                ),
                cluster_resource_conflict_policy="USE_EXISTING_VERSION",
            ),
            labels={"capability": "backup"},
        )

    def _lake(self, spec: BackupSpec, target: Target, lake: LakeHandle) -> None:
        transfer = service(self, "storagetransfer")
        agent = names.agent(target, "storagetransfer")
        writes = [
            iam.bucket_right(
                self,
                f"copies-{role}",
                "backups",
                lake=lake,
                role=f"roles/storage.{role}",
                member=agent,
                depends_on=[*lake.ready, transfer],
            )
            for role in ("legacyBucketWriter", "objectUser")
        ]
        for layer in BACKED_UP:
            reads = [
                iam.bucket_right(
                    self,
                    f"copies-{layer}-{role}",
                    layer,
                    lake=lake,
                    role=f"roles/storage.{role}",
                    member=agent,
                    depends_on=[*lake.ready, transfer],
                )
                for role in ("legacyBucketReader", "objectViewer")
            ]
            StorageTransferJob(  # BAK-1
                self,
                f"copy-{layer}",
                description=f"{target.prefix}: {layer} to backups",
                transfer_spec=StorageTransferJobTransferSpec(
                    gcs_data_source=StorageTransferJobTransferSpecGcsDataSource(bucket_name=lake.names[layer]),
                    gcs_data_sink=StorageTransferJobTransferSpecGcsDataSink(
                        bucket_name=lake.names["backups"], path=f"lake/{layer}/"
                    ),
                ),
                schedule=StorageTransferJobSchedule(
                    schedule_start_date=StorageTransferJobScheduleScheduleStartDate(year=2026, month=1, day=1),
                    start_time_of_day=StorageTransferJobScheduleStartTimeOfDay(hours=17, minutes=0, seconds=0, nanos=0),
                    repeat_interval=_SCHEDULES[spec.every].seconds,
                ),
                # BAK-4: one record per object that could not be copied; the job's runs have their own history
                logging_config=StorageTransferJobLoggingConfig(
                    log_actions=["FIND", "DELETE", "COPY"], log_action_states=["FAILED"]
                ),
                depends_on=[*writes, *reads],
            )

    def _velero(self, target: Target, pod: ServiceAccount, cluster: ClusterHandle, lake: LakeHandle) -> None:
        """BAK-2: Velero stores the cluster's objects in the backups bucket and takes volume snapshots."""
        volumes = ProjectIamCustomRole(
            self,
            "velero-volumes",
            role_id=names.custom_role(target, VELERO),
            title=f"Velero's snapshots of {target.prefix}",
            permissions=list(_VELERO_VOLUMES),
            depends_on=[service(self, "iam")],
        )
        account = iam.role(
            self,
            "velero",
            target,
            purpose=VELERO,
            title=f"Velero of {target.prefix}",
            grants={"snapshots": Grant(names.custom_role_id(target, VELERO))},
            after=[volumes],
        )
        iam.bucket_right(
            self,
            "velero-bucket",
            "backups",
            lake=lake,
            role="roles/storage.objectUser",  # BAK-2
            member=names.member(target, VELERO),
            depends_on=[account, *lake.ready],
        )
        iam.pod_trust(  # BAK-2
            self, "velero-pods", target, account, namespace=pod.namespace, name=pod.name, after=cluster.ready
        )


def _vault(
    scope: Construct, spec: BackupSpec, target: Target, region: str, key: str, keys: KeysHandle
) -> BackupDrBackupVault:
    """BAK-1: accessible from the project only; no backup can be deleted before `SHORTEST_DAYS`. So a vault with backups
    cannot be deleted either: a destroy succeeds once the last backup has expired.
    """
    objectives: dict[str, Any] = spec.model_dump(mode="json", include={"rpo", "rto"})
    return BackupDrBackupVault(
        scope,
        "vault",
        backup_vault_id=target.prefix,
        location=region,
        description=f"Backups of {target.prefix}",
        backup_minimum_enforced_retention_duration=f"{_SHORTEST_DAYS * 86400}s",
        access_restriction="WITHIN_PROJECT",
        encryption_config=BackupDrBackupVaultEncryptionConfig(kms_key_name=key),
        ignore_inactive_datasources=True,
        ignore_backup_plan_references=False,
        allow_missing=True,
        deletion_policy=names.deletion(target),
        labels={name: value.lower() for name, value in objectives.items()},  # BAK-3: the recovery objectives
        depends_on=[*keys.ready, service(scope, "backupdr")],
    )
