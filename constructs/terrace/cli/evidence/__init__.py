"""`terrace evidence record|add|list|check`: dated runs of an environment, in a chain that shows every change.

A subcommand is a module of this package with a `command`, and a line in SUBCOMMANDS; it is imported when it is called.
"""

import click

from terrace.cli.lazy import LazyGroup

SUBCOMMANDS = {
    "record": "Add the result of a run to the evidence of an environment.",
    "add": "Add records of runs that could not be written at the time.",
    "list": "List the records of an environment.",
    "check": "Check that no record was changed, removed or inserted.",
}


@click.group("evidence", cls=LazyGroup, package=__name__, summaries=SUBCOMMANDS)
def command() -> None:
    """Keep dated results of runs beside the state, as evidence over a period.

    `terrace apply` and `terrace destroy` record themselves; the other kinds of runs are recorded with `record`.
    """
