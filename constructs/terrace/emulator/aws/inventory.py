"""What exists in the emulated account, read from moto's own memory.

No resource type is listed by hand, so none can be forgotten: every collection on every backend counts, those of the
patches as well, as does every switch that was turned. What an empty account has is noted when moto makes a backend.
What is neither a resource nor there from the start stands in the tables below.
"""

import weakref
from collections.abc import Iterator, Mapping
from typing import Any

from moto.core.base_backend import AccountSpecificBackend, BackendDict, backend_lock

from terrace.emulator.aws.patch import wrap
from terrace.emulator.contract import Resource

# what moto keeps for itself, by service and attribute
_BOOKKEEPING = frozenset(
    {
        ("acm", "idempotency_tokens"),
        ("ec2", "launch_template_name_to_ids"),
        ("rds", "events"),  # of instances that are gone as well
        ("rds", "resource_map"),  # an index of what the other collections hold
        ("resourcegroupstaggingapi", "pages"),  # of a listing under way
        ("route53", "delegation_sets"),  # name servers, which AWS gives to a zone
        ("s3", "pagination_tokens"),
    }
)

# registers of tags; the tags of a thing that is gone are no resource
_TAGS = frozenset({"tagger", "tagging_service", "tags", "gap_tags", "resource_tags"})

# states in which AWS goes on to show a thing that was deleted
_GONE = frozenset({"deleted", "deleting", "terminated", "pendingdeletion"})

_baselines: "weakref.WeakKeyDictionary[Any, dict[str, Any]]" = weakref.WeakKeyDictionary()


def watch() -> None:
    """Note what each backend holds when it is made. Call once, before any backend is."""

    @wrap(AccountSpecificBackend, "__init__")
    def __init__(original: Any, self: Any, *arguments: Any, **named: Any) -> None:
        original(self, *arguments, **named)
        make = self.backend

        def noted(region_name: str, account_id: str) -> Any:
            backend = make(region_name, account_id)
            _baselines[backend] = {
                name: value if isinstance(value, bool) else dict(_entries(value)).keys()
                for name, value in vars(backend).items()
            }
            return backend

        self.backend = noted


def inventory() -> list[Resource]:
    """Every resource of the account, by service, type and id."""
    with backend_lock:
        backends = [
            (kind.service_name, region, backend)
            for kind in BackendDict._instances
            for _, region, backend in kind.iter_backends()
        ]
    return sorted({found for service, region, backend in backends for found in _resources(service, region, backend)})


def _resources(service: str, region: str, backend: Any) -> Iterator[Resource]:
    baseline = _baselines.get(backend, {})
    for attribute, value in list(vars(backend).items()):
        kind = attribute.removeprefix("gap_").strip("_")
        if attribute in _TAGS or (service, kind) in _BOOKKEEPING:
            continue
        usual = baseline.get(attribute)
        if isinstance(value, bool):
            if value and usual is False:
                yield Resource(service, kind, "on", region)
            continue
        for name, entry in _entries(value):
            if (usual is None or usual is False or name not in usual) and not _is_gone(entry):
                yield Resource(service, kind, name, region)


def _entries(value: Any) -> Iterator[tuple[str, Any]]:
    """Name and thing, of a collection: `{name: thing}`, `{group: {name: thing}}` or a list of things."""
    if isinstance(value, Mapping):
        for key, entry in list(value.items()):
            name = "/".join(map(str, key)) if isinstance(key, tuple) else str(key)
            if isinstance(entry, Mapping) and (not entry or all(_is_thing(each) for each in entry.values())):
                yield from ((f"{name}/{inner}", thing) for inner, thing in _entries(entry))
            else:
                yield name, entry
    elif isinstance(value, (list, set)):
        yield from ((_name(entry), entry) for entry in list(value) if _is_thing(entry))


def _is_thing(value: Any) -> bool:
    return isinstance(value, Mapping) or hasattr(value, "__dict__")


def _name(thing: Any) -> str:
    fields = thing if isinstance(thing, Mapping) else vars(thing)
    for field in ("arn", "id", "name"):
        if fields.get(field):
            return str(fields[field])
    return type(thing).__name__


def _is_gone(thing: Any) -> bool:
    fields = thing if isinstance(thing, Mapping) else getattr(thing, "__dict__", {})
    states = (fields.get(field) for field in ("state", "status", "key_state"))
    return any(str(state).lower() in _GONE for state in states) or bool(fields.get("deleted_date"))
