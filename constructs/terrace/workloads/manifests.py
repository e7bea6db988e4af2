"""Reads the YAML of manifests as Kubernetes does: YAML 1.1 with booleans such as `yes`, without dates.

PyYAML's parser, which is compiled, reads a large chart 20 times as fast as ruamel.yaml's; it comes with the extra
`assurance`. Without it, ruamel.yaml reads YAML 1.2, in which `yes` is text.
"""

from typing import TYPE_CHECKING, Any

from terrace.workloads.context import Object

if TYPE_CHECKING:
    from collections.abc import Iterable

_LEFT_OUT = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value")


class InvalidManifest(Exception):
    """A text that is not a manifest."""


def parsed(text: str) -> tuple[Object, ...]:
    """The objects in a manifest, those in lists too; empty documents are left out. Raises InvalidManifest."""
    found: list[Object] = []
    for document in _documents(text):
        if document is None:
            continue
        if not isinstance(document, dict) or "kind" not in document:
            raise InvalidManifest(f"a document that is no object: {str(document)[:60]!r}")
        is_list = document["kind"].endswith("List") and isinstance(document.get("items"), list)
        found += document["items"] if is_list else [document]
    return tuple(found)


def _documents(text: str) -> "Iterable[Any]":
    try:
        import yaml
    except ImportError:
        return _slowly(text)
    try:
        return list(yaml.load_all(text, Loader=_loader()))
    except yaml.YAMLError as error:
        raise InvalidManifest(f"invalid YAML: {error}") from error


def _loader() -> Any:
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        yaml_implicit_resolvers = {
            first: [(tag, pattern) for tag, pattern in resolvers if tag not in _LEFT_OUT]
            for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

    return Loader


def _slowly(text: str) -> "Iterable[Any]":
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import SafeConstructor
    from ruamel.yaml.error import YAMLError

    class Constructor(SafeConstructor):
        """Reads dates as text."""

    for tag in _LEFT_OUT:
        Constructor.add_constructor(tag, Constructor.construct_scalar)
    yaml = YAML(typ="safe")
    yaml.Constructor = Constructor
    try:
        return list(yaml.load_all(text))
    except YAMLError as error:
        raise InvalidManifest(f"invalid YAML: {error}") from error
