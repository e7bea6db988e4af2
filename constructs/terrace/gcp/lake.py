"""Object storage on Cloud Storage: the lake's layers and the platform's own buckets; in prod over two regions."""

from collections.abc import Mapping

from cdktn import ITerraformDependable
from cdktn_provider_google.storage_bucket_iam_member import StorageBucketIamMember
from constructs import Construct

from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.keys import KeysHandle, Purpose
from terrace.capabilities.lake import BUCKETS, GRANTED, REPLICATED, Bucket, LakeHandle, LakeSpec
from terrace.capabilities.spec import LAYERS
from terrace.capabilities.target import Target
from terrace.gcp import names
from terrace.gcp.bucket import BucketHandle, bucket

ENCRYPTED_FOR: Mapping[Bucket, Purpose] = {
    **dict.fromkeys((*LAYERS, "artifacts"), "lake"),
    "backups": "backups",
    "audit": "audit",
    "access": "logs",
}
"""Bucket to the purpose of its key (LAKE-2)."""

_WRITES_ACCESS_LOGS = "group:cloud-storage-analytics@google.com"
"""Source: Cloud Storage documentation, "Usage logs & storage logs"."""


class Lake(Construct):
    """The buckets. The ones to replicate span both regions, so that the copy needs no bucket of its own: turbo
    replication copies within fifteen minutes. Source: Cloud Storage documentation, "Turbo replication"."""

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
        self._spec, self._target, self._keys = spec, target, keys
        self._locked: dict[Bucket, int] = {"bronze": spec.immutability.days, "audit": audit_days}  # LAKE-3, AUD-1
        access = self._bucket("access")
        logs = StorageBucketIamMember(  # LAKE-6
            access.scope,
            "access-log-writer",
            bucket=names.bucket(target, "access"),
            role="roles/storage.objectCreator",
            member=_WRITES_ACCESS_LOGS,
            depends_on=[access.bucket],
        )
        others = [self._bucket(name, after=(logs,)) for name in BUCKETS if name != "access"]
        self.handle = LakeHandle(
            names={name: names.bucket(target, name) for name in BUCKETS},
            ids={name: names.bucket_id(target, name) for name in BUCKETS},
            uris={name: f"gs://{names.bucket(target, name)}" for name in GRANTED},
            ready=(logs, *(handle.bucket for handle in others)),
        )

    def _bucket(self, name: Bucket, *, after: tuple[ITerraformDependable, ...] = ()) -> BucketHandle:
        spec, target = self._spec, self._target
        spans = spec.replicate and target.recovery_region is not None and name in REPLICATED
        return bucket(
            Construct(self, name),
            name,
            target,
            lifecycle=spec.lifecycle[name],
            key=names.key(target, ENCRYPTED_FOR[name], "both" if spans else "home"),
            keys_ready=self._keys.ready,
            lock_days=self._locked.get(name),
            lock_mode=spec.immutability.mode,
            spans_regions=spans,  # LAKE-5
            after=after,
        )
