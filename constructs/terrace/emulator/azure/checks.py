"""What Resource Manager refuses for every service: missing groups, parents and references, locks.

Source: Azure documentation, "Resolve common Azure deployment errors" (its list of codes) and "Lock your resources".
"""

from collections.abc import Callable, Iterator

from terrace.emulator.azure.ids import ResourceId, parse, references
from terrace.emulator.azure.kind import Kind, Refused, Resource, find, location
from terrace.emulator.azure.store import Store

_LOCKS = "/providers/microsoft.authorization/locks/"


def not_found(id: ResourceId) -> Refused:
    """The 404 of a GET. Source: "Resolve errors for resource not found"."""
    if id.type == "Microsoft.Resources/resourceGroups":
        return Refused(404, "ResourceGroupNotFound", f"Resource group '{id.name}' could not be found.")
    within = f" under resource group '{id.group}'" if id.group else ""
    return Refused(404, "ResourceNotFound", f"The Resource '{id.type}/{id.name}'{within} was not found.")


def group_exists(id: ResourceId, store: Store) -> None:
    """Raise ResourceGroupNotFound when the resource group of `id` does not exist."""
    for refusal in _group_absent(id, store):
        raise refusal


def of_write(resource: Resource, kind: Kind, exists: Callable[[str], bool]) -> Iterator[Refused]:
    """The reasons to refuse a PUT or PATCH, in Azure's order."""
    id, store = resource.id, resource.store
    yield from _group_absent(id, store)
    yield from _parent_absent(id, exists)
    yield from _read_only(id, store)
    yield from _required(resource, kind)
    yield from _location_changed(resource)
    yield from _missing_reference(resource, exists)
    for rule in kind.rules:
        if refusal := rule(resource):
            yield refusal


def of_delete(id: ResourceId, kind: Kind, store: Store) -> Iterator[Refused]:
    """The reasons to refuse a DELETE."""
    yield from _locked(id, store)
    item = store.get(id.path)
    if item:
        for rule in kind.delete_rules:
            if refusal := rule(Resource(id, item.body, store)):
                yield refusal


def _group_absent(id: ResourceId, store: Store) -> Iterator[Refused]:
    """Source: "Resolve errors for resource group not found"."""
    if id.group and "/providers/" in id.path and not store.get(id.path.split("/providers/")[0]):
        yield Refused(404, "ResourceGroupNotFound", f"Resource group '{id.group}' could not be found.")


def _parent_absent(id: ResourceId, exists: Callable[[str], bool]) -> Iterator[Refused]:
    """Source: "Resolve errors for parent resources"; an extension resource needs the resource that it extends."""
    if id.parent and not exists(id.parent):
        message = f"Failed to perform 'write' on resource(s) of type '{id.type}', because the parent resource"
        yield Refused(404, "ParentResourceNotFound", f"{message} '{id.parent}' could not be found.")
    if "/providers/" in id.scope and not exists(id.scope):
        yield not_found(parse(id.scope))


def _locks(id: ResourceId, store: Store) -> Iterator[tuple[str, str]]:
    """Level and scope of each lock on the resource, above it or below it. Locks are inherited."""
    for item in store.of_type("Microsoft.Authorization/locks"):
        scope = item.id[: item.id.lower().rindex(_LOCKS)]
        above, below = f"{id.key}/".startswith(f"{scope.lower()}/"), f"{scope.lower()}/".startswith(f"{id.key}/")
        if id.type != "Microsoft.Authorization/locks" and (above or below):
            yield str(item.body["properties"].get("level")), scope if above else f"{scope} (below)"


def _locked(id: ResourceId, store: Store) -> Iterator[Refused]:
    """Source: "Lock your resources": both levels forbid deletes, including those of a scope above."""
    for _, scope in _locks(id, store):
        message = f"The scope '{id.path}' cannot perform delete operation because following scope(s) are locked:"
        yield Refused(409, "ScopeLocked", f"{message} '{scope}'. Please remove the lock and try again.")


def _read_only(id: ResourceId, store: Store) -> Iterator[Refused]:
    """Source: "Lock your resources": ReadOnly also forbids writes below its scope."""
    for level, scope in _locks(id, store):
        if level == "ReadOnly" and not scope.endswith("(below)"):
            message = f"The scope '{id.path}' cannot perform write operation because following scope(s) are locked:"
            yield Refused(409, "ScopeLocked", f"{message} '{scope}'. Please remove the lock and try again.")


def _required(resource: Resource, kind: Kind) -> Iterator[Refused]:
    """Source: the REST reference of each type; LocationRequired from the list of deployment errors."""
    for path in kind.required:
        top = path.startswith(".")
        if find(resource.body, path[1:] if top else f"properties.{path}") is None:
            if path == ".location":
                yield Refused(400, "LocationRequired", "The location property is required for this definition.")
            name = path.lstrip(".")
            message = f"The required property '{name}' of {resource.id.type} is missing."
            yield Refused(400, "InvalidRequestContent", f"The request content was invalid. {message}")


def _location_changed(resource: Resource) -> Iterator[Refused]:
    """Source: "Resolve errors for invalid resource location": a resource's region is fixed."""
    old, new = (resource.old or {}).get("location"), resource.body.get("location")
    if old and new and location(old) != location(new):
        message = f"The resource '{resource.id.name}' already exists in location '{location(old)}'. A resource with the"
        yield Refused(
            409, "InvalidResourceLocation", f"{message} same name cannot be created in location '{location(new)}'."
        )


def _missing_reference(resource: Resource, exists: Callable[[str], bool]) -> Iterator[Refused]:
    """Source: "Resolve errors for resource not found" and Azure Network's InvalidResourceReference."""
    own = f"{resource.id.key}/"
    for reference in references(resource.body):
        id = parse(reference)
        ours = id.subscription.lower() == resource.id.subscription.lower()
        if ours and not id.tail and not f"{id.key}/".startswith(own) and not exists(id.path):
            message = f"Resource {reference} referenced by resource {resource.id.path} was not found."
            yield Refused(400, "InvalidResourceReference", message)
