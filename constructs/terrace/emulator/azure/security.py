"""Microsoft.Security: Defender plans and security contacts."""

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


KINDS = {
    "Microsoft.Security/pricings": Kind(
        built_in=_plan,
        is_default=lambda resource: find(resource.body, "properties.pricingTier") == "Free",
        required=("pricingTier",),
        stateless=True,
    ),
    "Microsoft.Security/securityContacts": Kind(stateless=True),
}

COLLECTIONS = {"Microsoft.Security/pricings": _plans}
