"""Refusals of Azure Monitor, Log Analytics and Cost Management. Source: "Supported resource log categories",
"Diagnostic settings", "Create a metric alert rule", "Create a log search alert rule", "Tutorial: create budgets"."""

import re
import uuid
from typing import Any

from terrace.emulator.azure.ids import parse
from terrace.emulator.azure.kind import Refused, Resource, find, location

_CATEGORIES = {  # source: "Supported Resource log categories for Azure Monitor"; the activity log for a subscription
    "microsoft.resources/subscriptions": """Administrative Security ServiceHealth Alert Recommendation Policy Autoscale
        ResourceHealth""",
    "microsoft.containerservice/managedclusters": """kube-apiserver kube-audit kube-audit-admin kube-controller-manager
        kube-scheduler cluster-autoscaler cloud-controller-manager guard csi-azuredisk-controller
        csi-azurefile-controller csi-snapshot-controller""",
    "microsoft.dbforpostgresql/flexibleservers": """PostgreSQLLogs PostgreSQLFlexSessions PostgreSQLFlexPGBouncer
        PostgreSQLFlexQueryStoreRuntime PostgreSQLFlexQueryStoreWaitStats PostgreSQLFlexTableStats
        PostgreSQLFlexDatabaseXacts""",
    "microsoft.keyvault/vaults": "AuditEvent AzurePolicyEvaluationDetails",
    "microsoft.storage/storageaccounts/blobservices": "StorageRead StorageWrite StorageDelete",
    "microsoft.storage/storageaccounts": "",
    "microsoft.containerregistry/registries": "ContainerRegistryRepositoryEvents ContainerRegistryLoginEvents",
    "microsoft.network/applicationgateways": """ApplicationGatewayAccessLog ApplicationGatewayPerformanceLog
        ApplicationGatewayFirewallLog""",
    "microsoft.dataprotection/backupvaults": """CoreAzureBackup AddonAzureBackupJobs AddonAzureBackupPolicy
        AddonAzureBackupProtectedInstance AzureBackupOperations""",
    "microsoft.cache/redisenterprise": "ConnectionEvents",
    "microsoft.cache/redisenterprise/databases": "ConnectionEvents",
}
_SINKS = ("workspaceId", "storageAccountId", "eventHubAuthorizationRuleId", "marketplacePartnerId")
_MAX_NOTIFICATIONS = 5


def _minutes(duration: Any) -> int:
    """PT15M, PT1H, P1D."""
    match = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?", str(duration or ""))
    days, hours, minutes = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    return (days * 24 + hours) * 60 + minutes


def setting_without_destination(resource: Resource) -> Refused | None:
    """Source: "Diagnostic settings": at least one destination."""
    if not any(resource.get(sink) for sink in _SINKS):
        return Refused(400, "BadRequest", "At least one data sink needs to be specified.")
    return None


def category_unknown(resource: Resource) -> Refused | None:
    """Source: "Supported resource log categories": each service has its own."""
    known = _CATEGORIES.get(parse(resource.id.scope).type.lower())
    for log in resource.get("logs", []):
        category = log.get("category")
        if known is not None and category and category not in known.split():
            return Refused(400, "BadRequest", f"Category '{category}' is not supported.")
    return None


def sink_used_twice(resource: Resource) -> Refused | None:
    """Source: "Diagnostic settings": two settings cannot send a category to the same destination."""
    own = {log.get("category") or log.get("categoryGroup") for log in resource.get("logs", []) if log.get("enabled")}
    for item in resource.store.of_type("Microsoft.Insights/diagnosticSettings", resource.id.scope):
        if item.id.lower() == resource.id.key or parse(item.id).scope.lower() != resource.id.scope.lower():
            continue
        logs = find(item.body, "properties.logs", [])
        other = {log.get("category") or log.get("categoryGroup") for log in logs if log.get("enabled")}
        for sink in _SINKS:
            to = resource.get(sink)
            if to and str(to).lower() == str(find(item.body, f"properties.{sink}", "")).lower() and own & other:
                message = f"Data sink '{to}' is already used in diagnostic setting '{parse(item.id).name}'"
                return Refused(409, "Conflict", f"{message} for category '{min(own & other)}'.")
    return None


def storage_in_another_region(resource: Resource) -> Refused | None:
    """Source: "Diagnostic settings", destination limitations: the account of a regional resource is in its region."""
    account, scope = resource.get("storageAccountId"), parse(resource.id.scope)
    source = resource.other(scope.path)
    while scope.parent and "location" not in source:
        scope = parse(scope.parent)
        source = resource.other(scope.path)
    places = [location(body.get("location")) for body in (source, resource.other(account)) if "location" in body]
    if len(set(places)) > 1:
        message = (
            f"The storage account is in {places[1]}, the resource in {places[0]}; they must be in the same region."
        )
        return Refused(400, "BadRequest", message)
    return None


def service_health_below_subscription(resource: Resource) -> Refused | None:
    """Source: "Create service health alerts": their scope is a subscription."""
    conditions = resource.get("condition.allOf", [])
    health = any(one.get("field") == "category" and one.get("equals") == "ServiceHealth" for one in conditions)
    if health and any("/resourcegroups/" in str(scope).lower() for scope in resource.get("scopes", [])):
        return Refused(400, "BadRequest", "The scope of a service health alert must be a subscription.")
    return None


def window_shorter_than_frequency(resource: Resource) -> Refused | None:
    """Source: "Create a metric alert rule", lookback period."""
    window, frequency = (_minutes(resource.get(word)) for word in ("windowSize", "evaluationFrequency"))
    if window < frequency:
        return Refused(400, "BadRequest", "The window size must not be shorter than the evaluation frequency.")
    return None


def mixed_alert_scopes(resource: Resource) -> Refused | None:
    """Source: "Types of Azure Monitor alerts": one rule for several resources needs one type and region."""
    scopes = resource.get("scopes", [])
    types = {parse(scope).type.lower() for scope in scopes}
    named = resource.get("targetResourceType") and resource.get("targetResourceRegion")
    if len(types) > 1 or (len(scopes) > 1 and not named):
        message = "A metric alert over several resources needs one type and names it and its region."
        return Refused(400, "BadRequest", message)
    return None


def short_name_too_long(resource: Resource) -> Refused | None:
    """Source: "Action groups": at most 12 characters."""
    if len(resource.get("groupShortName", "")) > 12:
        return Refused(400, "InvalidShortName", "The group short name must have at most 12 characters.")
    return None


def workbook_name_not_guid(resource: Resource) -> Refused | None:
    """Source: REST reference, Workbooks: the name is a GUID."""
    try:
        uuid.UUID(resource.id.name)
    except ValueError:
        return Refused(400, "BadRequest", f"The name of a workbook must be a GUID, not '{resource.id.name}'.")
    return None


def retention_out_of_range(resource: Resource) -> Refused | None:
    """Source: "Manage data retention in a Log Analytics workspace": 30 to 730 days, 7 in the Free tier."""
    days, sku = resource.get("retentionInDays", 30), resource.get("sku.name", "PerGB2018")
    if sku != "Free" and not 30 <= days <= 730:
        return Refused(400, "InvalidParameter", f"'RetentionInDays' must be between 30 and 730, not {days}.")
    return None


def budget_without_contact(resource: Resource) -> Refused | None:
    """Source: REST reference, Budgets: a notification needs an email, group or role."""
    for name, notification in resource.get("notifications", {}).items():
        if not any(notification.get(word) for word in ("contactEmails", "contactGroups", "contactRoles")):
            message = f"Notification '{name}': at least one contact email, group or role must be specified."
            return Refused(400, "BadRequest", message)
    return None


def budget_start_not_first_of_month(resource: Resource) -> Refused | None:
    """Source: REST reference, Budgets: the start must be the first of a month."""
    start = str(resource.get("timePeriod.startDate", ""))
    if not re.match(r"\d{4}-\d{2}-01", start):
        return Refused(400, "BadRequest", f"The start date '{start}' must be the first of a month.")
    return None


def too_many_budget_notifications(resource: Resource) -> Refused | None:
    """Source: REST reference, Budgets: at most five notifications."""
    if len(resource.get("notifications", {})) > _MAX_NOTIFICATIONS:
        message = f"A budget has at most {_MAX_NOTIFICATIONS} notifications."
        return Refused(400, "BadRequest", message)
    return None


ACTIVITY_ALERT = (service_health_below_subscription,)
DIAGNOSTICS = (setting_without_destination, category_unknown, sink_used_twice, storage_in_another_region)
METRIC_ALERT = (window_shorter_than_frequency, mixed_alert_scopes)
QUERY_ALERT = (window_shorter_than_frequency,)
ACTION_GROUP = (short_name_too_long,)
WORKBOOK = (workbook_name_not_guid,)
WORKSPACE = (retention_out_of_range,)
BUDGET = (budget_without_contact, budget_start_not_first_of_month, too_many_budget_notifications)
