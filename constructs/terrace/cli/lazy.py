"""A group of commands that are modules, each imported when it is called."""

import importlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import click

from terrace.cli.options import settings_of


def _accept_quiet(command: click.Command) -> None:
    """Let a command, or each of a group, have --quiet after its name too."""
    if isinstance(command, click.Group):
        for each in command.commands.values():
            _accept_quiet(each)
    elif not any(parameter.name == "quiet" for parameter in command.params):
        option = click.Option(
            ["-q", "--quiet"], is_flag=True, hidden=True, expose_value=False, callback=_set_quiet, is_eager=True
        )
        command.params.append(option)


def _set_quiet(ctx: click.Context, parameter: click.Parameter, given: bool) -> None:
    if given:
        ctx.obj = replace(settings_of(ctx), quiet=True)


class LazyGroup(click.Group):
    """The command NAME of the group is `command` in `<package>.<NAME>`, with the help line `summaries[NAME]`.

    Help prints the lines of `summaries`, in their order, so that it imports no command. Arguments that begin with no
    command's name are those of `default`, if there is one.
    """

    def __init__(
        self, *args: Any, package: str, summaries: Mapping[str, str], default: str = "", **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.package = package
        self.summaries = summaries
        self.default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own = not self.default or (bool(args) and (args[0] in self.summaries or args[0] in ctx.help_option_names))
        return super().parse_args(ctx, args if own else [self.default, *args])

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.summaries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.summaries:
            return None
        module = f"{self.package}.{cmd_name.replace('-', '_')}"
        command = importlib.import_module(module).command
        assert isinstance(command, click.Command), f"{module} has no `command`"
        _accept_quiet(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            raise click.exceptions.NoSuchCommand(error.command_name, possibilities=self.summaries, ctx=ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(self.summaries.items()))
