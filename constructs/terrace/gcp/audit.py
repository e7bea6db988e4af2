"""The record of calls, in a log bucket and in the audit bucket (AUD-1)."""

from cdktn_provider_google.logging_project_sink import LoggingProjectSink
from cdktn_provider_google.project_iam_audit_config import ProjectIamAuditConfig, ProjectIamAuditConfigAuditLogConfig
from constructs import Construct

from terrace.capabilities.audit import AuditHandle, AuditSpec
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.lake import LakeHandle
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.target import Target
from terrace.gcp import detection, iam, names
from terrace.gcp.providers import service
from terrace.gcp.signals import RECORD

_RECORDED = ("ADMIN_READ", "DATA_READ", "DATA_WRITE")
"""In addition to the calls that change something, which Google always records. Source: Cloud Audit Logs overview."""


class Audit(Construct):
    """Audit logs of all services, in a log bucket of their own and again in the locked audit bucket.

    `handle.trail` is the log bucket's name. Project settings are created with `owns_account`.
    """

    handle: AuditHandle

    def __init__(
        self,
        scope: Construct,
        id: str,
        spec: AuditSpec,
        target: Target,
        *,
        keys: KeysHandle,
        lake: LakeHandle,
        observability: ObservabilityHandle,
        governance: GovernanceHandle,
    ) -> None:
        super().__init__(scope, id)
        self._archive(lake, target)
        if names.settings(target).owns_account:
            self._record_all(target)
        detection.detect(self, spec, target, keys=keys, observability=observability)
        self.handle = AuditHandle(trail=names.log_group(target, "trail"))

    def _record_all(self, target: Target) -> None:
        ProjectIamAuditConfig(
            self,
            "calls",
            project=names.account(target),
            service="allServices",  # AUD-1, LAKE-6
            audit_log_config=[ProjectIamAuditConfigAuditLogConfig(log_type=kind) for kind in _RECORDED],
            depends_on=[service(self, "cloudresourcemanager")],
        )

    def _archive(self, lake: LakeHandle, target: Target) -> None:
        """AUD-1: an immutable copy, for the bucket's retention."""
        sink = LoggingProjectSink(
            self,
            "archive",
            name=f"{target.prefix}-archive",
            description="The record of calls, to the audit bucket",
            destination=f"storage.googleapis.com/{lake.names['audit']}",
            filter=RECORD,
            unique_writer_identity=True,
            depends_on=[*lake.ready, service(self, "logging")],
        )
        iam.bucket_right(
            self,
            "archive-writer",
            "audit",
            lake=lake,
            role="roles/storage.objectCreator",
            member=sink.writer_identity,
        )
