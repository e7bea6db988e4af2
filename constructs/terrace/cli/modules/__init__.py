"""`terrace modules list|show|schema`: the modules that environments may enable.

A subcommand is a module of this package with a `command`, and a line in SUBCOMMANDS; it is imported when it is called.
"""

import click

from terrace.cli.lazy import LazyGroup

SUBCOMMANDS = {
    "list": "List the modules, and what an environment enables.",
    "show": "Show what a module is and what it needs.",
    "schema": "Generate modules/schema.json, which editors read.",
}


@click.group("modules", cls=LazyGroup, package=__name__, summaries=SUBCOMMANDS)
def command() -> None:
    """List and show the modules that environments may enable."""
