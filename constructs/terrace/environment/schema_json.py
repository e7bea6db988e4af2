"""The JSON Schemas that editors use for environments/: `schema.json`, and `clouds/<cloud>.schema.json` for accounts.

A schema describes one file, not a merged environment: an overlay sets only some keys, so none is required, and `null`
removes any key. `terrace validate` checks the merged environment.
"""

import copy
import json
from collections.abc import Iterable
from typing import Any

from terrace.capabilities.lake import ALIASES
from terrace.documents.fields import schema
from terrace.environment.accounts import BY_NAME, DIRECTORY
from terrace.environment.schema import SETTINGS, Environment

NULL: dict[str, Any] = {"type": "null"}


def overlay_schema() -> dict[str, Any]:
    """The JSON Schema of one environment file."""
    whole = copy.deepcopy(schema(Environment))
    definitions = whole.pop("$defs")
    listed = {reference.rpartition("/")[2] for reference in _references_of_items(definitions, whole)}
    for name, definition in definitions.items():
        _loosen(definition, required=name in listed)
    _loosen(whole, required=False)
    _name_aliases(definitions)
    extends = {
        "type": "string",
        "pattern": r"^[^./\\][^/\\]*\.ya?ml$",
        "description": "The file in the same directory that this one extends.",
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Terrace environment",
        **{key: value for key, value in whole.items() if key not in ("title", "properties")},
        "properties": {"extends": extends, **whole["properties"]},
        "$defs": definitions,
    }


def accounts_schema(cloud: str) -> dict[str, Any]:
    """The JSON Schema of a cloud's account file."""
    settings = SETTINGS[cloud].model_json_schema()
    definitions = settings.pop("$defs", {})
    _loosen(settings, required=False)
    by_name = {
        "type": ["object", "null"],
        "description": "Settings of single environments, by name.",
        "additionalProperties": _nullable({"$ref": "#/$defs/Settings"}),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Terrace accounts on {cloud}",
        "type": "object",
        "additionalProperties": False,
        "properties": {**settings["properties"], BY_NAME: by_name},
        "$defs": {**definitions, "Settings": settings},
    }


def texts() -> dict[str, str]:
    """The content of each schema file, by its path in environments/."""
    schemas = {"schema.json": overlay_schema()}
    schemas |= {f"{DIRECTORY}/{cloud}.schema.json": accounts_schema(cloud) for cloud in SETTINGS}
    return {path: json.dumps(schema, indent=1, ensure_ascii=False) + "\n" for path, schema in schemas.items()}


def _references_of_items(*parts: Any) -> Iterable[str]:
    """References of list items; these are not merged, so their required keys stay required."""
    for part in parts:
        if isinstance(part, dict):
            items = part.get("items")
            if isinstance(items, dict) and "$ref" in items:
                yield items["$ref"]
            yield from _references_of_items(*part.values())
        elif isinstance(part, list):
            yield from _references_of_items(*part)


def _loosen(definition: dict[str, Any], *, required: bool) -> None:
    """Remove required keys and titles, and allow null for every key."""
    if not required:
        definition.pop("required", None)
    definition.pop("title", None)
    definition.pop("minProperties", None)
    for key, inner in definition.get("properties", {}).items():
        definition["properties"][key] = inner if required else _nullable(inner)
    for names in ("patternProperties",):
        for key, inner in definition.get(names, {}).items():
            definition[names][key] = _nullable(inner)
    if isinstance(definition.get("additionalProperties"), dict):
        definition["additionalProperties"] = _nullable(definition["additionalProperties"])


def _nullable(inner: dict[str, Any]) -> dict[str, Any]:
    _loosen(inner, required=False)
    if "discriminator" in inner:  # an overlay may omit the discriminator
        inner = {"anyOf": inner["oneOf"]}
    if "anyOf" in inner:
        branches = [branch for branch in inner["anyOf"] if branch != NULL]
        return {**inner, "anyOf": [*branches, NULL]}
    if "$ref" in inner:
        rest = {key: value for key, value in inner.items() if key != "$ref"}
        return {"anyOf": [{"$ref": inner["$ref"]}, NULL], **rest}
    if "const" in inner:
        inner = {"enum": [inner["const"]], **{key: value for key, value in inner.items() if key != "const"}}
    if "enum" in inner:
        inner = {**inner, "enum": [*inner["enum"], None]}
    return {**inner, "type": [inner["type"], "null"]} if "type" in inner else inner


def _name_aliases(definitions: dict[str, Any]) -> None:
    """Allow raw, staging and curated wherever a layer is named."""
    lake, product = (definitions[name]["properties"] for name in ("LakeSpec", "DataProduct"))
    for options in (lake["lifecycle"]["propertyNames"]["enum"], product["layers"]["items"]["enum"]):
        options.extend(ALIASES)
