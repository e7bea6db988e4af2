"""The keys that a file may have, read from the JSON Schema of its pydantic model.

Used for error messages, `terrace env explain` and the editors' schemas, not while a valid file is loaded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel

Schema = Mapping[str, Any]

_UNITS = {"gb": " GB", "days": " days", "hours": " hours", "seconds": " seconds", "minutes": " minutes", "ms": " ms",
          "percent": " %", "usd": " USD"}  # fmt: skip

EXPECTED = {
    r"^stacks\.[a-z][a-z0-9_]*:[a-z][a-z0-9_]*$": "a function of the project, such as stacks.exports:add",
    r"^[a-z][a-z0-9_]{2,79}$": "a type of resource, such as aws_s3_bucket_notification",
    r"^\d{1,3}(\.\d{1,3}){3}/\d{1,2}$": "an IPv4 range in CIDR notation, such as 10.40.0.0/16",
    r"^[a-z][a-z0-9-]*[a-z0-9](:[a-z][a-z0-9-]*[a-z0-9])?$": "a module and one of its ports, such as prometheus:http",
    r"^[a-z][a-z0-9-]*[a-z0-9]$": "a name of a-z, 0-9 and - that starts with a letter and does not end with -",
    r"^[a-z0-9_-]{1,63}$": "1 to 63 characters of a-z, 0-9, _ and -, as in Google Cloud labels",
    r"^[a-z0-9_-]{0,63}$": "at most 63 characters of a-z, 0-9, _ and -, as in Google Cloud labels",
    r"^[a-z][a-z0-9_-]{0,62}$":
        "at most 63 characters of a-z, 0-9, _ and -, starting with a letter, as in Google Cloud labels",
    r"^[a-z][a-z0-9_]{0,62}$": "a PostgreSQL name that needs no quotes: a-z, 0-9 and _, starting with a letter",
    r"^[A-Za-z0-9_.:/@-]{1,127}\*?$": "a tag key, or the beginning of tag keys and a *, such as k8s.io/*",
    r"^[A-Za-z][A-Za-z0-9_.:/@+=-]{0,127}$":
        "a tag key of up to 128 characters: letters, digits and _.:/@+=-, starting with a letter",
    r"^([a-z0-9-]|\{project\})*\{environment\}([a-z0-9-]|\{project\})*$":
        "a-z, 0-9, - and {project}, with {environment} once, such as acme-{environment}-{project}",
    r"^[1-9]\d*$": "a number in quotes, such as \"583231\"",
    r"^[a-z][a-z0-9.-]*$": "a name of a-z, 0-9, . and - that starts with a letter",
    r"^(\*|[a-z][a-z0-9.-]*)$": "a name of a-z, 0-9, . and - that starts with a letter, or *",
    r"^[a-z0-9-]+/[a-z0-9-]+$": "the address of a provider, such as snowflakedb/snowflake",
    r"^>= \d+(\.\d+){1,2}, < \d+(\.\d+){0,2}$": "a range of versions, such as >= 2.0, < 3",
    r"^1\.\d{2}$": "a minor version, such as 1.35",
    r"^([a-z0-9-]+\.)+[a-z]{2,}$": "a domain name in lower case, such as data.example.com",
    r"^([01]\d|2[0-3]):[0-5]\d$": "a time of day, such as 20:00",
    r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$": "an email address, such as platform@example.com",
    r"^https://": "a URL that starts with https://",
    r"^https://[^\s]+$": "a URL that starts with https://",
    r"^[A-Za-z0-9+/]*={0,2}$": "base64 in one line",
    r"^-----BEGIN PUBLIC KEY-----\n(.|\n)+-----END PUBLIC KEY-----\n?$": "a public key in PEM format",
    r"^[A-Za-z0-9_][\w.-]*(/[\w. -]+)+$": "the owner/name of a repository, such as acme/terrace",
    r"^https://[a-z0-9.-]+(:\d{1,5})?$": "the URL of an instance without a path, such as https://gitlab.com",
    r"^[\w.-]+/[\w.-]+/\.github/workflows/[\w.-]+\.ya?ml$":
        "the path of a workflow with its repository, such as acme/terrace/.github/workflows/apply.yml",
    r"^\d{12}$": "an account id of twelve digits",
    r"^\d+$": "digits",
    r"^[A-Za-z0-9_+=,.@-]+(/[A-Za-z0-9_+=,.@-]+)*$": "the path and name of a role, without a leading slash",
    r"^db\.[a-z0-9]+\.[a-z0-9]+$": "an instance class, such as db.m6g.large",
    r"^cache\.[a-z0-9]+\.[a-z0-9]+$": "a node type, such as cache.m6g.large",
    r"^[a-z0-9-]+\.[a-z0-9-]+$": "an instance type, such as m6i.large",
    r"^(B|GP|MO)_Standard_\w+$": "a PostgreSQL SKU, such as GP_Standard_D2ds_v5",
    r"^[A-Za-z]+_[A-Z]\d+$": "a Managed Redis SKU, such as Balanced_B5",
    r"^Standard_\w+$": "a VM size, such as Standard_D4ds_v5",
    r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$": "a UUID in lower case",
    r"^db-[A-Za-z0-9-]+$": "a Cloud SQL tier, such as db-perf-optimized-N-2",
    r"^[A-Z_]+$": "a Memorystore node type, such as STANDARD_SMALL",
    r"^[0-9A-F]{6}(-[0-9A-F]{6}){2}$": "a billing account id, such as 012345-6789AB-CDEF01",
    r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$":
        "a project id: 6 to 30 characters of a-z, 0-9 and - that start with a letter and do not end with -",
    r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$": "a bucket name: 3 to 63 characters of a-z, 0-9, . and -",
    r"^(\d+m|\d+(\.\d+)?)$": "a Kubernetes quantity of processor time, such as 250m or 2",
    r"^[1-9]\d{0,2}(Ki|Mi)$": "a size of 1Ki to 999Mi, such as 512Ki or 25Mi",
    r"^([a-z][a-z0-9-]*[a-z0-9]|https://[a-z0-9.-]+(:\d{1,5})?)$":
        "an origin such as https://app.example.com, without * and path, or a host name of the platform",
    r"^\d+(Mi|Gi)$": "a Kubernetes quantity of memory, such as 512Mi or 4Gi",
    r"^(https|oci)://": "the URL of a chart repository, which starts with https:// or oci://",
    r"^/": "a path that starts with /",
    r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$": "an image tag, such as v1.20.0",
    r"^[a-z0-9.-]+(:\d+)?/[a-z0-9._/-]+$": "a registry and a path, such as quay.io/jetstack/cert-manager-controller",
    r"^[a-z0-9-]+$": "a name of a-z, 0-9 and -",
    r"^[a-z][a-z0-9_-]*$": "a name of a-z, 0-9, _ and - that starts with a letter",
    r"^sha256:[0-9a-f]{64}$": "sha256: and 64 characters of 0-9 and a-f",
    r"^v?\d+\.\d+\.\d+([-+][0-9A-Za-z.-]+)?$": "an exact version of three numbers, such as 1.20.0",
}  # fmt: skip
"""Each pattern of the models in words. A test checks that none is missing."""


@dataclass(frozen=True)
class Field:
    """A key of a model's file. `schema` is that of its value, with references resolved and null removed."""

    model: type[BaseModel]
    path: tuple[str, ...]
    schema: Schema
    description: str
    required: bool

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of a section; empty if users choose the names."""
        return tuple(self.schema.get("properties", ()))

    @property
    def options(self) -> tuple[Any, ...]:
        """The allowed values of an enumeration."""
        return tuple(self.schema.get("enum", [self.schema["const"]] if "const" in self.schema else ()))

    @property
    def unit(self) -> str:
        """' GB', ' days' and so on, from the last word of the key; empty for a key without a unit."""
        return _UNITS.get(self.path[-1].rpartition("_")[2], "") if self.path else ""

    @property
    def default(self) -> Any:
        """The default as plain data, or None."""
        if "default" in self.schema or not self.path:
            return self.schema.get("default")
        value: Any = _defaults(self.model)
        for word in self.path:
            if not isinstance(value, Mapping) or word not in value:
                return None
            value = value[word]
        return value

    @property
    def expected(self) -> str:
        """The values allowed, to follow "expected": '20 to 16384 GB', 'true or false'."""
        if self.options:
            return f"one of {', '.join(map(str, self.options))}" if len(self.options) > 1 else str(self.options[0])
        kind = self.schema.get("type")
        if self.schema.get("format") == "duration":
            return "an ISO 8601 duration of days, hours and minutes, such as P1D, PT12H or PT30M"
        if self.schema.get("format") == "ipv4":
            return "an IPv4 address"
        if self.schema.get("format") == "date":
            return "a date, such as 2027-01-31"
        if kind in ("integer", "number"):
            return self._range() or ("a whole number" if kind == "integer" else "a number")
        if kind == "string":
            return EXPECTED.get(self.schema.get("pattern", ""), "a string")
        return {"boolean": "true or false", "array": "a list"}.get(str(kind), "a mapping")

    def _range(self) -> str:
        if "exclusiveMinimum" in self.schema and "exclusiveMaximum" in self.schema:
            return f"more than {self.schema['exclusiveMinimum']} and less than {self.schema['exclusiveMaximum']}"
        low, high = self.schema.get("minimum"), self.schema.get("maximum")
        step = f", in steps of {self.schema['multipleOf']}" if "multipleOf" in self.schema else ""
        if low is not None and high is not None:
            return f"{low} to {high}{self.unit}{step}"
        return f"{low}{self.unit} or more{step}" if low is not None else ""


@cache
def schema(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of a model."""
    return model.model_json_schema()


@cache
def _defaults(model: type[BaseModel]) -> dict[str, Any]:
    """Defaults that are sections, which JSON Schema omits."""
    defaults: dict[str, Any] = {}
    for name, section in model.model_fields.items():
        annotation: Any = section.annotation
        sections = [one for one in (annotation, *get_args(annotation)) if hasattr(one, "model_fields")]
        for key, inner in (pair for one in sections for pair in one.model_fields.items()):
            if inner.default_factory is not None:
                default = inner.get_default(call_default_factory=True)
                defaults.setdefault(name, {})[key] = default.model_dump(mode="json")
    return defaults


def field(model: type[BaseModel], path: Sequence[str], document: Any = None) -> Field | None:
    """The key at a path, None if the model has none.

    `document` is the whole data: in a union, a discriminator such as a channel's `kind` determines the keys.
    """
    whole = schema(model)
    current, description, required, data = _resolved(whole, whole, document), "", True, document
    if not path:
        return Field(model, (), current, str(current.get("description", "")), True)
    for word in path:
        required = word in current.get("required", ())
        inner = _inner(current, word)
        if inner is None:
            return None
        data = _at(data, word)
        resolved = _resolved(whole, inner, data)
        # An item, or a value below a name that users choose, has the description of its parent.
        description = str(inner.get("description") or resolved.get("description") or description)
        current = {**resolved, "default": inner["default"]} if "default" in inner else resolved
    return Field(model, tuple(path), current, " ".join(description.split()), required)


def _at(data: Any, word: str) -> Any:
    if isinstance(data, Mapping):
        return data.get(word)
    if isinstance(data, list) and word.isdigit() and int(word) < len(data):
        return data[int(word)]
    return None


def _inner(outer: Schema, word: str) -> Schema | None:
    """The schema of a key or an item."""
    if word in outer.get("properties", {}):
        return outer["properties"][word]  # type: ignore[no-any-return]
    for inner in outer.get("patternProperties", {}).values():
        return inner  # type: ignore[no-any-return]  # a key that does not match is reported as invalid
    if word.isdigit() and isinstance(outer.get("items"), Mapping):
        return outer["items"]  # type: ignore[no-any-return]
    additional = outer.get("additionalProperties")
    if isinstance(additional, Mapping):
        return additional
    return {} if additional is True or not outer else None


def _resolved(whole: Schema, inner: Schema, data: Any) -> Schema:
    """A schema with its reference resolved, null removed and one branch of its union selected."""
    if "$ref" in inner:
        return _resolved(whole, whole["$defs"][inner["$ref"].rpartition("/")[2]], data)
    branches = [branch for branch in inner.get("anyOf", ()) if branch.get("type") != "null"]
    if branches:
        return {**_resolved(whole, branches[0], data), **({"default": inner["default"]} if "default" in inner else {})}
    if "discriminator" in inner:
        key, mapping = inner["discriminator"]["propertyName"], inner["discriminator"]["mapping"]
        kind = _at(data, key)
        return _resolved(whole, {"$ref": mapping.get(str(kind)) or next(iter(mapping.values()))}, data)
    return inner


def key_options(parent: Field) -> tuple[str, ...]:
    """The keys that a section may have: its own, or an enumeration such as buckets or layers."""
    return parent.keys or tuple(parent.schema.get("propertyNames", {}).get("enum", ()))


def branch_keys(model: type[BaseModel], path: Sequence[str]) -> tuple[str, ...]:
    """The names of the branches of the union at a path, which pydantic adds to the locations of errors."""
    whole = schema(model)
    current: Schema = whole
    for word in path:
        inner = _inner(_resolved(whole, current, None), word)
        if inner is None:
            return ()
        current = inner
    return tuple(current["discriminator"]["mapping"]) if "discriminator" in current else ()
