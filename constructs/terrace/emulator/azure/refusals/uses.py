"""Resources that cannot be deleted while others use them. Source: each service's reference of DELETE."""

from collections.abc import Callable

from terrace.emulator.azure.ids import references
from terrace.emulator.azure.kind import Refused, Resource


def users(resource: Resource, *types: str) -> list[str]:
    """The ids of resources, of the given or any type, that refer to a resource and are not part of it."""
    own, selected = resource.id.key, {type.lower() for type in types}
    return [
        item.id
        for key, item in resource.store.items.items()
        if (not selected or item.type.lower() in selected)
        and not key.startswith(f"{own}/")
        and key != own
        and any(
            reference.lower() == own or reference.lower().startswith(f"{own}/") for reference in references(item.body)
        )
    ]


def in_use(code: str, *types: str) -> Callable[[Resource], Refused | None]:
    """A rule: 400 with `code` while a resource of one of `types` refers to it."""

    def rule(resource: Resource) -> Refused | None:
        ids = users(resource, *types)
        if not ids:
            return None
        return Refused(400, code, f"{resource.id.type} {resource.id.name} cannot be deleted: it is in use by {ids[0]}.")

    return rule
