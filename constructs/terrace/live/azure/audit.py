"""Checks of the activity log, Defender and Policy (AUD-1 to AUD-6)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.evaluation import NotRequired, Observation, at_least, check, equal, includes
from terrace.azure import names
from terrace.capabilities.spec import LAYERS
from terrace.live.azure import keys, lake
from terrace.live.azure.checks import Deployment, at, named, same
from terrace.live.azure.lookup import activity_alerts, alarm_queries, diagnostics, logged, sent

_CALLS = ("Administrative", "Security", "Policy")
PLANS = ("Arm", "Containers", "KeyVaults", "OpenSourceRelationalDatabases", "StorageAccounts", "VirtualMachines")
"""The Defender plans that a subscription needs."""
_CHANGES = (
    "Microsoft.Authorization/policyAssignments/write",
    "Microsoft.Authorization/roleAssignments/write",
    "Microsoft.Authorization/roleDefinitions/write",
    "Microsoft.Insights/diagnosticSettings/delete",
    "Microsoft.Insights/diagnosticSettings/write",
    "Microsoft.KeyVault/vaults/write",
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write",
    "Microsoft.Network/applicationGatewayWebApplicationFirewallPolicies/write",
    "Microsoft.Network/natGateways/write",
    "Microsoft.Network/networkSecurityGroups/securityRules/write",
    "Microsoft.Network/routeTables/write",
    "Microsoft.Network/virtualNetworks/write",
    "Microsoft.Security/pricings/write",
    "Microsoft.Storage/storageAccounts/write",
    "KeyDelete",
)
"""One operation of each kind of change."""
_BENCHMARK = "1f3afdf9-d0c9-4c3d-847f-89da613e70a8"  # Microsoft cloud security benchmark


@check("AUD-1")
def recorded(deployment: Deployment) -> Iterator[Observation]:
    audit, subscription = names.account_id(deployment.target, "audit"), names.subscription(deployment.target)
    trail = [one for one in diagnostics(deployment, subscription) if same(at(one, "storageAccountId"), audit)]
    yield includes(f"trail {deployment.prefix}", "categories", sent(trail), _CALLS)
    yield logged(deployment, "vault", names.vault_id(deployment.target), ["audit"])
    for layer in LAYERS:
        yield _requests(deployment, names.account_id(deployment.target, layer), audit)
    days = max(deployment.environment.audit.retention_days, 365)
    yield from lake.locks(deployment, "audit", days)
    if deployment.target.recovery_region and deployment.environment.lake.replicate:
        away = names.account_id(deployment.target, "audit", recovery=True)
        for layer in LAYERS:
            yield _requests(deployment, names.account_id(deployment.target, layer, recovery=True), away)
        yield from lake.locks(deployment, "audit", days, recovery=True)


def _requests(deployment: Deployment, id: str, records: str) -> Observation:
    """Whether requests to an account are recorded in the one of its region."""
    settings = diagnostics(deployment, f"{id}/blobServices/default")
    recorded = [setting for setting in settings if same(at(setting, "storageAccountId"), records)]
    return includes(
        f"account {named(id)}", "recorded", sent(recorded), ["StorageRead", "StorageWrite", "StorageDelete"]
    )


@check("AUD-2")
def threats_looked_for(deployment: Deployment) -> Iterator[Observation]:
    # a subscription has one setting, of any environment
    place = f"{names.subscription(deployment.target)}/providers/Microsoft.Security"
    plans = [deployment.get(f"{place}/pricings/{name}") for name in PLANS]
    on = [str(plan["name"]) for plan in plans if at(plan, "pricingTier") == "Standard"]
    yield includes("Defender", "plans", on, PLANS)
    contacts = deployment.pages(f"{place}/securityContacts")
    yield equal(
        "Defender", "a contact receives notifications", any(_is_notified(contact) for contact in contacts), True
    )


def _is_notified(contact: dict[str, Any]) -> bool:
    """The API has had three fields for it."""
    old = at(contact, "alertNotifications")
    if old is not None:
        return bool(str(old.get("state") if isinstance(old, dict) else old).lower() == "on")
    return bool(at(contact, "isEnabled", True) and at(contact, "notificationsSources"))


@check("AUD-3")
def compared(deployment: Deployment) -> Iterator[Observation]:
    # a subscription has one assignment, of any environment
    subscription = names.subscription(deployment.target)
    found = deployment.pages(f"{subscription}/providers/Microsoft.Authorization/policyAssignments")
    expected = names.policy_id(_BENCHMARK, initiative=True)
    chosen = [
        str(at(one, "policyDefinitionId"))
        for one in found
        if same(str(one["id"]).lower().split("/providers/")[0], subscription.lower())
    ]
    yield includes("subscription", "baselines", [id.lower() for id in chosen], [expected.lower()])


@check("AUD-4")
def recovery_region_watched(deployment: Deployment) -> Iterator[Observation]:
    # Defender, the benchmark and the activity log are of the subscription
    if not deployment.target.recovery_region:
        raise NotRequired("the environment has no recovery_region")
    for place, id in keys.vault_ids(deployment).items():
        if place:
            yield logged(deployment, f"vault {named(id)}", id, ["audit"])


@check("AUD-5")
def findings_sent(deployment: Deployment) -> Iterator[Observation]:
    # one environment of the subscription exports what Defender finds
    subscription, workspace = names.subscription(deployment.target), names.workspace_id(deployment.target)
    exports = [
        one
        for one in deployment.pages(f"{subscription}/providers/Microsoft.Security/automations")
        if at(one, "isEnabled", True)
        and any(same(scope.get("scopePath"), subscription) for scope in at(one, "scopes", []))
    ]
    for export in exports:
        kinds = [str(source.get("eventSource")) for source in at(export, "sources", [])]
        yield includes(f"export {export['name']}", "findings", kinds, ["Alerts", "Assessments"])
        to = [str(action.get("workspaceResourceId")) for action in at(export, "actions", [])]
        if names.settings(deployment.target).owns_account:
            yield equal(f"export {export['name']}", "workspaces", [named(one) for one in to], [named(workspace)])
    yield at_least("Defender", "exports of the subscription's findings", len(exports), 1)
    queries = alarm_queries(deployment, "critical")
    for table in ("SecurityAlert", "policies/audit/action"):
        counted = any(table in query for query in queries)
        yield equal("critical alarms", f"one counts {table}", counted, True)
    if names.settings(deployment.target).owns_account:
        counted = any("SecurityRecommendation" in query for query in queries)
        yield equal("critical alarms", "one counts SecurityRecommendation", counted, True)


@check("AUD-6")
def changes_alarmed(deployment: Deployment) -> Iterator[Observation]:
    queries = [query.lower() for query in alarm_queries(deployment, "critical", "warning")]
    for operation in _CHANGES:
        counted = any(f"'{operation.lower()}'" in query for query in queries)
        yield equal("alarms on changes", f"one counts {operation}", counted, True)
    # a query would miss the end of the record that it reads
    expected = ["Microsoft.Insights/diagnosticSettings/delete", "Microsoft.OperationalInsights/workspaces/delete"]
    yield includes("activity-log alerts", "operations", activity_alerts(deployment), expected)
