"""An environment for people: as YAML with where each value comes from, and leaf by leaf for comparing."""

import json
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any

from terrace.environment.document import Node
from terrace.environment.schema import Environment

COMMENT_COLUMN = 60


def yaml_of(root: Node, environment: Environment | None = None, *, origins: bool = False) -> str:
    """The merged document as YAML. `environment` adds the schema's defaults; `origins` a comment behind each value."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    defaults = environment.model_dump(mode="json") if environment else {}
    out = StringIO()
    yaml.dump(_commented(root, defaults, origins), out)
    return out.getvalue()


def _commented(node: Node, defaults: Mapping[str, Any], origins: bool) -> Any:
    from ruamel.yaml.comments import CommentedMap

    shown = CommentedMap()
    assert isinstance(node.value, dict)
    for key, child in node.value.items():
        if child.value is None:
            continue
        if isinstance(child.value, dict) and child.value:
            inner = defaults.get(key)
            shown[key] = _commented(child, inner if isinstance(inner, Mapping) else {}, origins)
            continue
        shown[key] = _single(child)
        if origins:
            shown.yaml_add_eol_comment(child.where, key, column=COMMENT_COLUMN)
    for key, value in defaults.items():
        if key not in shown and value not in (None, {}, []):
            shown[key] = value
            if origins:
                shown.yaml_add_eol_comment("default", key, column=COMMENT_COLUMN)
    return shown


def _single(node: Node) -> Any:
    """A scalar, or a list on one line; text that YAML would take for something else keeps its quotes."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    if isinstance(node.value, list):
        items = CommentedSeq([_single(item) for item in node.value])
        items.fa.set_flow_style()
        return items
    if isinstance(node.value, dict):
        section = CommentedMap({key: _single(child) for key, child in node.value.items() if child.value is not None})
        section.fa.set_flow_style()
        return section
    return node.value


def leaves(environment: Environment) -> dict[str, Any]:
    """Every effective value by its dotted path, in the schema's order, defaults too; a list counts as one value."""
    return dict(_leaves(environment.model_dump(mode="json"), ""))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    elif value is not None and value != {}:
        yield path, value


def said(value: Any) -> str:
    """A value in one line: text as it is, all else as YAML writes it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
