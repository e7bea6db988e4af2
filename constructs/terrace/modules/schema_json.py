"""The JSON Schema that editors use for module.yaml: `modules/schema.json`."""

import copy
import json
from typing import Any

from terrace.documents.fields import schema
from terrace.modules.contract import Module

NULL = {"type": "null"}


def module_schema() -> dict[str, Any]:
    """The JSON Schema of module.yaml. A key without a value is an error, except the default of a setting."""
    whole = _without_null(copy.deepcopy(schema(Module)))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **whole,
        "title": "Terrace module",
    }


def text() -> str:
    """The content of the file."""
    return json.dumps(module_schema(), indent=1, ensure_ascii=False) + "\n"


def _without_null(part: Any) -> Any:
    """A schema in which no key may be null, without the titles that pydantic derives from the names of keys."""
    if isinstance(part, list):
        return [_without_null(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    branches = [branch for branch in part.get("anyOf", ()) if branch != NULL]
    if branches:
        assert len(branches) == 1, "an optional key has one type"
        part = {**branches[0], **{key: value for key, value in part.items() if key != "anyOf"}}
    return {
        key: _without_null(inner)
        for key, inner in part.items()
        if not (key == "title" and isinstance(inner, str)) and not (key == "default" and inner is None)
    }
