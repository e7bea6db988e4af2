"""The graph of an environment as Mermaid text, which GitHub and many editors draw."""

from collections.abc import Iterable, Iterator

from terrace.workloads.graph import Graph, GraphEdge, GraphNode

_GROUPS = {
    "Outside": ("entry", "internet"),
    "Cluster": ("kubernetes-api", "nodes"),
    "Cloud": ("cloud", "secrets", "database", "cache", "streams"),
    "Lake": ("lake", "layer"),
    "Topics": ("topic",),
}
"""Subgraphs below those of the modules' categories, with the kinds of their nodes."""
_PORTS = 3
"""Ports that an arrow lists; of more, it has the number."""


def mermaid(graph: Graph) -> str:
    """A flowchart: modules by category, and what they use. Solid: openings, with their ports; dotted: needs that are no
    network path, of which a service is the module that provides it."""
    return "\n".join(["flowchart LR", *_nodes(graph), *_arrows(graph)]) + "\n"


def _nodes(graph: Graph) -> Iterator[str]:
    modules = [node for node in graph.nodes if node.kind == "module"]
    linked = {end for edge in graph.edges if edge.kind in ("opening", "needs") for end in (edge.source, edge.target)}
    for category in dict.fromkeys(node.category for node in modules):
        yield from _group(category, [node for node in modules if node.category == category])
    for title, kinds in _GROUPS.items():
        found = [node for node in graph.nodes if node.kind in kinds and node.id in linked]
        yield from _group(title, [node for node in found if node.kind != "lake"])


def _group(title: str, nodes: Iterable[GraphNode]) -> Iterator[str]:
    lines = [f'    {_id(node.id)}["{node.name}"]' for node in nodes]
    if lines:
        yield f'  subgraph {_id("group/" + title)}["{title}"]'
        yield from lines
        yield "  end"


def _arrows(graph: Graph) -> Iterator[str]:
    ports: dict[tuple[str, str], list[int]] = {}
    for edge in graph.edges:
        if edge.kind == "opening" and edge.port and edge.target != "lake":  # arrows to its layers instead
            ports.setdefault((edge.source, edge.target), []).append(edge.port)
    for (source, target), numbers in ports.items():
        label = ", ".join(map(str, numbers)) if len(numbers) <= _PORTS else f"{len(numbers)} ports"
        yield f'  {_id(source)} -->|"{label}"| {_id(target)}'
    providers = {edge.target: edge.source for edge in graph.edges if edge.kind == "provides"}
    needs: dict[tuple[str, str], list[str]] = {}
    for edge in graph.edges:
        target = providers.get(edge.target, edge.target)
        if edge.kind == "needs" and (edge.source, target) not in ports:
            needs.setdefault((edge.source, target), []).append(_need(edge))
    for (source, target), words in needs.items():
        label = ", ".join(word for word in words if word)
        yield f"  {_id(source)} -.->" + (f'|"{label}"|' if label else "") + f" {_id(target)}"


def _need(edge: GraphEdge) -> str:
    prefix, _, name = edge.target.partition("/")
    return name if prefix == "service" else edge.access or ""


def _id(id: str) -> str:
    """An identifier that Mermaid accepts."""
    return id.replace("/", "_").replace("-", "_").replace(".", "_").replace(" ", "_")
