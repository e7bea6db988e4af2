"""An S3 bucket of the platform: private, versioned, encrypted, with a lifecycle (LAKE-1 to LAKE-4).

All buckets are created here, so that they differ only by arguments.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cdktn import ITerraformDependable
from cdktn_provider_aws.provider import AwsProvider
from cdktn_provider_aws.s3_bucket import S3Bucket
from cdktn_provider_aws.s3_bucket_lifecycle_configuration import (
    S3BucketLifecycleConfiguration,
    S3BucketLifecycleConfigurationRule,
    S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload,
    S3BucketLifecycleConfigurationRuleExpiration,
    S3BucketLifecycleConfigurationRuleFilter,
    S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration,
    S3BucketLifecycleConfigurationRuleTransition,
)
from cdktn_provider_aws.s3_bucket_logging import (
    S3BucketLoggingA,
    S3BucketLoggingTargetObjectKeyFormat,
    S3BucketLoggingTargetObjectKeyFormatPartitionedPrefix,
)
from cdktn_provider_aws.s3_bucket_object_lock_configuration import (
    S3BucketObjectLockConfigurationA,
    S3BucketObjectLockConfigurationRuleA,
    S3BucketObjectLockConfigurationRuleDefaultRetentionA,
)
from cdktn_provider_aws.s3_bucket_ownership_controls import S3BucketOwnershipControls, S3BucketOwnershipControlsRule
from cdktn_provider_aws.s3_bucket_policy import S3BucketPolicy
from cdktn_provider_aws.s3_bucket_public_access_block import S3BucketPublicAccessBlock
from cdktn_provider_aws.s3_bucket_server_side_encryption_configuration import (
    S3BucketServerSideEncryptionConfigurationA,
    S3BucketServerSideEncryptionConfigurationRuleA,
    S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA,
)
from cdktn_provider_aws.s3_bucket_versioning import S3BucketVersioningA, S3BucketVersioningVersioningConfiguration
from constructs import Construct

from terrace.aws import iam, names
from terrace.aws.iam import Statement
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.lake import ExtraBucketHandle, LakeHandle, LifecycleSpec
from terrace.capabilities.spec import LAYERS
from terrace.capabilities.target import Target


@dataclass(frozen=True)
class BucketHandle:
    """A bucket and the resources that depend on it."""

    scope: Construct
    bucket: S3Bucket
    policy: S3BucketPolicy
    dependencies: tuple[ITerraformDependable, ...]

    def log_requests(self, name: str, *, to: str, after: Sequence[ITerraformDependable]) -> None:
        """LAKE-6: write the bucket's request logs to the access bucket, one folder a day."""
        S3BucketLoggingA(
            self.scope,
            "access-log",
            bucket=self.bucket.bucket,
            target_bucket=to,
            target_prefix=f"s3/{name}/",
            target_object_key_format=S3BucketLoggingTargetObjectKeyFormat(
                partitioned_prefix=S3BucketLoggingTargetObjectKeyFormatPartitionedPrefix(
                    partition_date_source="EventTime"
                )
            ),
            depends_on=list(after),
        )


def bucket(
    scope: Construct,
    name: str,
    target: Target,
    *,
    lifecycle: LifecycleSpec,
    key: str | None,
    lock_days: int | None,
    lock_mode: str,
    grants: tuple[Statement, ...],
    recovery: AwsProvider | None = None,
    after: tuple[ITerraformDependable, ...] = (),
) -> BucketHandle:
    """A private, versioned, encrypted bucket with its lifecycle. `key` is an ARN; without it, S3's own key encrypts.
    `after` are principals that `grants` name: S3 rejects those that do not exist."""
    resource = S3Bucket(
        scope,
        "bucket",
        bucket=names.bucket(target, name, recovery=recovery is not None),
        object_lock_enabled=lock_days is not None,
        tags={"layer": name},
        provider=recovery,
    )
    private = S3BucketPublicAccessBlock(  # LAKE-1
        scope,
        "public-access",
        bucket=resource.bucket,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        provider=recovery,
    )
    S3BucketOwnershipControls(
        scope,
        "ownership",
        bucket=resource.bucket,
        rule=S3BucketOwnershipControlsRule(object_ownership="BucketOwnerEnforced"),
        provider=recovery,
    )
    encryption = S3BucketServerSideEncryptionConfigurationA(  # LAKE-2
        scope,
        "encryption",
        bucket=resource.bucket,
        rule=[
            S3BucketServerSideEncryptionConfigurationRuleA(
                bucket_key_enabled=key is not None,
                apply_server_side_encryption_by_default=S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA(
                    sse_algorithm="aws:kms" if key else "AES256", kms_master_key_id=key
                ),
            )
        ],
        provider=recovery,
    )
    policy = S3BucketPolicy(
        scope,
        "policy",
        bucket=resource.bucket,
        policy=iam.document(*_denials(name, target, key, recovery=recovery is not None), *grants),
        depends_on=[private, *after],
        provider=recovery,
    )
    versioning = S3BucketVersioningA(  # LAKE-3
        scope,
        "versioning",
        bucket=resource.bucket,
        versioning_configuration=S3BucketVersioningVersioningConfiguration(status="Enabled"),
        provider=recovery,
    )
    dependencies: list[ITerraformDependable] = [versioning, encryption]
    if lock_days is not None:
        dependencies.append(
            S3BucketObjectLockConfigurationA(  # LAKE-3
                scope,
                "lock",
                bucket=resource.bucket,
                rule=S3BucketObjectLockConfigurationRuleA(
                    default_retention=S3BucketObjectLockConfigurationRuleDefaultRetentionA(
                        mode=lock_mode.upper(), days=lock_days
                    )
                ),
                depends_on=[versioning],
                provider=recovery,
            )
        )
    S3BucketLifecycleConfiguration(  # LAKE-4
        scope,
        "lifecycle",
        bucket=resource.bucket,
        transition_default_minimum_object_size="all_storage_classes_128K",
        rule=[_lifecycle_rule(lifecycle)],
        depends_on=[versioning],
        provider=recovery,
    )
    return BucketHandle(scope, resource, policy, tuple(dependencies))


def _lifecycle_rule(spec: LifecycleSpec) -> S3BucketLifecycleConfigurationRule:
    """One rule for the whole bucket; both cheaper classes have instant reads."""
    return S3BucketLifecycleConfigurationRule(
        id="tiering",
        status="Enabled",
        filter=[S3BucketLifecycleConfigurationRuleFilter()],
        transition=[
            S3BucketLifecycleConfigurationRuleTransition(days=spec.cool_after_days, storage_class="STANDARD_IA"),
            S3BucketLifecycleConfigurationRuleTransition(days=spec.archive_after_days, storage_class="GLACIER_IR"),
        ],
        expiration=[S3BucketLifecycleConfigurationRuleExpiration(days=spec.expire_after_days)]
        if spec.expire_after_days
        else None,
        noncurrent_version_expiration=[
            S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration(noncurrent_days=spec.superseded_after_days)
        ],
        abort_incomplete_multipart_upload=[
            S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload(days_after_initiation=7)
        ],
    )


def _denials(name: str, target: Target, key: str | None, *, recovery: bool) -> list[Statement]:
    """LAKE-2: what the bucket policy denies to every principal."""
    arn = names.bucket_arn(target, name, recovery=recovery)
    everything = [arn, f"{arn}/*"]
    refused = [
        Statement(
            Sid="RefusePlainHttp",
            Effect="Deny",
            Principal="*",
            Action="s3:*",
            Resource=everything,
            Condition={"Bool": {"aws:SecureTransport": "false"}},
        ),
        Statement(
            Sid="RefuseOldTls",
            Effect="Deny",
            Principal="*",
            Action="s3:*",
            Resource=everything,
            Condition={"NumericLessThan": {"s3:TlsVersion": "1.2"}},
        ),
    ]
    if key and name in LAYERS and not recovery:
        # A request without an encryption header gets the bucket's encryption. One with a header must name this key: a
        # negated operator also matches a missing key header, which means AES256 or the account's own KMS key.
        refused.append(
            Statement(
                Sid="RefuseOtherKeys",
                Effect="Deny",
                Principal="*",
                Action="s3:PutObject",
                Resource=f"{arn}/*",
                Condition={
                    "Null": {"s3:x-amz-server-side-encryption": "false"},
                    "StringNotEquals": {"s3:x-amz-server-side-encryption-aws-kms-key-id": key},
                },
            )
        )
    return refused


class ExtraBucket(Construct):
    """A bucket of an extension, as those of the lake."""

    handle: ExtraBucketHandle

    def __init__(
        self,
        scope: Construct,
        id: str,
        target: Target,
        *,
        lifecycle: LifecycleSpec,
        keys: KeysHandle,
        lake: LakeHandle,
    ) -> None:
        super().__init__(scope, id)
        key = keys.home["lake"]
        made = bucket(self, id, target, lifecycle=lifecycle, key=key, lock_days=None, lock_mode="", grants=())
        made.log_requests(id, to=lake.names["access"], after=lake.ready)
        self.handle = ExtraBucketHandle(names.bucket(target, id), names.bucket_arn(target, id), made.dependencies)
