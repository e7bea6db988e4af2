"""Objects against the definitions of their kinds (CRDs) in the folder TERRACE_CRD_DIR; skips without it."""

import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from terrace.workloads.context import Object

BUILT_IN = ("v1", "policy/v1", "networking.k8s.io/v1")


def folder() -> Path:
    path = os.environ.get("TERRACE_CRD_DIR")
    if not path:
        pytest.skip("TERRACE_CRD_DIR is not set: no definitions to check the objects against")
    return Path(path)


def errors(objects: Iterable[Object]) -> list[str]:
    """What the definitions reject, unknown fields included. A kind without a definition is an error."""
    path = folder()
    return [error for each in objects if each["apiVersion"] not in BUILT_IN for error in _errors(each, path)]


def _errors(each: Object, path: Path) -> Iterator[str]:
    name = f"{each['kind']}/{each['metadata']['name']}"
    schema = _schema(path, each["apiVersion"], each["kind"])
    if schema is None:
        yield f"{name}: no definition of {each['apiVersion']} {each['kind']}"
        return
    body = {key: value for key, value in each.items() if key not in ("apiVersion", "kind", "metadata")}
    for error in jsonschema.Draft202012Validator(schema).iter_errors(body):
        yield f"{name}: {error.json_path}: {error.message[:200]}"


@lru_cache(maxsize=64)
def _schema(path: Path, api_version: str, kind: str) -> Any:
    group, _, wanted = api_version.partition("/")
    for file in sorted(path.glob("*.yaml")):
        for text in file.read_text().split("\n---\n"):
            if f"group: {group}" not in text or f"kind: {kind}\n" not in text:
                continue  # parsing a definition takes seconds
            spec = _yaml().load(text)["spec"]
            if spec["names"]["kind"] == kind:
                schemas = {version["name"]: version["schema"] for version in spec["versions"]}
                return _closed(schemas[wanted]["openAPIV3Schema"]) if wanted in schemas else None
    return None


def _yaml() -> YAML:
    yaml = YAML(typ="safe")
    yaml.constructor.add_constructor("tag:yaml.org,2002:value", lambda _, node: node.value)  # a bare =
    return yaml


def _closed(schema: Any) -> Any:
    """The schema as JSON Schema: without Kubernetes' own keywords, and unknown fields are errors."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: _closed(value) for key, value in schema.items() if not key.startswith("x-kubernetes-")}
    if schema.get("x-kubernetes-int-or-string"):
        result.pop("type", None)
    open_ended = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    if schema.get("type") == "object" and "properties" in schema and not open_ended:
        result["additionalProperties"] = False
    if schema.get("nullable") and isinstance(result.get("type"), str):
        result["type"] = [result["type"], "null"]
    return result
