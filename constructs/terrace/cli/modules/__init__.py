"""`terrace modules SUBCOMMAND`: the modules that environments may enable.

A subcommand is a module of this package with a `command`, and a line in SUBCOMMANDS; it is imported when it is called.
"""

import click

from terrace.cli.lazy import LazyGroup

SUBCOMMANDS = {
    "list": "List the modules, and what an environment enables.",
    "show": "Show what a module is and what it needs.",
    "check": "Check modules on every cloud and tier, with what their charts render to.",
    "render": "Print the objects of a module as one environment installs them.",
    "graph": "Show the modules of an environment and what they use, as a picture or data.",
    "images": "List every image that modules pull.",
    "vendor": "Download the charts of modules for a machine without network access.",
    "outdated": "Compare the versions of modules with the newest known ones.",
    "upgrade": "Show what another version of a module's chart changes.",
    "schema": "Generate modules/schema.json, which editors read.",
}


@click.group("modules", cls=LazyGroup, package=__name__, summaries=SUBCOMMANDS)
def command() -> None:
    """List, show, check and render the modules that environments may enable."""
