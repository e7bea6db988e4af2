"""`terrace completion`: the shell's completion script, to be evaluated in its start file."""

import click
from click.shell_completion import get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of SHELL.

    bash, in ~/.bashrc:   eval "$(terrace completion bash)"
    """
    completion = get_completion_class(shell)
    assert completion is not None  # the choice above names the three that click has
    click.echo(completion(ctx.find_root().command, {}, "terrace", "_TERRACE_COMPLETE").source())
