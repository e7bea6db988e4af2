"""A bucket of the platform: private, encrypted, versioned or locked, with a lifecycle (LAKE-1 to LAKE-4).

All buckets are created here, so that they differ only by arguments.
"""

from dataclasses import dataclass

from cdktn import ITerraformDependable
from cdktn_provider_google.storage_bucket import (
    StorageBucket,
    StorageBucketCustomPlacementConfig,
    StorageBucketEncryption,
    StorageBucketEncryptionCustomerManagedEncryptionEnforcementConfig,
    StorageBucketEncryptionCustomerSuppliedEncryptionEnforcementConfig,
    StorageBucketEncryptionGoogleManagedEncryptionEnforcementConfig,
    StorageBucketLifecycleRule,
    StorageBucketLifecycleRuleAction,
    StorageBucketLifecycleRuleCondition,
    StorageBucketLogging,
    StorageBucketRetentionPolicy,
    StorageBucketSoftDeletePolicy,
    StorageBucketVersioning,
)
from constructs import Construct

from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.lake import ExtraBucketHandle, LakeHandle, LifecycleSpec
from terrace.capabilities.target import Target
from terrace.environment import regions
from terrace.errors import ContractError
from terrace.gcp import names
from terrace.gcp.providers import service

_DAY_SECONDS = 86400
_SOFT_DELETE_DAYS = {"dev": 7, "staging": 30, "prod": 30}
"""Days of soft delete, in which a deleted object can be restored; Cloud Storage allows 7 to 90."""


@dataclass(frozen=True)
class BucketHandle:
    """A bucket and the construct that contains it."""

    scope: Construct
    bucket: StorageBucket


def bucket(
    scope: Construct,
    name: str,
    target: Target,
    *,
    lifecycle: LifecycleSpec,
    key: str,
    keys_ready: tuple[ITerraformDependable, ...],
    lock_days: int | None,
    lock_mode: str,
    spans_regions: bool,
    after: tuple[ITerraformDependable, ...] = (),
) -> BucketHandle:
    """A private, encrypted bucket with its lifecycle. `key` is an id in the bucket's location.

    A locked bucket keeps no old versions: its objects cannot be overwritten or deleted before the end of the retention.
    The project's organisation policy denies plain HTTP (governance.py), not the bucket.
    """
    locked = lock_days is not None
    storage_bucket = StorageBucket(
        scope,
        "bucket",
        name=names.bucket(target, name),
        location=_multi_region(target) if spans_regions else target.region.upper(),
        custom_placement_config=_both_regions(target) if spans_regions else None,  # LAKE-5
        rpo="ASYNC_TURBO" if spans_regions else None,  # LAKE-5
        storage_class="STANDARD",
        uniform_bucket_level_access=True,  # LAKE-1
        public_access_prevention="enforced",  # LAKE-1
        encryption=StorageBucketEncryption(  # LAKE-2
            default_kms_key_name=key,
            # A request without a key uses the bucket's; one with its own key or Google's key is denied.
            google_managed_encryption_enforcement_config=StorageBucketEncryptionGoogleManagedEncryptionEnforcementConfig(
                restriction_mode="FullyRestricted"
            ),
            customer_supplied_encryption_enforcement_config=StorageBucketEncryptionCustomerSuppliedEncryptionEnforcementConfig(
                restriction_mode="FullyRestricted"
            ),
            customer_managed_encryption_enforcement_config=StorageBucketEncryptionCustomerManagedEncryptionEnforcementConfig(
                restriction_mode="NotRestricted"
            ),
        ),
        versioning=StorageBucketVersioning(enabled=not locked),  # LAKE-3
        retention_policy=StorageBucketRetentionPolicy(  # LAKE-3
            retention_period=str((lock_days or 0) * _DAY_SECONDS), is_locked=lock_mode == "compliance"
        )
        if locked
        else None,
        soft_delete_policy=StorageBucketSoftDeletePolicy(  # LAKE-3
            retention_duration_seconds=_SOFT_DELETE_DAYS[target.tier] * _DAY_SECONDS
        ),
        lifecycle_rule=_lifecycle_rules(lifecycle),  # LAKE-4
        logging=StorageBucketLogging(  # LAKE-6
            log_bucket=names.bucket(target, "access"), log_object_prefix=f"storage/{name}"
        )
        if name != "access"
        else None,
        force_destroy=False,
        deletion_policy=names.deletion(target),
        labels={"layer": name},
        depends_on=[*keys_ready, *after, service(scope, "storage")],
    )
    return BucketHandle(scope, storage_bucket)


def _multi_region(target: Target) -> str:
    """The multi-region that contains both of the target's regions. Raises ContractError if there is none."""
    multi_region = {"eu": "EU", "us": "US"}.get(regions.jurisdiction("gcp", target.region) or "")
    if multi_region is None:
        raise ContractError(f"no multi-region of Cloud Storage contains {target.region}", where="recovery_region")
    return multi_region


def _both_regions(target: Target) -> StorageBucketCustomPlacementConfig:
    both = [region.upper() for region in (target.region, target.recovery_region) if region]
    return StorageBucketCustomPlacementConfig(data_locations=both)


def _lifecycle_rules(spec: LifecycleSpec) -> list[StorageBucketLifecycleRule]:
    """Rules for the whole bucket; both cheaper classes have instant reads."""

    def rule(type: str, *, storage_class: str | None = None, **condition: int | str) -> StorageBucketLifecycleRule:
        return StorageBucketLifecycleRule(
            action=StorageBucketLifecycleRuleAction(type=type, storage_class=storage_class),
            condition=StorageBucketLifecycleRuleCondition(**condition),  # type: ignore[arg-type]
        )

    rules = [
        rule("SetStorageClass", storage_class="NEARLINE", age=spec.cool_after_days, with_state="LIVE"),
        rule("SetStorageClass", storage_class="COLDLINE", age=spec.archive_after_days, with_state="LIVE"),
        rule("Delete", days_since_noncurrent_time=spec.superseded_after_days, with_state="ARCHIVED"),
        rule("AbortIncompleteMultipartUpload", age=7),
    ]
    if spec.expire_after_days:
        rules.append(rule("Delete", age=spec.expire_after_days, with_state="LIVE"))
    return rules


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
        made = bucket(
            self,
            id,
            target,
            lifecycle=lifecycle,
            key=names.key(target, "lake", "home"),
            keys_ready=keys.ready,
            lock_days=None,
            lock_mode="",
            spans_regions=False,
            after=lake.ready,
        )
        self.handle = ExtraBucketHandle(names.bucket(target, id), names.bucket_id(target, id), (made.bucket,))
