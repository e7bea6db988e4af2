"""Import ids of resources that exist and are in no state, because an apply was killed.

By type: name and parent of most resources give the id without a call (`BY_NAME`). Others have a generated part in their
id, and are listed and matched by their attributes (`adopt_listing.py`). `OVERWRITTEN` ones need no adoption. A test
ensures that each type of the foundation is in exactly one of the three.

Source of the ids: the "Import" section of each resource's page in the azurerm provider's documentation, 5.2.
"""

from collections.abc import Mapping, Sequence

from terrace.capabilities.adoption import Candidate
from terrace.live.azure.adopt_listing import BY_LISTING, Account
from terrace.live.azure.session import Absent

_SUBSCRIPTION = "/subscriptions/{account}"
_GROUP = f"{_SUBSCRIPTION}/resourceGroups/{{resource_group_name}}"
_AUTHORIZATION = "providers/Microsoft.Authorization"
_NETWORK = f"{_GROUP}/providers/Microsoft.Network"
_INSIGHTS = f"{_GROUP}/providers/Microsoft.Insights"
_SERVERS = f"{_GROUP}/providers/Microsoft.DBforPostgreSQL/flexibleServers"

# Attributes as planned; {account} is the provider's subscription.
BY_NAME = {
    "azurerm_application_gateway": f"{_NETWORK}/applicationGateways/{{name}}",
    "azurerm_application_insights_workbook": f"{_INSIGHTS}/workbooks/{{name}}",
    "azurerm_consumption_budget_subscription": "{subscription_id}/providers/Microsoft.Consumption/budgets/{name}",
    "azurerm_container_registry": f"{_GROUP}/providers/Microsoft.ContainerRegistry/registries/{{name}}",
    "azurerm_data_protection_backup_instance_blob_storage": "{vault_id}/backupInstances/{name}",
    "azurerm_data_protection_backup_instance_postgresql_flexible_server": "{vault_id}/backupInstances/{name}",
    "azurerm_data_protection_backup_policy_blob_storage": "{vault_id}/backupPolicies/{name}",
    "azurerm_data_protection_backup_policy_postgresql_flexible_server": "{vault_id}/backupPolicies/{name}",
    "azurerm_data_protection_backup_vault": f"{_GROUP}/providers/Microsoft.DataProtection/backupVaults/{{name}}",
    "azurerm_data_protection_backup_vault_customer_managed_key": "{data_protection_backup_vault_id}",
    "azurerm_disk_encryption_set": f"{_GROUP}/providers/Microsoft.Compute/diskEncryptionSets/{{name}}",
    "azurerm_dns_a_record": f"{_NETWORK}/dnsZones/{{zone_name}}/A/{{name}}",
    "azurerm_dns_zone": f"{_NETWORK}/dnsZones/{{name}}",
    "azurerm_federated_identity_credential": "{user_assigned_identity_id}/federatedIdentityCredentials/{name}",
    "azurerm_key_vault": f"{_GROUP}/providers/Microsoft.KeyVault/vaults/{{name}}",
    "azurerm_kubernetes_cluster": f"{_GROUP}/providers/Microsoft.ContainerService/managedClusters/{{name}}",
    "azurerm_kubernetes_cluster_node_pool": "{kubernetes_cluster_id}/agentPools/{name}",
    "azurerm_local_network_gateway": f"{_NETWORK}/localNetworkGateways/{{name}}",
    "azurerm_log_analytics_saved_search": "{log_analytics_workspace_id}/savedSearches/{name}",
    "azurerm_log_analytics_solution": (
        f"{_GROUP}/providers/Microsoft.OperationsManagement/solutions/{{solution_name}}({{workspace_name}})"
    ),
    "azurerm_log_analytics_workspace": f"{_GROUP}/providers/Microsoft.OperationalInsights/workspaces/{{name}}",
    "azurerm_logic_app_action_custom": "{logic_app_id}/actions/{name}",
    "azurerm_logic_app_trigger_recurrence": "{logic_app_id}/triggers/{name}",
    "azurerm_logic_app_workflow": f"{_GROUP}/providers/Microsoft.Logic/workflows/{{name}}",
    "azurerm_eventhub": "{namespace_id}/eventhubs/{name}",
    "azurerm_eventhub_namespace": f"{_GROUP}/providers/Microsoft.EventHub/namespaces/{{name}}",
    "azurerm_eventhub_namespace_customer_managed_key": "{eventhub_namespace_id}",
    "azurerm_managed_redis": f"{_GROUP}/providers/Microsoft.Cache/redisEnterprise/{{name}}",
    "azurerm_managed_redis_access_policy_assignment": (
        "{managed_redis_id}/databases/default/accessPolicyAssignments/{object_id}"
    ),
    "azurerm_management_lock": f"{{scope}}/{_AUTHORIZATION}/locks/{{name}}",
    "azurerm_monitor_action_group": f"{_INSIGHTS}/actionGroups/{{name}}",
    "azurerm_monitor_activity_log_alert": f"{_INSIGHTS}/activityLogAlerts/{{name}}",
    "azurerm_monitor_alert_processing_rule_action_group": (
        f"{_GROUP}/providers/Microsoft.AlertsManagement/actionRules/{{name}}"
    ),
    "azurerm_monitor_diagnostic_setting": "{target_resource_id}|{name}",
    "azurerm_monitor_metric_alert": f"{_INSIGHTS}/metricAlerts/{{name}}",
    "azurerm_monitor_scheduled_query_rules_alert_v2": f"{_INSIGHTS}/scheduledQueryRules/{{name}}",
    "azurerm_nat_gateway": f"{_NETWORK}/natGateways/{{name}}",
    "azurerm_nat_gateway_public_ip_association": "{nat_gateway_id}|{public_ip_address_id}",
    "azurerm_network_security_group": f"{_NETWORK}/networkSecurityGroups/{{name}}",
    "azurerm_network_security_rule": (
        f"{_NETWORK}/networkSecurityGroups/{{network_security_group_name}}/securityRules/{{name}}"
    ),
    "azurerm_network_watcher_flow_log": f"{_NETWORK}/networkWatchers/{{network_watcher_name}}/flowLogs/{{name}}",
    "azurerm_postgresql_flexible_server": f"{_SERVERS}/{{name}}",
    "azurerm_postgresql_flexible_server_active_directory_administrator": (
        f"{_SERVERS}/{{server_name}}/administrators/{{object_id}}"
    ),
    "azurerm_postgresql_flexible_server_database": "{server_id}/databases/{name}",
    "azurerm_private_dns_cname_record": "{private_dns_zone_id}/CNAME/{name}",
    "azurerm_private_dns_zone": f"{_NETWORK}/privateDnsZones/{{name}}",
    "azurerm_private_dns_zone_virtual_network_link": "{private_dns_zone_id}/virtualNetworkLinks/{name}",
    "azurerm_private_endpoint": f"{_NETWORK}/privateEndpoints/{{name}}",
    "azurerm_public_ip": f"{_NETWORK}/publicIPAddresses/{{name}}",
    "azurerm_resource_group": f"{_SUBSCRIPTION}/resourceGroups/{{name}}",
    "azurerm_resource_group_policy_assignment": f"{{resource_group_id}}/{_AUTHORIZATION}/policyAssignments/{{name}}",
    "azurerm_role_definition": f"{{scope}}/{_AUTHORIZATION}/roleDefinitions/{{role_definition_id}}|{{scope}}",
    "azurerm_security_center_automation": f"{_GROUP}/providers/Microsoft.Security/automations/{{name}}",
    "azurerm_security_center_contact": f"{_SUBSCRIPTION}/providers/Microsoft.Security/securityContacts/{{name}}",
    "azurerm_security_center_storage_defender": "{storage_account_id}",
    "azurerm_storage_account": f"{_GROUP}/providers/Microsoft.Storage/storageAccounts/{{name}}",
    "azurerm_storage_container": "{storage_account_id}/blobServices/default/containers/{name}",
    "azurerm_storage_container_immutability_policy": (
        "{storage_container_resource_manager_id}/immutabilityPolicies/default"
    ),
    "azurerm_storage_management_policy": "{storage_account_id}/managementPolicies/default",
    "azurerm_subnet": f"{_NETWORK}/virtualNetworks/{{virtual_network_name}}/subnets/{{name}}",
    "azurerm_subnet_nat_gateway_association": "{subnet_id}",
    "azurerm_subnet_network_security_group_association": "{subnet_id}",
    "azurerm_subscription_policy_assignment": f"{{subscription_id}}/{_AUTHORIZATION}/policyAssignments/{{name}}",
    "azurerm_user_assigned_identity": (f"{_GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{{name}}"),
    "azurerm_virtual_network": f"{_NETWORK}/virtualNetworks/{{name}}",
    "azurerm_virtual_network_gateway": f"{_NETWORK}/virtualNetworkGateways/{{name}}",
    "azurerm_virtual_network_gateway_connection": f"{_NETWORK}/connections/{{name}}",
    "azurerm_web_application_firewall_policy": (
        f"{_NETWORK}/applicationGatewayWebApplicationFirewallPolicies/{{name}}"
    ),
}

# Creating these again is harmless: each is a setting that always exists.
OVERWRITTEN = frozenset({"azurerm_postgresql_flexible_server_configuration"})


def find(candidates: Sequence[Candidate], *, environment: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Import ids of the candidates that exist, or may exist: those whose name gives the id are not read.

    Raises TerraceError when Azure cannot be read.
    """
    accounts: dict[str, Account] = {}
    found = {}
    for candidate in candidates:
        subscription = candidate.account or variables.get("ARM_SUBSCRIPTION_ID", "")
        if subscription not in accounts:
            accounts[subscription] = Account(subscription, variables)
        identity = _identity(accounts[subscription], candidate)
        if identity:
            found[candidate.address] = identity
    return found


def _identity(account: Account, candidate: Candidate) -> str | None:
    if template := BY_NAME.get(candidate.type):
        values = {name: value for name, value in candidate.values.items() if value not in (None, "")}
        if "account" not in values and account.subscription:
            values["account"] = account.subscription
        try:
            return template.format_map(values)
        except KeyError:
            return None  # a value is known after the apply only
    listing = BY_LISTING.get(candidate.type)
    try:
        return listing(account, candidate.values) if listing else None
    except Absent:
        return None
