"""What the gate, the parity matrix and the report print and write: one file a format.

Each file has a function for every subject that the format is offered for: `gate`, `parity`, `report`.
"""

from collections.abc import Callable, Mapping, Sequence

from terrace.assurance.gate_result import GateResult
from terrace.assurance.output import csv_tables, github, json_data, junit, sarif, terminal

__all__ = ["GATE"]


def _html(results: Sequence[GateResult]) -> str:
    from terrace.assurance.output import html  # jinja2 is an extra

    return html.gate(results)


GATE: Mapping[str, Callable[[Sequence[GateResult]], str]] = {
    "table": terminal.gate,
    "sarif": sarif.gate,
    "json": json_data.gate,
    "junit": junit.gate,
    "github": github.gate,
    "html": _html,
    "csv": csv_tables.gate,
}
"""The formats of `terrace gate --output`."""
