"""The activity log, Defender and Policy, their findings, and alarms on changes (AUD-1 to AUD-6)."""

import re
from collections.abc import Iterable, Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.azure import lake
from terrace.assurance.checks.azure.lookup import diagnostics, referenced, unnarrowed, unset
from terrace.assurance.evaluation import NotRequired, Observation, check, empty, equal, includes
from terrace.assurance.view import Resource
from terrace.azure import names
from terrace.calls import Absent
from terrace.capabilities.observability import EmailChannel
from terrace.capabilities.spec import LAYERS

_CALLS = (
    "Administrative", "Alert", "Autoscale", "Policy", "Recommendation", "ResourceHealth", "Security", "ServiceHealth",
)  # fmt: skip
"""All categories of the activity log. Source: "Azure activity log event schema"."""
_PLANS: dict[str, tuple[str | None, tuple[str, ...]]] = {
    "Arm": ("PerSubscription", ()),
    "Containers": (
        None,
        (
            "AgentlessDiscoveryForKubernetes",
            "AgentlessVmScanning",
            "ContainerRegistriesVulnerabilityAssessments",
            "ContainerSensor",
        ),
    ),
    "KeyVaults": ("PerKeyVault", ()),
    "OpenSourceRelationalDatabases": (None, ()),
    "StorageAccounts": ("DefenderForStorageV2", ("OnUploadMalwareScanning", "SensitiveDataDiscovery")),
    "VirtualMachines": ("P2", ()),
}
"""Plans of Defender to their subplan and extensions; K8S-10 proves the extensions of Containers."""
_BENCHMARK = "1f3afdf9-d0c9-4c3d-847f-89da613e70a8"  # Microsoft cloud security benchmark
_QUERY_ALERT = "azurerm_monitor_scheduled_query_rules_alert_v2"
_FINDINGS = {
    "findings-alerted": "union isfuzzy=true SecurityAlert, (AzureActivity | where CategoryValue == 'Security')",
    "findings-noncompliant": "AzureActivity | where CategoryValue == 'Policy' and OperationNameValue in~"
    " ('Microsoft.Authorization/policies/audit/action', 'Microsoft.Authorization/policies/auditIfNotExists/action',"
    " 'Microsoft.Authorization/policies/deny/action')",
}
"""Alarms on what Defender and Policy find, with their queries."""
_RECOMMENDED = "SecurityRecommendation | where RecommendationState == 'Unhealthy' and RecommendationSeverity == 'High'"
_CHANGES: dict[str, tuple[str, str]] = {
    "vaults-changed": ("Microsoft.KeyVault", "vaults/accessPolicies/write vaults/delete vaults/write"),
    "policies-changed": (
        "Microsoft.Authorization",
        "policyAssignments/delete policyAssignments/write policyExemptions/write",
    ),
    "roles-changed": (
        "Microsoft.Authorization",
        "roleAssignments/delete roleAssignments/write roleDefinitions/delete roleDefinitions/write",
    ),
    "identities-changed": (
        "Microsoft.ManagedIdentity",
        "userAssignedIdentities/federatedIdentityCredentials/delete"
        " userAssignedIdentities/federatedIdentityCredentials/write",
    ),
    "security-groups-changed": (
        "Microsoft.Network",
        "networkSecurityGroups/delete networkSecurityGroups/securityRules/delete"
        " networkSecurityGroups/securityRules/write networkSecurityGroups/write",
    ),
    "routes-changed": ("Microsoft.Network", "routeTables/delete routeTables/routes/write routeTables/write"),
    "gateways-changed": (
        "Microsoft.Network",
        "applicationGateways/delete applicationGateways/write natGateways/delete natGateways/write"
        " publicIPAddresses/delete publicIPAddresses/write virtualNetworkGateways/delete virtualNetworkGateways/write",
    ),
    "entry-firewall-changed": (
        "Microsoft.Network",
        "applicationGatewayWebApplicationFirewallPolicies/delete"
        " applicationGatewayWebApplicationFirewallPolicies/write",
    ),
    "network-changed": (
        "Microsoft.Network",
        "privateEndpoints/delete virtualNetworks/delete virtualNetworks/subnets/write"
        " virtualNetworks/virtualNetworkPeerings/write virtualNetworks/write",
    ),
    "storage-changed": (
        "Microsoft.Storage",
        "storageAccounts/blobServices/containers/immutabilityPolicies/delete storageAccounts/delete"
        " storageAccounts/regenerateKey/action storageAccounts/write",
    ),
    "records-changed": ("Microsoft.Insights", "diagnosticSettings/delete diagnosticSettings/write"),
    "detection-changed": (
        "Microsoft.Security",
        "automations/delete automations/write defenderForStorageSettings/write pricings/write securityContacts/write"
        " securitySolutions/delete securitySolutions/write",
    ),
    "alarms-changed": (
        "Microsoft.Insights",
        "actionGroups/delete actionGroups/write activityLogAlerts/delete metricAlerts/delete"
        " scheduledQueryRules/delete",
    ),
}
"""Alarms on changes, with the operations that they have to count. Source: CIS Microsoft Azure Foundations Benchmark,
activity log alerts, and its benchmarks of other clouds for the kinds that it lacks."""
_RECORDED_CHANGES = {
    "keys-disabled": "AZKVAuditLogs | where OperationName in ('KeyDelete', 'KeyPurge', 'KeyUpdate')",
    "owners-made": "AzureActivity | where OperationNameValue =~ 'Microsoft.Authorization/roleAssignments/write'"
    " and Properties has_any ('8e3af657-a8ff-443c-a75c-2fe8c4bcb635', '18d7d88d-d35e-4fb5-a5c3-7773c20a72d9',"
    " 'f58310d9-a9f6-439a-9e8d-f62e7b41a168')",
    "api-denials": "AzureActivity | where ActivityStatusValue == 'Failure'"
    " and tostring(Properties_d.statusCode) == 'Forbidden'",
}
_DELETED = {
    "records-deleted": "Microsoft.Insights/diagnosticSettings/delete",
    "workspace-deleted": "Microsoft.OperationalInsights/workspaces/delete",
}
"""Activity-log alerts on the end of a record, which a query on the record would miss."""
_OPERATIONS = re.compile(
    r"AzureActivity \| where OperationNameValue in~ \(('[\w./]+'(?:, '[\w./]+')*)\)"
    r" and ActivityStatusValue == 'Success'"
)
_NOT_OWNED = "owns_account is false; another environment manages the subscription"


def _trail(stack: Subject) -> Resource:
    subscription = names.subscription(stack.target)
    for setting in stack.all("azurerm_monitor_diagnostic_setting"):
        if setting.get("target_resource_id") == subscription:
            return setting
    raise Absent("no azurerm_monitor_diagnostic_setting of the subscription")


@check("AUD-1")
def all_calls_logged(stack: Subject) -> Iterator[Observation]:
    audit = lake.bucket(stack, "audit")
    if stack.target.settings.owns_account:
        trail = _trail(stack)
        categories = [str(log.get("category")) for log in trail.blocks("enabled_log")]
        yield includes(str(trail), "categories", categories, _CALLS)
        destination = referenced(stack, audit.type, trail.get("storage_account_id"))
        yield equal(str(trail), "storage account", str(destination), str(audit))
    vault = stack.one("azurerm_key_vault", "keys/vault")
    settings = diagnostics(stack, vault)
    categories_sent = [str(log.get("category_group")) for one in settings for log in one.blocks("enabled_log")]
    yield includes(str(vault), "log category groups", categories_sent, ["audit"])
    for layer in LAYERS:
        yield _requests(stack, lake.bucket(stack, layer), audit)

    if stack.environment.lake.replicate and stack.target.recovery_region:
        records = lake.bucket(stack, "audit", recovery=True)
        for layer in LAYERS:
            yield _requests(stack, lake.bucket(stack, layer, recovery=True), records)


def _requests(stack: Subject, account: Resource, records: Resource) -> Observation:
    """Whether requests to an account are logged in the one with the records of its region."""
    logged = [
        str(log.get("category"))
        for setting in diagnostics(stack, account, "/blobServices/default")
        if referenced(stack, records.type, setting.get("storage_account_id")) == records
        for log in setting.blocks("enabled_log")
    ]
    return includes(str(account), "logged operations", logged, ["StorageRead", "StorageWrite", "StorageDelete"])


@check("AUD-1")
def log_immutable(stack: Subject) -> Iterator[Observation]:
    days = max(stack.environment.audit.retention_days, 365)
    yield from lake.lock(stack, "audit", days)
    if stack.environment.lake.replicate and stack.target.recovery_region:
        yield from lake.lock(stack, "audit", days, recovery=True)


@check("AUD-2")
def threat_detection_enabled(stack: Subject) -> Iterator[Observation]:
    if not stack.target.settings.owns_account:
        raise NotRequired(_NOT_OWNED)
    plans = stack.all("azurerm_security_center_subscription_pricing")
    on = [str(plan.get("resource_type")) for plan in plans if plan.get("tier") == "Standard"]
    yield includes("Defender", "plans", on, _PLANS)
    for plan in plans:
        name = str(plan.get("resource_type"))
        subplan, extensions = _PLANS.get(name, (None, ()))
        if subplan:
            yield equal(str(plan), "subplan", plan.get("subplan"), subplan)
        if extensions and name != "Containers":
            enabled = [str(extension.get("name")) for extension in plan.blocks("extension")]
            yield includes(str(plan), "extensions", enabled, extensions)
    contact = stack.view.only("azurerm_security_center_contact")
    yield equal(str(contact), "alert_notifications", contact.get("alert_notifications"), True)
    channels = stack.environment.observability.channels.values()
    addresses = [channel.address for channel in channels if isinstance(channel, EmailChannel)]
    yield equal(str(contact), "email", contact.get("email"), addresses[0] if addresses else "unset")
    if not stack.environment.makes_cluster:
        return
    cluster = stack.view.only("azurerm_kubernetes_cluster")
    sensor = cluster.get("microsoft_defender.log_analytics_workspace_id")
    yield equal(str(cluster), "microsoft_defender", sensor, names.workspace_id(stack.target))


@check("AUD-3")
def configuration_baseline(stack: Subject) -> Iterator[Observation]:
    if not stack.target.settings.owns_account:
        raise NotRequired(_NOT_OWNED)
    baseline = stack.one("azurerm_subscription_policy_assignment", "audit/baseline")
    expected = names.policy_id(_BENCHMARK, initiative=True)
    yield equal(str(baseline), "policy_definition_id", baseline.get("policy_definition_id"), expected)
    yield equal(str(baseline), "subscription_id", baseline.get("subscription_id"), names.subscription(stack.target))
    yield from unset(baseline, "not_scopes", "overrides", "parameters", "resource_selectors")
    if not stack.environment.makes_cluster:
        return
    cluster = stack.view.only("azurerm_kubernetes_cluster")
    yield equal(str(cluster), "azure_policy_enabled", cluster.get("azure_policy_enabled"), True)


@check("AUD-4")
def recovery_region_watched(stack: Subject) -> Iterator[Observation]:
    # Defender, the benchmark and the activity log are of the subscription; AUD-1, AUD-3 and AUD-5 prove that none is
    # limited to a region
    if not stack.target.recovery_region:
        raise NotRequired("the environment has no recovery_region")
    for path in ("keys/vault-recovery", "keys/vault-geo"):
        vault = stack.one("azurerm_key_vault", path)
        sent = [
            str(log.get("category_group"))
            for setting in diagnostics(stack, vault)
            if setting.get("log_analytics_workspace_id") == names.workspace_id(stack.target)
            for log in setting.blocks("enabled_log")
        ]
        yield includes(str(vault), "log category groups", sent, ["audit"])
    settings = stack.all("azurerm_security_center_storage_defender", or_none=True)
    overridden = [str(one) for one in settings if one.path != "lake/bronze/discovery"]
    yield empty("Defender", "accounts with settings of their own", overridden)


@check("AUD-5")
def findings_sent(stack: Subject) -> Iterator[Observation]:
    expected = dict(_FINDINGS)
    if stack.target.settings.owns_account:
        expected["findings-recommended"] = _RECOMMENDED
        workspace = names.workspace_id(stack.target)
        if not stack.target.existing.monitoring:
            solution = stack.one("azurerm_log_analytics_solution", "audit/findings-tables")
            yield equal(str(solution), "solution_name", solution.get("solution_name"), "SecurityCenterFree")
            yield equal(str(solution), "workspace", solution.get("workspace_resource_id"), workspace)
        for export in stack.all("azurerm_security_center_automation"):
            yield equal(str(export), "enabled", export.get("enabled", True), True)
            yield equal(str(export), "scopes", export.get("scopes"), [names.subscription(stack.target)])
            kinds = [str(source.get("event_source")) for source in export.blocks("source")]
            yield includes(str(export), "findings", kinds, ["Alerts", "Assessments"])
            narrowed = [source for source in export.blocks("source") if source.get("rule_set")]
            yield equal(str(export), "findings that a rule selects", len(narrowed), 0)
            actions = [(str(one.get("type")), str(one.get("resource_id"))) for one in export.blocks("action")]
            yield equal(str(export), "destinations", actions, [("Workspace", workspace)])
    yield from _queries(stack, expected.items())


@check("AUD-6")
def changes_alarmed(stack: Subject) -> Iterator[Observation]:
    yield from _queries(stack, _RECORDED_CHANGES.items())
    for name, operation in _DELETED.items():  # OBS-5 proves that they are enabled and whom they notify
        alarm = stack.one("azurerm_monitor_activity_log_alert", f"alarms/{name}")
        yield equal(str(alarm), "scopes", alarm.get("scopes"), [names.subscription(stack.target)])
        yield equal(str(alarm), "category", alarm.get("criteria.category"), "Administrative")
        yield equal(str(alarm), "operation_name", alarm.get("criteria.operation_name"), operation)
        yield equal(str(alarm), "statuses", alarm.get("criteria.statuses"), ["Succeeded"])
        yield unnarrowed(alarm)
        yield from unset(alarm, "criteria.resource_types")
    for name, (provider, operations) in _CHANGES.items():
        alarm = stack.one(_QUERY_ALERT, f"alarms/{name}")
        query = str(alarm.get("criteria.query"))
        counted = _OPERATIONS.fullmatch(query)
        if counted is None:
            yield Observation(str(alarm), f"query = {query}", False, "one that counts the operations of the kind")
            continue
        found = [one.strip("'").lower() for one in counted[1].split(", ")]
        yield includes(str(alarm), "operations", found, [f"{provider}/{one}".lower() for one in operations.split()])


def _queries(stack: Subject, expected: Iterable[tuple[str, str]]) -> Iterator[Observation]:
    """Whether alarms have these queries; OBS-2 proves the rest of them, for every one."""
    for name, query in expected:
        alarm = stack.one(_QUERY_ALERT, f"alarms/{name}")
        written = alarm.get("criteria.query")
        yield Observation(str(alarm), f"query = {written}", written == query, query)
