"""`terrace access ENV`, `terrace access explain|diff|data`: what a stack lets anyone reach or do.

A subcommand is a module of this package with a `command`, and a line in SUBCOMMANDS; it is imported when it is called.
"""

import click

from terrace.cli.lazy import LazyGroup

SUBCOMMANDS = {
    "show": "List what the stack of an environment allows, and what its environment does not declare.",
    "explain": "Show how one end reaches another, or why a principal has a right.",
    "diff": "Compare what two stacks allow.",
    "data": "List what groups of people may read: tables, masked columns, rows.",
}


@click.group("access", cls=LazyGroup, package=__name__, summaries=SUBCOMMANDS, default="show")
def command() -> None:
    """List what a stack lets anyone reach or do: network paths and rights, compared with what the environment declares.

    `terrace access ENV` is `terrace access show ENV`.
    """
