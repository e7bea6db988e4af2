"""Ownership and residency on Azure (GOV-1, GOV-2)."""

import json

import pytest

from terrace.azure.governance import _ALLOWED_LOCATIONS, _INHERIT_TAG
from tests.azure.conftest import ENVIRONMENTS

REQUIRED = {"environment", "owner", "cost-centre", "data-classification", "managed-by"}
UNTAGGED = {
    "azurerm_consumption_budget_subscription",
    "azurerm_data_protection_backup_instance_blob_storage",
    "azurerm_data_protection_backup_instance_postgresql_flexible_server",
    "azurerm_data_protection_backup_policy_blob_storage",
    "azurerm_data_protection_backup_policy_postgresql_flexible_server",
    "azurerm_data_protection_backup_vault_customer_managed_key",
    "azurerm_federated_identity_credential",
    "azurerm_logic_app_action_custom",
    "azurerm_logic_app_trigger_recurrence",
    "azurerm_managed_redis_access_policy_assignment",
    "azurerm_management_lock",
    "azurerm_monitor_diagnostic_setting",
    "azurerm_nat_gateway_public_ip_association",
    "azurerm_network_security_rule",
    "azurerm_postgresql_flexible_server_active_directory_administrator",
    "azurerm_postgresql_flexible_server_configuration",
    "azurerm_postgresql_flexible_server_database",
    "azurerm_resource_group_policy_assignment",
    "azurerm_role_assignment",
    "azurerm_role_definition",
    "azurerm_security_center_contact",
    "azurerm_security_center_storage_defender",
    "azurerm_security_center_subscription_pricing",
    "azurerm_storage_container",
    "azurerm_storage_container_immutability_policy",
    "azurerm_storage_management_policy",
    "azurerm_storage_object_replication",
    "azurerm_subnet",
    "azurerm_subnet_nat_gateway_association",
    "azurerm_subnet_network_security_group_association",
    "azurerm_subscription_policy_assignment",
}
"""Types that support no tags, by the binding's list of arguments."""


def assignments(stack, policy: str):
    for path, body in stack.all("azurerm_resource_group_policy_assignment"):
        if body["policy_definition_id"].endswith(policy):
            yield path, body


def test_prod_allows_only_its_two_regions_and_the_paired_region(azure):  # GOV-2
    by_path = dict(assignments(azure("prod"), _ALLOWED_LOCATIONS))
    assert set(by_path) == {"governance/home-locations", "governance/recovery-locations"}
    for body in by_path.values():
        allowed = json.loads(body["parameters"])["listOfAllowedLocations"]["value"]
        assert allowed == ["germanywestcentral", "francecentral", "germanynorth", "global"]
        assert body["enforce"] is True


def test_dev_allows_only_its_region(azure):  # GOV-2
    (body,) = dict(assignments(azure("dev"), _ALLOWED_LOCATIONS)).values()
    assert json.loads(body["parameters"])["listOfAllowedLocations"]["value"] == ["germanywestcentral", "global"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_resource_is_in_an_allowed_region(azure, environment):  # GOV-2
    stack = azure(environment)
    allowed = {"dev": {"germanywestcentral"}, "staging": {"germanywestcentral"}}.get(
        environment, {"germanywestcentral", "francecentral", "germanynorth"}
    )
    places = {
        body["location"]
        for type in stack.document["resource"]
        for _, body in stack.all(type)
        if "${" not in body.get("location", "${") and type != "azurerm_monitor_activity_log_alert"
    }
    assert places == allowed


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_resources_created_by_azure_inherit_every_tag(azure, environment):  # GOV-1
    inherited = {
        json.loads(body["parameters"])["tagName"]["value"]
        for path, body in assignments(azure(environment), _INHERIT_TAG)
        if path.startswith("governance/home-")
    }
    assert inherited == REQUIRED


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_resource_that_supports_tags_has_all_tags(azure, environment):  # GOV-1
    stack = azure(environment)
    types = set(stack.document["resource"]) - UNTAGGED
    assert len(types) > 30
    for type in types:
        for path, body in stack.all(type):
            assert set(body.get("tags", {})) >= REQUIRED, f"{type} {path}"


def test_the_vault_has_a_lock_if_the_environment_is_protected(azure):  # KEY-2
    for environment, locked in {"dev": False, "staging": True, "prod": True}.items():
        locks = dict(azure(environment).all("azurerm_management_lock"))
        assert ("governance/keep-vault" in locks) is locked
        assert all(lock["lock_level"] == "CanNotDelete" for lock in locks.values())
