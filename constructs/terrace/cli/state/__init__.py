"""`terrace state`: the states of an environment, and their versions.

A subcommand is a module of this package with a `command`, and a line in SUBCOMMANDS; it is imported when it is called.
"""

import click

from terrace.cli.lazy import LazyGroup

SUBCOMMANDS = {
    "list": "List the states of an environment, their locks and the versions to go back to.",
    "backup": "Keep a copy of the states of an environment beside them.",
    "migrate": "Move the states of an environment to the home that its files name.",
    "restore": "Go back to a version or a backup of a state.",
}


@click.group("state", cls=LazyGroup, package=__name__, summaries=SUBCOMMANDS)
def command() -> None:
    """The states of an environment, and the versions to go back to."""
