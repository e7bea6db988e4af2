"""`terrace dr`: disaster recovery.

A subcommand is a module of this package with a `command`, and a line in SUBCOMMANDS; it is imported when it is called.
"""

import click

from terrace.cli.lazy import LazyGroup

SUBCOMMANDS = {
    "rehearse": "Lose a PostgreSQL server on this machine, restore it to a moment, and measure.",
}


@click.group("dr", cls=LazyGroup, package=__name__, summaries=SUBCOMMANDS)
def command() -> None:
    """Disaster recovery: rehearse a restore, and measure it against an environment's objectives."""
