"""Threat detection (Defender) with its findings, and configuration against a baseline (Policy) (AUD-2 to AUD-5).

The environment that owns the subscription creates what exists once.
"""

from collections.abc import Mapping
from typing import NamedTuple

from cdktn_provider_azurerm.log_analytics_solution import LogAnalyticsSolution, LogAnalyticsSolutionPlan
from cdktn_provider_azurerm.security_center_automation import (
    SecurityCenterAutomation,
    SecurityCenterAutomationAction,
    SecurityCenterAutomationSource,
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

from terrace.azure import names, providers
from terrace.azure.lake import MALWARE_SCAN_GB
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.target import Target


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
_FINDINGS = ("Alerts", "Assessments")
"""What Defender exports: alerts, and the state of each resource by its recommendations."""


def detect(scope: Construct, target: Target, *, observability: ObservabilityHandle) -> None:
    """Defender, the export of its findings, and the benchmark."""
    _detect_threats(scope, observability)
    _send_findings(scope, target, observability)
    _evaluate_configuration(scope, target)


def _detect_threats(scope: Construct, observability: ObservabilityHandle) -> None:
    for name, plan in _DETECTION.items():
        SecurityCenterSubscriptionPricing(  # AUD-2
            scope,
            f"detection-{name}",
            resource_type=name,
            tier="Standard",
            subplan=plan.subplan,
            extension=[
                SecurityCenterSubscriptionPricingExtension(
                    name=extension,
                    additional_extension_properties={"CapGBPerMonthPerStorageAccount": str(MALWARE_SCAN_GB)}
                    if extension == "OnUploadMalwareScanning"
                    else None,
                )
                for extension in plan.extensions
            ]
            or None,
        )
    if observability.addresses:
        SecurityCenterContact(  # AUD-2
            scope,
            "contact",
            name="default",
            email=observability.addresses[0],
            alert_notifications=True,
            alerts_to_admins=True,
        )


def _send_findings(scope: Construct, target: Target, observability: ObservabilityHandle) -> None:
    """AUD-5: findings of the whole subscription in the workspace, where alarms count them. The solution creates the
    tables; it is in the workspace's group, so that of an existing one is its owner's. Source: Defender for Cloud,
    "Continuous export", Log Analytics tables."""
    group, workspace = providers.home(scope, target), names.workspace_id(target)
    before = list(observability.ready)
    if not target.existing.monitoring:
        tables = LogAnalyticsSolution(
            scope,
            "findings-tables",
            solution_name="SecurityCenterFree",
            location=group.location,
            resource_group_name=group.name,
            workspace_name=target.prefix,
            workspace_resource_id=workspace,
            plan=LogAnalyticsSolutionPlan(publisher="Microsoft", product="OMSGallery/SecurityCenterFree"),
            tags=dict(target.tags),
            depends_on=before,
        )
        before = [tables]
    SecurityCenterAutomation(
        scope,
        "findings",
        name=f"{target.prefix}-findings",
        location=group.location,
        resource_group_name=group.name,
        scopes=[names.subscription(target)],  # AUD-4: all regions
        source=[SecurityCenterAutomationSource(event_source=kind) for kind in _FINDINGS],
        action=[SecurityCenterAutomationAction(type="Workspace", resource_id=workspace)],
        tags=dict(target.tags),
        depends_on=before,
    )


def _evaluate_configuration(scope: Construct, target: Target) -> None:
    """AUD-3: Azure compares every resource with the benchmark at each change, and daily."""
    SubscriptionPolicyAssignment(
        scope,
        "baseline",
        name=f"{target.prefix}-baseline",
        display_name="Microsoft cloud security benchmark",
        subscription_id=names.subscription(target),
        policy_definition_id=names.policy_id(_BASELINE, initiative=True),  # AUD-3
        enforce=False,  # audit only
        location=target.region,
        identity=SubscriptionPolicyAssignmentIdentity(type="SystemAssigned"),
    )
