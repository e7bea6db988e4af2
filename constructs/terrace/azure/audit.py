"""The record of every call (activity log), threat detection (Defender), configuration against a baseline (Policy).

The environment that owns the subscription creates what exists once; every environment exports the activity log.
"""

from collections.abc import Mapping
from typing import NamedTuple

from cdktn_provider_azurerm.monitor_diagnostic_setting import (
    MonitorDiagnosticSetting,
    MonitorDiagnosticSettingEnabledLog,
)
from cdktn_provider_azurerm.security_center_contact import SecurityCenterContact
from cdktn_provider_azurerm.security_center_subscription_pricing import (
    SecurityCenterSubscriptionPricing,
    SecurityCenterSubscriptionPricingExtension,
)
from cdktn_provider_azurerm.subscription_policy_assignment import (
    SubscriptionPolicyAssignment,
    SubscriptionPolicyAssignmentIdentity,
)
from constructs import Construct

from terrace.azure import names
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


class _Plan(NamedTuple):
    """A plan of Defender for Cloud: `subplan` if there are several, and its enabled extensions."""

    subplan: str | None = None
    extensions: tuple[str, ...] = ()


_DETECTION: Mapping[str, _Plan] = {
    "Arm": _Plan("PerSubscription"),
    "Containers": _Plan(
        extensions=(
            "AgentlessDiscoveryForKubernetes",
            "AgentlessVmScanning",
            "ContainerRegistriesVulnerabilityAssessments",  # K8S-10
            "ContainerSensor",
        )
    ),
    "KeyVaults": _Plan("PerKeyVault"),
    "OpenSourceRelationalDatabases": _Plan(),
    "StorageAccounts": _Plan("DefenderForStorageV2", ("OnUploadMalwareScanning", "SensitiveDataDiscovery")),
    "VirtualMachines": _Plan("P2"),
}
"""Source: "Defender for Cloud plans", and the provider's list of their extensions."""
_BASELINE = "1f3afdf9-d0c9-4c3d-847f-89da613e70a8"
"""The initiative "Microsoft cloud security benchmark"."""
_MALWARE_SCAN_GB = "1000"
"""The maximum per month and account; Azure bills scanning by the gigabyte."""


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
        vault = MonitorDiagnosticSetting(
            self,
            "vault-trail",
            name="trail",
            target_resource_id=names.vault_id(target),
            log_analytics_workspace_id=observability.log_ids["trail"],
            log_analytics_destination_type="Dedicated",
            enabled_log=[MonitorDiagnosticSettingEnabledLog(category_group="audit")],  # AUD-1
            depends_on=[*keys.ready, *observability.ready],
        )
        if names.settings(target).owns_account:
            self._detect_threats(observability)
            self._evaluate_configuration(target)
        setting = f"providers/Microsoft.Insights/diagnosticSettings/{target.prefix}"
        self.handle = AuditHandle(trail=f"{names.subscription(target)}/{setting}", ready=(trail, vault, *lake.ready))

    def _detect_threats(self, observability: ObservabilityHandle) -> None:
        for name, plan in _DETECTION.items():
            SecurityCenterSubscriptionPricing(  # AUD-2
                self,
                f"detection-{name}",
                resource_type=name,
                tier="Standard",
                subplan=plan.subplan,
                extension=[
                    SecurityCenterSubscriptionPricingExtension(
                        name=extension,
                        additional_extension_properties={"CapGBPerMonthPerStorageAccount": _MALWARE_SCAN_GB}
                        if extension == "OnUploadMalwareScanning"
                        else None,
                    )
                    for extension in plan.extensions
                ]
                or None,
            )
        if observability.addresses:
            SecurityCenterContact(  # AUD-2
                self,
                "contact",
                name="default",
                email=observability.addresses[0],
                alert_notifications=True,
                alerts_to_admins=True,
            )

    def _evaluate_configuration(self, target: Target) -> None:
        """AUD-3: Azure compares every resource with the benchmark at each change, and daily."""
        SubscriptionPolicyAssignment(
            self,
            "baseline",
            name=f"{target.prefix}-baseline",
            display_name="Microsoft cloud security benchmark",
            subscription_id=names.subscription(target),
            policy_definition_id=names.policy_id(_BASELINE, initiative=True),  # AUD-3
            enforce=False,  # audit only
            location=target.region,
            identity=SubscriptionPolicyAssignmentIdentity(type="SystemAssigned"),
        )
