"""`terrace emulator start|status|stop|env`: a laptop's cloud, started, looked at and stopped."""

import json
import shlex
from collections.abc import Collection
from pathlib import Path
from typing import Any

import click

from terrace.emulator import Emulator, Faults, Options, clouds, start, status
from terrace.emulator.contract import cloud_module
from terrace.errors import AnswerIsNo, UsageError

_DIRECTORY = Path(".terrace/emulator")


@click.group("emulator", short_help="Start, look at and stop a laptop's cloud.")
def command() -> None:
    """An emulated cloud behind the cloud's own host names, on this machine only.

    \b
    terrace emulator start
    eval "$(terrace emulator env)"
    aws s3 ls                       # or terraform, boto3: they reach the emulator and nothing else
    terrace emulator stop           # what it held is forgotten

    What runs against it proves that a configuration satisfies the provider and hangs together, not that the cloud
    accepts it.
    """


_cloud = click.option("--cloud", type=click.Choice(clouds()), default="aws", show_default=True)
_directory = click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where its files are.  [default: .terrace/emulator/<cloud>]",
)
_json = click.option("--json", "as_json", is_flag=True, help="As JSON.")


@command.command("start")
@_cloud
@_directory
@click.option(
    "--account",
    metavar="NAME=VALUE",
    multiple=True,
    help="What names its account, under the environment's words (account_id=..., project_id=...); repeat for more.",
)
@click.option("--region", help="Where a call without a region goes.")
@click.option("--foreground", is_flag=True, help="Stay until Ctrl-C, then stop it.")
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep what it holds in this folder, and find it there again.",
)
@click.option(
    "--fault",
    "faults",
    metavar="NAME=VALUE",
    multiple=True,
    help="What goes wrong on purpose (throttle_every=20, operation_seconds=2, ...); repeat for more.",
)
@_json
def start_command(
    cloud: str,
    directory: Path | None,
    account: tuple[str, ...],
    region: str | None,
    foreground: bool,
    state: Path | None,
    faults: tuple[str, ...],
    as_json: bool,
) -> None:
    """Start it, or say that it runs already."""
    place = directory or _DIRECTORY / cloud
    already = status(cloud, place) is not None
    named = _pairs("--account", account, cloud_module(cloud).DEFAULT_ACCOUNT)
    emulator = start(
        cloud,
        place,
        account={**cloud_module(cloud).DEFAULT_ACCOUNT, **named},
        region=region,
        options=Options(state=state, faults=_faults(faults)),
        foreground=foreground,
    )
    try:
        if as_json:
            click.echo(json.dumps(_facts(emulator), indent=2))
        else:
            click.echo(
                f"The {cloud} emulator {'is running already' if already else 'is running'}: {_summary(emulator)}"
            )
            click.echo(f"log: {emulator.log}", err=True)
            which = f" --cloud {cloud}" + (f" --directory {directory}" if directory else "")
            click.echo(f'use it in this shell: eval "$(terrace emulator env{which})"', err=True)
        if foreground and not already:
            emulator.wait()
    except KeyboardInterrupt:
        if foreground and not already:
            emulator.stop()
            click.echo("stopped", err=True)


@command.command("status")
@_cloud
@_directory
@_json
def status_command(cloud: str, directory: Path | None, as_json: bool) -> None:
    """Say whether it runs, where, and what it holds. Exit code 1 when it does not."""
    emulator = status(cloud, directory or _DIRECTORY / cloud)
    if emulator is None:
        if as_json:
            click.echo(json.dumps({"cloud": cloud, "running": False}))
        raise _not_running(cloud)
    resources = emulator.inventory()
    unsupported = emulator.unsupported()
    if as_json:
        found = {
            "resources": [vars(resource) for resource in resources],
            "unsupported": [vars(call) for call in unsupported],
            "refused": emulator.refused(),
        }
        click.echo(json.dumps(_facts(emulator) | found, indent=2))
        return
    click.echo(f"The {cloud} emulator is running: {_summary(emulator)}")
    click.echo(f"{len(resources)} resources, {len(unsupported)} kinds of calls it does not know")
    for call in unsupported:
        click.echo(f"  unsupported: {call.service}:{call.operation} ({call.count}x)")
    for host, count in emulator.refused().items():
        click.echo(f"  refused: {host} ({count}x)")


@command.command("stop")
@_cloud
@_directory
def stop_command(cloud: str, directory: Path | None) -> None:
    """Stop it. What it held is forgotten."""
    emulator = status(cloud, directory or _DIRECTORY / cloud)
    if emulator is None:
        click.echo(f"The {cloud} emulator is not running.")
        return
    emulator.stop()
    click.echo(f"The {cloud} emulator is stopped.")


@command.command("env")
@_cloud
@_directory
@_json
def env_command(cloud: str, directory: Path | None, as_json: bool) -> None:
    """Print what leads this shell to it: eval "$(terrace emulator env)".

    Variables of the shell that could name a real account (a profile, a role, an end point) are unset.
    """
    import os

    emulator = status(cloud, directory or _DIRECTORY / cloud)
    if emulator is None:
        raise _not_running(cloud)
    variables = emulator.environment()
    if as_json:
        click.echo(json.dumps(variables, indent=2))
        return
    for name in emulator.removed_variables(os.environ):
        click.echo(f"unset {shlex.quote(name)}")
    for name, value in variables.items():
        click.echo(f"export {name}={shlex.quote(value)}")


def _pairs(option: str, given: tuple[str, ...], known: Collection[str]) -> dict[str, str]:
    """`NAME=VALUE` of an option as a mapping. Raises UsageError for a name that is not known."""
    pairs = {}
    for pair in given:
        name, separator, value = pair.partition("=")
        if not separator or name not in known:
            raise UsageError(f"{option} {pair!r} is not NAME=VALUE", hint=f"one of: {', '.join(known)}")
        pairs[name] = value
    return pairs


def _faults(given: tuple[str, ...]) -> Faults:
    kinds = {name: type(value) for name, value in vars(Faults()).items()}
    found: dict[str, Any] = {}
    for name, value in _pairs("--fault", given, kinds).items():
        try:
            found[name] = kinds[name](value)
        except ValueError:
            raise UsageError(f"--fault {name}: {value!r} is no number") from None
    return Faults(**found)


def _not_running(cloud: str) -> AnswerIsNo:
    return AnswerIsNo(f"the {cloud} emulator is not running", hint="terrace emulator start")


def _summary(emulator: Emulator) -> str:
    account = next(iter(emulator.account.values()))
    return f"account {account}, region {emulator.region}, proxy {emulator.proxy}, process {emulator.pid}"


def _facts(emulator: Emulator) -> dict[str, Any]:
    return {
        "cloud": emulator.cloud,
        "running": True,
        "pid": emulator.pid,
        "account": dict(emulator.account),
        "region": emulator.region,
        "proxy": emulator.proxy,
        "backend": f"http://127.0.0.1:{emulator.backend_port}",
        "ca": str(emulator.ca),
        "log": str(emulator.log),
    }
