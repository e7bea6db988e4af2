"""Microsoft.ContainerRegistry."""

from typing import Any

from terrace.emulator.azure.kind import Kind, Resource
from terrace.emulator.azure.refusals import keys
from terrace.emulator.azure.refusals import registry as refused
from terrace.emulator.azure.store import Body


def _registry(resource: Resource) -> Body:
    name = resource.id.name.lower()
    hosts = [f"{name}.{resource.location}.data.azurecr.io"] if resource.get("dataEndpointEnabled") else []
    return {"loginServer": f"{name}.azurecr.io", "creationDate": "2026-01-01T00:00:00Z", "dataEndpointHostNames": hosts}


def _available(resource: Resource, body: Any) -> tuple[int, Any]:
    return 200, {"nameAvailable": True}


_REGISTRY = "Microsoft.ContainerRegistry/registries"
KINDS = {
    _REGISTRY: Kind(
        operation=201,
        computed=_registry,
        required=(".location", ".sku.name"),
        rules=(*refused.REGISTRY, keys.registry),
    ),
    f"{_REGISTRY}/replications": Kind(operation=201, required=(".location",)),
    f"{_REGISTRY}/cacheRules": Kind(operation=201),
    "Microsoft.ContainerRegistry/*": Kind(actions={"checknameavailability": _available}),
}
