"""`terrace ci`: the pipelines of a project, and what their jobs do.

A subcommand is a module of this package with a `command`, and a line in SUBCOMMANDS; it is imported when it is called.
"""

import click

from terrace.cli.lazy import LazyGroup

SUBCOMMANDS = {
    "render": "Write the workflow files of the project.",
    "setup": "Set what the workflows rely on in the repository's settings.",
    "check": "Evaluate which tokens the cloud would accept from a pipeline.",
    "matrix": "Print the environments that a change affects.",
    "token": "Sign in to the cloud with the token of the running job.",
    "comment": "Write what plans would do as one comment for a pull request.",
    "post-comment": "Write the one comment of a pull request.",
    "drift-issue": "Open, update or close the issue about an environment's drift.",
}


@click.group("ci", cls=LazyGroup, package=__name__, summaries=SUBCOMMANDS)
def command() -> None:
    """Render the pipelines of a project, check how they sign in, and do what their jobs do."""
