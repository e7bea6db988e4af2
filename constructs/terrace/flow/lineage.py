"""Which column is made from which, by the OpenLineage events of jobs and dbt."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, order=True)
class Edge:
    """`target` is made from `source` by `job`; both are layer or schema, table and column, with dots between."""

    source: str
    target: str
    job: str


def environment(file: Path, product: str) -> dict[str, str]:
    """The variables by which OpenLineage's client appends events to a file."""
    return {
        "OPENLINEAGE__TRANSPORT__TYPE": "file", "OPENLINEAGE__TRANSPORT__LOG_FILE_PATH": str(file),
        "OPENLINEAGE__TRANSPORT__APPEND": "true", "OPENLINEAGE_NAMESPACE": product,
    }  # fmt: skip


def edges(file: Path, lake: Mapping[str, str]) -> list[Edge]:
    """The edges in the events of a file. `lake` is layer to URI."""
    layers = {uri.rstrip("/"): layer for layer, uri in lake.items()}
    found = set()
    for line in file.read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        job = "dbt" if "/dbt" in event["producer"] else event["job"]["name"]
        for output in event.get("outputs", []):
            for column, field in output.get("facets", {}).get("columnLineage", {}).get("fields", {}).items():
                target = f"{_place(output, layers)}.{column}"
                found |= {Edge(f"{_place(one, layers)}.{one['field']}", target, job) for one in field["inputFields"]}
    return sorted(found)


def gaps(edges: Iterable[Edge], columns: Iterable[str], origin: str) -> Iterator[str]:
    """A sentence for each column to which no path leads from a column of `origin`, a table or folder."""
    sources: dict[str, set[str]] = {}
    for edge in edges:
        sources.setdefault(edge.target, set()).add(edge.source)
    for column in columns:
        reached, new = set[str](), {column}
        while new:
            reached |= new
            new = {source for one in new for source in sources.get(one, ())} - reached
        if not any(one.startswith(f"{origin}.") for one in reached):
            yield f"no path of lineage leads from {origin} to {column}"


def _place(dataset: Mapping[str, Any], layers: Mapping[str, str]) -> str:
    """bronze.events and marts.customers for orders/events in the bucket of bronze and platform.marts.customers."""
    if dataset["namespace"] in layers:
        return f"{layers[dataset['namespace']]}.{dataset['name'].rpartition('/')[2]}"
    return ".".join(dataset["name"].split(".")[-2:])
