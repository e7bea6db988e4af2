"""Microsoft.Resources: subscriptions, resource groups and what is in them."""

from collections.abc import Mapping

from terrace.emulator.azure.ids import ResourceId, parse
from terrace.emulator.azure.kind import Kind, Resource, location
from terrace.emulator.azure.store import Body, Store


def _subscription(resource: Resource) -> Body:
    return {
        "subscriptionId": resource.id.subscription,
        "displayName": "emulated",
        "state": "Enabled",
        "tenantId": resource.store.tenant,
        "properties": {},
    }


# what may lie on a group or a subscription without being among its contents
_ON_SCOPES = (
    "microsoft.authorization/",
    "microsoft.consumption/",
    "microsoft.security/",
    "microsoft.insights/diagnosticsettings",
)


def lies_on_others(id: ResourceId) -> bool:
    """Whether it is on another resource, a group or the subscription, as a lock or a role assignment is."""
    return "/providers/" in id.scope or id.type.lower().startswith(_ON_SCOPES)


def _subscriptions(id: ResourceId, store: Store, query: Mapping[str, str]) -> list[Body]:
    """What the caller may see: the one."""
    path = f"/subscriptions/{store.subscription}"
    return [{"id": path, **_subscription(Resource(parse(path), {}, store))}]


def _tenants(id: ResourceId, store: Store, query: Mapping[str, str]) -> list[Body]:
    return [{"id": f"/tenants/{store.tenant}", "tenantId": store.tenant, "displayName": "emulated"}]


def _contents(id: ResourceId, store: Store, query: Mapping[str, str]) -> list[Body]:
    """What a group or the subscription holds: no nested resources, nothing that only lies on others."""
    found: list[Body] = []
    for item in store.below(id.owner):
        inner = parse(item.id)
        if "/providers/" in item.id and not inner.parent and not lies_on_others(inner):
            named: Body = {name: item.body[name] for name in ("tags", "sku", "kind", "managedBy") if name in item.body}
            place = location(item.body.get("location"))
            found.append({"id": item.id, "name": inner.name, "type": inner.type, "location": place, **named})
    return found


def _provider(resource: Resource) -> Body:
    """Nothing has to be registered here; who asks hears that it is."""
    return {"namespace": resource.id.type, "registrationState": "Registered", "resourceTypes": [], "properties": {}}


PROVIDER = Kind(built_in=_provider, stateless=True)
"""A namespace itself, below a subscription."""


KINDS: dict[str, Kind] = {
    # a delete of a group is a 202 on Azure; 200 tells the provider the same without a question
    "Microsoft.Resources/resourceGroups": Kind(deleted=200, operation=201, required=(".location",)),
    "Microsoft.Resources/subscriptions": Kind(built_in=_subscription, stateless=True),
}

COLLECTIONS = {
    "Microsoft.Resources/subscriptions": _subscriptions,
    "Microsoft.Resources/tenants": _tenants,
    "Microsoft.Resources/resourceGroups/resources": _contents,
    "Microsoft.Resources/subscriptions/resources": _contents,
}
