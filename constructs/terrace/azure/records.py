"""Records of the workspace that raise an alarm: refused calls, findings, changes of security settings, failed backups
(OBS-2, AUD-5, AUD-6, BAK-4). Loads no CDK.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from terrace.azure import names
from terrace.capabilities.audit import AuditHandle
from terrace.capabilities.signals import TOLERATED_DENIALS
from terrace.capabilities.target import Target


@dataclass(frozen=True)
class Event:
    """A kind of record, counted over 15 minutes; with `at_once`, a single record raises a critical alarm."""

    title: str
    query: str
    tolerated: int = 0
    at_once: bool = False


class _Change(NamedTuple):
    """A kind of change: its title, and the operations that make it, below their resource provider."""

    title: str
    operations: tuple[str, ...]
    at_once: bool = False


_CHANGES: Mapping[str, _Change] = {
    "vaults-changed": _Change(
        "A key vault or its access changed",
        (
            "Microsoft.KeyVault/vaults/accessPolicies/write",
            "Microsoft.KeyVault/vaults/delete",
            "Microsoft.KeyVault/vaults/write",
        ),
    ),
    "policies-changed": _Change(
        "A policy assignment or exemption changed",
        (
            "Microsoft.Authorization/policyAssignments/delete",
            "Microsoft.Authorization/policyAssignments/write",
            "Microsoft.Authorization/policyExemptions/write",
        ),
    ),
    "roles-changed": _Change(
        "A role or its assignment changed",
        (
            "Microsoft.Authorization/roleAssignments/delete",
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Authorization/roleDefinitions/delete",
            "Microsoft.Authorization/roleDefinitions/write",
        ),
    ),
    "identities-changed": _Change(
        "The tokens that an identity accepts changed",
        (
            "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/delete",
            "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write",
        ),
    ),
    "security-groups-changed": _Change(
        "A security group or a firewall rule changed",
        (
            "Microsoft.DBforPostgreSQL/flexibleServers/firewallRules/delete",
            "Microsoft.DBforPostgreSQL/flexibleServers/firewallRules/write",
            "Microsoft.Network/networkSecurityGroups/delete",
            "Microsoft.Network/networkSecurityGroups/securityRules/delete",
            "Microsoft.Network/networkSecurityGroups/securityRules/write",
            "Microsoft.Network/networkSecurityGroups/write",
        ),
    ),
    "routes-changed": _Change(
        "A route changed",
        (
            "Microsoft.Network/routeTables/delete",
            "Microsoft.Network/routeTables/routes/delete",
            "Microsoft.Network/routeTables/routes/write",
            "Microsoft.Network/routeTables/write",
        ),
    ),
    "gateways-changed": _Change(
        "A gateway or a public address changed",
        (
            "Microsoft.Network/applicationGateways/delete",
            "Microsoft.Network/applicationGateways/write",
            "Microsoft.Network/connections/delete",
            "Microsoft.Network/connections/write",
            "Microsoft.Network/natGateways/delete",
            "Microsoft.Network/natGateways/write",
            "Microsoft.Network/publicIPAddresses/delete",
            "Microsoft.Network/publicIPAddresses/write",
            "Microsoft.Network/virtualNetworkGateways/delete",
            "Microsoft.Network/virtualNetworkGateways/write",
        ),
    ),
    "entry-firewall-changed": _Change(
        "The firewall of the public entry changed",
        (
            "Microsoft.Network/applicationGatewayWebApplicationFirewallPolicies/delete",
            "Microsoft.Network/applicationGatewayWebApplicationFirewallPolicies/write",
        ),
    ),
    "network-changed": _Change(
        "The network, a subnet, a peering or a private path changed",
        (
            "Microsoft.Network/privateEndpoints/delete",
            "Microsoft.Network/virtualNetworks/delete",
            "Microsoft.Network/virtualNetworks/subnets/delete",
            "Microsoft.Network/virtualNetworks/subnets/write",
            "Microsoft.Network/virtualNetworks/virtualNetworkPeerings/delete",
            "Microsoft.Network/virtualNetworks/virtualNetworkPeerings/write",
            "Microsoft.Network/virtualNetworks/write",
        ),
    ),
    "storage-changed": _Change(
        "A storage account, its keys or its immutability changed",
        (
            "Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies/delete",
            "Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies/write",
            "Microsoft.Storage/storageAccounts/blobServices/containers/write",
            "Microsoft.Storage/storageAccounts/blobServices/write",
            "Microsoft.Storage/storageAccounts/delete",
            "Microsoft.Storage/storageAccounts/regenerateKey/action",
            "Microsoft.Storage/storageAccounts/write",
        ),
    ),
    "records-changed": _Change(
        "A record of calls, requests or flows changed",
        (
            "Microsoft.Insights/diagnosticSettings/delete",
            "Microsoft.Insights/diagnosticSettings/write",
            "Microsoft.Network/networkWatchers/flowLogs/delete",
            "Microsoft.Network/networkWatchers/flowLogs/write",
            "Microsoft.OperationalInsights/workspaces/delete",
            "Microsoft.OperationalInsights/workspaces/write",
        ),
        at_once=True,
    ),
    "detection-changed": _Change(
        "Threat detection or the way of its findings changed",
        (
            "Microsoft.Security/automations/delete",
            "Microsoft.Security/automations/write",
            "Microsoft.Security/defenderForStorageSettings/write",
            "Microsoft.Security/pricings/write",
            "Microsoft.Security/securityContacts/delete",
            "Microsoft.Security/securityContacts/write",
            "Microsoft.Security/securitySolutions/delete",
            "Microsoft.Security/securitySolutions/write",
        ),
        at_once=True,
    ),
    "alarms-changed": _Change(
        "An alarm or its recipients changed",
        (
            "Microsoft.AlertsManagement/actionRules/delete",
            "Microsoft.AlertsManagement/actionRules/write",
            "Microsoft.Insights/actionGroups/delete",
            "Microsoft.Insights/actionGroups/write",
            "Microsoft.Insights/activityLogAlerts/delete",
            "Microsoft.Insights/activityLogAlerts/write",
            "Microsoft.Insights/metricAlerts/delete",
            "Microsoft.Insights/metricAlerts/write",
            "Microsoft.Insights/scheduledQueryRules/delete",
            "Microsoft.Insights/scheduledQueryRules/write",
        ),
    ),
}
"""AUD-6: changes by operation. An activity-log alert watches one operation, and a subscription has at most 100 of them,
so a query counts the operations of a kind. Sources: CIS Microsoft Azure Foundations Benchmark, activity log alerts;
Azure Monitor service limits; Azure RBAC documentation, "Azure permissions"."""


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def events(audit: AuditHandle, target: Target) -> dict[str, Event]:
    """Records counted in the workspace; `audit.trail` is the diagnostic setting that exports the activity log."""
    trail_name = audit.trail.rsplit("/", 1)[-1]
    changes = {
        name: Event(
            change.title,
            f"AzureActivity | where OperationNameValue in~ ({_listed(change.operations)})"
            " and ActivityStatusValue == 'Success'",
            at_once=change.at_once,
        )
        for name, change in _CHANGES.items()
    }
    # Defender's recommendations reach only the workspace of the environment that owns the subscription
    recommended = {
        "findings-recommended": Event(  # AUD-5
            "A resource is unhealthy by a recommendation of high severity",
            "SecurityRecommendation | where RecommendationState == 'Unhealthy' and RecommendationSeverity == 'High'",
            at_once=True,
        )
    }
    return {
        **changes,
        **(recommended if names.settings(target).owns_account else {}),
        "findings-alerted": Event(  # AUD-5: the activity log has Defender's alerts too, in every environment
            "Defender raised an alert",
            "union isfuzzy=true SecurityAlert, (AzureActivity | where CategoryValue == 'Security')",
            at_once=True,
        ),
        "findings-noncompliant": Event(  # AUD-5
            "A policy audited or denied a request",
            "AzureActivity | where CategoryValue == 'Policy' and OperationNameValue in~"
            " ('Microsoft.Authorization/policies/audit/action',"
            " 'Microsoft.Authorization/policies/auditIfNotExists/action',"
            " 'Microsoft.Authorization/policies/deny/action')",
            at_once=True,
        ),
        "keys-disabled": Event(  # AUD-6: an update enables or disables; the record does not show which
            "A key was disabled, deleted or purged",
            "AZKVAuditLogs | where OperationName in ('KeyDelete', 'KeyPurge', 'KeyUpdate')",
            at_once=True,
        ),
        "owners-made": Event(  # AUD-6
            "A role that can assign any role was assigned",
            "AzureActivity | where OperationNameValue =~ 'Microsoft.Authorization/roleAssignments/write'"
            f" and Properties has_any ({_listed(names.PRIVILEGED_ROLES)})",
            at_once=True,
        ),
        "backups-failed": Event(  # BAK-4
            "A backup job failed",
            "AddonAzureBackupJobs | where JobStatus in~ ('Cancelled', 'CompletedWithWarnings', 'Failed')",
            at_once=True,
        ),
        "api-denials": Event(
            "Refused calls of Azure",
            "AzureActivity | where ActivityStatusValue == 'Failure'"
            " and tostring(Properties_d.statusCode) == 'Forbidden'",
            tolerated=TOLERATED_DENIALS,
        ),
        "trail-stopped": Event(  # AUD-1
            "The record of calls was stopped or deleted",
            "AzureActivity | where OperationNameValue =~ 'MICROSOFT.INSIGHTS/DIAGNOSTICSETTINGS/DELETE'"
            f" and ResourceId endswith '{trail_name}'",
            at_once=True,
        ),
        "lock-removed": Event(  # GOV: data is no longer protected from deletion
            "A lock was removed",
            "AzureActivity | where OperationNameValue =~ 'MICROSOFT.AUTHORIZATION/LOCKS/DELETE'"
            " and ActivityStatusValue == 'Success'",
            at_once=True,
        ),
    }
