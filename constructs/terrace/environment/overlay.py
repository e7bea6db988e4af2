"""From a file to the whole it stands for: the chain of `extends`, merged.

Mappings merge key by key, lists and single values replace, `null` removes a key. Every node of the result knows its
file, line and column, and the nodes that it replaced.
"""

from dataclasses import replace
from pathlib import Path

from terrace.capabilities.lake import ALIASES
from terrace.environment.document import Document, Node, read
from terrace.errors import InvalidEnvironment, Problem

MAX_CHAIN = 8


def chain(path: Path, shown: str) -> list[tuple[str, Document]]:
    """The file and what it extends, base first, each with the name that messages use. Raises InvalidEnvironment."""
    links: list[tuple[str, Document]] = []
    seen: dict[Path, str] = {}
    if leads_out(path, path.parent):
        raise InvalidEnvironment([Problem(f"is a link that leads out of {path.parent.name}/.", shown)])
    while True:
        seen[path.resolve()] = shown
        document = read(path, shown)
        links.append((shown, document))
        assert isinstance(document.root.value, dict)
        parent = document.root.value.get("extends")
        if parent is None or parent.value is None:
            return links[::-1]
        at = parent.at
        name = parent.value
        if not isinstance(name, str) or not _is_plain(name):
            raise _refused(at, f"{name!r} is not the name of a file beside this one.", "Write it as base.yaml.")
        base = path.with_name(name)
        if not base.exists():
            files = sorted(file.name for file in path.parent.glob("*.yaml") if file != path)
            raise _refused(at, f"there is no {name} beside this file.", f"({', '.join(files)})" if files else "")
        if leads_out(base, path.parent):
            raise _refused(at, f"{name} is a link that leads out of {path.parent.name}/.")
        if base.resolve() in seen:
            round_trip = [*(Path(link).name for link, _ in links), name]
            raise _refused(at, f"goes round in a circle: {' -> '.join(round_trip)}.")
        if len(links) == MAX_CHAIN:
            raise _refused(at, f"the chain is longer than {MAX_CHAIN} files.")
        shown, path = str(Path(shown).with_name(name)), base


def leads_out(path: Path, directory: Path) -> bool:
    """Whether a file lies elsewhere: a link may not lend the project a file that is not its own."""
    return not path.resolve().is_relative_to(directory.resolve())


def _is_plain(name: str) -> bool:
    return (
        Path(name).name == name and not name.startswith(".") and name.endswith((".yaml", ".yml")) and "\\" not in name
    )


def _refused(at: str, message: str, hint: str = "") -> InvalidEnvironment:
    return InvalidEnvironment([Problem(message, at, "extends", hint)])


def merged(links: list[tuple[str, Document]]) -> tuple[Node, list[Problem]]:
    """The chain's sum, without `extends`, and what was wrong with it."""
    problems = [problem for _, document in links for problem in document.problems]
    total: Node | None = None
    for _, document in links:
        node = _with_layers_named(document.root, problems)
        total = node if total is None else over(total, node)
    assert total is not None and isinstance(total.value, dict)
    return replace(total, value={key: child for key, child in total.value.items() if key != "extends"}), problems


def over(base: Node, node: Node) -> Node:
    """`node` laid over `base`."""
    if not isinstance(base.value, dict) or not isinstance(node.value, dict):
        return replace(node, under=base)
    children = dict(base.value)
    for key, child in node.value.items():
        children[key] = over(children[key], child) if key in children else child
    return replace(node, value=children, under=base)


def _with_layers_named(root: Node, problems: list[Problem]) -> Node:
    """The file with raw, staging and curated called bronze, silver and gold wherever a layer is named."""
    sections = root.value
    assert isinstance(sections, dict)
    sections = dict(sections)
    if lake := _mapping(sections.get("lake")):
        if "lifecycle" in lake:
            lake = {**lake, "lifecycle": _renamed(lake["lifecycle"], "lake.lifecycle", problems)}
        sections["lake"] = replace(sections["lake"], value=lake)
    if modules := _mapping(sections.get("modules")):
        modules = dict(modules)
        for name, module in modules.items():
            settings = _mapping(module)
            if settings and "lake" in settings:
                named = _renamed(settings["lake"], f"modules.{name}.lake", problems)
                modules[name] = replace(module, value={**settings, "lake": named})
        sections["modules"] = replace(sections["modules"], value=modules)
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
            first = children[layer].key_line
            problems.append(
                Problem(
                    f"is {layer} under another name, which is in line {first} already.", child.key_at, f"{path}.{key}"
                )
            )
        children[layer] = child
    return replace(node, value=children)


def _product(product: Node) -> Node:
    fields = _mapping(product)
    layers = fields.get("layers")
    if layers is None or not isinstance(layers.value, list):
        return product
    named = [
        replace(layer, value=ALIASES.get(layer.value, layer.value)) if isinstance(layer.value, str) else layer
        for layer in layers.value
    ]
    return replace(product, value={**fields, "layers": replace(layers, value=named)})
