"""The access model: what a stack lets anyone reach or do, compared with what its environment declares.

Closed world: a path or a right that the environment does not declare is a difference, whatever resource opens it, and
so is what a reader does not understand.
"""

import weakref
from collections.abc import Iterable, Iterator
from dataclasses import replace

from terrace.assurance.access.model import Access, Declared, Differences, Grant, Path, Unknown, compare
from terrace.assurance.checks import Subject
from terrace.assurance.evaluation import SHOWN, NotRequired, Observation
from terrace.assurance.view import View
from terrace.capabilities.cloud import implementation
from terrace.capabilities.extension import EXTENSIONS

_READ: weakref.WeakKeyDictionary[View, tuple[Access, Differences]] = weakref.WeakKeyDictionary()

GUARANTEES = ("NET-4", "LAKE-7", "STREAM-3", "SEC-3", "KEY-3", "K8S-10", "ID-1", "ID-2")
"""The guarantees that the model proves, each in the check `<cloud>.<capability>.declared-only`."""


def read(stack: Subject) -> Access:
    """The two graphs of a stack."""
    return _evaluated(stack)[0]


def declarations(stack: Subject) -> Declared:
    """What the environment of a stack declares on the stack's cloud."""
    found: Declared = implementation(__name__, stack.environment.cloud).declared(stack)
    return found


def differences(stack: Subject) -> Differences:
    """What differs between a stack and its environment."""
    return _evaluated(stack)[1]


def observations(stack: Subject, guarantee: str) -> Iterator[Observation]:
    """The comparison as far as it proves a guarantee: an observation for each declared edge and each difference."""
    yield from (observed := list(_observed(stack, guarantee)))
    if not observed and not stack.environment.foundation_modules:
        raise NotRequired("no enabled module uses the foundation (modules)")


def _observed(stack: Subject, guarantee: str) -> Iterator[Observation]:
    access, found = _evaluated(stack)
    edges: tuple[Path | Grant, ...] = (*access.paths, *access.grants)
    for edge in edges:
        if edge not in found.undeclared and guarantee_of(edge) == guarantee:
            yield Observation(edge.by[-1] if edge.by else "", str(edge), True)
    for resource, undeclared in _by_resource(edge for edge in found.undeclared if guarantee_of(edge) == guarantee):
        shown = [_with_way(edge) for edge in undeclared[:SHOWN]]
        more = f"; and {len(undeclared) - SHOWN} more" if len(undeclared) > SHOWN else ""
        yield Observation(resource, "; ".join(shown) + more, False, "declared by the environment")
    for edge in found.missing:
        if guarantee_of(edge) == guarantee:
            yield Observation("", f"no resource allows: {edge}", False, "allowed, as the environment declares it")
    for unknown in found.unknown:
        if guarantee == "ID-2":
            yield Observation(unknown.by, unknown.text, False, "understood by the access model")


def _with_way(edge: Path | Grant) -> str:
    return f"{edge}, by {' and '.join(edge.by)}" if len(edge.by) > 1 else str(edge)


def _by_resource(edges: Iterable[Path | Grant]) -> Iterator[tuple[str, list[Path | Grant]]]:
    """Edges by the last resource that allows them: what one resource opens is one difference."""
    found: dict[str, list[Path | Grant]] = {}
    for edge in edges:
        found.setdefault(edge.by[-1] if edge.by else "", []).append(edge)
    yield from found.items()


def guarantee_of(edge: Path | Grant) -> str:
    """The guarantee that an edge belongs to: each edge has one, so that a difference is one finding."""
    if isinstance(edge, Path):
        return "NET-4"
    kind = edge.object.partition("/")[0]
    if edge.verb in ("read-secret", "write-secret") or kind == "secrets":
        return "SEC-3"
    if edge.verb in ("decrypt", "encrypt", "change-keys") or kind == "keys":
        return "KEY-3"
    if kind == "lake" and edge.verb in ("read-data", "write-data", "view"):
        return "LAKE-7"
    if kind == "streams" and edge.verb in ("read-data", "write-data", "connect"):
        return "STREAM-3"
    if kind == "registry":
        return "K8S-10"
    if edge.object in ("identities/pipeline plan", "identities/pipeline apply"):
        return "ID-1"
    return "ID-2"


def _evaluated(stack: Subject) -> tuple[Access, Differences]:
    found = _READ.get(stack.view)
    if found is None:
        access: Access = implementation(__name__, stack.environment.cloud).read(stack)
        unknown = tuple(one for one in access.unknown if not _stated(stack, one))
        access = replace(access, unknown=unknown)
        found = _READ[stack.view] = (access, compare(access, declarations(stack)))
    return found


def _stated(stack: Subject, unknown: Unknown) -> bool:
    """Whether the extension that makes a resource states that its type opens no path and gives no right."""
    under, _, rest = unknown.by.partition("/")
    extension = stack.environment.extensions.get(rest.partition("/")[0]) if under == EXTENSIONS else None
    return extension is not None and unknown.type in extension.no_access
