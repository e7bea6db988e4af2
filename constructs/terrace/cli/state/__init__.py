"""`terrace state`: the states of an environment, and their versions.

A subcommand is a module of this package with a `command`, and a line in SUBCOMMANDS; it is imported when it is called.
"""

import click

from terrace.cli.lazy import LazyGroup

SUBCOMMANDS = {
    "show": "List the resources of a state, or show the values of one.",
    "list": "List the states of an environment, their locks and the versions to go back to.",
    "backup": "Keep a copy of the states of an environment beside them.",
    "migrate": "Move the states of an environment to the home that its files name.",
    "restore": "Go back to a version or a backup of a state.",
    "mv": "Give a resource another address in a state.",
    "rm": "Remove resources from a state; they stay in the cloud.",
    "import": "Put a resource that exists into a state.",
    "unlock": "Release the lock of a run that has died.",
}


@click.group("state", cls=LazyGroup, package=__name__, summaries=SUBCOMMANDS)
def command() -> None:
    """The states of an environment, what is in them, and the versions to go back to.

    What changes a state asks first, keeps a copy beside it and is recorded in the evidence (`terrace evidence list`).
    """
