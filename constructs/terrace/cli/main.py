"""The `terrace` command. It finds its subcommands by file name, prints every error and sets the exit code.

Each subcommand is a module (`terrace drift` is `terrace.cli.drift`) that is imported when it is called. Nothing heavy
is imported here, so that `terrace --help` is instant.
"""

import contextlib
import errno
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path

import click

from terrace.cli import console, telemetry
from terrace.cli.lazy import LazyGroup
from terrace.cli.options import Settings
from terrace.errors import TerraceError, UsageError
from terrace.variables import JOB_TOKEN

# In the order of a deployment's life. The help lines are here so that `terrace --help` imports no command.
COMMANDS = {
    "init": "Make a project, or bring one to the template of this version.",
    "validate": "Check environment files; needs no Node, network or credentials.",
    "env": "List, show, explain and compare environments.",
    "modules": "List, show, check and render the modules that environments may enable.",
    "graph": "Show the modules of an environment and what they use, as a picture or data.",
    "bootstrap": "Make the home of Terraform's state in the environment's account, or delete it.",
    "synth": "Write the Terraform JSON of the environments' stacks.",
    "lock": "Lock the versions and checksums of the providers that a stack uses.",
    "plan": "Show what an apply would change, and save the plan.",
    "apply": "Apply the saved plan.",
    "state": "List, show, change, back up and restore the states of an environment.",
    "history": "Show what changed a deployment, when and by whom.",
    "logs": "Print what Terraform printed in the last run on this machine.",
    "output": "Show the outputs of a deployment.",
    "verify": "Check the guarantees of a live deployment.",
    "parity": "Check every guarantee on every cloud, from the stacks alone.",
    "access": "Show what a stack lets anyone reach or do, and what is not declared.",
    "report": "Write evidence for auditors, by framework and requirement.",
    "evidence": "Keep dated results of runs, in a chain that shows every change.",
    "permissions": "Write the least permissions that an apply needs on each cloud.",
    "ci": "Render pipelines, check how they sign in, and do what their jobs do.",
    "gate": "Decide whether stacks or a plan may be applied.",
    "cost": "Estimate what an environment costs a month.",
    "prices": "Read list prices from the clouds' own price lists.",
    "policies": "Write the policies that a cluster enforces.",
    "waivers": "List, check and add waivers: findings accepted until a date.",
    "drift": "Show changes that were made outside Terraform.",
    "upgrade": "Show what an upgrade does to deployments, and plan new versions.",
    "dr": "Rehearse a restore, and measure it against the objectives.",
    "destroy": "Destroy a deployment and list what is left.",
    "demo": "Run the life of an environment on an emulated cloud.",
    "flow": "Run a data product through real engines on an emulated cloud.",
    "emulator": "Start, inspect and stop an emulated cloud.",
    "kube": "Get a token or a kubeconfig for the cluster of an environment.",
    "connect": "Open a tunnel to a module in the cluster.",
    "doctor": "Check the tools, credentials and extras on this machine.",
    "completion": "Print a shell completion script.",
}
INTERRUPTED = 130
FAILED = 3


def _print_version(ctx: click.Context, parameter: click.Parameter, requested: bool) -> None:
    if requested and not ctx.resilient_parsing:
        from terrace import __version__

        console.write(f"terrace {__version__}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    package="terrace.cli",
    summaries=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--project",
    type=click.Path(path_type=Path),
    help="Project directory, with cdktf.json and environments/.  [default: the working directory or its nearest parent "
    "with both]",
)
@click.option("--quiet", "-q", is_flag=True, help="Print results and errors only.")
@click.option("--log-json", is_flag=True, help="Print messages and errors as JSON lines on standard error.")
@click.option("--no-color", is_flag=True, help="Disable colour, as NO_COLOR does.")
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Print the version."
)
@click.pass_context
def terrace(ctx: click.Context, project: Path | None, quiet: bool, log_json: bool, no_color: bool) -> None:
    """Deploy the same data platform to AWS, Azure or Google Cloud from one typed configuration, and prove its
    guarantees.

    Exit codes: 0 done, 1 negative result (findings, drift, invalid), 2 usage error, 3 failure, 130 interrupted.
    """
    ctx.obj = Settings(project, quiet)
    if no_color or os.environ.get("NO_COLOR"):
        os.environ["NO_COLOR"] = "1"  # for rich and for child processes
        ctx.color = False


def main() -> None:
    """The entry point."""
    sys.exit(run(sys.argv[1:]))


def run_command(name: str) -> None:
    """The entry point of `scripts/<name>.py`: run `terrace <name>` with the arguments of the process."""
    sys.exit(run([name, *sys.argv[1:]]))


def run(arguments: list[str]) -> int:
    """Run the command, print its error if there is one, and return the exit code."""
    # here, since the arguments themselves can be wrong
    console.log_as_json("--log-json" in arguments, errors="--json" in arguments)
    if described := JOB_TOKEN.read():
        from terrace.pipelines.sign_in import renewal

        renewal.start(Path(described))
    try:
        with telemetry.recording(next((name for name in arguments if name in COMMANDS), "")) as ended:
            code = _run(arguments)
            ended(code)
            return code
    except UsageError as error:  # of the recording itself
        console.terrace_error(error)
        return error.exit_code


def _run(arguments: list[str]) -> int:
    try:
        code = terrace.main(arguments, prog_name="terrace", standalone_mode=False)
        with contextlib.suppress(BrokenPipeError):
            sys.stdout.flush()  # here, where a full disk is reported
        return code if isinstance(code, int) else 0
    except TerraceError as error:
        console.terrace_error(error)
        return error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        console.warn(error.format_message())
        return 2
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "terrace"
        console.error(error.format_message().rstrip("."), hint=f"run `{command} --help` for usage")
        return 2
    except click.exceptions.Abort:
        console.warn("")
        return INTERRUPTED
    except click.ClickException as error:
        console.error(error.format_message())
        return error.exit_code
    except ModuleNotFoundError as error:
        from terrace import distribution

        command = next((one for one in arguments if one in COMMANDS), "")
        missing = distribution.lacking(error, f"`terrace {command}`")
        if missing is None:
            return _internal(error)
        console.terrace_error(missing)
        return missing.exit_code
    except KeyboardInterrupt:
        console.error("interrupted")
        return INTERRUPTED
    except OSError as error:
        if error.errno == errno.ENOSPC and not error.filename:
            return _no_space()
        if error.errno not in _REFUSED or not error.filename:
            return _internal(error)
        console.error(
            f"cannot write or read {error.filename}: {str(error.strerror).lower()}",
            hint="for a read-only checkout, set TERRACE_SCRATCH to a folder for state, plans, logs and stacks",
        )
        return FAILED
    except Exception as error:
        return _internal(error)


def _no_space() -> int:
    """Report that a file or standard output is full."""
    console.error("no space is left where the output goes", hint="free some space, and run the same command again")
    with contextlib.suppress(OSError):  # what is still in the buffer would fail once more when Python ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FAILED


_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC)


def _internal(error: Exception) -> int:
    """Report an error of Terrace itself, with its traceback in a file."""
    console.error(
        f"internal error: {type(error).__name__}: {_one_line(error)}",
        hint=f"report it with the traceback in {_traceback_file()}",
    )
    return FAILED


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def _traceback_file() -> Path:
    """Write the traceback of the current exception to the project's logs, or to the temporary directory."""
    logs = Path(".terrace/logs")
    directory = logs if logs.is_dir() else Path(tempfile.gettempdir())
    path = directory / f"terrace-error-{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.log"
    path.write_text(traceback.format_exc())
    return path


if __name__ == "__main__":
    main()
