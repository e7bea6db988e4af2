"""Checks of the activity log, Defender and Policy (AUD-1 to AUD-3)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.evaluation import Observation, check, equal, includes
from terrace.azure import names
from terrace.capabilities.spec import LAYERS
from terrace.live.azure import lake
from terrace.live.azure.checks import Deployment, at, named, same
from terrace.live.azure.lookup import diagnostics, logged, sent

_CALLS = ("Administrative", "Security", "Policy")
PLANS = ("Arm", "Containers", "KeyVaults", "OpenSourceRelationalDatabases", "StorageAccounts", "VirtualMachines")
"""The Defender plans that a subscription needs."""
_BENCHMARK = "1f3afdf9-d0c9-4c3d-847f-89da613e70a8"  # Microsoft cloud security benchmark


@check("AUD-1")
def recorded(deployment: Deployment) -> Iterator[Observation]:
    audit, subscription = names.account_id(deployment.target, "audit"), names.subscription(deployment.target)
    trail = [one for one in diagnostics(deployment, subscription) if same(at(one, "storageAccountId"), audit)]
    yield includes(f"trail {deployment.prefix}", "categories", sent(trail), _CALLS)
    yield logged(deployment, "vault", names.vault_id(deployment.target), ["audit"])
    for layer in LAYERS:
        id = names.account_id(deployment.target, layer)
        settings = diagnostics(deployment, f"{id}/blobServices/default")
        to_audit = [setting for setting in settings if same(at(setting, "storageAccountId"), audit)]
        yield includes(
            f"account {named(id)}", "recorded", sent(to_audit), ["StorageRead", "StorageWrite", "StorageDelete"]
        )
    yield from lake.locks(deployment, "audit", max(deployment.environment.audit.retention_days, 365))


@check("AUD-2")
def threats_looked_for(deployment: Deployment) -> Iterator[Observation]:
    # a subscription has one setting, of any environment
    place = f"{names.subscription(deployment.target)}/providers/Microsoft.Security"
    plans = [deployment.get(f"{place}/pricings/{name}") for name in PLANS]
    on = [str(plan["name"]) for plan in plans if at(plan, "pricingTier") == "Standard"]
    yield includes("Defender", "plans", on, PLANS)
    contacts = deployment.pages(f"{place}/securityContacts")
    yield equal(
        "Defender", "a contact receives notifications", any(_is_notified(contact) for contact in contacts), True
    )


def _is_notified(contact: dict[str, Any]) -> bool:
    """The API has had three fields for it."""
    old = at(contact, "alertNotifications")
    if old is not None:
        return bool(str(old.get("state") if isinstance(old, dict) else old).lower() == "on")
    return bool(at(contact, "isEnabled", True) and at(contact, "notificationsSources"))


@check("AUD-3")
def compared(deployment: Deployment) -> Iterator[Observation]:
    # a subscription has one assignment, of any environment
    subscription = names.subscription(deployment.target)
    found = deployment.pages(f"{subscription}/providers/Microsoft.Authorization/policyAssignments")
    expected = names.policy_id(_BENCHMARK, initiative=True)
    chosen = [
        str(at(one, "policyDefinitionId"))
        for one in found
        if same(str(one["id"]).lower().split("/providers/")[0], subscription.lower())
    ]
    yield includes("subscription", "baselines", [id.lower() for id in chosen], [expected.lower()])
