"""The `terrace` command: finds its subcommands by file name, and is the one place that prints an error.

Nothing heavy is imported here: `terrace --help` must be instant. Each subcommand lives in the module of its name
(`terrace.cli.drift` is `terrace drift`) and is imported when it is called.
"""

import difflib
import importlib
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path

import click

from terrace.errors import InvalidEnvironment, TerraceError

# In the order of a deployment's life. The one-line helps stand here so that the overview imports no command.
COMMANDS = {
    "validate": "Check environment files in milliseconds, without Node, network or credentials.",
    "env": "List, show, explain and compare environments.",
    "synth": "Write the stacks that the environments describe.",
    "plan": "Show by capability what an apply would do, and save the plan.",
    "apply": "Apply the saved plan, exactly.",
    "output": "Show what a deployment hands on to others.",
    "verify": "Read the live deployment and prove its guarantees.",
    "parity": "Prove every guarantee on every cloud, from the stacks alone.",
    "report": "Write what an auditor reads: each requirement, its evidence, where it comes from.",
    "permissions": "Write the least rights that applying takes, for each cloud.",
    "gate": "Judge stacks or a plan by policy: what is broken, what was not looked at, what is waived.",
    "waivers": "List, check and add what the gate accepts for a while.",
    "drift": "Show what was changed outside of Terraform, and who owns it.",
    "destroy": "Take a deployment down and list what is left.",
    "demo": "The whole life of an environment on an emulated cloud.",
    "emulator": "Start, stop and use the emulated cloud.",
    "doctor": "Show what is installed, what is missing, and how to get it.",
    "completion": "Print the shell's completion script.",
}
INTERRUPTED = 130
BROKE = 3


class Commands(click.Group):
    """A group whose commands are modules, imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"terrace.cli.{cmd_name}").command
        assert isinstance(command, click.Command), f"terrace.cli.{cmd_name} has no `command`"
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            near = difflib.get_close_matches(name, COMMANDS, n=1)
            guess = f"did you mean `terrace {near[0]}`?" if near else "`terrace --help` lists the commands"
            raise click.UsageError(f"there is no command {name!r}; {guess}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _print_version(ctx: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"terrace {version('terrace')}")
        ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--project",
    type=click.Path(path_type=Path),
    help="The directory that holds cdktf.json and environments/; default: the nearest one from here upwards.",
)
@click.option("--quiet", "-q", is_flag=True, help="Only results and errors; no progress.")
@click.option("--no-color", is_flag=True, help="No colour; NO_COLOR does the same.")
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="The version."
)
@click.pass_context
def terrace(ctx: click.Context, project: Path | None, quiet: bool, no_color: bool) -> None:
    """The same data platform on AWS, Azure or Google Cloud from one typed configuration, with the proof.

    Exit codes: 0 done, 1 the answer is no, 2 wrong usage, 3 it broke, 130 interrupted.
    """
    ctx.obj = {"project": project, "quiet": quiet}
    if no_color or os.environ.get("NO_COLOR"):
        os.environ["NO_COLOR"] = "1"  # rich and the children look here
        ctx.color = False


def main() -> None:
    """The entry point."""
    sys.exit(run(sys.argv[1:]))


def run_command(name: str) -> None:
    """The entry point of `scripts/<name>.py`: `terrace <name>` with the arguments of the process."""
    sys.exit(run([name, *sys.argv[1:]]))


def run(arguments: list[str]) -> int:
    """Run the command, print what went wrong as a sentence, and return the exit code."""
    try:
        code = terrace.main(arguments, prog_name="terrace", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except TerraceError as error:
        say_error(error)
        return error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return 2
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "terrace"
        _say(error.format_message().rstrip("."), hint=f"`{command} --help` shows how it is used")
        return 2
    except click.exceptions.Abort:
        click.echo(err=True)
        return INTERRUPTED
    except click.ClickException as error:
        _say(error.format_message())
        return error.exit_code
    except KeyboardInterrupt:
        _say("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has gone (`terrace plan dev | head`). Nothing more can be said, nor must the interpreter try.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        log = _traceback_file()
        _say(
            f"a fault in terrace itself: {type(error).__name__}: {_one_line(error)}",
            hint=f"please report it with the traceback in {log}",
        )
        return BROKE


def say_error(error: TerraceError) -> None:
    """What, where, then a blank line and a way out. All of it on standard error."""
    if isinstance(error, InvalidEnvironment):
        for problem in error.problems:
            _say(str(problem))
        return
    _say(error.message, where=error.where, hint=error.hint)


def _say(message: str, *, where: str = "", hint: str = "") -> None:
    click.echo(f"{_red('error:')} {message}", err=True)
    if where:
        click.echo(f"  at {where}", err=True)
    if hint:
        click.echo(f"\n{click.style('hint:', bold=True) if _coloured() else 'hint:'} {hint}", err=True)


def _red(text: str) -> str:
    return click.style(text, fg="red", bold=True) if _coloured() else text


def _coloured() -> bool:
    return not os.environ.get("NO_COLOR") and sys.stderr.isatty()


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def _traceback_file() -> Path:
    """The traceback of the exception in flight, in the project's logs if there are any."""
    logs = Path(".terrace/logs")
    directory = logs if logs.is_dir() else Path(tempfile.gettempdir())
    path = directory / f"terrace-fault-{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.log"
    path.write_text(traceback.format_exc())
    return path


if __name__ == "__main__":
    main()
