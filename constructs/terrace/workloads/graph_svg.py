"""The graph of an environment as an SVG picture: modules as rows, what they use as columns, paths between modules as
tracks. It has no external resources and follows the reader's light or dark scheme."""

from collections.abc import Iterator, Sequence
from html import escape

from terrace.capabilities.cloud import TITLES
from terrace.words import counted
from terrace.workloads.graph import Graph, GraphEdge
from terrace.workloads.graph_layout import Track, layout

_ROW, _HEADING, _TOP, _MARGIN = 52, 30, 128, 24
_CARD, _COLUMN, _TRACK, _HOSTS = 264, 68, 13, 250
_SHOWN_HOSTS = 3
_COLOURS = ("#3b82c4", "#c2622d", "#2f9e6e", "#9a5fc4", "#b8901f", "#c4477f", "#4a9aa8", "#7a7f2a")
"""Of tracks; each has a contrast of 3:1 or more with both backgrounds."""
_TITLES = {
    "entry": "Public\nentry", "internet": "Internet", "cloud": "Cloud\nAPIs", "kubernetes-api": "Kubernetes\nAPI",
    "nodes": "Nodes", "secrets": "Secret\nmanager", "database": "Database", "cache": "Cache",
    "streams": "Managed\nKafka",
}  # fmt: skip
_STYLE = """
svg{--paper:#fff;--ink:#1c2430;--soft:#596575;--line:#d5dbe3;--card:#f4f6f9;--dot:#33557f;
font-family:system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif}
@media(prefers-color-scheme:dark){svg{--paper:#14181f;--ink:#e8ecf2;--soft:#a3aebd;--line:#333c49;--card:#1f2630;--dot:#9cbce6}}
text{fill:var(--ink);font-size:12px}.soft{fill:var(--soft)}.small{font-size:11px}.name{font-weight:600;font-size:13px}
.title{font-size:19px;font-weight:600}.heading{fill:var(--soft);font-size:12px;font-weight:600;letter-spacing:.04em}
.line{stroke:var(--line);fill:none}.card{fill:var(--card);stroke:var(--line)}.dot{fill:var(--dot);stroke:var(--dot)}
.ring{fill:var(--paper);stroke:var(--dot);stroke-width:2}.access{fill:var(--paper);font-weight:600;font-size:11px}
"""


def svg(graph: Graph) -> str:
    """The picture, as the text of an SVG file."""
    return _Picture(graph).text()


class _Picture:
    def __init__(self, graph: Graph) -> None:
        self.graph, self.layout = graph, layout(graph)
        self.names = {node.id: node.name for node in graph.nodes}
        openings = sum(track.kind == "opening" for track in self.layout.tracks)
        needs = len(self.layout.tracks) - openings
        self.card_x = _MARGIN + _TRACK * (openings + 1)
        self.needs_x = self.card_x + _CARD
        self.columns_x = self.needs_x + _TRACK * (needs + 1) + 10
        self.hosts_x = self.columns_x + _COLUMN * len(self.layout.columns) + 12
        self.width = max(self.hosts_x + (_HOSTS if self.layout.hosts else 0) + _MARGIN, 900)
        self.rows: dict[str, int] = {}
        self.headings: list[tuple[str, int]] = []
        y = _TOP
        for category, nodes in self.layout.groups.items():
            self.headings.append((category, y + 20))
            y += _HEADING
            for node in nodes:
                self.rows[node.id] = y + _ROW // 2
                y += _ROW
        self.bottom = y
        self.height = y + 84

    def text(self) -> str:
        graph = self.graph
        modules, openings = len(self.rows), sum(edge.kind == "opening" for edge in graph.edges)
        title = f"{graph.environment} on {TITLES[graph.cloud]}"
        about = (
            f"{counted(modules, 'module')} by category with what they use: {counted(openings, 'opening')}, the parts "
            f"of the foundation, and the layers of the lake."
        )
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" width="{self.width}" '
            f'height="{self.height}" role="img" aria-labelledby="title desc">'
        )
        return "\n".join(
            [
                head,
                f'<title id="title">{escape(title)}</title>',
                f'<desc id="desc">{escape(about)}</desc>',
                f"<style>{_STYLE}</style>",
                f'<rect width="{self.width}" height="{self.height}" fill="var(--paper)"/>',
                _text(_MARGIN, 36, title, "title"),
                _text(_MARGIN, 58, about, "soft"),
                *self._columns(),
                *self._headings(),
                *self._tracks(),
                *self._cells(),
                *self._cards(),
                *self._hosts(),
                *self._legend(),
                "</svg>\n",
            ]
        )

    def _column(self, position: int) -> int:
        return self.columns_x + _COLUMN * position + _COLUMN // 2

    def _columns(self) -> Iterator[str]:
        lake = [position for position, node in enumerate(self.layout.columns) if node.kind == "layer"]
        if lake:
            first, last = self._column(lake[0]) - 30, self._column(lake[-1]) + 30
            yield _text((first + last) // 2, _TOP - 40, "Lake", "heading", "middle")
            yield f'<path class="line" d="M{first} {_TOP - 34}H{last}"/>'
        for position, node in enumerate(self.layout.columns):
            x, words = self._column(position), _TITLES.get(node.kind, node.name).split("\n")
            for number, word in enumerate(reversed(words)):
                yield _text(x, _TOP - 14 - 14 * number, _cut(word, 11), "small", "middle", node.summary)
            yield f'<path class="line" d="M{x} {_TOP - 6}V{self.bottom}"/>'
        if self.layout.hosts:
            yield _text(self.hosts_x, _TOP - 14, "Host names", "small")

    def _headings(self) -> Iterator[str]:
        for category, y in self.headings:
            yield _text(self.card_x, y, category.replace("-", " ").capitalize(), "heading")

    def _cards(self) -> Iterator[str]:
        for node in self.graph.nodes:
            if node.kind != "module":
                continue
            y = self.rows[node.id]
            services = ", ".join(self.layout.provided.get(node.id, ()))
            about = f"provides {services}" if services else node.summary
            yield f"<g><title>{escape(f'{node.name} {node.version}: {node.summary}')}</title>"
            yield f'<rect class="card" x="{self.card_x}" y="{y - 21}" width="{_CARD}" height="42" rx="6"/>'
            yield _text(self.card_x + 12, y - 3, node.name, "name")
            yield _text(self.card_x + _CARD - 12, y - 3, str(node.step), "small soft", "end")
            yield _text(self.card_x + 12, y + 13, _cut(about, 38), "small soft")
            yield "</g>"

    def _tracks(self) -> Iterator[str]:
        numbers = {"opening": 0, "needs": 0}
        hubs: dict[str, str] = {}
        for track in self.layout.tracks:
            position = numbers[track.kind]
            numbers[track.kind] += 1
            colour = hubs.setdefault(track.hub, _COLOURS[len(hubs) % len(_COLOURS)])
            yield from self._track(track, position, colour)

    def _track(self, track: Track, position: int, colour: str) -> Iterator[str]:
        """A vertical line beside the cards with a branch to each module. Openings are on the left, needs on the right.
        The hub's branch begins with a dot where the edges start at the hub, else it ends with an arrow."""
        left = track.kind == "opening"
        edge = self.card_x if left else self.needs_x
        x = edge - _TRACK * (position + 1) if left else edge + _TRACK * (position + 1)
        side = -1 if left else 1
        dashes = "" if left else ' stroke-dasharray="4 3"'
        shift = _shift(position)
        ys = {leaf: self.rows[leaf] + shift for leaf in track.leaves}
        hub = self.rows[track.hub] + shift
        low, high = min((hub, *ys.values())), max((hub, *ys.values()))
        yield f'<g stroke="{colour}" fill="none" stroke-width="1.6"{dashes}>'
        yield f'<path d="M{x} {low}V{high}"/>'
        for leaf, edges in track.leaves.items():
            end = edge + side * (5 if track.outward else 0)
            yield f'<path d="M{x} {ys[leaf]}H{end}">{_tooltip(self._sentences(edges))}</path>'
        yield f'<path d="M{x} {hub}H{edge + side * (0 if track.outward else 5)}" stroke-width="3"/></g>'
        yield f'<g fill="{colour}">'
        for y in ys.values() if track.outward else (hub,):
            yield f'<path d="M{edge} {y}l{side * 8} -4v8z"/>'
        yield "</g>"

    def _cells(self) -> Iterator[str]:
        at = {node.id: self._column(position) for position, node in enumerate(self.layout.columns)}
        ends: dict[str, int] = {}
        for row, column in self.layout.cells:
            if column in at:
                ends[row] = max(ends.get(row, 0), at[column])
        for row, x in ends.items():
            yield f'<path class="line" d="M{self.card_x + _CARD} {self.rows[row]}H{x}"/>'
        for (row, column), edges in self.layout.cells.items():
            if column in at:
                yield from self._cell(at[column], self.rows[row], row, edges)

    def _cell(self, x: int, y: int, row: str, edges: Sequence[GraphEdge]) -> Iterator[str]:
        """A letter for what the module may do with data, else a dot for calls from it and a ring for calls to it."""
        yield f"<g>{_tooltip(self._sentences(edges))}"
        access = {edge.access for edge in edges if edge.access}
        incoming = all(edge.target == row for edge in edges)
        radius = 9 if access else 6
        yield f'<circle class="{"ring" if incoming else "dot"}" cx="{x}" cy="{y}" r="{radius}"/>'
        if access:
            yield _text(x, y + 4, "W" if access & {"write", "add"} else "R", "access", "middle")
        elif {edge.target == row for edge in edges} == {True, False}:
            yield _both(x, y)
        yield "</g>"

    def _hosts(self) -> Iterator[str]:
        for row, hosts in self.layout.hosts.items():
            shown = hosts if len(hosts) <= _SHOWN_HOSTS else hosts[: _SHOWN_HOSTS - 1]
            lines = [_cut(f"{name} ({login})", 42) for name, login in shown]
            if len(hosts) > len(shown):
                lines.append(f"and {len(hosts) - len(shown)} more")
            y = self.rows[row] + 4 - 7 * (len(lines) - 1)
            for number, line in enumerate(lines):
                yield _text(self.hosts_x, y + 14 * number, line, "small")

    def _legend(self) -> Iterator[str]:
        y = self.bottom + 30
        yield f'<path class="line" d="M{_MARGIN} {y - 20}H{self.width - _MARGIN}"/>'
        x = _MARGIN
        yield f'<g stroke="{_COLOURS[0]}" stroke-width="1.6" fill="none"><path d="M{x} {y}h24"/></g>'
        yield f'<path fill="{_COLOURS[0]}" d="M{x + 30} {y}l-8 -4v8z"/>'
        yield _text(x + 38, y + 4, "opening between modules", "small")
        yield f'<path stroke="{_COLOURS[0]}" stroke-width="1.6" stroke-dasharray="4 3" d="M{x + 200} {y}h24"/>'
        yield f'<path fill="{_COLOURS[0]}" d="M{x + 230} {y}l-8 -4v8z"/>'
        yield _text(x + 238, y + 4, "need of a module or service", "small")
        for position, (kind, words) in enumerate((("dot", "calls or uses"), ("ring", "is called by"), ("dot", "both"))):
            cx = x + 430 + 120 * position
            yield f'<circle class="{kind}" cx="{cx}" cy="{y}" r="6"/>'
            if words == "both":
                yield _both(cx, y)
            yield _text(cx + 12, y + 4, words, "small")
        yield _text(x + 740, y + 4, "R reads, W writes", "small")
        words = (
            "The number of a module is its step of the installation. "
            "A thick line is at the module that all paths of its colour share."
        )
        yield _text(x, y + 30, words, "small soft")

    def _sentences(self, edges: Sequence[GraphEdge]) -> str:
        lines = []
        for edge in edges:
            arrow = f"{self.names[edge.source]} → {self.names[edge.target]}"
            what = f"port {edge.port}" if edge.port else edge.access or edge.kind
            lines.append(f"{arrow}: {what}" + (f", {edge.label}" if edge.label else ""))
        return "\n".join(lines)


def _shift(position: int) -> int:
    """The offset of a track's branches from the middle of the rows, so that those of other tracks stay visible."""
    return (0, -10, 10, -5, 5, -15, 15)[position % 7]


def _both(x: int, y: int) -> str:
    """The mark on a dot for calls in both directions."""
    return f'<circle class="ring" cx="{x}" cy="{y}" r="2"/>'


def _tooltip(text: str) -> str:
    return f"<title>{escape(text)}</title>"


def _text(x: int, y: int, text: str, style: str = "", anchor: str = "start", tooltip: str = "") -> str:
    inner = (_tooltip(tooltip) if tooltip else "") + escape(text)
    at = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{x}" y="{y}"{at} class="{style}">{inner}</text>'


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
