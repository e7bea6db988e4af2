"""`terrace report`: evidence for auditors, and `terrace report verify`: whether a signed report was changed.

A subcommand is a module of this package with a `command`, and a line in SUBCOMMANDS; it is imported when it is called.
"""

import click

from terrace.cli.lazy import LazyGroup

SUBCOMMANDS = {
    "write": "Write a report, or compare two.",
    "verify": "Check the signature of a report, and that no file was changed.",
}


@click.group("report", cls=LazyGroup, package=__name__, summaries=SUBCOMMANDS, default="write")
def command() -> None:
    """Write evidence for auditors, by framework and requirement, compare two reports, or verify a signed one.

    `terrace report --env ENV ...` is `terrace report write --env ENV ...`.
    """
