"""Microsoft.Security: Defender plans and settings of accounts, security contacts, exports of findings."""

from collections.abc import Mapping

from terrace.emulator.azure.ids import ResourceId
from terrace.emulator.azure.kind import Kind, Resource, find
from terrace.emulator.azure.store import Body, Store

_PLANS = ("Api", "AppServices", "Arm", "CloudPosture", "Containers", "KeyVaults", "OpenSourceRelationalDatabases")
_MORE_PLANS = ("SqlServers", "StorageAccounts", "VirtualMachines")


def _plan(resource: Resource) -> Body:
    """Every plan exists as Free until it is changed; a destroy sets it to Free again."""
    return {"properties": {"pricingTier": "Free", "freeTrialRemainingTime": "PT0S"}}


def _plans(id: ResourceId, store: Store, query: Mapping[str, str]) -> list[Body]:
    plans = []
    for name in (*_PLANS, *_MORE_PLANS):
        path = f"{id.path}/{name}"
        body = store.body(path) or {"properties": {"pricingTier": "Free"}}
        plans.append({"id": path, "name": name, "type": "Microsoft.Security/pricings", **body})
    return plans


def _account(resource: Resource) -> Body:
    """A storage account has the subscription's settings until they are overridden."""
    return {"properties": {"isEnabled": False, "overrideSubscriptionLevelSettings": False}}


KINDS = {
    "Microsoft.Security/automations": Kind(
        deleted=204, required=(".location", "scopes", "sources", "actions"), stateless=True
    ),
    "Microsoft.Security/defenderForStorageSettings": Kind(
        built_in=_account,
        is_default=lambda resource: not find(resource.body, "properties.isEnabled"),
        stateless=True,
    ),
    "Microsoft.Security/pricings": Kind(
        built_in=_plan,
        is_default=lambda resource: find(resource.body, "properties.pricingTier") == "Free",
        required=("pricingTier",),
        stateless=True,
    ),
    "Microsoft.Security/securityContacts": Kind(stateless=True),
}

COLLECTIONS = {"Microsoft.Security/pricings": _plans}
