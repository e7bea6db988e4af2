"""What may stand at a path of an environment file: described once, in the models, and read from their JSON Schema.

Used where people are told something (errors, `terrace env explain`, the editors' schema), never on the way of a valid
file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from terrace.environment.schema import Environment

Schema = Mapping[str, Any]

_UNITS = {"gb": " GB", "days": " days", "seconds": " seconds", "minutes": " minutes", "ms": " ms", "percent": " %",
          "usd": " US dollars"}  # fmt: skip

EXPECTED = {
    r"^\d{1,3}(\.\d{1,3}){3}/\d{1,2}$": "an IPv4 range, as 10.40.0.0/16",
    r"^[a-z][a-z0-9-]*[a-z0-9]$": "a name: a-z, 0-9 and -, a letter first and no - last",
    r"^[a-z0-9_-]{1,63}$": "1 to 63 of a-z, 0-9, _ and -, as Google's labels want",
    r"^[a-z0-9_-]{0,63}$": "at most 63 of a-z, 0-9, _ and -, as Google's labels want",
    r"^[a-z][a-z0-9_-]{0,62}$": "at most 63 of a-z, 0-9, _ and -, a letter first, as Google's labels want",
    r"^[a-z][a-z0-9_]{0,62}$": "a name that PostgreSQL takes without quotes: a-z, 0-9 and _, a letter first",
    r"^1\.\d{2}$": "a minor version, as 1.35",
    r"^([a-z0-9-]+\.)+[a-z]{2,}$": "a domain in lower case, as data.example.com",
    r"^([01]\d|2[0-3]):[0-5]\d$": "a time of day, as 20:00",
    r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$": "an address, as platform@example.com",
    r"^https://": "an address that begins with https://",
    r"^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$": "owner/name of a repository, as acme/terrace",
    r"^\d{12}$": "the twelve digits of an account",
    r"^\d+$": "digits",
    r"^[A-Za-z0-9_+=,.@-]+(/[A-Za-z0-9_+=,.@-]+)*$": "path and name of a role, without a slash in front",
    r"^db\.[a-z0-9]+\.[a-z0-9]+$": "an instance class, as db.m6g.large",
    r"^cache\.[a-z0-9]+\.[a-z0-9]+$": "a node type, as cache.m6g.large",
    r"^[a-z0-9-]+\.[a-z0-9-]+$": "an instance type, as m6i.large",
    r"^(B|GP|MO)_Standard_\w+$": "a PostgreSQL SKU, as GP_Standard_D2ds_v5",
    r"^[A-Za-z]+_[A-Z]\d+$": "a Managed Redis SKU, as Balanced_B5",
    r"^Standard_\w+$": "a VM size, as Standard_D4ds_v5",
    r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$": "a UUID in lower case",
    r"^db-[A-Za-z0-9-]+$": "a Cloud SQL tier, as db-perf-optimized-N-2",
    r"^[A-Z_]+$": "a Memorystore node type, as STANDARD_SMALL",
    r"^[0-9A-F]{6}(-[0-9A-F]{6}){2}$": "a billing account, as 012345-6789AB-CDEF01",
    r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$": "a project's id: 6 to 30 of a-z, 0-9 and -, a letter first and no - last",
    r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$": "a bucket's name: 3 to 63 of a-z, 0-9, . and -",
}
"""What each pattern of the models asks for. A test holds that none is missing."""


@dataclass(frozen=True)
class Field:
    """What may stand at a path. `schema` is the value's own, references followed and null left out."""

    path: tuple[str, ...]
    schema: Schema
    description: str
    required: bool

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that a section has; empty where names are the user's own."""
        return tuple(self.schema.get("properties", ()))

    @property
    def options(self) -> tuple[Any, ...]:
        """The values allowed, when they can be counted."""
        return tuple(self.schema.get("enum", [self.schema["const"]] if "const" in self.schema else ()))

    @property
    def unit(self) -> str:
        """' GB', ' days', ... from the last word of the key; empty when it names none."""
        return _UNITS.get(self.path[-1].rpartition("_")[2], "") if self.path else ""

    @property
    def default(self) -> Any:
        """The schema's default in plain data; None when there is none."""
        if "default" in self.schema or not self.path:
            return self.schema.get("default")
        value: Any = _defaults()
        for word in self.path:
            if not isinstance(value, Mapping) or word not in value:
                return None
            value = value[word]
        return value

    @property
    def expected(self) -> str:
        """What a value has to be, as the end of a sentence: '20 to 16384 GB', 'true or false'."""
        if self.options:
            return f"one of {', '.join(map(str, self.options))}" if len(self.options) > 1 else str(self.options[0])
        kind = self.schema.get("type")
        if self.schema.get("format") == "duration":
            return "an ISO 8601 duration of days, hours and minutes, as P1D, PT12H or PT30M"
        if self.schema.get("format") == "ipv4":
            return "an IPv4 address"
        if kind in ("integer", "number"):
            return self._range() or ("a whole number" if kind == "integer" else "a number")
        if kind == "string":
            return EXPECTED.get(self.schema.get("pattern", ""), "text")
        return {"boolean": "true or false", "array": "a list", "object": "a section"}.get(str(kind), "a section")

    def _range(self) -> str:
        low, high = self.schema.get("minimum"), self.schema.get("maximum")
        step = f", in steps of {self.schema['multipleOf']}" if "multipleOf" in self.schema else ""
        if low is not None and high is not None:
            return f"{low} to {high}{self.unit}{step}"
        return f"{low}{self.unit} or more{step}" if low is not None else ""


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of a whole, merged environment."""
    return Environment.model_json_schema()


@cache
def _defaults() -> dict[str, Any]:
    """Defaults that are sections themselves, which JSON Schema leaves out."""
    found: dict[str, Any] = {}
    for name, section in Environment.model_fields.items():
        for key, inner in getattr(section.annotation, "model_fields", {}).items():
            if inner.default_factory is not None:
                made = inner.get_default(call_default_factory=True)
                found.setdefault(name, {})[key] = made.model_dump(mode="json")
    return found


def field(path: Sequence[str], document: Any = None) -> Field | None:
    """What may stand at a path, None when nothing may.

    `document` is the data around it: a channel's `kind` decides which keys a channel has.
    """
    here, description, required, data = _resolved(schema(), document), "", True, document
    if not path:
        return Field((), here, str(here.get("description", "")), True)
    for word in path:
        required = word in here.get("required", ())
        inner = _inner(here, word)
        if inner is None:
            return None
        data = _at(data, word)
        resolved = _resolved(inner, data)
        # An item or a value under a name of the user's own is described by what holds it.
        description = str(inner.get("description") or resolved.get("description") or description)
        here = {**resolved, "default": inner["default"]} if "default" in inner else resolved
    return Field(tuple(path), here, " ".join(description.split()), required)


def _at(data: Any, word: str) -> Any:
    if isinstance(data, Mapping):
        return data.get(word)
    if isinstance(data, list) and word.isdigit() and int(word) < len(data):
        return data[int(word)]
    return None


def _inner(here: Schema, word: str) -> Schema | None:
    """The schema of a key or an item."""
    if word in here.get("properties", {}):
        return here["properties"][word]  # type: ignore[no-any-return]
    for inner in here.get("patternProperties", {}).values():
        return inner  # type: ignore[no-any-return]  # a name that does not match has an error of its own
    if word.isdigit() and isinstance(here.get("items"), Mapping):
        return here["items"]  # type: ignore[no-any-return]
    more = here.get("additionalProperties")
    if isinstance(more, Mapping):
        return more
    return {} if more is True or not here else None


def _resolved(inner: Schema, data: Any) -> Schema:
    """A schema with its reference followed, its null left out and its union decided."""
    if "$ref" in inner:
        return _resolved(schema()["$defs"][inner["$ref"].rpartition("/")[2]], data)
    branches = [branch for branch in inner.get("anyOf", ()) if branch.get("type") != "null"]
    if branches:
        return {**_resolved(branches[0], data), **({"default": inner["default"]} if "default" in inner else {})}
    if "discriminator" in inner:
        key, mapping = inner["discriminator"]["propertyName"], inner["discriminator"]["mapping"]
        chosen = _at(data, key)
        return _resolved({"$ref": mapping.get(str(chosen)) or next(iter(mapping.values()))}, data)
    return inner


def key_options(parent: Field) -> tuple[str, ...]:
    """The keys that may stand in a section whose names are counted: buckets, layers, or the section's own keys."""
    return parent.keys or tuple(parent.schema.get("propertyNames", {}).get("enum", ()))


def patterns() -> set[str]:
    """Every pattern that the models use, for values and for names."""
    found: set[str] = set()

    def walk(part: Any) -> None:
        if isinstance(part, Mapping):
            found.update(part.get("patternProperties", {}))
            if isinstance(part.get("pattern"), str):
                found.add(part["pattern"])
            for inner in part.values():
                walk(inner)
        elif isinstance(part, list):
            for inner in part:
                walk(inner)

    walk(schema())
    return found
