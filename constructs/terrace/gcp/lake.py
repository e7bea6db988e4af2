"""Object storage on Cloud Storage: the lake's layers and the platform's own buckets; in prod over two regions."""

from collections.abc import Mapping

from cdktn import ITerraformDependable
from cdktn_provider_google.data_loss_prevention_job_trigger import (
    DataLossPreventionJobTrigger,
    DataLossPreventionJobTriggerInspectJob,
    DataLossPreventionJobTriggerInspectJobActions,
    DataLossPreventionJobTriggerInspectJobActionsPublishSummaryToCscc,
    DataLossPreventionJobTriggerInspectJobActionsPublishToStackdriver,
    DataLossPreventionJobTriggerInspectJobInspectConfig,
    DataLossPreventionJobTriggerInspectJobInspectConfigInfoTypes,
    DataLossPreventionJobTriggerInspectJobStorageConfig,
    DataLossPreventionJobTriggerInspectJobStorageConfigCloudStorageOptions,
    DataLossPreventionJobTriggerInspectJobStorageConfigCloudStorageOptionsFileSet,
    DataLossPreventionJobTriggerInspectJobStorageConfigTimespanConfig,
    DataLossPreventionJobTriggerTriggers,
    DataLossPreventionJobTriggerTriggersSchedule,
)
from cdktn_provider_google.storage_bucket import StorageBucket
from cdktn_provider_google.storage_bucket_iam_member import StorageBucketIamMember
from constructs import Construct

from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.keys import KeysHandle, Purpose
from terrace.capabilities.lake import BUCKETS, GRANTED, REPLICATED, Bucket, LakeHandle, LakeSpec
from terrace.capabilities.spec import LAYERS
from terrace.capabilities.target import Target
from terrace.gcp import iam, names
from terrace.gcp.bucket import BucketHandle, bucket
from terrace.gcp.providers import service

ENCRYPTED_FOR: Mapping[Bucket, Purpose] = {
    **dict.fromkeys((*LAYERS, "artifacts"), "lake"),
    "backups": "backups",
    "audit": "audit",
    "access": "logs",
}
"""Bucket to the purpose of its key (LAKE-2)."""

_SENSITIVE = (
    "AUTH_TOKEN",
    "CREDIT_CARD_NUMBER",
    "DATE_OF_BIRTH",
    "EMAIL_ADDRESS",
    "ENCRYPTION_KEY",
    "GCP_CREDENTIALS",
    "IBAN_CODE",
    "PASSPORT",
    "PASSWORD",
    "PERSON_NAME",
    "PHONE_NUMBER",
    "STREET_ADDRESS",
)
"""Personal data and credentials. Source: Sensitive Data Protection, "InfoType detector reference"."""
_SAMPLE_BYTES = 1024**2
_WEEK = "604800s"

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
            lifecycle=iam.made_again_with(access.bucket),
            depends_on=[access.bucket],
        )
        others = {name: self._bucket(name, after=(logs,)) for name in BUCKETS if name != "access"}
        self.handle = LakeHandle(
            names={name: names.bucket(target, name) for name in BUCKETS},
            ids={name: names.bucket_id(target, name) for name in BUCKETS},
            uris={name: f"gs://{names.bucket(target, name)}" for name in GRANTED},
            ready=(logs, *(handle.bucket for handle in others.values())),
        )
        if spec.sensitive_data_discovery:
            self._discover(target, others["bronze"].bucket)

    def _discover(self, target: Target, bronze: StorageBucket) -> None:
        """LAKE-8: a weekly job reads the beginning of each object that is new in bronze, in the home region.

        Findings are in Security Command Center, and counted in Cloud Monitoring; they hold no data. Google's own agent
        reads the bucket. Source: Sensitive Data Protection, "Create and schedule inspection jobs".
        """
        DataLossPreventionJobTrigger(
            self,
            "discovery",
            parent=f"projects/{names.account(target)}/locations/{target.region}",
            trigger_id=f"{target.prefix}-bronze",
            display_name=f"{target.prefix}-bronze",
            description="Personal data and credentials in bronze",
            triggers=[
                DataLossPreventionJobTriggerTriggers(
                    schedule=DataLossPreventionJobTriggerTriggersSchedule(recurrence_period_duration=_WEEK)
                )
            ],
            inspect_job=DataLossPreventionJobTriggerInspectJob(
                storage_config=DataLossPreventionJobTriggerInspectJobStorageConfig(
                    cloud_storage_options=DataLossPreventionJobTriggerInspectJobStorageConfigCloudStorageOptions(
                        file_set=DataLossPreventionJobTriggerInspectJobStorageConfigCloudStorageOptionsFileSet(
                            url=f"gs://{names.bucket(target, 'bronze')}/**"
                        ),
                        bytes_limit_per_file=_SAMPLE_BYTES,
                        sample_method="TOP",
                    ),
                    timespan_config=DataLossPreventionJobTriggerInspectJobStorageConfigTimespanConfig(
                        enable_auto_population_of_timespan_config=True  # each object once
                    ),
                ),
                inspect_config=DataLossPreventionJobTriggerInspectJobInspectConfig(
                    info_types=[
                        DataLossPreventionJobTriggerInspectJobInspectConfigInfoTypes(name=name) for name in _SENSITIVE
                    ],
                    min_likelihood="LIKELY",
                    include_quote=False,
                ),
                actions=[
                    DataLossPreventionJobTriggerInspectJobActions(
                        publish_summary_to_cscc=DataLossPreventionJobTriggerInspectJobActionsPublishSummaryToCscc()
                    ),
                    DataLossPreventionJobTriggerInspectJobActions(
                        publish_to_stackdriver=DataLossPreventionJobTriggerInspectJobActionsPublishToStackdriver()
                    ),
                ],
            ),
            depends_on=[bronze, service(self, "dlp")],
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
