"""Schemas of Kubernetes objects: those of a Kubernetes version, and those of custom resource definitions in charts."""

import hashlib
import json
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from terrace import distribution
from terrace.errors import UsageError
from terrace.workloads.charts import LocalChart
from terrace.workloads.context import Object
from terrace.workloads.manifests import InvalidManifest, parsed

DEFINITION = "CustomResourceDefinition"
_DATA = "kubernetes_validate"
_MOST = 3


class Schemas:
    """Validates objects against the schemas of one Kubernetes version, each distinct object once.

    Custom resource definitions are added as charts are found. Unknown fields are errors, since the API server would
    silently drop them.
    """

    def __init__(self, version: str) -> None:
        """`version` is major.minor. Raises UsageError without the extra, or for a version without schemas."""
        if find_spec(_DATA) is None:
            raise UsageError(
                f"checking objects needs {_DATA.replace('_', '-')}, which is not installed",
                hint=distribution.install("assurance"),
            )
        import importlib.resources

        self._folder = Path(str(importlib.resources.files(_DATA))) / _SCHEMAS / f"v{version}.0-local-strict"
        if not self._folder.is_dir():
            known = sorted(path.name[1:5] for path in self._folder.parent.glob("v*-strict"))
            raise UsageError(
                f"there are no schemas of Kubernetes {version}", hint=f"known: {', '.join(known)}; update {_DATA}"
            )
        self._validators: dict[tuple[str, str], Any] = {}
        self._custom: dict[tuple[str, str], Any] = {}
        self._known: dict[str, tuple[str, ...] | None] = {}

    @property
    def validated(self) -> int:
        """The number of distinct objects that were validated."""
        return sum(result is not None for result in self._known.values())

    def add(self, definitions: Iterable[Object]) -> None:
        """Learn the kinds of custom resource definitions."""
        for one in definitions:
            spec = one["spec"]
            for version in spec["versions"]:
                schema = version.get("schema", {}).get("openAPIV3Schema")
                if schema:
                    key = (f"{spec['group']}/{version['name']}", spec["names"]["kind"])
                    if key not in self._custom:
                        self._custom[key] = schema
                        self._validators.pop(key, None)

    def knows(self, api_version: str, kind: str) -> bool:
        """Whether there is a schema of a kind."""
        return (api_version, kind) in self._custom or self._file(api_version, kind).is_file()

    def problems(self, document: Object) -> tuple[str, ...] | None:
        """What is wrong with an object; None if there is no schema of its kind."""
        key = hashlib.sha256(json.dumps(document, sort_keys=True, default=str).encode()).hexdigest()
        if key not in self._known:
            self._known[key] = self._problems(document)
        return self._known[key]

    def _problems(self, document: Object) -> tuple[str, ...] | None:
        api_version, kind = str(document.get("apiVersion")), str(document.get("kind"))
        validator = self._validator(api_version, kind)
        if validator is None:
            return None
        # the API server removes nulls before it validates
        errors = sorted(validator.iter_errors(_without_nulls(document)), key=lambda error: list(map(str, error.path)))
        return tuple(_sentence(error) for error in errors[:_MOST])

    def _validator(self, api_version: str, kind: str) -> Any:
        key = (api_version, kind)
        if key not in self._validators:
            if key in self._custom:
                import jsonschema

                self._validators[key] = jsonschema.Draft202012Validator(strict(self._custom[key], root=True))
            else:
                self._validators[key] = self._built_in(self._file(api_version, kind))
        return self._validators[key]

    def _built_in(self, file: Path) -> Any:
        if not file.is_file():
            return None
        import jsonschema
        from referencing import Resource

        schema = json.loads(file.read_text(encoding="utf-8"))
        resource: Any = Resource.from_contents(schema)
        return jsonschema.Draft202012Validator(schema, registry=resource @ self._registry)

    @cached_property
    def _registry(self) -> Any:
        from referencing import Registry, Resource

        definitions: Any = Resource.from_contents(
            json.loads((self._folder / "_definitions.json").read_text(encoding="utf-8"))
        )
        return definitions @ Registry()

    def _file(self, api_version: str, kind: str) -> Path:
        group, _, version = api_version.rpartition("/")
        name = f"{group.split('.')[0]}-{version}" if group else version
        return self._folder / f"{kind.lower()}-{name}.json"


_SCHEMAS = "kubernetes-json-schema"


def strict(schema: Mapping[str, Any], *, root: bool = False) -> dict[str, Any]:
    """A definition's schema as JSON Schema, in which unknown fields are errors."""
    result = {key: value for key, value in schema.items() if not key.startswith("x-") and key != "description"}
    if "properties" in schema:
        result["properties"] = {name: strict(part) for name, part in schema["properties"].items()}
        if root or schema.get("x-kubernetes-embedded-resource"):
            result["properties"] = {"apiVersion": {}, "kind": {}, "metadata": {}} | result["properties"]
        if not schema.get("x-kubernetes-preserve-unknown-fields") and "additionalProperties" not in schema:
            result["additionalProperties"] = False
    if isinstance(schema.get("items"), Mapping):
        result["items"] = strict(schema["items"])
    if isinstance(schema.get("additionalProperties"), Mapping):
        result["additionalProperties"] = strict(schema["additionalProperties"])
    if schema.get("x-kubernetes-int-or-string"):
        result = {"type": ["integer", "string"]}
    if result.pop("nullable", False) and isinstance(result.get("type"), str):
        result["type"] = [result["type"], "null"]
    return result


def definitions(chart: LocalChart, cache: Path) -> list[Object]:
    """The custom resource definitions in the crds/ folders of a chart and its subcharts, kept in `cache`."""
    file = cache / f"crds-{chart.sha256}.json"
    if file.is_file():
        found: list[Object] = json.loads(file.read_text(encoding="utf-8"))
        return found
    found = [document for text in _crd_files(chart.path) for document in _definitions_in(text)]
    cache.mkdir(parents=True, exist_ok=True)
    # processes that check different environments write the same file
    with tempfile.NamedTemporaryFile("w", dir=cache, suffix=".tmp", delete=False, encoding="utf-8") as scratch:
        json.dump(found, scratch, default=str)
    Path(scratch.name).replace(file)
    return found


def _crd_files(chart: Path) -> Iterator[str]:
    if chart.is_dir():
        for path in sorted(chart.rglob("crds/**/*.y*ml")):
            if "templates" not in path.relative_to(chart).parts:
                yield path.read_text(encoding="utf-8")
        return
    with tarfile.open(chart) as archive:
        for member in archive:
            parts = member.name.split("/")
            inside = "crds" in parts[:-1] and "templates" not in parts
            if member.isfile() and inside and parts[-1].endswith((".yaml", ".yml")):
                stream = archive.extractfile(member)
                if stream:
                    yield stream.read().decode()


def _definitions_in(text: str) -> list[Object]:
    try:
        return [document for document in parsed(text) if document["kind"] == DEFINITION]
    except InvalidManifest:
        return []  # a template, which only Helm can read


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value] if isinstance(value, list) else value


def _sentence(error: Any) -> str:
    path = ".".join(map(str, error.absolute_path))
    message = error.message if len(error.message) <= 160 else f"{error.message[:157]}..."
    return f"{path}: {message}" if path else message
