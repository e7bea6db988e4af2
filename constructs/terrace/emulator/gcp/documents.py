"""Google's published discovery documents: the method of a request, and the schema of its body.

google-api-python-client contains them. A service without a document is routed by Google's API conventions, and its
bodies are not checked. Sources: Google API Discovery Service, "Discovery documents"; AIP-131 to AIP-136, standard
methods.
"""

import functools
import importlib.util
import json
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = dict[str, Any]

VERSION = re.compile(r"v\d\w*")


@dataclass(frozen=True)
class Method:
    """`compute.networks.insert`. `request` and `response` name schemas, empty where there is none."""

    id: str
    request: str = ""
    response: str = ""
    parameters: frozenset[str] = frozenset()
    full_names: bool = True  # `projects/p/secrets/s`; other services use just `s`

    @property
    def kind(self) -> str:
        """`networks.insert`: the key of quirks and rules."""
        return ".".join(self.id.split(".")[-2:])

    @property
    def verb(self) -> str:
        return self.id.rpartition(".")[2]


class Document:
    """The document of one version of a service; `is_published` is false for a service without a document."""

    def __init__(self, service: str, content: Json | None = None) -> None:
        self.service, self.is_published = service, content is not None
        self._schemas: dict[str, Json] = (content or {}).get("schemas", {})
        self._methods: dict[tuple[str, int], list[tuple[list[str], Method]]] = defaultdict(list)
        if content:
            self._collect(content, content.get("servicePath", ""))

    def _collect(self, node: Json, base: str) -> None:
        for entry in node.get("methods", {}).values():
            template = (base + entry.get("flatPath", entry["path"])).split("/")
            method = Method(
                entry["id"],
                entry.get("request", {}).get("$ref", ""),
                entry.get("response", {}).get("$ref", ""),
                frozenset(entry.get("parameters", {})),
                "{+" in entry["path"],
            )
            self._methods[entry["httpMethod"], len(template)].append((template, method))
        for child in node.get("resources", {}).values():
            self._collect(child, base)

    def method(self, verb: str, path: str) -> Method | None:
        """The method of an HTTP request; the one with the most literal path where several match."""
        if not self.is_published:
            return _conventional(self.service, verb, path)
        segments = path.split("/")
        matching = [
            (sum("{" not in part for part in template) + sum(":" in part for part in template), method)
            for template, method in self._methods[verb, len(segments)]
            if all(map(_matches, template, segments))
        ]
        return max(matching, key=lambda match: match[0])[1] if matching else None

    def schema(self, name: str) -> Json:
        return self._schemas.get(name, {})

    def properties(self, schema: str) -> dict[str, Json]:
        properties: dict[str, Json] = self.schema(schema).get("properties", {})
        return properties if self.is_published else _STANDARD

    def payload(self, schema: str) -> tuple[str, str]:
        """Schema and field of the resource in a request: `CreateFooRequest {foo: Foo}` -> Foo, foo; Foo -> Foo, ""."""
        if schema.endswith("Request"):
            inner = [(entry["$ref"], name) for name, entry in self.properties(schema).items() if "$ref" in entry]
            if len(inner) == 1:
                return inner[0]
        return schema, ""


# the fields that a service without a document fills in. Source: AIP-148, standard fields
_STANDARD: dict[str, Json] = {name: {"type": "string"} for name in ("name", "createTime", "updateTime", "uid", "etag")}
_STANDARD["state"] = {"type": "string", "enum": ["ACTIVE"]}


def _conventional(service: str, verb: str, path: str) -> Method | None:
    """AIP-131 to AIP-136: `collection/id` pairs, POST on a collection creates, `:word` is a custom method."""
    parts = path.split("/")
    while parts and not VERSION.fullmatch(parts[0]):
        parts.pop(0)
    *name, last = parts[1:] or [""]
    last, _, action = last.partition(":")
    is_collection = len(name) % 2 == 0
    collection = last if is_collection else name[-1]
    standard = {
        ("GET", True): "list",
        ("GET", False): "get",
        ("POST", True): "create",
        ("PATCH", False): "patch",
        ("PUT", False): "update",
        ("DELETE", False): "delete",
    }.get((verb, is_collection), "")
    verb_name = action or standard
    changes = verb_name in ("create", "patch", "update", "delete") and service not in _SYNCHRONOUS
    return Method(f"{service}.{collection}.{verb_name}", response="Operation" if changes else "") if verb_name else None


# services without a document whose changes return the resource. Source: Security Command Center v2 REST reference
_SYNCHRONOUS = frozenset({"securitycenter", "securitycentermanagement"})


def _matches(template: str, segment: str) -> bool:
    """`networks` matches itself, `{network}` any word, `{secret}:addVersion` a word with that suffix."""
    if not template.startswith("{"):
        return template == segment
    _, _, action = template.partition("}")
    return segment.endswith(action) and len(segment) > len(action) and (bool(action) or ":" not in segment)


@functools.cache
def document(label: str, version: str) -> Document:
    """The document of `<label>.googleapis.com` in `version`."""
    spec = importlib.util.find_spec("googleapiclient")
    assert spec is not None and spec.submodule_search_locations, "the gcp extra is not installed"
    path = Path(spec.submodule_search_locations[0], "discovery_cache", "documents", f"{label}.{version}.json")
    return Document(label, json.loads(path.read_text(), object_hook=_lean) if path.exists() else None)


def _lean(node: Json) -> Json:
    """Drop the descriptions, which are most of a document; a field is required if its description says so."""
    dropped = ("description", "enumDescriptions", "scopes", "parameterOrder")
    lean = {name: value for name, value in node.items() if name not in dropped or isinstance(value, dict)}
    return lean | {"required": True} if str(node.get("description", "")).startswith("Required.") else lean
