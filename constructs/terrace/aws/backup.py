"""One AWS Backup plan into a locked vault, copied to the recovery region, reports of its jobs; and Velero's role (BAK-1
to BAK-4).

The cache is not included: AWS Backup does not support ElastiCache, which keeps its own snapshots (CACHE-3).
"""

import json
from collections.abc import Mapping
from datetime import timedelta

from cdktn_provider_aws.backup_plan import (
    BackupPlan,
    BackupPlanRule,
    BackupPlanRuleCopyAction,
    BackupPlanRuleCopyActionLifecycle,
    BackupPlanRuleLifecycle,
)
from cdktn_provider_aws.backup_report_plan import (
    BackupReportPlan,
    BackupReportPlanReportDeliveryChannel,
    BackupReportPlanReportSetting,
)
from cdktn_provider_aws.backup_selection import BackupSelection
from cdktn_provider_aws.backup_vault import BackupVault
from cdktn_provider_aws.backup_vault_lock_configuration import BackupVaultLockConfiguration
from cdktn_provider_aws.backup_vault_notifications import BackupVaultNotifications
from cdktn_provider_aws.backup_vault_policy import BackupVaultPolicy
from cdktn_provider_aws.cloudwatch_event_rule import CloudwatchEventRule
from cdktn_provider_aws.cloudwatch_event_target import CloudwatchEventTarget
from cdktn_provider_aws.eks_pod_identity_association import EksPodIdentityAssociation
from cdktn_provider_aws.provider import AwsProvider
from constructs import Construct

from terrace.aws import iam, names, providers
from terrace.aws.iam import Statement
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

_SCHEDULES: Mapping[timedelta, str] = {
    timedelta(hours=6): "cron(0 5,11,17,23 * * ? *)",
    timedelta(hours=12): "cron(0 5,17 * * ? *)",
    timedelta(days=1): "cron(0 17 * * ? *)",
}
"""UTC. Each includes 17:00, when a database that sleeps at night still runs; a stopped one cannot be backed up. None is
near the database's own backups and maintenance, during which AWS Backup waits (RDS User Guide)."""
BACKED_UP: tuple[Layer, ...] = ("silver", "gold", "platinum")
"""Bronze needs no backup: it is immutable (LAKE-3) and can be loaded again."""
_SHORTEST_DAYS = 7
_LONGEST_DAYS = 3650
"""The retention that the vaults' locks accept. The plan's retention is in between; a lock with exactly the plan's
retention could never change once a compliance lock is final."""
_COOLING_OFF_DAYS = 3
"""The minimum number of days before a compliance lock is final."""
_TROUBLE = ("BACKUP_JOB_FAILED", "BACKUP_JOB_EXPIRED", "COPY_JOB_FAILED", "S3_BACKUP_OBJECT_FAILED")
_JOBS: Mapping[str, tuple[str, list[str]]] = {
    "backup": ("state", ["ABORTED", "EXPIRED", "FAILED", "PARTIAL"]),
    "copy": ("state", ["FAILED"]),
    "restore": ("status", ["FAILED"]),
}
"""Kinds of jobs to the field of an event's detail and its values for a failed job. Source: AWS Backup Developer Guide,
"Monitoring AWS Backup events using Amazon EventBridge"."""
VELERO = "velero"


class Backup(Construct):
    """A vault in the home region and, if required, in the recovery region; the plan and its selection; Velero's
    role."""

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
                f"AWS has no schedule for a backup every {spec.every}", where=self.node.path, hint="PT6H, PT12H or P1D"
            )
        home = _vault(Construct(self, "home"), target, spec, keys.home["backups"])
        copies: list[BackupPlanRuleCopyAction] = []
        if spec.copy_to_recovery_region and target.recovery_region:
            away = _vault(
                Construct(self, "recovery"),
                target,
                spec,
                keys.recovery["backups"],
                suffix="-recovery",
                provider=providers.recovery(self),
            )
            copies.append(
                BackupPlanRuleCopyAction(
                    destination_vault_arn=away.arn,
                    lifecycle=BackupPlanRuleCopyActionLifecycle(
                        cold_storage_after=spec.archive_after_days, delete_after=spec.retention_days
                    ),
                )
            )
        BackupVaultNotifications(
            self,
            "trouble",
            backup_vault_name=home.name,
            sns_topic_arn=observability.topics["critical"],
            backup_vault_events=list(_TROUBLE),
            depends_on=list(observability.ready),
        )
        objectives = spec.model_dump(mode="json", include={"rpo", "rto"})
        plan = BackupPlan(  # BAK-1
            self,
            "plan",
            name=target.prefix,
            rule=[
                BackupPlanRule(
                    rule_name="platform",
                    target_vault_name=home.name,
                    schedule=_SCHEDULES[spec.every],
                    start_window=60,
                    completion_window=300,  # minutes: shorter than the shortest interval of a schedule
                    lifecycle=BackupPlanRuleLifecycle(
                        cold_storage_after=spec.archive_after_days, delete_after=spec.retention_days
                    ),
                    recovery_point_tags=dict(target.tags),
                    copy_action=copies or None,
                )
            ],
            tags=objectives,  # BAK-3: the recovery objectives, as tags of the plan
        )
        role = iam.role(
            self,
            "role",
            target,
            purpose="backup",
            trust=iam.service_trust(target, "backup.amazonaws.com"),
            governance=governance,
            managed=[
                "service-role/AWSBackupServiceRolePolicyForBackup",
                "service-role/AWSBackupServiceRolePolicyForRestores",
                "AWSBackupServiceRolePolicyForS3Backup",
                "AWSBackupServiceRolePolicyForS3Restore",
            ],
        )
        BackupSelection(  # BAK-1
            self,
            "platform",
            name="platform",
            plan_id=plan.id,
            iam_role_arn=role.arn,
            resources=[*([database.id] if database else []), *(lake.ids[layer] for layer in BACKED_UP)],
            depends_on=[*lake.ready, *iam.rights(self, "role")],
        )
        self._report(target, lake, observability)
        velero = self._velero(target, keys, accounts[VELERO], cluster, lake, governance) if cluster else None
        self.handle = BackupHandle(vault=home.name, velero=velero)

    def _report(self, target: Target, lake: LakeHandle, observability: ObservabilityHandle) -> None:
        """BAK-4: a daily report of each kind of job, and failed jobs to the topic of critical alarms."""
        for kind, (field, states) in _JOBS.items():
            BackupReportPlan(
                self,
                f"{kind}-report",
                name=f"{target.prefix}-{kind}".replace("-", "_"),  # hyphens are not allowed
                description=f"The {kind} jobs of each day",
                report_delivery_channel=BackupReportPlanReportDeliveryChannel(
                    s3_bucket_name=lake.names["access"], s3_key_prefix="backup", formats=["CSV", "JSON"]
                ),
                report_setting=BackupReportPlanReportSetting(report_template=f"{kind.upper()}_JOB_REPORT"),
                depends_on=list(lake.ready),
            )
            rule = CloudwatchEventRule(
                self,
                f"failed-{kind}",
                name=f"{target.prefix}-failed-{kind}",
                description=f"Failed {kind} jobs",
                event_pattern=json.dumps(
                    {
                        "source": ["aws.backup"],
                        "detail-type": [f"{kind.title()} Job State Change"],
                        "detail": {field: states},
                    }
                ),
            )
            CloudwatchEventTarget(
                self,
                f"failed-{kind}-to-people",
                rule=rule.name,
                target_id="critical",
                arn=observability.topics["critical"],
                depends_on=list(observability.ready),
            )

    def _velero(
        self,
        target: Target,
        keys: KeysHandle,
        account: ServiceAccount,
        cluster: ClusterHandle,
        lake: LakeHandle,
        governance: GovernanceHandle,
    ) -> str:
        """BAK-2: Velero stores the cluster's objects in the backups bucket and takes volume snapshots. Returns its
        role."""
        role = iam.role(
            self,
            "velero",
            target,
            purpose=VELERO,
            trust=iam.pod_trust(target),
            governance=governance,
            policies={
                "bucket": _velero_bucket(lake.ids["backups"]),
                "volumes": _velero_volumes(target),
                "keys": _velero_keys(target, keys),
            },
        )
        EksPodIdentityAssociation(  # BAK-2
            self,
            "velero-pods",
            cluster_name=cluster.name,
            namespace=account.namespace,
            service_account=account.name,
            role_arn=role.arn,
            depends_on=list(iam.rights(self, "velero")),
        )
        return role.arn


def _vault(
    scope: Construct,
    target: Target,
    spec: BackupSpec,
    key: str,
    *,
    suffix: str = "",
    provider: AwsProvider | None = None,
) -> BackupVault:
    """A vault under the backups key; its policy denies manual deletion of recovery points."""
    vault = BackupVault(scope, "vault", name=f"{target.prefix}{suffix}", kms_key_arn=key, provider=provider)
    BackupVaultPolicy(
        scope,
        "policy",
        backup_vault_name=vault.name,
        policy=iam.document(
            Statement(
                Sid="KeepRecoveryPoints",
                Effect="Deny",
                Principal={"AWS": "*"},
                Action=["backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle"],
                Resource="*",  # a vault's policy covers its own recovery points only
                Condition={"ArnNotEquals": {"aws:PrincipalArn": names.role_arn(target, "ci-apply")}},
            )
        ),
        provider=provider,
    )
    BackupVaultLockConfiguration(  # BAK-1
        scope,
        "lock",
        backup_vault_name=vault.name,
        min_retention_days=_SHORTEST_DAYS,
        max_retention_days=_LONGEST_DAYS,
        changeable_for_days=_COOLING_OFF_DAYS if spec.lock == "compliance" else None,
        provider=provider,
    )
    return vault


def _velero_bucket(bucket: str) -> str:
    return iam.document(
        iam.allow(
            [
                "s3:GetObject",
                "s3:PutObject",
                "s3:DeleteObject",
                "s3:AbortMultipartUpload",
                "s3:ListMultipartUploadParts",
            ],
            f"{bucket}/velero/*",
        ),
        iam.allow("s3:ListBucket", bucket, Condition={"StringLike": {"s3:prefix": ["velero", "velero/*"]}}),
    )


def _velero_volumes(target: Target) -> str:
    """Volumes have no names of the deployment, so conditions use the tags that Velero sets."""
    volumes, snapshots = (
        names.arn(target, "ec2", "volume/*"),
        f"arn:{_partition(target)}:ec2:{target.region}::snapshot/*",
    )
    return iam.document(
        iam.allow(["ec2:DescribeVolumes", "ec2:DescribeSnapshots"], "*"),  # EC2's Describe actions support no resource
        iam.allow(["ec2:CreateSnapshot", "ec2:CreateVolume"], [volumes, snapshots]),
        iam.allow(
            "ec2:CreateTags",
            [volumes, snapshots],
            Condition={"StringEquals": {"ec2:CreateAction": ["CreateSnapshot", "CreateVolume"]}},
        ),
        iam.allow("ec2:DeleteSnapshot", snapshots, Condition={"StringLike": {"ec2:ResourceTag/velero.io/backup": "*"}}),
    )


def _velero_keys(target: Target, keys: KeysHandle) -> str:
    return iam.document(
        iam.allow(["kms:Decrypt", "kms:GenerateDataKey"], keys.home["backups"]),
        iam.allow(
            [
                "kms:Decrypt",
                "kms:DescribeKey",
                "kms:GenerateDataKeyWithoutPlaintext",
                "kms:ReEncryptFrom",
                "kms:ReEncryptTo",
            ],
            keys.home["disks"],
        ),
        iam.allow("kms:CreateGrant", keys.home["disks"], Condition={"Bool": {"kms:GrantIsForAWSResource": "true"}}),
    )


def _partition(target: Target) -> str:
    return names.settings(target).partition
