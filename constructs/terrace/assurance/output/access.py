"""The access model as a table, as JSON and as a Mermaid graph, and the difference of two."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from terrace.assurance.access.model import Differences, Grant, Path
from terrace.assurance.checks import Subject

Edge = Path | Grant
HEADERS = ("from", "may", "to", "declared", "by")


def rows(edges: Sequence[Edge], found: Differences) -> list[list[object]]:
    """A row for each edge, in the order of HEADERS."""
    undeclared = set(found.undeclared)
    return [
        [_source(one), _what(one), _destination(one), "no" if one in undeclared else "yes", " + ".join(one.by)]
        for one in edges
    ]


def problems(found: Differences) -> Iterator[str]:
    """A sentence for each difference."""
    for one in found.undeclared:
        yield f"not declared: {one}" + (f", by {' and '.join(one.by)}" if one.by else "")
    for one in found.missing:
        yield f"declared, but no resource allows it: {one}"
    for unknown in found.unknown:
        yield f"not known to the access model: {unknown.text}, in {unknown.by}"


def data(stack: Subject, edges: Sequence[Edge], found: Differences) -> dict[str, Any]:
    """The edges and the differences, as plain data."""
    return {
        "environment": stack.environment.name,
        "cloud": stack.environment.cloud,
        "edges": [edge(one) for one in edges],
        "undeclared": [edge(one) for one in found.undeclared],
        "missing": [edge(one) for one in found.missing],
        "unknown": [{"text": one.text, "by": one.by} for one in found.unknown],
    }


def edge(one: Edge) -> dict[str, Any]:
    """One edge as plain data: a path has a protocol and ports, a grant a verb."""
    ends = {"from": _source(one), "to": _destination(one)}
    if isinstance(one, Path):
        return {"kind": "path", **ends, "protocol": one.protocol, "ports": list(one.ports), "by": list(one.by)}
    return {"kind": "grant", **ends, "verb": one.verb, "by": list(one.by)}


def mermaid(edges: Sequence[Edge], found: Differences) -> str:
    """A flowchart. Rights on the same object are one arrow; what is not declared is a thick one."""
    undeclared = set(found.undeclared)
    labels: dict[tuple[str, str, bool], list[str]] = {}
    for one in edges:
        labels.setdefault((_source(one), _destination(one), one in undeclared), []).append(_what(one))
    lines = ["flowchart LR"]
    for node in sorted({end for source, destination, _ in labels for end in (source, destination)}):
        lines.append(f'  {_id(node)}["{node}"]')
    for (source, destination, thick), words in sorted(labels.items()):
        arrow = "==>" if thick else "-->"
        lines.append(f'  {_id(source)} {arrow}|"{", ".join(sorted(set(words)))}"| {_id(destination)}')
    return "\n".join(lines) + "\n"


def _source(one: Edge) -> str:
    return one.source if isinstance(one, Path) else one.principal


def _destination(one: Edge) -> str:
    return one.destination if isinstance(one, Path) else one.object


def _what(one: Edge) -> str:
    return one.traffic if isinstance(one, Path) else one.verb


def _id(node: str) -> str:
    return re.sub(r"\W", "_", node)
