"""`terrace connect`: reach a module or the database from this machine."""

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from terrace.cli.options import cloud_option, environment_argument

if TYPE_CHECKING:
    from terrace.modules.enabled import EnabledModule
    from terrace.workloads.context import Context

DATABASE = "database"
_SECONDS = 5.0


@click.command("connect")
@environment_argument
@click.argument("what", metavar="database|MODULE")
@click.option("--service", default="", metavar="NAME:PORT", help="Service of the module.  [default: that of its host]")
@click.option("--port", type=click.IntRange(1, 65535), help="Local port.  [default: the service's]")
@cloud_option
@click.pass_context
def command(ctx: click.Context, environment: str, what: str, service: str, port: int | None, cloud: str | None) -> None:
    """Open a tunnel from this machine to a module in the cluster of ENV, until Ctrl-C; or say why there is none.

    The tunnel is kubectl's port forwarding, with the caller's cloud identity. The database has private addresses only:
    the command checks whether this machine reaches it, through a VPN for example, and prints how to log in.
    """
    from terrace.cli.options import project_of, workloads_of

    context = workloads_of(ctx, environment, cloud)
    if what == DATABASE:
        _database(context)
    else:
        _module(context, what, service, port, project_of(ctx).root)


def _database(context: "Context") -> None:
    from terrace.cli.console import write
    from terrace.cli.options import require_outputs
    from terrace.errors import AnswerIsNo, UsageError

    require_outputs(context)
    database = context.outputs.database
    if database is None:
        raise UsageError(f"{context.environment.name} has no database: `database: off`")
    try:
        socket.create_connection((database.host, database.port), _SECONDS).close()
    except OSError as error:
        raise AnswerIsNo(
            f"this machine does not reach the database {database.host}:{database.port} ({error}): it has addresses in "
            "the private network only, and no pod relays connections to it",
            hint="connect through the VPN of the environment (network.hybrid), or run psql in a pod of a module that "
            "needs the database",
        ) from error
    write(
        f"reachable at {database.host}:{database.port}; log in with your cloud identity:\n"
        f"  psql 'host={database.host} port={database.port} dbname={database.name} sslmode=verify-full user=...'"
    )


def _module(context: "Context", name: str, service: str, port: int | None, root: Path) -> None:
    from terrace.cli.console import info, yaml_text
    from terrace.cli.kube import kubeconfig
    from terrace.cli.options import cluster_of
    from terrace.documents.suggestions import hint
    from terrace.errors import TerraceError, UsageError

    if name not in context.modules:
        known = [DATABASE, *context.modules]
        raise UsageError(f"module {name!r} is not enabled in {context.environment.name}", hint=hint(name, known))
    module = context.modules[name]
    host, remote = _service(module, service)
    kubectl = _kubectl(root)
    document = kubeconfig(context, root)
    # a request of our own first: its error names the cause, where kubectl's names none
    cluster_of(context).get(f"/api/v1/namespaces/{module.namespace}/services/{host}")
    with tempfile.TemporaryDirectory(prefix="terrace-connect-") as scratch:
        file = Path(scratch) / "kubeconfig"
        file.write_text(yaml_text([document]))
        info(f"http://127.0.0.1:{port or remote} is {host} of {name}; Ctrl-C closes the tunnel")
        forward = [str(kubectl), "--kubeconfig", str(file), "--namespace", module.namespace, "port-forward"]
        finished = subprocess.run(
            [*forward, f"service/{host}", f"{port or remote}:{remote}"], stdin=subprocess.DEVNULL, check=False
        )
    if finished.returncode > 0:
        raise TerraceError(f"kubectl port-forward ended with exit code {finished.returncode}")


def _service(module: "EnabledModule", named: str) -> tuple[str, int]:
    """The name and port of the service to reach."""
    from terrace.errors import UsageError

    if named:
        name, _, number = named.partition(":")
        if not name or not number.isdecimal():
            raise UsageError(f"invalid --service {named!r}; expected NAME:PORT")
        return name, int(number)
    hosts = list(module.needs.hosts.values())
    if not hosts:
        raise UsageError(
            f"module {module.name} declares no host, so its service is not known", hint="name it: --service NAME:PORT"
        )
    return hosts[0].service, hosts[0].port


def _kubectl(root: Path) -> Path:
    from terrace.errors import UsageError

    own = root / ".tools" / "kubectl"
    if os.access(own, os.X_OK):
        return own
    if found := shutil.which("kubectl"):
        return Path(found)
    raise UsageError(
        "a tunnel needs kubectl, which is not installed", hint="install it on PATH, or as .tools/kubectl in the project"
    )
