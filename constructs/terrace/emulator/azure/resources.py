"""Microsoft.Resources: subscriptions, resource groups and their contents."""

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


# extension resources of a group or a subscription, which are not part of its contents
_EXTENSIONS = (
    "microsoft.authorization/",
    "microsoft.consumption/",
    "microsoft.security/pricings",
    "microsoft.security/securitycontacts",
    "microsoft.insights/diagnosticsettings",
)


def is_extension(id: ResourceId) -> bool:
    """Whether it extends a resource, a group or the subscription, as a lock or a role assignment does."""
    return "/providers/" in id.scope or id.type.lower().startswith(_EXTENSIONS)


def _subscriptions(id: ResourceId, store: Store, query: Mapping[str, str]) -> list[Body]:
    """The one subscription."""
    path = f"/subscriptions/{store.subscription}"
    return [{"id": path, **_subscription(Resource(parse(path), {}, store))}]


def _tenants(id: ResourceId, store: Store, query: Mapping[str, str]) -> list[Body]:
    return [{"id": f"/tenants/{store.tenant}", "tenantId": store.tenant, "displayName": "emulated"}]


def _contents(id: ResourceId, store: Store, query: Mapping[str, str]) -> list[Body]:
    """The contents of a group or the subscription, without nested and extension resources."""
    contents: list[Body] = []
    for item in store.below(id.owner):
        inner = parse(item.id)
        if "/providers/" in item.id and not inner.parent and not is_extension(inner):
            fields: Body = {name: item.body[name] for name in ("tags", "sku", "kind", "managedBy") if name in item.body}
            region = location(item.body.get("location"))
            contents.append({"id": item.id, "name": inner.name, "type": inner.type, "location": region, **fields})
    return contents


def _provider(resource: Resource) -> Body:
    """Every resource provider is registered."""
    return {"namespace": resource.id.type, "registrationState": "Registered", "resourceTypes": [], "properties": {}}


PROVIDER = Kind(built_in=_provider, stateless=True)
"""A resource provider below a subscription."""


KINDS: dict[str, Kind] = {
    # Azure returns 202 for a group's delete; with 200 the provider does not poll
    "Microsoft.Resources/resourceGroups": Kind(deleted=200, operation=201, required=(".location",)),
    "Microsoft.Resources/subscriptions": Kind(built_in=_subscription, stateless=True),
}

COLLECTIONS = {
    "Microsoft.Resources/subscriptions": _subscriptions,
    "Microsoft.Resources/tenants": _tenants,
    "Microsoft.Resources/resourceGroups/resources": _contents,
    "Microsoft.Resources/subscriptions/resources": _contents,
}
