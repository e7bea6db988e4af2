"""`terrace kube`: access to an environment's cluster with the caller's cloud identity, without a cloud's CLI."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from terrace.cli.options import cloud_option, environment_argument

if TYPE_CHECKING:
    from terrace.workloads.context import Context

API_VERSION = "client.authentication.k8s.io/v1"


@click.group("kube")
def command() -> None:
    """Get a token for the cluster of an environment, or a kubeconfig that uses it."""


@command.command("token")
@environment_argument
@cloud_option
@click.pass_context
def token(ctx: click.Context, environment: str, cloud: str | None) -> None:
    """Print a token for the cluster of ENV, in the format of kubectl's credential plugins (ExecCredential).

    kubectl, helm and Terraform's helm provider call this command. The token is of the identity with which this shell is
    logged in to the cloud, is valid for minutes, and is stored nowhere.
    """
    from terrace import live
    from terrace.capabilities.spec import present
    from terrace.cli.console import write
    from terrace.cli.options import workloads_of

    context = workloads_of(ctx, environment, cloud)
    found = live.cluster_token(context.environment, context.target, present(context.outputs.cluster).name)
    status = {"token": found.value, "expirationTimestamp": found.expires.strftime("%Y-%m-%dT%H:%M:%SZ")}
    write(json.dumps({"kind": "ExecCredential", "apiVersion": API_VERSION, "spec": {}, "status": status}))


@command.command("config")
@environment_argument
@cloud_option
@click.option("--write", is_flag=True, help="Add it to the first file in KUBECONFIG, else ~/.kube/config.")
@click.pass_context
def config(ctx: click.Context, environment: str, cloud: str | None, write: bool) -> None:
    """Print a kubeconfig for the cluster of ENV. It holds no credential: it calls `terrace kube token`.

    --write replaces the cluster, user and context of ENV in the file, selects the context, and changes nothing else.
    """
    from terrace.cli.console import write as print_text
    from terrace.cli.console import yaml_text
    from terrace.cli.options import project_of, workloads_of

    context = workloads_of(ctx, environment, cloud)
    document = kubeconfig(context, project_of(ctx).root)
    if not write:
        print_text(yaml_text([document]), newline=False)
        return
    path = Path(os.environ.get("KUBECONFIG", "").split(os.pathsep)[0] or Path.home() / ".kube" / "config").expanduser()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    merged = with_context(_read(path), document)
    scratch = path.with_name(f"{path.name}.{os.getpid()}")
    scratch.touch(mode=0o600)
    scratch.write_text(yaml_text([merged]))
    scratch.replace(path)
    print_text(f"context {document['current-context']} in {path}")


def kubeconfig(context: "Context", root: Path) -> dict[str, Any]:
    """A kubeconfig of one cluster, user and context. Raises AnswerIsNo if the foundation is not applied."""
    from terrace.capabilities.spec import present
    from terrace.cli.options import require_outputs

    require_outputs(context)
    environment, cluster = context.environment, present(context.outputs.cluster)
    name = f"{context.target.prefix}-{environment.cloud}"
    arguments = ["--project", str(root), "kube", "token", environment.name, "--cloud", environment.cloud]
    plugin = {
        "apiVersion": API_VERSION,
        "command": "terrace",
        "args": arguments,
        "interactiveMode": "Never",
        "installHint": "terrace is not on PATH: activate the virtual environment of the project",
    }
    server = {"server": cluster.endpoint, "certificate-authority-data": cluster.certificate_authority}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": server}],
        "users": [{"name": name, "user": {"exec": plugin}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }


def with_context(existing: Mapping[str, Any], added: Mapping[str, Any]) -> dict[str, Any]:
    """An existing kubeconfig with the entries of `added` instead of those of the same name."""
    merged = {**added, **existing, "current-context": added["current-context"]}
    for key in ("clusters", "users", "contexts"):
        names = {entry["name"] for entry in added[key]}
        merged[key] = [entry for entry in existing.get(key) or [] if entry.get("name") not in names] + added[key]
    return merged


def _read(path: Path) -> dict[str, Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    from terrace.errors import UsageError

    try:
        content = YAML(typ="safe").load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (OSError, YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"the kubeconfig cannot be read: {error}", where=str(path)) from error
    if not isinstance(content or {}, dict):
        raise UsageError("the file is not a kubeconfig", where=str(path), hint="name another one with KUBECONFIG")
    return content or {}
