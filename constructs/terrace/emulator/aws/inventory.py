"""The resources of the emulated account, read from moto's memory.

There is no list of resource types to keep complete: every collection on every backend counts, including those of the
patches, and so does every boolean that was turned on. What an empty account contains is recorded when moto creates a
backend. The tables below list what is not a resource.
"""

import weakref
from collections.abc import Iterator, Mapping
from typing import Any

from moto.core.base_backend import AccountSpecificBackend, BackendDict, backend_lock

from terrace.emulator.aws.patch import wrap
from terrace.emulator.contract import Resource

# moto's internal collections, by service and attribute
_BOOKKEEPING = frozenset(
    {
        ("acm", "idempotency_tokens"),
        ("ec2", "launch_template_name_to_ids"),
        ("rds", "events"),  # including those of deleted instances
        ("rds", "resource_map"),  # an index of the other collections
        ("resourcegroupstaggingapi", "pages"),  # of a list request in progress
        ("route53", "delegation_sets"),  # name servers that AWS assigns to a zone
        ("s3", "pagination_tokens"),
    }
)

# collections of tags, which may outlive their resource
_TAGS = frozenset({"tagger", "tagging_service", "tags", "terrace_tags", "resource_tags"})

# states in which AWS still lists a deleted resource
_DELETED_STATES = frozenset({"deleted", "deleting", "terminated", "pendingdeletion"})

_baselines: "weakref.WeakKeyDictionary[Any, dict[str, Any]]" = weakref.WeakKeyDictionary()


def watch() -> None:
    """Record what each backend contains when it is created. Call once, before moto creates any backend."""

    @wrap(AccountSpecificBackend, "__init__")
    def __init__(original: Any, self: Any, *arguments: Any, **named: Any) -> None:
        original(self, *arguments, **named)
        create = self.backend

        def recorded(region_name: str, account_id: str) -> Any:
            backend = create(region_name, account_id)
            _baselines[backend] = {
                name: value if isinstance(value, bool) else dict(_entries(value)).keys()
                for name, value in vars(backend).items()
            }
            return backend

        self.backend = recorded


def inventory() -> list[Resource]:
    """Every resource of the account, sorted by service, type and id."""
    with backend_lock:
        backends = [
            (kind.service_name, region, backend)
            for kind in BackendDict._instances
            for _, region, backend in kind.iter_backends()
        ]
    return sorted({each for service, region, backend in backends for each in _resources(service, region, backend)})


def _resources(service: str, region: str, backend: Any) -> Iterator[Resource]:
    baseline = _baselines.get(backend, {})
    for attribute, value in list(vars(backend).items()):
        kind = attribute.removeprefix("terrace_").strip("_")
        if attribute in _TAGS or (service, kind) in _BOOKKEEPING:
            continue
        initial = baseline.get(attribute)
        if isinstance(value, bool):
            if value and initial is False:
                yield Resource(service, kind, "on", region)
            continue
        for name, entry in _entries(value):
            if (initial is None or initial is False or name not in initial) and not _is_deleted(entry):
                yield Resource(service, kind, name, region)


def _entries(value: Any) -> Iterator[tuple[str, Any]]:
    """Name and resource of each entry of `{name: resource}`, `{group: {name: resource}}` or a list of resources."""
    if isinstance(value, Mapping):
        for key, entry in list(value.items()):
            name = "/".join(map(str, key)) if isinstance(key, tuple) else str(key)
            if isinstance(entry, Mapping) and (not entry or all(_is_resource(each) for each in entry.values())):
                yield from ((f"{name}/{inner}", resource) for inner, resource in _entries(entry))
            else:
                yield name, entry
    elif isinstance(value, (list, set)):
        yield from ((_name(entry), entry) for entry in list(value) if _is_resource(entry))


def _is_resource(value: Any) -> bool:
    return isinstance(value, Mapping) or hasattr(value, "__dict__")


def _name(resource: Any) -> str:
    fields = resource if isinstance(resource, Mapping) else vars(resource)
    for field in ("arn", "id", "name"):
        if fields.get(field):
            return str(fields[field])
    return type(resource).__name__


def _is_deleted(resource: Any) -> bool:
    fields = resource if isinstance(resource, Mapping) else getattr(resource, "__dict__", {})
    states = (fields.get(field) for field in ("state", "status", "key_state"))
    return any(str(state).lower() in _DELETED_STATES for state in states) or bool(fields.get("deleted_date"))
