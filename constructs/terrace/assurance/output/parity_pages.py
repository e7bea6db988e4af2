"""The parity matrix as text for a terminal, as Markdown, HTML and data."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from terrace.assurance.parity import Matrix
from terrace.assurance.proof import Status
from terrace.capabilities.cloud import TITLES

WORDS: Mapping[Status, str] = {
    "proven": "proven",
    "exception": "exception",
    "not_asked": "not asked for",
    "broken": "BROKEN",
    "unproven": "unproven",
}
SIGNS: Mapping[Status, str] = {"proven": "✓", "exception": "E", "not_asked": "·", "broken": "✗", "unproven": "?"}
_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; color: #1a1a1a; }
table { border-collapse: collapse; width: 100%; } th, td { padding: .25rem .5rem; text-align: left; }
thead th { position: sticky; top: 0; background: #fff; border-bottom: 2px solid #888; }
tbody tr { border-bottom: 1px solid #ddd; } th.capability { padding-top: 1rem; text-transform: capitalize; }
td.status { text-align: center; cursor: help; } .proven { color: #08660f; } .not_asked { color: #777; }
.exception { color: #7a4b00; font-weight: 600; } .broken { color: #fff; background: #b00020; font-weight: 700; }
.unproven { color: #7a0016; background: #fde7ea; font-weight: 700; } footer { margin-top: 1rem; color: #555; }
"""


def text(matrix: Matrix) -> str:
    """A line a guarantee and a column a stack; below, what is broken, missing or an exception, and why."""
    columns = list(matrix.stacks)
    widths = [max(len(cloud), len(environment)) for cloud, environment in columns]
    lines = [
        " " * 12 + "  ".join(cloud.ljust(width) for (cloud, _), width in zip(columns, widths, strict=True)),
        " " * 12 + "  ".join(name.ljust(width) for (_, name), width in zip(columns, widths, strict=True)),
    ]
    capability = ""
    for row in matrix.guarantees:
        if row.capability != capability:
            capability = row.capability
            lines.append(capability)
        signs = [SIGNS[matrix.proof(row.id, *column).status] for column in columns]
        cells = "  ".join(sign.ljust(width) for sign, width in zip(signs, widths, strict=True))
        lines.append(f"  {row.id.ljust(10)}{cells}  {row.sentence}")
    lines += ["", "   ".join(f"{SIGNS[status]} {word}" for status, word in WORDS.items()), ""]
    lines += [f"{WORDS[status]} {where}: {why}" for status, where, why in _told(matrix)]
    lines += [f"{cloud}: {summary(matrix, cloud)}" for cloud in matrix.clouds]
    return "\n".join(line.rstrip() for line in lines)


def summary(matrix: Matrix, cloud: str) -> str:
    """How many of each on a cloud, in words."""
    counts = matrix.counts(cloud)
    return ", ".join(f"{counts[status]} {word.lower()}" for status, word in WORDS.items() if counts[status])


def _told(matrix: Matrix) -> Iterator[tuple[Status, str, str]]:
    """(status, which guarantee where, why) of what is not simply proven; the same reason is told once."""
    reported: tuple[Status, ...] = ("exception", "broken", "unproven")
    for status in reported:
        places: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for (cloud, environment), proofs in matrix.stacks.items():
            for proof in proofs:
                if proof.status == status:
                    places.setdefault((cloud, proof.why), []).append((proof.guarantee.id, environment))
        for (cloud, why), found in places.items():
            ids = list(dict.fromkeys(id for id, _ in found))
            named = ", ".join(ids) if len(ids) <= 6 else f"{len(ids)} guarantees"
            environments = ", ".join(dict.fromkeys(environment for _, environment in found))
            yield status, f"{named} on {cloud} ({environments})", why


def markdown(matrix: Matrix) -> str:
    """The page docs/parity.md."""
    environments = matrix.environments
    head = [f"{TITLES[cloud]}: {name}" for cloud in matrix.clouds for name in environments]
    lines = [
        "# Parity: what is the same on every cloud, and proven",
        "",
        "Computed by `terrace parity --markdown docs/parity.md` from the stacks as synthesized; not written by hand.",
        "A cell is the verdict of all checks of a guarantee (`policies/guarantees/`) on one environment's stack.",
        "",
        "   ".join(f"{SIGNS[status]} {word}" for status, word in WORDS.items()),
        "",
        f"| | guarantee | {' | '.join(head)} |",
        f"|---|---|{':-:|' * len(head)}",
    ]
    for row in matrix.guarantees:
        signs = [SIGNS[matrix.proof(row.id, cloud, name).status] for cloud in matrix.clouds for name in environments]
        lines.append(f"| {row.id} | {row.sentence} | {' | '.join(signs)} |")
    lines += ["", "## Counts", ""]
    lines += [f"- {TITLES[cloud]}: {summary(matrix, cloud)}" for cloud in matrix.clouds]
    lines += ["", "## Exceptions", ""]
    lines += [
        "What a cloud truly lacks. The checks of such a guarantee prove the rest, and break it like any other.",
        "",
    ]
    exceptions = {
        (cloud, proof.guarantee.id): proof.exception
        for (cloud, _), proofs in matrix.stacks.items()
        for proof in proofs
        if proof.exception
    }
    if exceptions:
        lines += ["| guarantee | cloud | reason | instead | source |", "|---|---|---|---|---|"]
    for (cloud, id), exception in exceptions.items():
        told = f"{exception.reason} | {exception.compensation} | {exception.source}"
        lines.append(f"| {id} | {TITLES[cloud]} | {told} |")
    shown = [row for row in matrix.guarantees if row.shown]
    if shown:
        lines += ["", "## What a foundation stack can show", ""]
        lines += [f"- **{row.id}** {row.shown}." for row in shown]
    return "\n".join(lines) + "\n"


def html(matrix: Matrix) -> str:
    """A page of its own, without anything from elsewhere; pointing at a cell shows what was found."""
    columns = list(matrix.stacks)
    head = "".join(f"<th>{escape(TITLES[cloud])}<br>{escape(environment)}</th>" for cloud, environment in columns)
    rows: list[str] = []
    capability = ""
    for row in matrix.guarantees:
        if row.capability != capability:
            capability = row.capability
            rows.append(f'<tr><th class="capability" colspan="{2 + len(columns)}">{escape(capability)}</th></tr>')
        cells = []
        for column in columns:
            proof = matrix.proof(row.id, *column)
            told = escape(f"{WORDS[proof.status]}: {proof.why}", quote=True)
            cells.append(f'<td class="status {proof.status}" title="{told}">{SIGNS[proof.status]}</td>')
        rows.append(f"<tr><th>{row.id}</th><td>{escape(row.sentence)}</td>{''.join(cells)}</tr>")
    legend = " &nbsp; ".join(f'<span class="{status}">{SIGNS[status]} {word}</span>' for status, word in WORDS.items())
    counts = "<br>".join(f"{escape(TITLES[cloud])}: {escape(summary(matrix, cloud))}" for cloud in matrix.clouds)
    reasons = "".join(
        f'<li><span class="{status}">{WORDS[status]}</span> {escape(where)}: {escape(why)}</li>'
        for status, where, why in _told(matrix)
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Terrace: parity</title>'
        f"<style>{_STYLE}</style></head><body><h1>Parity</h1><p>{legend}</p>"
        f"<table><thead><tr><th></th><th>guarantee</th>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        f"<ul>{reasons}</ul><footer>{counts}</footer></body></html>\n"
    )


def data(matrix: Matrix) -> dict[str, Any]:
    """For machines."""
    return {
        "passed": matrix.passes,
        "counts": {cloud: dict(matrix.counts(cloud)) for cloud in matrix.clouds},
        "cells": [
            {
                "guarantee": proof.guarantee.id,
                "capability": proof.guarantee.capability,
                "sentence": proof.guarantee.sentence,
                "cloud": cloud,
                "environment": environment,
                "status": proof.status,
                "why": proof.why,
                "checks": {id: type(verdict).__name__ for id, verdict in proof.verdicts},
                "exception": vars(proof.exception) if proof.exception else None,
            }
            for (cloud, environment), proofs in matrix.stacks.items()
            for proof in proofs
        ],
    }
