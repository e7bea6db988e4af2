"""Whether Azure has the resources of the expected inventory (GOV-4), by type."""

from collections.abc import Mapping

from terrace.azure import names
from terrace.capabilities.lake import BUCKETS
from terrace.live.azure.checks import Deployment, at
from terrace.live.azure.lookup import diagnostics, locks
from terrace.live.inventory import Exists, last

_NETWORK = "Microsoft.Network"


def _vault(deployment: Deployment, path: str) -> bool:
    return bool(deployment.get(names.vault_id(deployment.target, last(path).removeprefix("vault-"))))


def _account(deployment: Deployment, path: str) -> str:
    """The id of the storage account that the second part of a construct path names."""
    part = path.split("/")[1]
    name = next(one for one in BUCKETS if one == part.removesuffix("-recovery"))
    return names.account_id(deployment.target, name, recovery=part != name)


def _lock(deployment: Deployment, path: str) -> bool:
    vault = path == "governance/keep-vault"
    scope = names.vault_id(deployment.target) if vault else _account(deployment, path)
    return any(level in ("CanNotDelete", "ReadOnly") for _, level in locks(deployment, scope))


def _cache_logs(deployment: Deployment, path: str) -> bool:
    database = f"{names.cache_id(deployment.target)}/databases/default"
    return any(log.get("enabled") for one in diagnostics(deployment, database) for log in at(one, "logs", []))


def _alarm(kind: str) -> Exists[Deployment]:
    def exists(deployment: Deployment, path: str) -> bool:
        id = names.id(deployment.target, f"Microsoft.Insights/{kind}", f"{deployment.prefix}-{last(path)}")
        return bool(at(deployment.get(id), "enabled", True))

    return exists


def _security_group(deployment: Deployment, path: str) -> bool:
    name = f"{deployment.prefix}-{last(path).removesuffix('-group')}"
    return bool(deployment.get(names.id(deployment.target, f"{_NETWORK}/networkSecurityGroups", name)))


def _database_setting(deployment: Deployment, path: str) -> bool:
    """A setting of the server that someone chose; Azure has every setting with a default."""
    setting = f"{names.database_id(deployment.target)}/configurations/{last(path).replace('-', '_')}"
    return str(at(deployment.get(setting), "source")) == "user-override"


def _endpoint(deployment: Deployment, path: str) -> bool:
    name = f"{deployment.prefix}-{last(path)}"
    return bool(deployment.get(names.id(deployment.target, f"{_NETWORK}/privateEndpoints", name)))


def _lifecycle(deployment: Deployment, path: str) -> bool:
    policy = deployment.get(f"{_account(deployment, path)}/managementPolicies/default")
    return any(rule.get("enabled", True) for rule in at(policy, "policy.rules", []))


def _assignment(deployment: Deployment, path: str) -> bool:
    place = f"{names.subscription(deployment.target)}/providers/Microsoft.Authorization/policyAssignments"
    return bool(deployment.get(f"{place}/{deployment.prefix}-{last(path)}"))


TYPES: Mapping[str, Exists[Deployment]] = {
    "azurerm_key_vault": _vault,
    "azurerm_management_lock": _lock,
    "azurerm_monitor_diagnostic_setting": _cache_logs,
    "azurerm_monitor_metric_alert": _alarm("metricAlerts"),
    "azurerm_monitor_scheduled_query_rules_alert_v2": _alarm("scheduledQueryRules"),
    "azurerm_network_security_group": _security_group,
    "azurerm_postgresql_flexible_server_configuration": _database_setting,
    "azurerm_private_endpoint": _endpoint,
    "azurerm_storage_management_policy": _lifecycle,
    "azurerm_subscription_policy_assignment": _assignment,
}
