"""Where the parts of a graph's picture are: rows of modules, columns of what they use, and tracks between modules.

A module is a row. What all modules share (the foundation, the cloud, what is outside) is a column each. Paths between
modules run along vertical tracks beside the rows; a track has one module at its hub, and all of its paths that no
earlier track has, so that the 20 modules that one scrapes make one line and not 20. The layout has no crossing text and
grows by one row for each module, however many there are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from terrace.workloads.graph import EdgeKind, Graph, GraphEdge, GraphNode

COLUMNS = (
    "entry", "internet", "cloud", "kubernetes-api", "nodes", "secrets", "database", "cache", "streams",
    "topic", "layer",
)  # fmt: skip
"""The kinds of nodes that are columns, from left to right."""


@dataclass(frozen=True)
class Track:
    """Edges of one kind between modules that share a module, the hub. `leaves` are the other modules of each edge."""

    kind: EdgeKind
    hub: str
    outward: bool
    """Whether the hub is the source of the edges."""
    leaves: Mapping[str, tuple[GraphEdge, ...]]


@dataclass(frozen=True)
class Layout:
    """The parts of a picture. `groups` are the rows by category, both in the order of their installation; `cells` the
    edges of a row and a column; `hosts` the names that a module serves, with their log-in."""

    groups: Mapping[str, Sequence[GraphNode]]
    columns: Sequence[GraphNode]
    tracks: Sequence[Track]
    cells: Mapping[tuple[str, str], Sequence[GraphEdge]]
    hosts: Mapping[str, Sequence[tuple[str, str]]]
    provided: Mapping[str, Sequence[str]]


def layout(graph: Graph) -> Layout:
    """The parts of the picture of a graph."""
    modules = [node for node in graph.nodes if node.kind == "module"]
    rows = {node.id for node in modules}
    names = {node.id: node.name for node in graph.nodes}
    providers = {edge.target: edge.source for edge in graph.edges if edge.kind == "provides"}
    cells: dict[tuple[str, str], list[GraphEdge]] = {}
    hosts: dict[str, list[tuple[str, str]]] = {}
    provided: dict[str, list[str]] = {}
    between: dict[EdgeKind, dict[tuple[str, str], list[GraphEdge]]] = {"opening": {}, "needs": {}}
    for edge in graph.edges:
        source, target = edge.source, providers.get(edge.target, edge.target)
        if edge.kind == "serves":
            hosts.setdefault(source, []).append((names[target], edge.label))
        elif edge.kind == "provides":
            provided.setdefault(source, []).append(names[edge.target])
        elif edge.kind in between and source in rows and target in rows and source != target:
            between[edge.kind].setdefault((source, target), []).append(edge)
        elif edge.kind in ("opening", "needs"):
            row, column = (source, target) if source in rows else (target, source)
            cells.setdefault((row, column), []).append(edge)
    groups: dict[str, list[GraphNode]] = {}
    for node in modules:
        groups.setdefault(node.category, []).append(node)
    used = {column for _, column in cells}
    kinds = {kind: position for position, kind in enumerate(COLUMNS)}
    columns = [node for node in graph.nodes if node.kind in kinds and (node.id in used or node.kind == "layer")]
    columns.sort(key=lambda node: kinds[node.kind])
    tracks = [track for kind, pairs in between.items() for track in _tracks(kind, pairs)]
    return Layout(groups, columns, tracks, cells, hosts, provided)


def _tracks(kind: EdgeKind, pairs: Mapping[tuple[str, str], Sequence[GraphEdge]]) -> Iterable[Track]:
    """Tracks for all pairs, those with the most pairs first."""
    left = dict(pairs)
    while left:
        counts: dict[tuple[str, bool], int] = {}
        for source, target in left:
            for end in ((source, True), (target, False)):
                counts[end] = counts.get(end, 0) + 1
        hub, outward = min(counts, key=lambda end: (-counts[end], end))
        leaves = {
            (pair[1] if outward else pair[0]): tuple(edges) for pair, edges in left.items() if hub == pair[not outward]
        }
        yield Track(kind, hub, outward, leaves)
        left = {pair: edges for pair, edges in left.items() if hub != pair[not outward]}
