"""What cannot go while something else needs it. Source: each service's reference of its DELETE."""

from collections.abc import Callable

from terrace.emulator.azure.ids import references
from terrace.emulator.azure.kind import Refused, Resource


def users(resource: Resource, *types: str) -> list[str]:
    """The ids of what refers to a resource and is not part of it; of some types, or of any."""
    own, wanted = resource.id.key, {type.lower() for type in types}
    return [
        item.id
        for key, item in resource.store.items.items()
        if (not wanted or item.type.lower() in wanted)
        and not key.startswith(f"{own}/")
        and key != own
        and any(
            reference.lower() == own or reference.lower().startswith(f"{own}/") for reference in references(item.body)
        )
    ]


def in_use(code: str, *types: str) -> Callable[[Resource], Refused | None]:
    """A rule: 400 with `code` while one of `types` refers to it."""

    def rule(resource: Resource) -> Refused | None:
        by = users(resource, *types)
        if not by:
            return None
        return Refused(400, code, f"{resource.id.type} {resource.id.name} cannot be deleted: it is in use by {by[0]}.")

    return rule
