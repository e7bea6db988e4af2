"""The evidence of a run as an HTML page without external resources."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from terrace.flow.lineage import Edge
from terrace.flow.run import Evidence

_PLACES = ("bronze", "silver", "raw", "staging", "intermediate", "marts", "gold")
_BAR, _COLUMN, _ROW, _BOX = 560, 170, 44, (130, 26)


def page(found: Evidence) -> str:
    """What flowed, the checks, lineage, rights, the erasure and the seconds."""
    rows = {
        "events": found.events, "quarantined": found.quarantined, "duplicates": found.duplicates,
        "erased": found.erased, "silver": found.silver, "raw": found.raw, **found.marts,
    }  # fmt: skip
    most = max(1, *rows.values())
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("page.html.j2").render(
        found=found,
        bars=[(name, count, round(_BAR * count / most)) for name, count in rows.items()],
        graph=_graph(found.lineage),
        groups=sorted({one["group"] for one in found.rights}),
        rights=_rights(found.rights),
    )


def _graph(edges: list[Edge]) -> dict[str, Any]:
    """Tables as boxes, a column of them for each layer or schema, and a line for each pair with an edge."""
    pairs = sorted({(edge.source.rpartition(".")[0], edge.target.rpartition(".")[0]) for edge in edges})
    at: dict[str, tuple[int, int]] = {}
    for number, place in enumerate(_PLACES):
        tables = sorted({one for pair in pairs for one in pair if one.partition(".")[0] == place})
        at |= {table: (number * _COLUMN, 28 + row * _ROW) for row, table in enumerate(tables)}
    lines = []
    for source, target in pairs:
        (x, y), (to, end) = at[source], at[target]
        start, middle = x + _BOX[0], (x + _BOX[0] + to) / 2
        y, end = y + _BOX[1] // 2, end + _BOX[1] // 2
        lines.append(f"M{start} {y} C{middle} {y} {middle} {end} {to} {end}")
    return {
        "width": len(_PLACES) * _COLUMN - _COLUMN + _BOX[0] + 10,
        "height": max((y for _, y in at.values()), default=0) + _ROW,
        "places": [(place, number * _COLUMN) for number, place in enumerate(_PLACES)],
        "boxes": [(table.partition(".")[2], x, y) for table, (x, y) in at.items()],
        "lines": lines,
    }


def _rights(asked: list[dict[str, Any]]) -> dict[str, dict[str, dict[str, Any]]]:
    """Table to group to the columns that its members read, and whether an answer is not as declared."""
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for one in asked:
        found.setdefault(one["column"].rpartition(".")[0], {}).setdefault(one["group"], []).append(one)
    return {
        table: {
            group: {
                "text": f"{sum(one['given'] == 'clear' for one in answers)} of {len(answers)} columns",
                "wrong": any(one["given"] != one["expected"] for one in answers),
            }
            for group, answers in groups.items()
        }
        for table, groups in found.items()
    }
