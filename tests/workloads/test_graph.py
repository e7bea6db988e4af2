"""The graph of an environment: its data, its Mermaid text and its picture."""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path

import pytest

from terrace.workloads.context import Context
from terrace.workloads.graph import Graph, GraphEdge, GraphNode, around, graph
from terrace.workloads.graph_layout import layout
from terrace.workloads.graph_mermaid import mermaid
from terrace.workloads.graph_svg import svg
from terrace.workloads.openings import openings
from tests.assurance import browser
from tests.workloads.conftest import ORDER, Make

SVG = "{http://www.w3.org/2000/svg}"
LONGEST = 24  # characters of a module's name
OVERLAPPING = """
(() => {
  const boxes = [...document.querySelectorAll('text')].map(text => [text.textContent, text.getBBox()]);
  const found = [];
  boxes.forEach(([one, a], number) => boxes.slice(number + 1).forEach(([other, b]) => {
    if (a.x < b.x + b.width && b.x < a.x + a.width && a.y + 1 < b.y + b.height && b.y + 1 < a.y + a.height)
      found.push(one + ' / ' + other);
  }));
  const canvas = document.documentElement.viewBox.baseVal;
  boxes.filter(([, box]) => box.x < 0 || box.x + box.width > canvas.width || box.y + box.height > canvas.height)
    .forEach(([text]) => found.push(text + ' / the edge'));
  document.querySelectorAll('g > rect.card').forEach(card => {
    const right = card.getBBox().x + card.getBBox().width;
    card.parentNode.querySelectorAll('text').forEach(text => {
      if (text.getBBox().x + text.getBBox().width > right) found.push(text.textContent + ' / the card');
    });
  });
  return found;
})()
"""


def related(found: Graph, kind: str) -> set[tuple[str, str]]:
    return {(edge.source, edge.target) for edge in found.edges if edge.kind == kind}


def many(number: int) -> Graph:
    """A graph in which each module calls the one before it and the first, and all have long names."""
    names = [f"module-with-long-name-{step:02}" for step in range(number)]
    assert all(len(name) == LONGEST for name in names)
    nodes = [
        GraphNode(
            id=f"module/{name}", kind="module", name=name, summary="A summary that is longer than its card " * 2,
            category=("processing", "machine-learning", "observability")[step % 3], version="1.0.0", step=step + 1,
        )
        for step, name in enumerate(names)
    ]  # fmt: skip
    nodes += [GraphNode(id="database", kind="database", name="database")]
    nodes += [GraphNode(id=f"host/{name}", kind="host", name=f"{name}.a-long-domain.example.com") for name in names]
    edges = []
    for step, name in enumerate(names):
        source = f"module/{name}"
        edges.append(GraphEdge(source=source, target="database", kind="opening", port=5432))
        edges += [
            GraphEdge(source=source, target=f"host/{names[back]}", kind="serves") for back in range(min(number, 5))
        ]
        edges += [
            GraphEdge(source=source, target=f"module/{names[other]}", kind="opening", port=8080)
            for other in {0, step - 1}
            if 0 <= other < step
        ]
    return Graph(environment="dev", cloud="aws", nodes=tuple(nodes), edges=tuple(edges))


def test_modules_are_in_the_order_of_their_installation(context: Context) -> None:
    found = [(node.name, node.step) for node in graph(context).nodes if node.kind == "module"]
    assert found == [(name, step) for step, name in enumerate(ORDER, start=1)]


def test_each_opening_is_an_edge_with_its_port(context: Context) -> None:
    edges = [edge for edge in graph(context).edges if edge.kind == "opening"]
    expected = {(one.source, one.destination, one.port) for one in openings(context)}
    ends = {(edge.source.removeprefix("module/"), edge.target.removeprefix("module/"), edge.port) for edge in edges}
    assert len(edges) == len(expected)
    assert ends == expected


def test_every_end_of_an_edge_is_a_node(context: Context) -> None:
    found = graph(context)
    ids = [node.id for node in found.nodes]
    assert len(ids) == len(set(ids))
    assert {end for edge in found.edges for end in (edge.source, edge.target)} <= set(ids)


def test_needs_services_and_host_names(make: Make) -> None:
    found = graph(make())
    needs = related(found, "needs")
    warehouse = {target for source, target in needs if source == "module/warehouse"}
    services = {"service/secrets", "service/gateway", "service/certificates"}
    assert warehouse >= {"database", "cache", "secrets", "layer/gold", "layer/silver", *services}
    assert ("module/vault", "secrets") not in needs
    assert {("module/vault", "service/secrets"), ("module/gauge", "service/metrics")} <= related(found, "provides")
    assert related(found, "serves") == {("module/warehouse", "host/warehouse")}
    access = {edge.target: edge.access for edge in found.edges if edge.access}
    assert access == {"layer/gold": "write", "layer/silver": "read"}
    host = next(node for node in found.nodes if node.kind == "host")
    assert host.name == "warehouse.dev.data.example.com"


def test_what_no_module_uses_is_left_out(make: Make) -> None:
    kinds = {node.kind for node in graph(make(modules=("law",))).nodes}
    assert kinds == {"module", "service", "kubernetes-api", "layer"}


def test_a_graph_is_valid_and_the_same_each_time(make: Make) -> None:
    one, two = (graph(make()).model_dump_json() for _ in range(2))
    assert one == two
    assert Graph.model_validate_json(one) == graph(make())


def test_the_part_around_a_module(make: Make) -> None:
    part = around(graph(make()), ["loader"])
    assert {node.id for node in part.nodes if node.kind == "module"} == {"module/loader", "module/warehouse"}
    assert related(part, "opening") == {("module/loader", "module/warehouse"), ("module/loader", "database")}
    part = around(graph(make()), ["warehouse"])
    assert ("module/vault", "service/secrets") in related(part, "provides")
    assert ("module/law", "kubernetes-api") not in related(part, "opening")
    ElementTree.fromstring(svg(part))


def test_mermaid_has_each_module_and_path_once(context: Context) -> None:
    text = mermaid(graph(context))
    assert text.startswith("flowchart LR\n")
    for name in ORDER:
        assert text.count(f'["{name}"]') == 1
    arrows = re.findall(r'^  (\w+) -->\|"([^"]+)"\| (\w+)$', text, re.MULTILINE)
    assert len(arrows) == len({(source, target) for source, _, target in arrows})
    assert ("module_warehouse", "5432", "database") in arrows
    assert ("module_gauge", "9090, 9100, 10250", "nodes") in arrows
    assert 'module_warehouse -.->|"write"| layer_gold' in text
    declared = set(re.findall(r'^    (\w+)\["', text, re.MULTILINE))
    used = {end for source, _, target in arrows for end in (source, target)}
    assert used <= declared


def test_tracks_have_each_path_between_modules_once(context: Context) -> None:
    parts = layout(graph(context))
    drawn = [edge for track in parts.tracks for edges in track.leaves.values() for edge in edges]
    drawn += [edge for edges in parts.cells.values() for edge in edges]
    expected = [edge for edge in graph(context).edges if edge.kind == "opening"]
    assert sorted(map(str, (edge for edge in drawn if edge.kind == "opening"))) == sorted(map(str, expected))
    for track in parts.tracks:
        for edges in track.leaves.values():
            assert {edge.source if track.outward else edge.target for edge in edges} <= {track.hub, *_services(edges)}


def _services(edges: Sequence[GraphEdge]) -> set[str]:
    return {edge.target for edge in edges if edge.target.startswith("service/")}


def test_a_hub_has_one_track() -> None:
    tracks = layout(many(30)).tracks
    assert tracks[0].hub == "module/module-with-long-name-00"
    assert len(tracks[0].leaves) == 29
    assert not tracks[0].outward


def test_the_picture_is_accessible_and_has_no_external_resources(context: Context) -> None:
    text = svg(graph(context))
    root = ElementTree.fromstring(text)
    ids = {element.get("id") for element in root if element.tag in (f"{SVG}title", f"{SVG}desc")}
    assert root.get("role") == "img"
    assert set((root.get("aria-labelledby") or "").split()) == ids == {"title", "desc"}
    words = [element.text for element in root.iter(f"{SVG}text")]
    assert set(ORDER) <= set(words)
    assert not re.search(r"href|url\(|@import|<script", text)


def test_names_are_escaped() -> None:
    node = GraphNode(id="module/a", kind="module", name="a", summary="<script> & more", category="policy", step=1)
    ElementTree.fromstring(svg(Graph(environment="dev", cloud="gcp", nodes=(node,), edges=())))


@pytest.mark.skipif(not browser.found(), reason="Chromium is not installed")
@pytest.mark.parametrize("number", [1, 40])
def test_no_text_of_the_picture_overlaps_in_a_browser(number: int, tmp_path: Path, make: Make) -> None:
    for name, found in (("own", graph(make())), ("many", many(number))):
        page = tmp_path / f"{name}.svg"
        page.write_text(svg(found))
        with browser.opened(page) as opened:
            assert opened.run(OVERLAPPING) == []
            assert opened.complaints == []
