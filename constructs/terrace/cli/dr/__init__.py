"""`terrace dr`: disaster recovery.

A subcommand is a module of this package with a `command`, and a line in SUBCOMMANDS; it is imported when it is called.
"""

import click

from terrace.cli.lazy import LazyGroup

SUBCOMMANDS = {
    "plan": "What a loss of the region leaves, whether that meets the objectives, and how to recover.",
    "rehearse": "Lose a PostgreSQL server on this machine, restore it to a moment, and measure.",
}


@click.group("dr", cls=LazyGroup, package=__name__, summaries=SUBCOMMANDS)
def command() -> None:
    """Disaster recovery: plan it, rehearse a restore, and compare both with an environment's objectives."""
