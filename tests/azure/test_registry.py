"""Container Registry on Azure (K8S-10)."""

import pytest

from tests.azure.conftest import ENVIRONMENTS


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_registry_is_private_and_has_no_admin_user(azure, environment):  # K8S-10
    registry = azure(environment).one("azurerm_container_registry", "registry/registry")
    assert registry["public_network_access_enabled"] is False
    assert registry["admin_enabled"] is False
    assert registry["anonymous_pull_enabled"] is False
    assert registry["export_policy_enabled"] is False
    assert registry["encryption"][0]["key_vault_key_id"].endswith("/keys/registry")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_pushed_images_are_scanned(azure, environment):  # K8S-10
    plan = azure(environment).one("azurerm_security_center_subscription_pricing", "audit/detection-Containers")
    assert plan["tier"] == "Standard"
    assert "ContainerRegistriesVulnerabilityAssessments" in {extension["name"] for extension in plan["extension"]}


def test_prod_is_replicated_to_the_recovery_region(azure):
    copies = azure("prod").one("azurerm_container_registry", "registry/registry")["georeplications"]
    assert [copy["location"] for copy in copies] == ["francecentral"]
    assert "georeplications" not in azure("staging").one("azurerm_container_registry", "registry/registry")
