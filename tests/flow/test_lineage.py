"""Edges of lineage from OpenLineage's events, and columns to which no path leads; without engines."""

import json
from pathlib import Path
from typing import Any

import pytest

from terrace.flow import lineage
from terrace.flow.lineage import Edge

LAKE = {"bronze": "s3://bucket-b", "gold": "s3://bucket-g"}
EDGES = [
    Edge("bronze.events.amount", "raw.orders.amount", "load"),
    Edge("marts.revenue.total", "gold.revenue.total", "gold"),
    Edge("raw.orders.amount", "marts.revenue.total", "dbt"),
]


def event(job: str, producer: str, source: tuple[str, str, str], target: tuple[str, str, str]) -> dict[str, Any]:
    fields = {target[2]: {"inputFields": [dict(zip(("namespace", "name", "field"), source, strict=True))]}}
    output = {"namespace": target[0], "name": target[1], "facets": {"columnLineage": {"fields": fields}}}
    return {"producer": producer, "job": {"name": job}, "outputs": [output]}


def test_events_of_jobs_and_dbt_are_one_graph(tmp_path: Path) -> None:
    raw, mart = (
        ("postgres://db:1", "platform.raw.orders", "amount"),
        ("postgres://db:1", "platform.marts.revenue", "total"),
    )
    events = [
        event("load", "https://example.com/jobs", ("s3://bucket-b", "orders/events", "amount"), raw),
        event("platform.marts.revenue.build.run", "https://example.com/integration/dbt", raw, mart),
        event("gold", "https://example.com/jobs", mart, ("s3://bucket-g", "orders/revenue", "total")),
        {"producer": "", "job": {"name": "no outputs"}},
    ]
    file = tmp_path / "events.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in events))
    assert lineage.edges(file, LAKE) == EDGES


@pytest.mark.parametrize("missing", range(len(EDGES)))
def test_a_missing_edge_is_a_gap(missing: int) -> None:
    assert list(lineage.gaps(EDGES, ["gold.revenue.total"], "bronze.events")) == []
    found = list(lineage.gaps(EDGES[:missing] + EDGES[missing + 1 :], ["gold.revenue.total"], "bronze.events"))
    assert found == ["no path of lineage leads from bronze.events to gold.revenue.total"]
