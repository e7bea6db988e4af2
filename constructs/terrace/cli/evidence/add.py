"""`terrace evidence add`: records that a run could not write."""

import json
from pathlib import Path
from typing import Any

import click

from terrace.cli.options import load, state_home_of


@click.command("add")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE...",
)
@click.pass_context
def command(ctx: click.Context, files: tuple[Path, ...]) -> None:
    """Add the records in FILE..., which an apply or a destroy saved because it could not write them, oldest first.

    Each keeps the time of its run, and comes after the records that were written since. FILE is removed.
    """
    from terrace.assurance.evidence import Chain
    from terrace.cli.console import write

    for path, content in sorted(((path, _content(path)) for path in files), key=lambda one: str(one[1]["at"])):
        loaded = load(ctx, content["environment"], content["cloud"])
        chain = Chain(state_home_of(ctx, loaded), loaded.environment.name, loaded.environment.cloud)
        record = chain.append(content)
        path.unlink()
        write(f"record {record.number} of {chain.name}: {record.kind}, {record.hash}")


def _content(path: Path) -> dict[str, Any]:
    """A record without its place in a chain. Raises UsageError."""
    from pydantic import ValidationError

    from terrace.assurance.evidence import Record
    from terrace.errors import UsageError

    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        Record(**content, number=1, previous="0" * 64)
    except (ValueError, TypeError, OSError, ValidationError) as error:
        raise UsageError(
            "not a record of a run", where=str(path), hint="`terrace apply` and `terrace destroy` name the file"
        ) from error
    return dict(content)
