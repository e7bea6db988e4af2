"""How a resource type differs from a plain store of bodies. The tables, one file for each namespace, use these types.

Most types do not differ: `Kind()` only makes a type known. A comment gives the reason for each quirk.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from terrace.emulator.azure.ids import ResourceId, guid
from terrace.emulator.azure.store import Body, Store


class Refused(Exception):
    """A request is refused with an error in Azure's format: `{"error": {"code": ..., "message": ...}}`."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers: dict[str, str] = {}

    @property
    def body(self) -> Body:
        return {"error": {"code": self.code, "message": self.message}}


class Unsupported(Exception):
    """The emulator does not support the call."""


@dataclass(frozen=True)
class Resource:
    """A resource for quirks and rules: its new body, its old one (None: new), and the store."""

    id: ResourceId
    body: Body
    store: Store
    old: Body | None = None

    def get(self, path: str, default: Any = None) -> Any:
        """A value of the properties by its dotted path, such as `networkAcls.defaultAction`."""
        return find(self.body, f"properties.{path}", default)

    def guid(self, word: str) -> str:
        """A stable GUID that is unique to this resource."""
        return guid(self.id.path, word)

    @property
    def hash(self) -> str:
        """Eight stable hexadecimal digits for this resource."""
        return guid(self.id.path)[:8]

    @property
    def location(self) -> str:
        return location(self.body.get("location"))

    @property
    def parent(self) -> Body:
        return self.store.body(self.id.parent)

    def other(self, id: str | None) -> Body:
        """The body of another resource; empty when it does not exist."""
        return self.store.body(id) if id else {}


def find(body: Any, path: str, default: Any = None) -> Any:
    """A value by its dotted path; `default` when it is absent or null. Names are case-insensitive."""
    for step in path.split("."):
        if not isinstance(body, dict):
            return default
        body = body.get(step) if step in body else {name.lower(): v for name, v in body.items()}.get(step.lower())
    return default if body is None else body


def location(name: Any) -> str:
    """ "West Europe" and westeurope are the same region."""
    return str(name or "global").lower().replace(" ", "")


def _empty(resource: Resource) -> Body:
    return {}


Computed = Callable[[Resource], Body]
Rule = Callable[[Resource], Refused | None]
Action = Callable[[Resource, Any], "tuple[int, Any]"]  # resource and request body -> status and response body


@dataclass(frozen=True)
class Kind:
    """A resource type. Bodies are those of `properties`, unless noted otherwise."""

    created: int = 200  # statuses: the provider's SDK accepts 200, 200 and 204 for most operations
    updated: int = 200
    deleted: int = 204
    operation: int = 0  # the status of an asynchronous PUT; 0: synchronous
    immediate_delete: bool = False  # a DELETE is synchronous, although a PUT may not be
    keeps: tuple[str, ...] = ()  # properties that a PUT without them does not remove, by dotted path
    defaults: Computed = _empty  # what the service fills in when it is absent
    computed: Computed = _empty  # what the service sets itself
    shape: Callable[[Body, Resource], None] | None = None  # final changes to a complete response
    inline: tuple[str, ...] = ()  # lists in the body that are also collections below the resource
    flat: Mapping[str, str] = field(default_factory=dict)  # the same without inner `properties`: list -> collection
    write_only: tuple[str, ...] = ()  # accepted and never returned: passwords
    creates: Callable[[Resource], Mapping[str, Body]] | None = None  # id -> complete body, created with it
    built_in: Callable[[Resource], Body | None] | None = None  # complete body without being created
    is_default: Callable[[Resource], bool] | None = None  # whether it is unchanged from Azure's default
    required: tuple[str, ...] = ()  # paths in `properties`; `.sku` is at the top
    rules: tuple[Rule, ...] = ()  # reasons to refuse a PUT
    delete_rules: tuple[Rule, ...] = ()  # reasons to refuse a DELETE
    soft_delete: bool = False  # a deleted resource can be recovered
    recovers: Callable[[Resource], bool] | None = None  # whether a PUT recovers a deleted resource
    name: Callable[[Resource], str] | None = None  # the service's own name, if it is not the name in the path
    actions: Mapping[str, Action] = field(default_factory=dict)  # lower-case name -> POST action; "get name" -> GET
    delayed: bool = False  # visible only after the delay of an injected fault
    stateless: bool = False  # returned without a provisioningState
