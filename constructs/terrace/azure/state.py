"""Where Terraform's state of a stack is. Without the CDK: the workloads stack loads no bindings of a cloud."""

from typing import Any

from terrace.azure import names
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment

CONTAINER = "state"
"""The container of all states in the storage account."""


def remote_state(environment: Environment, target: Target, layer: str) -> tuple[str, dict[str, Any]]:
    """One blob per environment, cloud and layer, leased while in use, accessed by identity. Its account is
    versioned."""
    project = environment.project
    return "azurerm", {
        "subscription_id": names.settings(target).subscription_id,
        "tenant_id": names.settings(target).tenant_id,
        "resource_group_name": f"{project}-state",
        "storage_account_name": names.state_bucket(target),
        "container_name": CONTAINER,
        "key": f"{environment.name}/{environment.cloud}/{layer}.tfstate",
        "use_azuread_auth": True,
    }
