"""Print an environment: as YAML with the provenance of each value, and as a flat table for comparison."""

import json
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any

from terrace.documents.document import Node
from terrace.environment.schema import Environment

COMMENT_COLUMN = 60


def yaml_of(root: Node, environment: Environment | None = None, *, origins: bool = False) -> str:
    """The merged document as YAML. `environment` adds defaults; `origins` adds a comment to each value."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    defaults = environment.model_dump(mode="json") if environment else {}
    out = StringIO()
    yaml.dump(_mapping(root, defaults, origins), out)
    return out.getvalue()


def _mapping(node: Node, defaults: Mapping[str, Any], origins: bool) -> Any:
    from ruamel.yaml.comments import CommentedMap

    mapping = CommentedMap()
    assert isinstance(node.value, dict)
    for key, child in node.value.items():
        if child.value is None:
            continue
        if isinstance(child.value, dict) and child.value:
            inner = defaults.get(key)
            mapping[key] = _mapping(child, inner if isinstance(inner, Mapping) else {}, origins)
            continue
        mapping[key] = _single(child)
        if origins:
            mapping.yaml_add_eol_comment(child.where, key, column=COMMENT_COLUMN)
    for key, value in defaults.items():
        if key not in mapping and value not in (None, {}, []):
            mapping[key] = value
            if origins:
                mapping.yaml_add_eol_comment("default", key, column=COMMENT_COLUMN)
    return mapping


def _single(node: Node) -> Any:
    """A scalar, or a list or mapping on one line."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    if isinstance(node.value, list):
        items = CommentedSeq([_single(item) for item in node.value])
        items.fa.set_flow_style()
        return items
    if isinstance(node.value, dict):
        mapping = CommentedMap({key: _single(child) for key, child in node.value.items() if child.value is not None})
        mapping.fa.set_flow_style()
        return mapping
    return node.value


def leaves(environment: Environment) -> dict[str, Any]:
    """Each value by its dotted path, in the schema's order, including defaults; a list is one value."""
    return dict(_leaves(environment.model_dump(mode="json"), ""))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    elif value is not None and value != {}:
        yield path, value


def as_text(value: Any) -> str:
    """A value on one line: a string as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
