"""What editors know of the files in environments/: `schema.json`, and `clouds/<cloud>.schema.json` for accounts.

A schema describes one file, not the merged whole: an overlay says only what differs, so nothing is required of a
section, and `null` removes any key. What is wrong with the whole, `terrace validate` says.
"""

import copy
import json
from collections.abc import Iterable
from typing import Any

from terrace.capabilities.lake import ALIASES
from terrace.environment.accounts import BY_NAME, DIRECTORY
from terrace.environment.fields import schema
from terrace.environment.schema import SETTINGS

NULL: dict[str, Any] = {"type": "null"}


def overlay_schema() -> dict[str, Any]:
    """The JSON Schema of one environment file."""
    whole = copy.deepcopy(schema())
    definitions = whole.pop("$defs")
    listed = {reference.rpartition("/")[2] for reference in _references_of_items(definitions, whole)}
    for name, definition in definitions.items():
        _loosen(definition, required=name in listed)
    _loosen(whole, required=False)
    _name_aliases(definitions)
    extends = {
        "type": "string",
        "pattern": r"^[^./\\][^/\\]*\.ya?ml$",
        "description": "The file beside this one that it is laid over.",
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
        "description": "What one environment alone has, by its name.",
        "additionalProperties": _nullable({"$ref": "#/$defs/Settings"}),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Where environments live on {cloud}",
        "type": "object",
        "additionalProperties": False,
        "properties": {**settings["properties"], BY_NAME: by_name},
        "$defs": {**definitions, "Settings": settings},
    }


def texts() -> dict[str, str]:
    """Each schema file's content, by its path below environments/."""
    schemas = {"schema.json": overlay_schema()}
    schemas |= {f"{DIRECTORY}/{cloud}.schema.json": accounts_schema(cloud) for cloud in SETTINGS}
    return {path: json.dumps(schema, indent=1, ensure_ascii=False) + "\n" for path, schema in schemas.items()}


def _references_of_items(*parts: Any) -> Iterable[str]:
    """What stands in a list is never merged, so it keeps what it requires."""
    for part in parts:
        if isinstance(part, dict):
            items = part.get("items")
            if isinstance(items, dict) and "$ref" in items:
                yield items["$ref"]
            yield from _references_of_items(*part.values())
        elif isinstance(part, list):
            yield from _references_of_items(*part)


def _loosen(definition: dict[str, Any], *, required: bool) -> None:
    """Nothing required, null anywhere, and no titles that only repeat the key."""
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
    if "discriminator" in inner:  # an overlay may leave out what tells the branches apart
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
    """raw, staging and curated may stand wherever a layer is named."""
    lake, module, product = (definitions[name]["properties"] for name in ("LakeSpec", "ModuleSpec", "DataProduct"))
    for options in (
        lake["lifecycle"]["propertyNames"]["enum"],
        module["lake"]["propertyNames"]["enum"],
        product["layers"]["items"]["enum"],
    ):
        options.extend(ALIASES)
