"""The record of every call: the activity log and the vaults' logs (AUD-1, AUD-4)."""

from cdktn_provider_azurerm.monitor_diagnostic_setting import (
    MonitorDiagnosticSetting,
    MonitorDiagnosticSettingEnabledLog,
)
from constructs import Construct

from terrace.azure import detection, names
from terrace.capabilities.audit import AuditHandle, AuditSpec
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.lake import LakeHandle
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.target import Target

_CATEGORIES = (
    "Administrative",
    "Security",
    "ServiceHealth",
    "Alert",
    "Recommendation",
    "Policy",
    "Autoscale",
    "ResourceHealth",
)
"""All categories of the activity log. Source: "Azure activity log event schema"."""


class Audit(Construct):
    """Exports the activity log to the workspace and to the locked audit bucket. Where the environment owns the
    subscription, also Defender and the baseline."""

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
        trail = MonitorDiagnosticSetting(
            self,
            "trail",
            name=target.prefix,
            target_resource_id=names.subscription(target),  # AUD-1
            log_analytics_workspace_id=observability.log_ids["trail"],
            storage_account_id=names.account_id(target, "audit"),  # AUD-1: immutable there
            enabled_log=[MonitorDiagnosticSettingEnabledLog(category=category) for category in _CATEGORIES],
            depends_on=[*lake.ready, *observability.ready],
        )
        vault, *_ = [
            MonitorDiagnosticSetting(
                self,
                f"vault-{site}-trail" if site else "vault-trail",
                name="trail",
                target_resource_id=names.vault_id(target, site),
                log_analytics_workspace_id=observability.log_ids["trail"],
                log_analytics_destination_type="Dedicated",
                enabled_log=[MonitorDiagnosticSettingEnabledLog(category_group="audit")],  # AUD-1, AUD-4
                depends_on=[*keys.ready, *observability.ready],
            )
            for site in (("", "recovery", "geo") if target.recovery_region else ("",))
        ]
        if names.settings(target).owns_account:
            detection.detect(self, target, observability=observability)
        setting = f"providers/Microsoft.Insights/diagnosticSettings/{target.prefix}"
        self.handle = AuditHandle(trail=f"{names.subscription(target)}/{setting}", ready=(trail, vault, *lake.ready))
