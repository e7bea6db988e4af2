"""`terrace prices`: the price books of a project.

A subcommand is a module of this package with a `command`, and a line in SUBCOMMANDS; it is imported when it is called.
"""

import click

from terrace.cli.lazy import LazyGroup

SUBCOMMANDS = {"refresh": "Read list prices from the clouds' own price lists."}


@click.group("prices", cls=LazyGroup, package=__name__, summaries=SUBCOMMANDS)
def command() -> None:
    """Keep the price books that `terrace cost` sums."""
