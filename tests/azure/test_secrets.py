"""SEC-1 and SEC-3 as the stacks carry them on Azure."""

import json

import pytest

from tests.azure.conftest import ENVIRONMENTS

MODULES = {"airflow", "spark", "superset"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_secret_a_module_whose_value_terraform_never_keeps(azure, environment):  # SEC-1
    secrets = dict(azure(environment).all("azurerm_key_vault_secret"))
    assert set(secrets) == {f"secrets/{module}" for module in MODULES}
    for path, secret in secrets.items():
        assert "value" not in secret, path
        assert secret["value_wo"].count("uuid()") == 2, path  # two draws of 122 bits
        assert secret["value_wo_version"] == 1, path


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_key_of_an_account_is_read_or_worth_anything(azure, environment):  # SEC-1
    text = json.dumps(azure(environment).document)
    for attribute in (
        "primary_access_key",
        "secondary_access_key",
        "primary_shared_key",
        "admin_password",
        "sas_token",
    ):
        assert attribute not in text
    workspace = azure(environment).one("azurerm_log_analytics_workspace", "observability/workspace")
    assert workspace["local_authentication_enabled"] is False
