"""How a resource type differs from a plain store of bodies: the vocabulary of the tables, one file a namespace.

Most types differ in nothing: `Kind()` says that the type is known. A quirk needs a reason, which stands beside it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from terrace.emulator.azure.ids import ResourceId, guid
from terrace.emulator.azure.store import Body, Store


class Refused(Exception):
    """A request is answered with an error of Azure's shape: `{"error": {"code": ..., "message": ...}}`."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers: dict[str, str] = {}

    @property
    def body(self) -> Body:
        return {"error": {"code": self.code, "message": self.message}}


class Unsupported(Exception):
    """The emulator does not know the call."""


@dataclass(frozen=True)
class Resource:
    """A resource as quirks and rules see it: what it is to be, what it was (None: new), and all else that exists."""

    id: ResourceId
    body: Body
    store: Store
    old: Body | None = None

    def get(self, path: str, default: Any = None) -> Any:
        """A value of the properties by its path, `networkAcls.defaultAction`."""
        return find(self.body, f"properties.{path}", default)

    def guid(self, word: str) -> str:
        """A GUID that only this resource has, always the same."""
        return guid(self.id.path, word)

    @property
    def hash(self) -> str:
        """Eight hexadecimal digits that only this resource has."""
        return guid(self.id.path)[:8]

    @property
    def location(self) -> str:
        return location(self.body.get("location"))

    @property
    def parent(self) -> Body:
        return self.store.body(self.id.parent)

    def other(self, id: str | None) -> Body:
        """The body of a resource referred to; empty when there is none."""
        return self.store.body(id) if id else {}


def find(body: Any, path: str, default: Any = None) -> Any:
    """A value by its dotted path; `default` when it is absent or null. Names compare as Azure's do, without case."""
    for step in path.split("."):
        if not isinstance(body, dict):
            return default
        body = body.get(step) if step in body else {name.lower(): v for name, v in body.items()}.get(step.lower())
    return default if body is None else body


def location(name: Any) -> str:
    """ "West Europe" and westeurope are the same place."""
    return str(name or "global").lower().replace(" ", "")


def _nothing(resource: Resource) -> Body:
    return {}


Computed = Callable[[Resource], Body]
Rule = Callable[[Resource], Refused | None]
Action = Callable[[Resource, Any], "tuple[int, Any]"]  # resource and what was sent -> status and answer


@dataclass(frozen=True)
class Kind:
    """A resource type. Bodies in and out are of `properties`, unless said otherwise."""

    created: int = 200  # statuses: the provider's SDK takes 200, 200 and 204 of nine operations in ten
    updated: int = 200
    deleted: int = 204
    operation: int = 0  # the status of a PUT that goes on behind the answer; 0: this type is done at once
    gone_at_once: bool = False  # a DELETE does not go on behind its answer, although a PUT may
    defaults: Computed = _nothing  # what the service fills in where nothing was sent
    computed: Computed = _nothing  # what the service says, whatever was sent
    shape: Callable[[Body, Resource], None] | None = None  # the last touch on a whole answer
    inline: tuple[str, ...] = ()  # lists in the body that are collections below the resource as well
    flat: Mapping[str, str] = field(default_factory=dict)  # the same without inner `properties`: list -> collection
    hidden: tuple[str, ...] = ()  # taken, never answered: passwords
    makes: Callable[[Resource], Mapping[str, Body]] | None = None  # id -> whole body, once it is created
    built_in: Callable[[Resource], Body | None] | None = None  # whole body of what is there without being created
    idle: Callable[[Resource], bool] | None = None  # whether it is as the cloud has it by itself: not in an inventory
    required: tuple[str, ...] = ()  # paths in `properties`; `.sku` is at the top
    rules: tuple[Rule, ...] = ()  # what a PUT is refused for
    holds: tuple[Rule, ...] = ()  # what a DELETE is refused for
    kept: bool = False  # deleted is recoverable
    recovers: Callable[[Resource], bool] | None = None  # whether a PUT brings a deleted one back
    named: Callable[[Resource], str] | None = None  # what the service calls it, where that is not the name in the path
    actions: Mapping[str, Action] = field(default_factory=dict)  # lower-case name -> POST action; "get name" -> GET
    late: bool = False  # seen only after a while, where a fault says so
    stateless: bool = False  # answers without a provisioningState
