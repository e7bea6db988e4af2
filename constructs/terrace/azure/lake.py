"""Object storage on Azure: the lake's layers, the platform's own buckets, and their copies in the recovery region."""

from collections.abc import Mapping, Sequence

from cdktn_provider_azurerm.management_lock import ManagementLock
from cdktn_provider_azurerm.security_center_storage_defender import SecurityCenterStorageDefender
from cdktn_provider_azurerm.storage_object_replication import StorageObjectReplication, StorageObjectReplicationRules
from constructs import Construct

from terrace.azure import names, providers
from terrace.azure.bucket import BucketHandle, bucket
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.keys import KeysHandle, Purpose
from terrace.capabilities.lake import BUCKETS, GRANTED, REPLICATED, Bucket, LakeHandle, LakeSpec
from terrace.capabilities.spec import LAYERS
from terrace.capabilities.target import Target

ENCRYPTED_FOR: Mapping[Bucket, Purpose] = {
    **dict.fromkeys((*LAYERS, "artifacts"), "lake"),
    "backups": "backups",
    "audit": "audit",
    "access": "logs",
}
"""Bucket to the purpose of its key (LAKE-2)."""
_RECORDS = (
    "insights-activity-logs",
    "insights-logs-storageread",
    "insights-logs-storagewrite",
    "insights-logs-storagedelete",
)
"""Containers with fixed names that Azure Monitor writes to; created first, so that they are immutable (AUD-1)."""
_RECORDS_OF_COPIES = _RECORDS[1:]
"""The same in the recovery region, where Azure Monitor writes no activity log."""

MALWARE_SCAN_GB = 1000
"""The maximum per month and account; Azure bills scanning by the gigabyte."""


class Lake(Construct):
    """Buckets in the home region, copies of six of them in the recovery region.

    Namespaces are flat: hierarchical ones (Data Lake Storage Gen2) support neither versions (LAKE-3) nor replication to
    a chosen region (LAKE-5). `abfss://` and table formats work on flat ones. Source: "Blob storage feature support in
    Azure Storage accounts".
    """

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
        containers: dict[Bucket, Sequence[str]] = {"audit": _RECORDS}
        home = {
            name: bucket(
                Construct(self, name),
                name,
                target,
                lifecycle=spec.lifecycle[name],
                key=keys.home[ENCRYPTED_FOR[name]],
                user=keys.users[ENCRYPTED_FOR[name]],
                lock_days=locked.get(name),
                lock_mode=spec.immutability.mode,
                containers=containers.get(name, ()),
                after=keys.ready,
            )
            for name in BUCKETS
        }
        access, audit = home["access"], home["audit"]
        for name, handle in home.items():
            if name != "access":
                handle.log_requests(to=access.account.id, after=access.dependencies)
            if name in LAYERS:
                handle.log_requests(to=audit.account.id, after=audit.dependencies, id="audit-log")  # AUD-1
            if target.protected:
                ManagementLock(
                    handle.scope,
                    "keep",
                    name=f"keep-{name}",
                    scope=handle.account.id,
                    lock_level="CanNotDelete",
                    notes="Removed first when the environment is destroyed",
                    depends_on=providers.below(handle.scope),
                )
        if spec.sensitive_data_discovery:
            bronze = home["bronze"]
            SecurityCenterStorageDefender(  # LAKE-8
                bronze.scope,
                "discovery",
                storage_account_id=bronze.account.id,
                override_subscription_settings_enabled=True,  # another environment may own the subscription
                sensitive_data_discovery_enabled=True,
                malware_scanning_on_upload_enabled=True,  # AUD-2: an override replaces the subscription's settings
                malware_scanning_on_upload_cap_gb_per_month=MALWARE_SCAN_GB,
                depends_on=list(bronze.dependencies),
            )
        if spec.replicate and target.recovery_region:
            self._replicate(spec, target, audit_days, keys, home)
        self.handle = LakeHandle(
            names={name: names.bucket(target, name) for name in BUCKETS},
            ids={name: names.container_id(target, name) for name in BUCKETS},
            uris={name: f"abfss://{name}@{names.bucket(target, name)}.dfs.core.windows.net" for name in GRANTED},
            ready=tuple(resource for handle in home.values() for resource in handle.dependencies),
        )

    def _replicate(
        self,
        spec: LakeSpec,
        target: Target,
        audit_days: int,
        keys: KeysHandle,
        home: Mapping[Bucket, BucketHandle],
    ) -> None:
        """LAKE-5: a copy of each bucket in the recovery region, with existing and new objects.

        The copies are not locked: Azure cannot replicate into a container with an immutability policy.
        Source: "Object replication for block blobs", prerequisites and caveats.

        The layers' copies log their requests to an account of their own region: a diagnostic setting cannot write to a
        storage account in another one. Source: "Diagnostic settings in Azure Monitor", destination limitations.
        """
        records = bucket(
            Construct(self, "audit-recovery"),
            "audit",
            target,
            lifecycle=spec.lifecycle["audit"],
            key=keys.recovery["audit"],
            user=keys.recovery_users["audit"],
            lock_days=audit_days,  # AUD-1
            lock_mode=spec.immutability.mode,
            containers=_RECORDS_OF_COPIES,
            recovery=True,
            after=keys.ready,
        )
        for name in REPLICATED:
            purpose = ENCRYPTED_FOR[name]
            copy = bucket(
                Construct(self, f"{name}-recovery"),
                name,
                target,
                lifecycle=spec.lifecycle[name],
                key=keys.recovery[purpose],
                user=keys.recovery_users[purpose],
                lock_days=None,
                lock_mode=spec.immutability.mode,
                recovery=True,
                after=keys.ready,
            )
            if name in LAYERS:
                copy.log_requests(to=records.account.id, after=records.dependencies, id="audit-log")  # AUD-1
            StorageObjectReplication(
                home[name].scope,
                "replication",
                source_storage_account_id=home[name].account.id,
                destination_storage_account_id=copy.account.id,
                metrics_enabled=True,
                rules=[
                    StorageObjectReplicationRules(
                        source_container_name=home[name].containers[0].name,
                        destination_container_name=copy.containers[0].name,
                        copy_blobs_created_after="Everything",
                    )
                ],
                depends_on=[*home[name].dependencies, *copy.dependencies],
            )
