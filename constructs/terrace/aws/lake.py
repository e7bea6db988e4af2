"""Object storage on S3: the lake's layers, the platform's own buckets, and their copies in the recovery region."""

from collections.abc import Mapping

from cdktn import ITerraformDependable
from cdktn_provider_aws.iam_service_linked_role import IamServiceLinkedRole
from cdktn_provider_aws.macie2_account import Macie2Account
from cdktn_provider_aws.macie2_classification_job import (
    Macie2ClassificationJob,
    Macie2ClassificationJobS3JobDefinition,
    Macie2ClassificationJobS3JobDefinitionBucketDefinitions,
    Macie2ClassificationJobScheduleFrequency,
)
from cdktn_provider_aws.s3_account_public_access_block import S3AccountPublicAccessBlock
from cdktn_provider_aws.s3_bucket_metric import S3BucketMetric
from cdktn_provider_aws.s3_bucket_notification import S3BucketNotification
from cdktn_provider_aws.s3_bucket_replication_configuration import (
    S3BucketReplicationConfigurationA,
    S3BucketReplicationConfigurationRule,
    S3BucketReplicationConfigurationRuleDeleteMarkerReplication,
    S3BucketReplicationConfigurationRuleDestination,
    S3BucketReplicationConfigurationRuleDestinationEncryptionConfiguration,
    S3BucketReplicationConfigurationRuleDestinationMetrics,
    S3BucketReplicationConfigurationRuleDestinationMetricsEventThreshold,
    S3BucketReplicationConfigurationRuleDestinationReplicationTime,
    S3BucketReplicationConfigurationRuleDestinationReplicationTimeTime,
    S3BucketReplicationConfigurationRuleFilter,
    S3BucketReplicationConfigurationRuleSourceSelectionCriteria,
    S3BucketReplicationConfigurationRuleSourceSelectionCriteriaSseKmsEncryptedObjects,
)
from constructs import Construct

from terrace.aws import iam, names, providers
from terrace.aws.bucket import BucketHandle, bucket
from terrace.aws.iam import Statement
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.keys import KeysHandle, Purpose
from terrace.capabilities.lake import BUCKETS, GRANTED, REPLICATED, Bucket, LakeHandle, LakeSpec
from terrace.capabilities.spec import LAYERS
from terrace.capabilities.target import Target

ENCRYPTED_FOR: Mapping[Bucket, Purpose] = {
    **dict.fromkeys((*LAYERS, "artifacts"), "lake"),
    "backups": "backups",
    "audit": "audit",
    # access: S3 and the load balancer cannot write logs under a customer-managed key, so S3's own key encrypts them
}
"""Bucket to the purpose of its key (LAKE-2)."""


class Lake(Construct):
    """Buckets in the home region, copies of six of them in the recovery region, and the account's public access
    block."""

    handle: LakeHandle

    def __init__(
        self,
        scope: Construct,
        id: str,
        spec: LakeSpec,
        target: Target,
        *,
        audit_days: int,
        keys: KeysHandle,
        governance: GovernanceHandle,
    ) -> None:
        super().__init__(scope, id)
        locked: dict[Bucket, int] = {"bronze": spec.immutability.days, "audit": audit_days}  # LAKE-3, AUD-1
        writers: list[ITerraformDependable] = []
        if names.settings(target).owns_account:
            writers.append(
                IamServiceLinkedRole(self, "report-writer", aws_service_name="reports.backup.amazonaws.com")  # BAK-4
            )
        home = {
            name: bucket(
                Construct(self, name),
                name,
                target,
                lifecycle=spec.lifecycle[name],
                key=keys.home[ENCRYPTED_FOR[name]] if name in ENCRYPTED_FOR else None,
                lock_days=locked.get(name),
                lock_mode=spec.immutability.mode,
                grants=_grants(name, target),
                after=tuple(writers) if name == "access" else (),
            )
            for name in BUCKETS
        }
        access = home["access"]
        for name, handle in home.items():
            if name != "access":
                handle.log_requests(name, to=access.bucket.bucket, after=[access.policy])
            if name in LAYERS:
                # Events for consumers and AWS Backup; request metrics for the alarm on denied requests.
                S3BucketNotification(handle.scope, "events", bucket=handle.bucket.bucket, eventbridge=True)
                S3BucketMetric(handle.scope, "requests", bucket=handle.bucket.bucket, name="EntireBucket")
        if spec.replicate and target.recovery_region:
            self._replicate(spec, target, keys, governance, home, locked)
        if names.settings(target).owns_account:
            S3AccountPublicAccessBlock(  # LAKE-1
                self,
                "account-public-access",
                block_public_acls=True,
                block_public_policy=True,
                ignore_public_acls=True,
                restrict_public_buckets=True,
            )
        if spec.sensitive_data_discovery:
            self._discover(target, home["bronze"])
        self.handle = LakeHandle(
            names={name: names.bucket(target, name) for name in BUCKETS},
            ids={name: names.bucket_arn(target, name) for name in BUCKETS},
            uris={name: f"s3://{names.bucket(target, name)}" for name in GRANTED},
            ready=tuple(handle.policy for handle in home.values()),
        )

    def _discover(self, target: Target, bronze: BucketHandle) -> None:
        """LAKE-8: Macie searches the new objects of bronze every week; its findings are AUD-5's."""
        before = []
        if names.settings(target).owns_account:
            before.append(
                Macie2Account(self, "discovery", status="ENABLED", finding_publishing_frequency="FIFTEEN_MINUTES")
            )
        Macie2ClassificationJob(
            self,
            "discovery-job",
            name=f"{target.prefix}-bronze",
            job_type="SCHEDULED",
            initial_run=True,
            sampling_percentage=100,
            schedule_frequency=Macie2ClassificationJobScheduleFrequency(weekly_schedule="MONDAY"),
            s3_job_definition=Macie2ClassificationJobS3JobDefinition(
                bucket_definitions=[
                    Macie2ClassificationJobS3JobDefinitionBucketDefinitions(
                        account_id=names.account(target), buckets=[bronze.bucket.bucket]
                    )
                ]
            ),
            depends_on=before,
        )

    def _replicate(
        self,
        spec: LakeSpec,
        target: Target,
        keys: KeysHandle,
        governance: GovernanceHandle,
        home: Mapping[Bucket, BucketHandle],
        locked: Mapping[Bucket, int],
    ) -> None:
        """LAKE-5: a copy of each bucket in the recovery region, replicated within fifteen minutes."""
        region = providers.recovery(self)
        copies = {
            name: bucket(
                Construct(self, f"{name}-recovery"),
                name,
                target,
                lifecycle=spec.lifecycle[name],
                key=keys.recovery[ENCRYPTED_FOR[name]],
                lock_days=locked.get(name),  # S3 replicates locked objects only to a bucket with object lock
                lock_mode=spec.immutability.mode,
                grants=(),
                recovery=region,
            )
            for name in REPLICATED
        }
        role = iam.role(
            self,
            "replication",
            target,
            purpose="replication",
            trust=iam.service_trust(target, "s3.amazonaws.com"),
            governance=governance,
            policies={"copy": _copying(target), "copy-keys": _copying_keys(keys)},
        )
        for name in REPLICATED:
            S3BucketReplicationConfigurationA(
                home[name].scope,
                "replication",
                bucket=home[name].bucket.bucket,
                role=role.arn,
                rule=[_copy_rule(target, name, keys.recovery[ENCRYPTED_FOR[name]])],
                depends_on=[*home[name].dependencies, *copies[name].dependencies, *iam.rights(self, "replication")],
            )


def _grants(name: Bucket, target: Target) -> tuple[Statement, ...]:
    """What AWS services may write to a bucket, for this account only."""
    arn = names.bucket_arn(target, name)
    account = names.account(target)
    this_account = {"aws:SourceAccount": account}
    trail = {**this_account, "aws:SourceArn": names.trail_arn(target)}
    if name == "audit":
        return (
            _service("TrailLooks", "cloudtrail", "s3:GetBucketAcl", arn, {"StringEquals": trail}),
            _service(
                "TrailWrites", "cloudtrail", "s3:PutObject", f"{arn}/trail/AWSLogs/{account}/*", {"StringEquals": trail}
            ),
            _service(
                "ConfigLooks", "config", ["s3:GetBucketAcl", "s3:ListBucket"], arn, {"StringEquals": this_account}
            ),
            _service(
                "ConfigWrites",
                "config",
                "s3:PutObject",
                f"{arn}/config/AWSLogs/{account}/*",
                {"StringEquals": this_account},
            ),
        )
    if name == "access":
        return (
            _service("BucketLogs", "logging.s3", "s3:PutObject", f"{arn}/s3/*", {"StringEquals": this_account}),
            # The delivery service sends no source account; the path ends in this account's number.
            _service(
                "LoadBalancerLogs",
                "logdelivery.elasticloadbalancing",
                "s3:PutObject",
                f"{arn}/entry/AWSLogs/{account}/*",
                None,
            ),
            Statement(  # BAK-4
                Sid="BackupReports",
                Effect="Allow",
                Principal={"AWS": _report_writer(target)},
                Action="s3:PutObject",
                Resource=f"{arn}/backup/*",
                Condition={"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
            ),
        )
    return ()


def _report_writer(target: Target) -> str:
    """The role by which AWS Backup writes its reports."""
    path = "role/aws-service-role/reports.backup.amazonaws.com/AWSServiceRoleForBackupReports"
    return names.arn(target, "iam", path, region="")


def _service(
    sid: str, service: str, action: str | list[str], resource: str, condition: dict[str, dict[str, str]] | None
) -> Statement:
    statement = Statement(
        Sid=sid, Effect="Allow", Principal={"Service": f"{service}.amazonaws.com"}, Action=action, Resource=resource
    )
    if condition:
        statement["Condition"] = condition
    return statement


def _copying(target: Target) -> str:
    """What replication reads in the home region and writes in the recovery region; keys have a separate document."""
    home = [names.bucket_arn(target, name) for name in REPLICATED]
    there = [names.bucket_arn(target, name, recovery=True) for name in REPLICATED]
    return iam.document(
        iam.allow(["s3:GetReplicationConfiguration", "s3:ListBucket"], home),
        iam.allow(
            [
                "s3:GetObjectVersionForReplication",
                "s3:GetObjectVersionAcl",
                "s3:GetObjectVersionTagging",
                "s3:GetObjectRetention",
                "s3:GetObjectLegalHold",
            ],
            [f"{arn}/*" for arn in home],
        ),
        iam.allow(["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"], [f"{arn}/*" for arn in there]),
    )


def _copying_keys(keys: KeysHandle) -> str:
    return iam.document(
        iam.allow("kms:Decrypt", [keys.home["lake"], keys.home["backups"]]),
        iam.allow(["kms:Encrypt", "kms:GenerateDataKey"], [keys.recovery["lake"], keys.recovery["backups"]]),
    )


def _copy_rule(target: Target, name: Bucket, key: str) -> S3BucketReplicationConfigurationRule:
    """All objects and deletions, with S3's fifteen-minute replication time control; `key` encrypts the copy."""
    return S3BucketReplicationConfigurationRule(
        id="recovery",
        status="Enabled",
        priority=1,
        filter=S3BucketReplicationConfigurationRuleFilter(),
        delete_marker_replication=S3BucketReplicationConfigurationRuleDeleteMarkerReplication(status="Enabled"),
        source_selection_criteria=S3BucketReplicationConfigurationRuleSourceSelectionCriteria(
            sse_kms_encrypted_objects=S3BucketReplicationConfigurationRuleSourceSelectionCriteriaSseKmsEncryptedObjects(
                status="Enabled"
            )
        ),
        destination=S3BucketReplicationConfigurationRuleDestination(
            bucket=names.bucket_arn(target, name, recovery=True),
            storage_class="STANDARD_IA",
            encryption_configuration=S3BucketReplicationConfigurationRuleDestinationEncryptionConfiguration(
                replica_kms_key_id=key
            ),
            metrics=S3BucketReplicationConfigurationRuleDestinationMetrics(
                status="Enabled",
                event_threshold=S3BucketReplicationConfigurationRuleDestinationMetricsEventThreshold(minutes=15),
            ),
            replication_time=S3BucketReplicationConfigurationRuleDestinationReplicationTime(
                status="Enabled",
                time=S3BucketReplicationConfigurationRuleDestinationReplicationTimeTime(minutes=15),
            ),
        ),
    )
