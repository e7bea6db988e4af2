"""Secrets in Key Vault on Azure (SEC-1, SEC-3, SEC-4)."""

import json

import pytest

from tests.azure.conftest import ENVIRONMENTS
from tests.conftest import FOUNDATION_MODULES, WITH_LOGIN


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_each_module_has_its_secrets_with_write_only_values(azure, environment):  # SEC-1
    secrets = dict(azure(environment).all("azurerm_key_vault_secret"))
    own = {f"{module}-app" for module in FOUNDATION_MODULES}
    given = {f"dpf-{environment}-{module}-oidc" for module in WITH_LOGIN}
    assert {secret["name"] for secret in secrets.values()} == own | given
    for path, secret in secrets.items():
        assert "value" not in secret, path
        assert secret["value_wo"].count("uuid()") == 2, path  # twice 122 random bits
        assert secret["value_wo_version"] == 1, path
        # what an operator writes over a given secret is not reverted
        ignored = secret.get("lifecycle", {}).get("ignore_changes", [])
        assert ignored == (["content_type"] if secret["name"] in given else []), path


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_account_key_is_read_or_enabled(azure, environment):  # SEC-1
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


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_each_secret_names_who_rotates_it(azure, environment):  # SEC-4
    secrets = dict(azure(environment).all("azurerm_key_vault_secret"))
    for path, secret in secrets.items():
        module = path.removeprefix("secrets/").removesuffix("-oidc")
        assert (secret["tags"]["rotated-by"], secret["tags"]["rotation-days"]) == (module, "180"), path
