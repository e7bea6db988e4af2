"""`terrace upgrade`: what an upgrade of the project does to its deployments.

A subcommand is a module of this package with a `command`, and a line in SUBCOMMANDS; it is imported when it is called.
"""

import click

from terrace.cli.lazy import LazyGroup

SUBCOMMANDS = {
    "rehearse": "Compare the stack of an earlier release with the present one; the default.",
    "versions": "Plan the upgrades of Kubernetes and PostgreSQL.",
}


@click.group("upgrade", cls=LazyGroup, package=__name__, summaries=SUBCOMMANDS, default="rehearse")
def command() -> None:
    """What an upgrade does: `terrace upgrade --from REF [ENV]`, and the versions of Kubernetes and PostgreSQL."""
