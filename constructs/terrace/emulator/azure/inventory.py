"""The resources of the emulated subscription, read from the store: there is no list of types to keep complete.

Built-in resources, those that Azure creates itself and soft-deleted ones are excluded.
"""

from terrace.emulator.azure.arm import Arm
from terrace.emulator.azure.kind import location
from terrace.emulator.azure.store import Item
from terrace.emulator.contract import Resource


def inventory(arm: Arm) -> list[Resource]:
    """Every resource, by provider namespace, type and id."""
    with arm.store.lock:
        arm.operations.settle()
        return sorted(
            _resource(item)
            for item in arm.store.items.values()
            if not item.managed and not _in_managed_group(arm, item.id) and not _is_default(arm, item.id)
        )


def _resource(item: Item) -> Resource:
    service, _, type = item.type.partition("/")
    return Resource(service, type, item.id, location(item.body["location"]) if "location" in item.body else "")


def _in_managed_group(arm: Arm, id: str) -> bool:
    group = arm.store.get("/".join(id.split("/")[:5]))
    return bool(group and group.managed and "managedBy" in group.body)


def _is_default(arm: Arm, id: str) -> bool:
    item = arm.store.get(id)
    if item is None:
        return False
    is_default = arm.kind(item.type).is_default
    return bool(is_default and is_default(arm.resource(item)))
