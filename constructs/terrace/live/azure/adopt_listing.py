"""Resources with a generated part in their id, found by their attributes. One function per type.

Each takes the account and the planned values, and returns the import id, or None.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from terrace.capabilities.target import AzureSettings
from terrace.live.azure.checks import at, same
from terrace.live.azure.session import Reader, explained

Values = Mapping[str, Any]


class Account:
    """A subscription with the credentials, proxy and certificates of the deployment's child processes."""

    def __init__(self, subscription: str, variables: Mapping[str, str], reader: Reader | None = None) -> None:
        self.subscription = subscription
        self._variables = variables
        self._given = reader

    @cached_property
    def reader(self) -> Reader:
        tenant = self._variables.get("ARM_TENANT_ID") or self._variables.get("AZURE_TENANT_ID") or "organizations"
        settings = AzureSettings.model_construct(subscription_id=self.subscription, tenant_id=tenant)
        return self._given or Reader(settings, self._variables)


def _newest(account: Account, values: Values, kind: str) -> str | None:
    """A vault's key, secret or certificate with its newest version, as Terraform imports it. Raises Absent."""
    vault, name = str(values.get("key_vault_id") or "").rpartition("/")[2], values.get("name")
    if not vault or not name:
        return None
    with explained(f"{vault}/{kind}/{name}"):
        if kind == "keys":
            return str(account.reader.keys(vault).get_key(str(name)).id)
        client = account.reader.secrets(vault)
        # a certificate has a secret with the same name and version
        versions = [v for v in client.list_properties_of_secret_versions(str(name)) if v.created_on]
        newest = max(versions, key=lambda v: v.created_on, default=None)  # type: ignore[arg-type, return-value]
        return str(newest.id).replace("/secrets/", f"/{kind}/") if newest else None


def _key(account: Account, values: Values) -> str | None:
    return _newest(account, values, "keys")


def _secret(account: Account, values: Values) -> str | None:
    return _newest(account, values, "secrets")


def _certificate(account: Account, values: Values) -> str | None:
    return _newest(account, values, "certificates")


def _assignment(account: Account, values: Values) -> str | None:
    """The assignment of the same role to the same principal on the same scope."""
    scope, principal = values.get("scope"), values.get("principal_id")
    if not scope or not principal:
        return None
    for entry in account.reader.pages(f"{scope}/providers/Microsoft.Authorization/roleAssignments"):
        is_same = same(at(entry, "scope"), scope) and same(at(entry, "principalId"), principal)
        if is_same and _role(account, entry, values):
            return str(entry["id"])
    return None


def _role(account: Account, assignment: dict[str, Any], values: Values) -> bool:
    """Whether an assignment is of the planned role, given in the plan by its id or its name."""
    guid = str(at(assignment, "roleDefinitionId")).rpartition("/")[2]
    if planned := values.get("role_definition_id"):
        return same(str(planned).rpartition("/")[2], guid)
    scope = f"/subscriptions/{account.subscription}"
    found = account.reader.get(f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{guid}")
    return bool(at(found, "roleName") == values.get("role_definition_name"))


def _replication(account: Account, values: Values) -> str | None:
    """A replication policy in both accounts, where it has the same id."""
    source, copy = values.get("source_storage_account_id"), values.get("destination_storage_account_id")
    if not source or not copy:
        return None
    for entry in account.reader.pages(f"{source}/objectReplicationPolicies"):
        destination = at(entry, "destinationAccount")
        if same(destination, copy) or same(destination, str(copy).rpartition("/")[2]):
            policy = f"objectReplicationPolicies/{entry['name']}"
            return f"{source}/{policy};{copy}/{policy}"
    return None


def _plan(account: Account, values: Values) -> str | None:
    """A Defender plan, which always exists and needs adoption only if it is paid for."""
    id = f"/subscriptions/{account.subscription}/providers/Microsoft.Security/pricings/{values.get('resource_type')}"
    return id if at(account.reader.get(id), "pricingTier") == "Standard" else None


Finder = Callable[[Account, Values], str | None]
BY_LISTING: Mapping[str, Finder] = {
    "azurerm_key_vault_certificate": _certificate,
    "azurerm_key_vault_key": _key,
    "azurerm_key_vault_secret": _secret,
    "azurerm_role_assignment": _assignment,
    "azurerm_security_center_subscription_pricing": _plan,
    "azurerm_storage_object_replication": _replication,
}
