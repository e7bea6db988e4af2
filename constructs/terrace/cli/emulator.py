"""`terrace emulator start|status|endpoints|decisions|stop|env`: start, inspect and stop an emulated cloud."""

import os
import shlex
from collections.abc import Collection
from pathlib import Path
from typing import Any

import click

from terrace.cli.console import info, table, write, write_json
from terrace.emulator import Emulator, Faults, Options, clouds, start, status
from terrace.emulator.contract import cloud_module
from terrace.errors import AnswerIsNo, UsageError
from terrace.words import counted

_DIRECTORY = Path(".terrace/emulator")


@click.group("emulator", short_help="Start, inspect and stop an emulated cloud.")
def command() -> None:
    """Run an emulated cloud on this machine, behind the cloud's own host names.

    \b
    terrace emulator start
    eval "$(terrace emulator env)"
    aws s3 ls                       # or terraform, boto3: they reach only the emulator
    terrace emulator stop           # its resources are lost, unless it was started with --state

    An emulated apply proves that the provider accepts a configuration and that its parts fit together. It does not
    prove that the cloud accepts it.
    """


_cloud = click.option("--cloud", type=click.Choice(clouds()), default="aws", show_default=True)
_directory = click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Directory of the emulator's files.  [default: .terrace/emulator/<cloud>]",
)
_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@command.command("start")
@_cloud
@_directory
@click.option(
    "--account",
    metavar="NAME=VALUE",
    multiple=True,
    help="Set an account setting (account_id=..., project_id=...); repeatable.",
)
@click.option("--region", help="Default region.")
@click.option("--foreground", is_flag=True, help="Run until Ctrl-C.")
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep the resources in DIR across restarts.",
)
@click.option(
    "--issuers",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Issuers whose tokens pipelines sign in with: JSON of issuer to key set (JWKS).",
)
@click.option("--rights", is_flag=True, help="Refuse what policies and roles do not allow the identity of a request.")
@click.option("--engines", is_flag=True, help="Run the cloud's PostgreSQL servers on this machine.")
@click.option(
    "--fault",
    "faults",
    metavar="NAME=VALUE",
    multiple=True,
    help="Inject a fault (throttle_every=20, operation_seconds=2, ...); repeatable.",
)
@_json
def start_command(
    cloud: str,
    directory: Path | None,
    account: tuple[str, ...],
    region: str | None,
    foreground: bool,
    state: Path | None,
    issuers: Path | None,
    rights: bool,
    engines: bool,
    faults: tuple[str, ...],
    as_json: bool,
) -> None:
    """Start the emulator, unless it is running already."""
    files = directory or _DIRECTORY / cloud
    already = status(cloud, files) is not None
    settings = _pairs("--account", account, cloud_module(cloud).DEFAULT_ACCOUNT)
    emulator = start(
        cloud,
        files,
        account={**cloud_module(cloud).DEFAULT_ACCOUNT, **settings},
        region=region,
        options=Options(state=state, issuers=issuers, rights=rights, engines=engines, faults=_faults(faults)),
        foreground=foreground,
    )
    try:
        if as_json:
            write_json(_as_data(emulator))
        else:
            write(f"The {cloud} emulator is {'already running' if already else 'running'}: {_summary(emulator)}")
            options = f" --cloud {cloud}" + (f" --directory {directory}" if directory else "")
            info(f'log: {emulator.log}\nto use it in this shell: eval "$(terrace emulator env{options})"')
        if foreground and not already:
            emulator.wait()
    except KeyboardInterrupt:
        if foreground and not already:
            emulator.stop()
            info("stopped")


@command.command("status")
@_cloud
@_directory
@_json
def status_command(cloud: str, directory: Path | None, as_json: bool) -> None:
    """Show whether the emulator is running, and its resources. Exit code 1 when it is not running."""
    emulator = status(cloud, directory or _DIRECTORY / cloud)
    if emulator is None:
        if as_json:
            write_json({"cloud": cloud, "running": False})
        raise _not_running(cloud)
    resources = emulator.inventory()
    unsupported = emulator.unsupported()
    if as_json:
        contents = {
            "resources": [vars(resource) for resource in resources],
            "unsupported": [vars(call) for call in unsupported],
            "refused": emulator.refused(),
        }
        write_json(_as_data(emulator) | contents)
        return
    write(f"The {cloud} emulator is running: {_summary(emulator)}")
    write(f"{counted(len(resources), 'resource')}, {counted(len(unsupported), 'unsupported operation')} called")
    for call in unsupported:
        write(f"  unsupported: {call.service}:{call.operation} ({call.count}x)")
    for host, count in emulator.refused().items():
        write(f"  refused: {host} ({count}x)")


@command.command("endpoints")
@_cloud
@_directory
@_json
def endpoints_command(cloud: str, directory: Path | None, as_json: bool) -> None:
    """Show where the PostgreSQL servers of `start --engines` listen on this machine."""
    emulator = status(cloud, directory or _DIRECTORY / cloud)
    if emulator is None:
        raise _not_running(cloud)
    endpoints = emulator.endpoints()
    if as_json:
        write_json([vars(endpoint) for endpoint in endpoints])
        return
    for endpoint in endpoints:
        where = f"{endpoint.address}:{endpoint.port}" if endpoint.port else endpoint.state
        write(f"{endpoint.engine}  {endpoint.host}  {where}  user {endpoint.user}")
    if not endpoints:
        write("No server runs on this machine: the cloud has none, or the emulator was started without --engines.")


@command.command("decisions")
@_cloud
@_directory
@click.option("--refused", is_flag=True, help="Only what was refused.")
@_json
def decisions_command(cloud: str, directory: Path | None, refused: bool, as_json: bool) -> None:
    """Show what the identities of requests were allowed and refused, and by which statement, with `start --rights`."""
    emulator = status(cloud, directory or _DIRECTORY / cloud)
    if emulator is None:
        raise _not_running(cloud)
    decisions = [one for one in emulator.decisions() if not (refused and one.allowed)]
    if as_json:
        write_json([vars(one) for one in decisions])
        return
    rows = [
        (one.identity.rpartition(":")[2], one.action, one.resource, "yes" if one.allowed else "no", one.by, one.count)
        for one in decisions
    ]
    if rows:
        write(table(("identity", "action", "resource", "allowed", "by", "requests"), rows))
    else:
        write("No request was evaluated: none was made, or the emulator was started without --rights.")


@command.command("stop")
@_cloud
@_directory
def stop_command(cloud: str, directory: Path | None) -> None:
    """Stop the emulator. Its resources are lost, unless it was started with --state."""
    emulator = status(cloud, directory or _DIRECTORY / cloud)
    if emulator is None:
        write(f"The {cloud} emulator is not running.")
        return
    emulator.stop()
    write(f"The {cloud} emulator is stopped.")


@command.command("env")
@_cloud
@_directory
@_json
def env_command(cloud: str, directory: Path | None, as_json: bool) -> None:
    """Print the variables that point a shell to the emulator: eval "$(terrace emulator env)".

    Variables that could refer to a real account (a profile, a role, an endpoint) are unset.
    """
    emulator = status(cloud, directory or _DIRECTORY / cloud)
    if emulator is None:
        raise _not_running(cloud)
    variables = emulator.environment()
    if as_json:
        write_json(variables)
        return
    for name in emulator.removed_variables(os.environ):
        write(f"unset {shlex.quote(name)}")
    for name, value in variables.items():
        write(f"export {name}={shlex.quote(value)}")


def _pairs(option: str, given: tuple[str, ...], known: Collection[str]) -> dict[str, str]:
    """The `NAME=VALUE` pairs of an option. Raises UsageError for a name that is not in `known`."""
    pairs = {}
    for pair in given:
        name, separator, value = pair.partition("=")
        if not separator or name not in known:
            raise UsageError(
                f"{option} {pair!r} is not NAME=VALUE", hint=f"expected one of these names: {', '.join(known)}"
            )
        pairs[name] = value
    return pairs


def _faults(given: tuple[str, ...]) -> Faults:
    kinds = {name: type(value) for name, value in vars(Faults()).items()}
    values: dict[str, Any] = {}
    for name, value in _pairs("--fault", given, kinds).items():
        try:
            values[name] = kinds[name](value)
        except ValueError:
            raise UsageError(f"--fault {name}: {value!r} is not a number") from None
    return Faults(**values)


def _not_running(cloud: str) -> AnswerIsNo:
    return AnswerIsNo(f"the {cloud} emulator is not running", hint=f"run `terrace emulator start --cloud {cloud}`")


def _summary(emulator: Emulator) -> str:
    account = next(iter(emulator.account.values()))
    return f"account {account}, region {emulator.region}, proxy {emulator.proxy}, process {emulator.pid}"


def _as_data(emulator: Emulator) -> dict[str, Any]:
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
