"""A stack as checks see it: resources with their construct paths, references followed, policies parsed.

A view is made from a synthesized stack (`cdk.tf.json`) or from a plan (`terraform show -json`), which has the
provider's defaults filled in. No cloud and no CDK here.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from terrace.assurance.plan_document import Unknown, document_of
from terrace.calls import Absent
from terrace.errors import TerraceError
from terrace.project import basis

_REFERENCE = re.compile(r"\$\{([a-z][a-z0-9_]*)\.([A-Za-z0-9_-]+)((?:\.[A-Za-z0-9_-]+|\[\d+\])*)\}")
_TEXT = (str, int, float, bool)


@dataclass(frozen=True)
class Reference:
    """What an attribute refers to: another resource of the stack, by construct path, and one of its attributes."""

    type: str
    name: str
    path: str
    attribute: str

    def __str__(self) -> str:
        return f"{self.type} {self.path or self.name} {self.attribute}"


@dataclass(frozen=True)
class Resource:
    """`path` is the construct's path below the stack's id, `raw` the attributes as written."""

    type: str
    name: str
    path: str
    raw: Mapping[str, Any] = field(repr=False, compare=False)
    _view: "View" = field(repr=False, compare=False)

    def __str__(self) -> str:
        return self.path or f"{self.type}.{self.name}"

    @property
    def address(self) -> str:
        """Terraform's address."""
        return f"{self.type}.{self.name}"

    @cached_property
    def attributes(self) -> dict[str, Any]:
        """The attributes with references resolved and JSON parsed."""
        resolved: dict[str, Any] = self._view.resolved(self.raw)
        return resolved

    def get(self, name: str, default: Any = None) -> Any:
        """An attribute by dotted name. A block is entered whether it is an object or a list of one object.

        Null, an empty list and empty text count as absent: providers write them for what is not set. Raises
        TerraceError for a value that is unknown until the apply.
        """
        return at(self.attributes, name, default)

    def blocks(self, name: str) -> list[dict[str, Any]]:
        """The blocks of a name: none, one or several."""
        return blocks(self.attributes, name)


class View:
    """The resources of a stack. `providers` are the provider blocks, `ephemeral` the ephemeral resources.

    `asked` are the types that a check requested by name or reached by a reference: no check has read the others.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        """From a synthesized stack: the parsed cdk.tf.json, a foundation with what it rests on (project/basis.py)."""
        self.document = document
        self.asked: set[str] = set()
        self._by_type: dict[str, dict[str, Resource]] = {
            type: {name: Resource(type, name, _path(body), _written(body), self) for name, body in group.items()}
            for type, group in basis.resources(document).items()
        }
        self._existing: dict[str, Resource] = {}
        self._ordered: dict[str, list[Resource]] = {}
        self._pointing: dict[tuple[str, str], dict[tuple[str, str], list[Resource]]] = {}
        self._ephemeral = {
            (type, name): _path(body)
            for type, group in document.get("ephemeral", {}).items()
            for name, body in group.items()
        }

    @classmethod
    def of_plan(cls, plan: Mapping[str, Any], document: Mapping[str, Any]) -> "View":
        """From a plan's JSON, whatever stack it was made from; see `plan_document`.

        `document` is the synthesized stack: construct paths come from it. Raises LookupError, AttributeError,
        TypeError.
        """
        return cls(document_of(plan, document))

    @property
    def providers(self) -> list[tuple[str, dict[str, Any]]]:
        """(provider, configuration) of every provider block; an alias is in the configuration."""
        blocks = []
        for provider, written in self.document.get("provider", {}).items():
            for block in written if isinstance(written, list) else [written]:
                blocks.append((provider, block))
        return blocks

    def __iter__(self) -> Iterator[Resource]:
        for group in self._by_type.values():
            yield from group.values()

    def all(self, type: str, under: str = "") -> list[Resource]:
        """The resources of a type, by path; `under` restricts them to a construct and its children."""
        self.asked.add(type)
        found = self._ordered.get(type)
        if found is None:
            found = sorted(self._by_type.get(type, {}).values(), key=lambda one: one.path)
            self._ordered[type] = found
        return [one for one in found if _below(one.path, under)] if under else list(found)

    def under(self, path: str) -> list[Resource]:
        """Every resource of a construct and its children."""
        return sorted((one for one in self if _below(one.path, path)), key=lambda one: (one.path, one.type))

    def one(self, type: str, path: str) -> Resource:
        """The resource at a path. Raises Absent."""
        self.asked.add(type)
        for resource in self._by_type.get(type, {}).values():
            if resource.path == path:
                return resource
        raise Absent(f"no {type} at {path}")

    def only(self, type: str) -> Resource:
        """The only resource of a type. Raises Absent if there is none or more than one."""
        found = self.all(type)
        if len(found) != 1:
            raise Absent(f"{len(found) or 'no'} {type}" + (", expected one" if found else ""))
        return found[0]

    def knows(self, places: Iterable[tuple[str, str, str]]) -> None:
        """Existing resources by id, with type and path: `target` finds them, and they have no attributes."""
        self._existing = {id: Resource(type, id, path, {}, self) for id, type, path in places}

    def target(self, value: object) -> Resource | None:
        """The resource that a resolved attribute refers to, also an existing one by its id; None if it is no reference,
        or refers to nothing here."""
        if isinstance(value, str):
            return self._existing.get(value)
        if not isinstance(value, Reference):
            return None
        self.asked.add(value.type)
        return self._by_type.get(value.type, {}).get(value.name)

    def pointing(self, type: str, attribute: str, to: Resource) -> list[Resource]:
        """The resources of a type whose attribute refers to a resource."""
        index = self._pointing.get((type, attribute))
        if index is None:
            index = self._pointing[type, attribute] = {}
            for resource in self.all(type):
                value = resource.get(attribute)
                if isinstance(value, Reference):
                    index.setdefault((value.type, value.name), []).append(resource)
        return list(index.get((to.type, to.name), []))

    def text(self, value: object) -> str:
        """A value as text: a reference to a literal becomes the literal."""
        if isinstance(value, Reference):
            target = self.target(value)
            written = target.raw.get(value.attribute) if target else None
            return str(written) if isinstance(written, _TEXT) and "${" not in str(written) else str(value)
        return str(value)

    def resolved(self, value: Any) -> Any:
        """A value with its references resolved; text that is JSON is parsed first."""
        if isinstance(value, dict):
            return {key: self.resolved(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.resolved(inner) for inner in value]
        if not isinstance(value, str):
            return value
        if value[:1] in ("{", "["):
            parsed = _parsed(value)
            return value if parsed is None else self.resolved(parsed)
        if "${" not in value:
            return value
        if whole := _REFERENCE.fullmatch(value):
            return self._reference(whole)
        return _REFERENCE.sub(lambda found: self.text(self._reference(found)), value)

    def _reference(self, found: re.Match[str]) -> Reference:
        type, name, attribute = found[1], found[2], found[3].lstrip(".")
        if type == "ephemeral":  # ${ephemeral.TYPE.NAME.ATTRIBUTE}
            inner, _, rest = attribute.partition(".")
            return Reference(f"ephemeral.{name}", inner, self._ephemeral.get((name, inner), ""), rest)
        target = self._by_type.get(type, {}).get(name)
        return Reference(type, name, target.path if target else "", attribute)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Any:
    """The JSON document in a text, None if it is not JSON. Callers must not change it."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def at(attributes: Any, name: str, default: Any = None) -> Any:
    """A nested value by dotted name; see Resource.get."""
    value = attributes
    for word in name.split("."):
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        value = value.get(word) if isinstance(value, dict) else None
        if isinstance(value, Unknown):
            raise TerraceError(f"{value} is unknown until the apply")
        if value is None or value == [] or value == "":
            return default
    return value


def blocks(attributes: Any, name: str) -> list[dict[str, Any]]:
    """The nested blocks of a name; see Resource.blocks."""
    found = at(attributes, name)
    if found is None:
        return []
    return [block for block in (found if isinstance(found, list) else [found]) if isinstance(block, dict)]


def flag(value: object) -> bool | None:
    """A boolean, or its text ("true") as some providers require it; None for anything else."""
    return {"true": True, "false": False}.get(str(value).lower())


def _path(body: Mapping[str, Any]) -> str:
    path: str = body.get("//", {}).get("metadata", {}).get("path", "")
    return path.partition("/")[2]


def _written(body: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != "//"}


def _below(path: str, construct: str) -> bool:
    return not construct or path == construct or path.startswith(f"{construct}/")
