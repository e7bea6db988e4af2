"""Merge an environment file with the chain of files that it extends.

Mappings are merged by key, lists and scalars replace, and `null` removes a key. Each node of the result keeps its file,
line and column, and the node that it replaced.
"""

from dataclasses import replace
from pathlib import Path

from terrace.capabilities.lake import ALIASES
from terrace.documents import suggestions
from terrace.documents.document import Document, Node
from terrace.documents.reading import read
from terrace.errors import InvalidFile, Problem

MAX_CHAIN = 8


def chain(path: Path, shown: str) -> list[tuple[str, Document]]:
    """The file and the files it extends, base first, each with the name used in messages. Raises InvalidFile."""
    links: list[tuple[str, Document]] = []
    seen: set[Path] = set()
    if is_outside(path, path.parent):
        raise InvalidFile([Problem(f"file is {_outside(path.parent)}.", shown)])
    while True:
        seen.add(path.resolve())
        document = read(path, shown)
        links.append((shown, document))
        assert isinstance(document.root.value, dict)
        extends = document.root.value.get("extends")
        if extends is None or extends.value is None:
            return links[::-1]
        name = extends.value
        if not isinstance(name, str) or not _is_file_name(name):
            hint = "Name a file in the same directory, such as base.yaml."
            raise _invalid(extends, f"{name!r} is not a file name.", hint)
        base = path.with_name(name)
        if not base.exists():
            files = sorted(file.name for file in path.parent.glob("*.yaml") if file != path)
            raise _invalid(extends, f"file {name} not found in {path.parent.name}/.", suggestions.hint(name, files))
        if is_outside(base, path.parent):
            raise _invalid(extends, f"{name} is {_outside(path.parent)}.")
        if base.resolve() in seen:
            files = [*(Path(link).name for link, _ in links), name]
            raise _invalid(extends, f"circular reference: {' -> '.join(files)}.")
        if len(links) == MAX_CHAIN:
            raise _invalid(extends, f"more than {MAX_CHAIN} files extend each other.")
        shown, path = str(Path(shown).with_name(name)), base


def is_outside(path: Path, directory: Path) -> bool:
    """Whether a file is a link to a file outside the directory, which would add a foreign file to the project."""
    return not path.resolve().is_relative_to(directory.resolve())


def _outside(directory: Path) -> str:
    return f"a symbolic link to a file outside {directory.name}/"


def _is_file_name(name: str) -> bool:
    return (
        Path(name).name == name and not name.startswith(".") and name.endswith((".yaml", ".yml")) and "\\" not in name
    )


def _invalid(extends: Node, message: str, hint: str = "") -> InvalidFile:
    return InvalidFile([Problem(message, extends.at, "extends", hint)])


def merged(links: list[tuple[str, Document]]) -> tuple[Node, list[Problem]]:
    """The merged chain without `extends`, and the problems found in its files."""
    problems = [problem for _, document in links for problem in document.problems]
    root: Node | None = None
    for _, document in links:
        overlay = _with_layer_names(document.root, problems)
        root = overlay if root is None else merge_nodes(root, overlay)
    assert root is not None and isinstance(root.value, dict)
    return replace(root, value={key: child for key, child in root.value.items() if key != "extends"}), problems


def merge_nodes(base: Node, overlay: Node) -> Node:
    """`overlay` merged over `base`."""
    if not isinstance(base.value, dict) or not isinstance(overlay.value, dict):
        return replace(overlay, replaced=base)
    children = dict(base.value)
    for key, child in overlay.value.items():
        children[key] = merge_nodes(children[key], child) if key in children else child
    return replace(overlay, value=children, replaced=base)


def _with_layer_names(root: Node, problems: list[Problem]) -> Node:
    """The file with bronze, silver and gold for raw, staging and curated wherever a layer is named."""
    sections = root.value
    assert isinstance(sections, dict)
    sections = dict(sections)
    if lake := _mapping(sections.get("lake")):
        if "lifecycle" in lake:
            lake = {**lake, "lifecycle": _renamed(lake["lifecycle"], "lake.lifecycle", problems)}
        sections["lake"] = replace(sections["lake"], value=lake)
    products = sections.get("data_products")
    if products and isinstance(products.value, list):
        sections["data_products"] = replace(products, value=[_product(product) for product in products.value])
    return replace(root, value=sections)


def _mapping(node: Node | None) -> dict[str, Node]:
    return node.value if node is not None and isinstance(node.value, dict) else {}


def _renamed(node: Node, path: str, problems: list[Problem]) -> Node:
    if not isinstance(node.value, dict):
        return node
    children: dict[str, Node] = {}
    for key, child in node.value.items():
        layer = str(ALIASES.get(key, key))
        if layer in children:
            message = f"duplicate layer: line {children[layer].key_line} already sets {layer}, under its other name."
            problems.append(Problem(message, child.key_at, f"{path}.{key}"))
        children[layer] = child
    return replace(node, value=children)


def _product(product: Node) -> Node:
    fields = _mapping(product)
    layers = fields.get("layers")
    if layers is None or not isinstance(layers.value, list):
        return product
    renamed = [
        replace(layer, value=ALIASES.get(layer.value, layer.value)) if isinstance(layer.value, str) else layer
        for layer in layers.value
    ]
    return replace(product, value={**fields, "layers": replace(layers, value=renamed)})
