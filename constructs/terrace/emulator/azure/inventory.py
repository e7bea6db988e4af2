"""What exists in the emulated subscription, read from the store: no type is listed by hand, so none can be forgotten.

What the cloud has or makes by itself does not count. What is soft-deleted is `kept`: it costs nothing, ends by itself,
and stands in `deletedVaults`, `deletedkeys` and the like, where Azure lists it.
"""

from terrace.emulator.azure.arm import Arm
from terrace.emulator.azure.kind import location
from terrace.emulator.azure.store import Item, Store
from terrace.emulator.contract import Resource


def inventory(arm: Arm) -> list[Resource]:
    """Every resource, by provider namespace, type and id."""
    with arm.store.lock:
        arm.operations.settle()
        return sorted(
            _resource(item)
            for item in arm.store.items.values()
            if not item.made and not _inside_made(arm, item.id) and not _idle(arm, item.id)
        )


def kept(store: Store) -> list[Resource]:
    """What was deleted and can be recovered: vaults with what is in them, keys, secrets, certificates, workspaces."""
    with store.lock:
        return sorted(_resource(item) for item in store.deleted.values())


def _resource(item: Item) -> Resource:
    service, _, type = item.type.partition("/")
    return Resource(service, type, item.id, location(item.body["location"]) if "location" in item.body else "")


def _inside_made(arm: Arm, id: str) -> bool:
    group = arm.store.get("/".join(id.split("/")[:5]))
    return bool(group and group.made)


def _idle(arm: Arm, id: str) -> bool:
    item = arm.store.get(id)
    if item is None:
        return False
    idle = arm.kind(item.type).idle
    return bool(idle and idle(arm.resource(item)))
