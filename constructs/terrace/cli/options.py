"""Options that several commands share, and what they refer to. Imports nothing heavy at the top."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from terrace.capabilities.cloud import CLOUDS
from terrace.variables import STATE

if TYPE_CHECKING:
    from terrace.capabilities.data_keys import DataKeys
    from terrace.deployment.deployment import Deployment
    from terrace.deployment.terraform import OnEvent
    from terrace.environment import Loaded
    from terrace.live.kubernetes import Kubernetes
    from terrace.project.discovery import Project
    from terrace.project.stack_ids import Layer
    from terrace.state import StateHome
    from terrace.state.homes import Homes
    from terrace.workloads.context import Context

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


@dataclass(frozen=True)
class Settings:
    """The options before the command's name."""

    project: Path | None = None
    quiet: bool = False


def settings_of(ctx: click.Context) -> Settings:
    return ctx.obj if isinstance(ctx.obj, Settings) else Settings()


def project_of(ctx: click.Context) -> "Project":
    """The project given by `--project`, or the nearest from the working directory upwards."""
    from terrace.project.discovery import Project

    return Project.find(settings_of(ctx).project or Path.cwd())


def _environments(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete an environment's name."""
    try:
        from terrace.environment import names

        return [name for name in names(project_of(ctx).root) if name.startswith(incomplete)]
    except Exception:  # a traceback would garble the user's prompt
        return []


def stack_completion(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete a stack's id."""
    try:
        from terrace.environment import names
        from terrace.project.stack_ids import every

        return [id for id in every(names(project_of(ctx).root)) if id.startswith(incomplete)]
    except Exception:  # a traceback would garble the user's prompt
        return []


def stack_argument(function: Decorated) -> Decorated:
    """STACK: an environment's name, for its foundation, ENV-bootstrap or ENV-workloads."""
    return click.argument("stack", metavar="STACK", shell_complete=stack_completion)(function)


def environment_argument(function: Decorated) -> Decorated:
    """ENV: an environment's name, or its file."""
    return click.argument("environment", metavar="ENV", shell_complete=_environments)(function)


def cloud_option(function: Decorated) -> Decorated:
    return click.option(
        "--cloud", type=click.Choice(CLOUDS), help="Use this cloud instead of the environment's own (TERRACE_CLOUD)."
    )(function)


def mirror_option(function: Decorated) -> Decorated:
    return click.option(
        "--provider-mirror",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Install providers from this directory instead of the registry (TERRACE_PROVIDER_MIRROR).",
    )(function)


def json_option(function: Decorated) -> Decorated:
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")(function)


def trust_config_option(function: Decorated) -> Decorated:
    return click.option(
        "--trust-config",
        type=click.Path(path_type=Path, dir_okay=False, exists=True),
        metavar="FILE",
        help="Use the Sigstore instance that this ClientTrustConfig (JSON) names.  [default: the public instance]",
    )(function)


def yes_option(function: Decorated) -> Decorated:
    return click.option("--yes", "-y", is_flag=True, help="Do not ask for confirmation.")(function)


def unlock_option(function: Decorated) -> Decorated:
    return click.option(
        "--unlock",
        default="",
        metavar="ID",
        help="Release this state lock first; only if the run that holds it has died.",
    )(function)


def _duration(ctx: click.Context, parameter: click.Parameter, value: str) -> str:
    if not re.fullmatch(r"\d+[smh]", value):
        raise click.BadParameter(f"invalid duration {value!r}; expected e.g. 30s, 10m or 1h", ctx, parameter)
    return value


def lock_timeout_option(function: Decorated) -> Decorated:
    return click.option(
        "--lock-timeout",
        default="5s",
        show_default=True,
        metavar="TIME",
        callback=_duration,
        help="Wait so long for the state's lock: 30s, 10m.",
    )(function)


def load(ctx: click.Context, environment: str, cloud: str | None) -> "Loaded":
    """Load and validate an environment. Raises InvalidEnvironment, UsageError."""
    from terrace.environment import load as load_environment

    return load_environment(environment, project=project_of(ctx).root, cloud=cloud)


def load_stack(ctx: click.Context, stack: str, cloud: str | None) -> "tuple[Loaded, Layer]":
    """The environment of a stack, and which of its stacks it is. Raises as `load` does."""
    from terrace.environment import names
    from terrace.project.stack_ids import parsed

    environment, layer = parsed(stack, names(project_of(ctx).root))
    return load(ctx, environment, cloud), layer


def workloads_of(ctx: click.Context, environment: str, cloud: str | None) -> "Context":
    """The workloads of an environment, with its foundation's outputs or stand-ins. Raises as `load` does."""
    from terrace.workloads.opening import opened

    project = project_of(ctx)
    return opened(load(ctx, environment, cloud).environment, root=project.root, outputs=project.outputs)


def require_outputs(context: "Context") -> None:
    """Raise AnswerIsNo if the foundation of an environment has no outputs on this machine."""
    from terrace.capabilities.spec import present
    from terrace.errors import AnswerIsNo
    from terrace.workloads.standins import STAND_IN

    name = context.environment.name
    if STAND_IN in present(context.outputs.cluster).endpoint:
        raise AnswerIsNo(
            f"the cluster of {name} on {context.environment.cloud} is not known: its foundation has no outputs",
            hint=f"run `terrace apply {name}`, or `terrace output {name}` if it is applied",
        )


def cluster_of(context: "Context") -> "Kubernetes":
    """The API server of an environment's cluster, with a token of the caller. Raises AnswerIsNo, CredentialsError."""
    from terrace import live
    from terrace.capabilities.spec import present
    from terrace.live.kubernetes import Kubernetes

    require_outputs(context)
    cluster = present(context.outputs.cluster)
    return Kubernetes.of(cluster, live.cluster_token(context.environment, context.target, cluster.name).value)


def state_home_of(ctx: click.Context, loaded: "Loaded") -> "StateHome":
    """Where the environment's states are, and objects beside them."""
    from terrace.state import home

    return home(loaded.environment, project=project_of(ctx), state=STATE.read())


def state_homes_of(ctx: click.Context, loaded: "Loaded") -> "Homes":
    """Where the environment's states may be."""
    from terrace.state.homes import Homes

    return Homes(loaded.environment, project_of(ctx), STATE.read())


def deployment_of(
    ctx: click.Context,
    loaded: "Loaded",
    *,
    layer: "Layer" = "foundation",
    lock_timeout: str = "5s",
    provider_mirror: Path | None = None,
    on_message: Callable[[str], None] | None = None,
    on_event: "OnEvent | None" = None,
) -> "Deployment":
    """The deployment of one of an environment's stacks, with the variables and the state that this shell sets."""
    from terrace.assurance.gate_verdict import GateVerdict
    from terrace.cli import console
    from terrace.deployment.deployment import Deployment
    from terrace.deployment.terraform import ignore
    from terrace.live.blockers import LiveBlockers
    from terrace.pipelines.run_status import run_status
    from terrace.project.source_map import environment_line

    project = project_of(ctx)

    def gate(plan: Mapping[str, Any], written: str) -> GateVerdict:
        from terrace.assurance import gate, workloads_gate  # slow to import; only needed once there is a plan

        if layer == "workloads":
            return workloads_gate.of_plans(project.root, project.outputs, loaded)(plan, written)
        if layer == "bootstrap":
            return gate.of_bootstrap_plans(project, loaded)(plan, written)
        return gate.of_plans(project.root, loaded)(plan, written)

    return Deployment(
        project=project,
        environment=loaded.environment.name,
        cloud=loaded.environment.cloud,
        variables=dict(os.environ),
        provider_mirror=provider_mirror.resolve() if provider_mirror else None,
        state=STATE.read(),
        on_message=on_message or console.info,
        on_event=on_event or ignore,
        environment_line=lambda construct: environment_line(loaded, construct),
        gate=gate,
        blockers=None if layer == "workloads" else LiveBlockers(loaded.environment, on_message or console.info),
        layer=layer,
        lock_timeout=lock_timeout,
        home=None if _state_is_local(loaded) else state_home_of(ctx, loaded),
        homes=state_homes_of(ctx, loaded),
        run_status=run_status,
    )


def _state_is_local(loaded: "Loaded") -> bool:
    return (STATE.read() or loaded.environment.state.backend) == "local"


def data_keys_of(ctx: click.Context, loaded: "Loaded") -> "DataKeys":
    """The keys with which the environment's bundles are sealed: a key in the cloud, or a file beside a local state."""
    from terrace.capabilities.cloud import implementation
    from terrace.deployment.key_file import KeyFile
    from terrace.environment import target

    environment = loaded.environment
    if _state_is_local(loaded):
        return KeyFile(project_of(ctx).working_directory / "bundle.key")
    found: DataKeys = implementation("terrace.live", environment.cloud, "data_keys").data_keys(
        target(environment), dict(os.environ)
    )
    return found
