"""The access model on Azure. A resource of a type that is not listed here may open or grant anything: it is unknown."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from terrace.assurance.access.azure import grants, network
from terrace.assurance.access.azure.declared import declared
from terrace.assurance.access.azure.resources import Resources
from terrace.assurance.access.model import Access, Grant, Path, Unknown
from terrace.assurance.checks import Subject
from terrace.azure.flows import GROUPS

__all__ = ["declared", "read"]

_READ = """
    azurerm_container_registry azurerm_federated_identity_credential azurerm_key_vault azurerm_key_vault_access_policy
    azurerm_kubernetes_cluster azurerm_local_network_gateway azurerm_managed_redis
    azurerm_managed_redis_access_policy_assignment azurerm_network_security_group azurerm_network_security_rule
    azurerm_postgresql_flexible_server azurerm_postgresql_flexible_server_active_directory_administrator
    azurerm_postgresql_flexible_server_firewall_rule azurerm_private_endpoint azurerm_role_assignment
    azurerm_role_definition azurerm_route azurerm_route_table azurerm_storage_account
    azurerm_storage_account_local_user azurerm_storage_account_network_rules azurerm_storage_object_replication
    azurerm_subnet azurerm_subnet_network_security_group_association azurerm_subnet_route_table_association
    azurerm_user_assigned_identity azurerm_virtual_network_gateway azurerm_virtual_network_peering
"""
"""Types that open a path or grant a right, which the readers evaluate."""
_CHECKED = """
    azurerm_application_gateway azurerm_application_insights_workbook azurerm_consumption_budget_subscription
    azurerm_data_protection_backup_instance_blob_storage
    azurerm_data_protection_backup_instance_postgresql_flexible_server
    azurerm_data_protection_backup_policy_blob_storage
    azurerm_data_protection_backup_policy_postgresql_flexible_server azurerm_data_protection_backup_vault
    azurerm_data_protection_backup_vault_customer_managed_key azurerm_disk_encryption_set azurerm_dns_a_record
    azurerm_dns_zone azurerm_eventhub azurerm_eventhub_namespace azurerm_eventhub_namespace_customer_managed_key
    azurerm_key_vault_certificate azurerm_key_vault_key azurerm_key_vault_secret
    azurerm_kubernetes_cluster_node_pool azurerm_log_analytics_saved_search azurerm_log_analytics_solution
    azurerm_log_analytics_workspace
    azurerm_logic_app_action_custom azurerm_logic_app_trigger_recurrence azurerm_logic_app_workflow
    azurerm_management_lock azurerm_monitor_action_group azurerm_monitor_activity_log_alert
    azurerm_monitor_alert_processing_rule_action_group
    azurerm_monitor_diagnostic_setting azurerm_monitor_metric_alert azurerm_monitor_scheduled_query_rules_alert_v2
    azurerm_nat_gateway azurerm_nat_gateway_public_ip_association
    azurerm_network_watcher_flow_log azurerm_postgresql_flexible_server_configuration
    azurerm_postgresql_flexible_server_database azurerm_private_dns_cname_record azurerm_private_dns_zone
    azurerm_private_dns_zone_virtual_network_link azurerm_public_ip azurerm_resource_group
    azurerm_resource_group_policy_assignment azurerm_security_center_automation azurerm_security_center_contact
    azurerm_security_center_storage_defender azurerm_security_center_subscription_pricing azurerm_storage_container
    azurerm_storage_container_immutability_policy azurerm_storage_management_policy
    azurerm_subnet_nat_gateway_association azurerm_subscription_policy_assignment azurerm_virtual_network
    azurerm_virtual_network_gateway_connection azurerm_web_application_firewall_policy
    azuread_application_password azuread_service_principal_password
"""
"""Types that neither open nor grant anything by themselves; checks compare what else matters of them."""
_UNDERSTOOD = frozenset([*_READ.split(), *_CHECKED.split()])


def read(stack: Subject) -> Access:
    """The two graphs of a stack on Azure."""
    resources = Resources(stack)
    opened, one_sided = network.read(stack, resources)
    known = declared(stack)
    may = (*known.required_paths, *known.allowed_paths)
    # between two parties a declared path needs both security groups; what no declaration has is shown with either
    half = [path for path in one_sided if not _declared(path, may)]
    found = list(grants.read(stack, resources))
    return Access(
        paths=tuple(_widest(_joined([*opened, *half]), may, f"range {stack.environment.network.cidr}")),
        grants=tuple({(one, one.by): one for one in found if isinstance(one, Grant)}.values()),
        unknown=(*(one for one in found if isinstance(one, Unknown)), *_unknown_types(stack)),
    )


def _declared(path: Path, may: Sequence[Path]) -> bool:
    return any(other.covers(path) for other in may)


def _joined(paths: Sequence[Path]) -> Iterator[Path]:
    """The two halves of a path between parties as one path; any other path as it is."""
    halves: dict[Path, tuple[str, ...]] = {}
    for path in paths:
        if path.source in GROUPS and path.destination in GROUPS:
            by = halves.get(path, ())
            halves[path] = (*by, *(one for one in path.by if one not in by))
        else:
            yield path
    yield from (replace(path, by=by) for path, by in halves.items())


def _widest(paths: Iterable[Path], may: Sequence[Path], network: str) -> Iterator[Path]:
    """Without the parts of what a resource opens to everything: of the internet, the network and its parties, the
    first."""
    listed = list(paths)
    order = ("internet", network)
    opened = {
        (path.by, path.protocol, path.ports, path.source if outbound else path.destination, outbound, end)
        for path in listed
        for outbound, end in ((True, path.destination), (False, path.source))
        if end in order
    }
    for path in listed:
        wider = (
            (path.by, path.protocol, path.ports, path.source if outbound else path.destination, outbound, name)
            for outbound, end in ((True, path.destination), (False, path.source))
            for name in order[: order.index(end) if end in order else len(order)]
        )
        needed = any(path.covers(other) or other.covers(path) for other in may)
        if needed or not any(one in opened for one in wider):
            yield path


def _unknown_types(stack: Subject) -> Iterator[Unknown]:
    for resource in stack.view:
        if resource.type.startswith(("azurerm_", "azuread_", "azapi_")) and resource.type not in _UNDERSTOOD:
            text = f"the access model does not understand resources of the type {resource.type}"
            yield Unknown(text, str(resource), resource.type)
