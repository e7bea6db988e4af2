"""`terrace completion`: print a shell completion script."""

import click
from click.shell_completion import get_completion_class

from terrace.cli.console import write


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script for SHELL.

    \b
    bash, in ~/.bashrc:                     eval "$(terrace completion bash)"
    zsh, in ~/.zshrc:                       eval "$(terrace completion zsh)"
    fish, in ~/.config/fish/config.fish:    terrace completion fish | source
    """
    completion = get_completion_class(shell)
    assert completion is not None, shell
    write(completion(ctx.find_root().command, {}, "terrace", "_TERRACE_COMPLETE").source())
