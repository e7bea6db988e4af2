"""The ways from one end of the access model to another, with the resources of each step."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

import networkx

from terrace.assurance.access.model import Access, Grant, Path

STEPS = 4
"""The most steps of a way. More than the entry, the nodes and a data service are no path that traffic takes."""


def ways(found: Access, source: str, destination: str) -> list[str]:
    """Every way as text: its ends and, indented, each step. Short ways come first. Ends may have wildcards."""
    edges: dict[tuple[str, str], list[Path | Grant]] = {}
    for path in found.paths:
        edges.setdefault((path.source, path.destination), []).append(path)
    for grant in found.grants:
        edges.setdefault((grant.principal, _reached(grant)), []).append(grant)
    graph = networkx.DiGraph(edges.keys())
    starts = [node for node in graph if fnmatchcase(node, source)]
    ends = [node for node in graph if fnmatchcase(node, destination)]
    every = [
        way
        for start in starts
        for end in ends
        if start != end
        for way in networkx.all_simple_edge_paths(graph, start, end, cutoff=STEPS)
    ]
    return [_text(way, edges) for way in sorted(every, key=lambda way: (len(way), way))]


def _reached(grant: Grant) -> str:
    """What a grant leads to: by acting as an identity, to the identity's own rights."""
    identity = grant.object.removeprefix("identities/")
    return identity if grant.verb == "assume" and identity != grant.object else grant.object


def _text(way: list[tuple[str, str]], edges: Mapping[tuple[str, str], Sequence[Path | Grant]]) -> str:
    ends = " -> ".join([way[0][0], *(reached for _, reached in way)])
    steps = [f"  {edge}, by {' and '.join(edge.by)}" for step in way for edge in edges[step]]
    return "\n".join([ends, *steps])
