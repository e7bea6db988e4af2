"""Everything the commands print. Data goes to standard output; sentences and errors go to standard error, without
secrets: as text, or as JSON lines: with --log-json all of them, with --json the errors.

Colour appears on terminals only, and NO_COLOR disables it. --quiet silences `info`, never data, warnings or errors.
"""

import json
import os
import shutil
import sys
import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click

from terrace.cli.options import settings_of
from terrace.cli.redaction import redacted
from terrace.errors import InvalidFile, TerraceError, UsageError

_log_json = False  # of the whole process: errors are printed after the command and its context have ended
_errors_json = False
_NARROWEST, _WIDEST, _UNLIMITED = 80, 200, 10_000  # columns


def write(text: str, *, newline: bool = True) -> None:
    """Print data."""
    _echo(text, newline=newline)


def write_json(data: object) -> None:
    """Print data as JSON."""
    _echo(json.dumps(data, indent=2, ensure_ascii=False))


def info(sentence: str) -> None:
    """Print a sentence about the progress; --quiet suppresses it."""
    if not quiet():
        _log("info", sentence)


def warn(sentence: str) -> None:
    """Print a sentence that --quiet does not suppress."""
    _log("warning", sentence)


def error(message: str, *, where: str = "", hint: str = "") -> None:
    """Print an error: what is wrong, where, then a blank line and the fix."""
    if _log_json or _errors_json:
        _json_line("error", message, where=where, hint=hint)
        return
    message, where, hint = redacted(message), redacted(where), redacted(hint)
    _echo(f"{styled('error:', fg='red', bold=True)} {message}", err=True)
    if where:
        _echo(f"  at {where}", err=True)
    if hint:
        _echo(f"\n{styled('hint:', bold=True)} {hint}", err=True)


def log_as_json(on: bool, *, errors: bool = False) -> None:
    """Print sentences and errors as JSON lines from now on, only `errors`, or everything as text."""
    global _log_json, _errors_json
    _log_json, _errors_json = on, errors


def logs_json() -> bool:
    """Whether sentences and errors are printed as JSON lines."""
    return _log_json


def _log(level: str, message: str) -> None:
    """Print a line about the progress, without secrets."""
    if _log_json:
        _json_line(level, message)
    else:
        _echo(redacted(message), err=True)


def _json_line(level: str, message: str, **more: str) -> None:
    """Print a message as a line of JSON, without secrets. `more` are further members; empty ones are left out."""
    if message.strip():
        moment = datetime.now(UTC).isoformat(timespec="milliseconds")
        parts = {"message": click.unstyle(message).strip(), **more}
        clean = {name: redacted(part) for name, part in parts.items() if part}
        _echo(json.dumps({"time": moment, "level": level, **clean}, ensure_ascii=False), err=True)


def _echo(text: str, *, newline: bool = True, err: bool = False) -> None:
    """Print to standard output or error. When its reader has closed the pipe (`terrace graph dev | head`), this and
    later output is dropped, and the command continues: an apply is not interrupted, and a gate keeps its exit code."""
    try:
        click.echo(text, nl=newline, err=err)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), (sys.stderr if err else sys.stdout).fileno())


def terrace_error(failure: TerraceError) -> None:
    """Print an error of Terrace's own; of an invalid file, every problem."""
    if isinstance(failure, InvalidFile):
        for problem in failure.problems:
            error(str(problem))
    else:
        error(failure.message, where=failure.where, hint=failure.hint)


def quiet() -> bool:
    """Whether --quiet was given."""
    context = click.get_current_context(silent=True)
    return context is not None and settings_of(context).quiet


def styled(text: str, **style: Any) -> str:
    """Text in a colour or in bold; click removes the codes when it prints to anything but a terminal."""
    return text if os.environ.get("NO_COLOR") else click.style(text, **style)


def width() -> int:
    """The columns that a line may use: those of the terminal, within limits; any number when piped."""
    if not sys.stdout.isatty():
        return _UNLIMITED
    return min(max(shutil.get_terminal_size().columns, _NARROWEST), _WIDEST)


def shortened(text: str, columns: int) -> str:
    """Text cut to a number of columns."""
    return text if len(text) <= columns else f"{text[: columns - 1]}…"


def wrapped(text: str) -> str:
    """Text whose lines are no wider than the terminal; what continues a line is indented below it."""
    columns = width()
    if columns == _UNLIMITED:
        return text
    return "\n".join(part for line in text.split("\n") for part in _parts(line, columns))


def _parts(line: str, columns: int) -> list[str]:
    if len(click.unstyle(line)) <= columns:
        return [line]
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    return textwrap.wrap(line, columns, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns, numbers aligned right. On a terminal, long cells wrap; piped, every row is one line."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column, header in enumerate(headers):
        numeric = bool(rows) and all(isinstance(row[column], int | float) for row in rows)
        grid.add_column(Text(header), justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(Text(f"{cell:.1f}" if isinstance(cell, float) else str(cell)) for cell in row))
    console = Console(width=width(), color_system=None if os.environ.get("NO_COLOR") else "auto")
    with console.capture() as captured:
        console.print(grid)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def confirmed(question: str, *, yes: bool) -> bool:
    """Ask for confirmation unless `yes` is set. Raises UsageError when standard input is not a terminal."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise UsageError("cannot ask for confirmation: standard input is not a terminal", hint="pass --yes")
    return click.confirm(question, default=False, err=True)


def yaml_text(documents: Sequence[Any]) -> str:
    """Plain data as YAML documents, in blocks and without aliases."""
    import io

    from ruamel.yaml import YAML

    yaml = YAML(typ="safe")
    yaml.default_flow_style = False
    yaml.width = _UNLIMITED
    yaml.representer.ignore_aliases = lambda data: True
    stream = io.StringIO()
    yaml.dump_all(documents, stream)
    return stream.getvalue()
