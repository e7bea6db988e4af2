"""Reads YAML fast: manifests as Kubernetes does, values as the rest of Terrace does.

PyYAML's parser, which is compiled, reads a large chart 20 times as fast as ruamel.yaml's; it comes with the extra
`assurance`. Without it, ruamel.yaml reads both as YAML 1.2, in which `yes` is text.
"""

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

from terrace.workloads.context import Object

_DOCUMENT = re.compile(r"^---(?=\s|$)", re.MULTILINE)
_TAG = "tag:yaml.org,2002:"
_LEFT_OUT = (f"{_TAG}timestamp", f"{_TAG}value", f"{_TAG}merge")
"""What is text: dates and a lone `=`. Merge keys (`<<`) are resolved by their own rule."""
_YAML_1_2: tuple[tuple[str, str, str], ...] = (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", "-+0123456789"),
    ("float", r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN))$",
     "-+0123456789."),
    ("null", r"^(?:~|null|Null|NULL|)$", "~nN\0"),
)  # fmt: skip


class InvalidYaml(Exception):
    """A text that is not YAML. `line` counts from zero."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(f"invalid YAML: {problem}")
        self.problem, self.line = problem, line


class InvalidManifest(Exception):
    """A text that is not a manifest."""


def parsed(text: str) -> tuple[Object, ...]:
    """The objects in a manifest, those in lists too; empty documents are left out. The caller must not change them:
    equal documents are read once. Raises InvalidManifest."""
    found: list[Object] = []
    for part in _DOCUMENT.split(text):
        for document in _documents(part):
            is_list = document["kind"].endswith("List") and isinstance(document.get("items"), list)
            found += document["items"] if is_list else [document]
    return tuple(found)


@lru_cache(maxsize=512)
def values(text: str) -> Any:
    """The data of a text in YAML 1.2. The caller must not change it. Raises InvalidYaml."""
    (found,) = [*_load_all(text, "1.2")] or [None]
    return found


@lru_cache(maxsize=16384)
def _documents(text: str) -> tuple[Object, ...]:
    try:
        found = tuple(document for document in _load_all(text, "1.1") if document is not None)
    except InvalidYaml as error:
        raise InvalidManifest(str(error)) from error
    for document in found:
        if not isinstance(document, dict) or "kind" not in document:
            raise InvalidManifest(f"a document that is no object: {str(document)[:60]!r}")
    return found


def _load_all(text: str, version: str) -> Iterable[Any]:
    try:
        import yaml
    except ImportError:
        return _slowly(text)
    try:
        return list(yaml.load_all(text, Loader=_loader(version)))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise InvalidYaml(str(error.problem or error.context), mark.line if mark else None) from error
    except yaml.YAMLError as error:
        raise InvalidYaml(str(error).partition("\n")[0]) from error


@cache
def _loader(version: str) -> Any:
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            """A mapping without duplicate keys."""
            keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
            if len(keys) != len(set(keys)):
                twice = next(key for key in keys if keys.count(key) > 1)
                problem = f"duplicate key {twice!r}"
                raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
            return super().construct_mapping(node, deep)

    merge = [
        (f"{_TAG}merge", pattern) for tag, pattern in yaml.SafeLoader.yaml_implicit_resolvers["<"] if "merge" in tag
    ]
    if version == "1.2":
        Loader.yaml_implicit_resolvers = {"<": merge}
        for kind, pattern, first in _YAML_1_2:
            Loader.add_implicit_resolver(
                f"{_TAG}{kind}", re.compile(pattern), ["" if one == "\0" else one for one in first]
            )
    else:
        Loader.yaml_implicit_resolvers = {
            first: [(tag, pattern) for tag, pattern in resolvers if tag not in _LEFT_OUT]
            for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
        } | {"<": merge}
    return Loader


def _slowly(text: str) -> Iterable[Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import SafeConstructor
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    class Constructor(SafeConstructor):
        """Reads dates as text."""

    for tag in _LEFT_OUT[:2]:
        Constructor.add_constructor(tag, Constructor.construct_scalar)
    yaml = YAML(typ="safe")
    yaml.Constructor = Constructor
    try:
        return list(yaml.load_all(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark
        raise InvalidYaml(str(error.problem or error.context), mark.line if mark else None) from error
    except YAMLError as error:
        raise InvalidYaml(str(error).partition("\n")[0]) from error
