"""What the commands print. Results go to standard output, all else to standard error; nothing needs colour."""

import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from terrace.deployment.changes import Change, Summary, Verb


def say(sentence: str) -> None:
    """A sentence for the person who watches."""
    click.echo(sentence, err=True)


def coloured(text: str, **style: Any) -> str:
    return text if os.environ.get("NO_COLOR") else click.style(text, **style)  # click.echo strips it when piped


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Left-aligned columns; numbers to the right."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(line[column]) for line in [list(headers), *cells]) for column in range(len(headers))]
    numeric = [bool(rows) and all(isinstance(row[column], int) for row in rows) for column in range(len(headers))]

    def line(parts: Sequence[str]) -> str:
        aligned = (
            part.rjust(width) if right else part.ljust(width)
            for part, width, right in zip(parts, widths, numeric, strict=True)
        )
        return "  ".join(aligned).rstrip()

    return "\n".join([line(headers), *(line(row) for row in cells)])


def plan_text(summary: Summary) -> str:
    """A plan by capability, then what it would lose."""
    if summary.empty:
        return "No changes: the deployment is what the environment says."
    verbs: tuple[Verb, ...] = ("add", "change", "replace", "destroy", "import", "forget")
    # Adopting and then changing is both: the column counts all that are adopted.
    adopted = {
        name: sum(1 for c in summary.changes if c.imported and c.capability == name) for name in summary.capabilities
    }
    shown = [v for v in verbs if summary.count(v) or v in ("add", "change", "replace", "destroy")]
    if any(adopted.values()) and "import" not in shown:
        shown.append("import")

    def cell(name: str, verb: Verb) -> int:
        return adopted[name] if verb == "import" else summary.count(verb, name)

    rows: list[list[object]] = [[name, *(cell(name, verb) for verb in shown)] for name in sorted(summary.capabilities)]
    if len(rows) > 1:
        rows.append(["all", *(sum(cell(name, verb) for name in summary.capabilities) for verb in shown)])
    heads = ["capability", *("adopt" if verb == "import" else verb for verb in shown)]
    parts = [table(heads, rows)] if rows else []
    if summary.outputs:
        parts.append(f"{summary.outputs} outputs change.")
    disturbing = [change for change in summary.changes if change.verb in ("replace", "destroy")]
    harmless = [change for change in disturbing if not change.loses_data]
    if harmless:
        parts.append("\n".join(_disturbed(change) for change in harmless))
    if summary.losses:
        parts.append(
            coloured(f"{len(summary.losses)} of them hold data or are relied on by name:", fg="red", bold=True)
            + "\n"
            + "\n".join(coloured(_disturbed(change), fg="red") for change in summary.losses)
        )
    return "\n\n".join(parts)


def _disturbed(change: Change) -> str:
    text = f"  {change.verb} {change.address}"
    if change.construct:
        text += f" ({change.construct})"
    if change.reasons:
        text += f", because of {', '.join(change.reasons)}"
    return text + (f"\n    set in {change.owner}" if change.owner else "")


def confirmed(question: str, *, yes: bool) -> bool:
    """Ask for a yes. `yes` has answered already. Raises UsageError where nobody can be asked."""
    from terrace.errors import UsageError

    if yes:
        return True
    if not sys.stdin.isatty():
        raise UsageError("this asks first, and there is no terminal to ask on", hint="answer beforehand with --yes")
    return click.confirm(question, default=False, err=True)
