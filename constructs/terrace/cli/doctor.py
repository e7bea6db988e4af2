"""`terrace doctor`: check the tools, credentials and extras on this machine."""

import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import click

from terrace import distribution
from terrace.capabilities.cloud import CLOUDS, TITLES, facts, implementation
from terrace.cli.options import json_option, mirror_option

# What each extra of the package is for. An extra with the name of a cloud is checked with that cloud only.
_EXTRAS = {
    "emulator": "required by `terrace demo` and `terrace emulator`",
    "assurance": "required by `terrace gate` and `terrace report`",
    "sigstore": "required to sign a report with the identity of a CI job, and to verify it",
    **{cloud: f"required to write, apply and read the stacks of {title}" for cloud, title in TITLES.items()},
}


@dataclass(frozen=True)
class Diagnosis:
    """The state of one dependency. A `missing` one is required by every deployment, an `absent` one only by some; an
    `untried` one is in a version that Terrace was never tried with."""

    name: str
    status: Literal["ok", "untried", "absent", "missing"]
    detail: str
    hint: str = ""


@click.command("doctor")
@click.option(
    "--cloud",
    "clouds",
    type=click.Choice(CLOUDS),
    multiple=True,
    help="Check this cloud instead of those of the project's environments; repeatable.",
)
@mirror_option
@json_option
@click.pass_context
def command(ctx: click.Context, clouds: tuple[str, ...], provider_mirror: Path | None, as_json: bool) -> None:
    """Check this machine: Python, Node and Terraform; the provider, credentials and SDK of each cloud; the extras.

    Changes nothing and contacts no cloud. Exit code 1 when a dependency of every deployment is missing.
    """
    from terrace.cli.console import table, write, write_json

    root = _root(ctx)
    diagnoses = examine(root, provider_mirror, clouds or _used(root))
    if as_json:
        write_json([asdict(diagnosis) for diagnosis in diagnoses])
    else:
        write(table(["status", "dependency", "details"], [[each.status, each.name, each.detail] for each in diagnoses]))
        for diagnosis in diagnoses:
            if diagnosis.hint and diagnosis.status != "ok":
                write(f"\n{diagnosis.name}: {diagnosis.hint}")
    if any(diagnosis.status == "missing" for diagnosis in diagnoses):
        ctx.exit(1)


def examine(root: Path, provider_mirror: Path | None, clouds: Sequence[str]) -> list[Diagnosis]:
    """The state of every dependency, in the order in which a deployment needs them."""
    checks: list[Callable[[], Diagnosis]] = [_python, _node, partial(_terraform, root)]
    for cloud in clouds:
        checks += [partial(_provider, root, provider_mirror, cloud), partial(_credentials, cloud)]
    names = [extra for extra in _EXTRAS if extra not in CLOUDS or extra in clouds]
    return [check() for check in checks] + [_extra(name) for name in names]


def _root(ctx: click.Context) -> Path:
    """The project's root, or the working directory: doctor also runs outside a project."""
    from terrace.cli.options import project_of, settings_of
    from terrace.errors import UsageError

    try:
        return project_of(ctx).root
    except UsageError:
        return settings_of(ctx).project or Path.cwd()


def _used(root: Path) -> list[str]:
    """The clouds of the project's environments; all clouds when an environment is invalid or there is none."""
    from terrace.environment import load, names
    from terrace.errors import TerraceError

    try:
        used = {load(name, project=root).environment.cloud for name in names(root)}
    except TerraceError:  # `terrace validate` reports it
        used = set()
    return [cloud for cloud in CLOUDS if cloud in used] or list(CLOUDS)


def _python() -> Diagnosis:
    return Diagnosis("Python", "ok", f"{platform.python_version()} ({sys.executable})")


def _node() -> Diagnosis:
    from terrace.node import MINIMUM, NodeMissing, node, version

    minimum = ".".join(map(str, MINIMUM))
    try:
        path = node()
    except NodeMissing as error:
        return Diagnosis("Node", "missing", error.message, error.hint)
    actual = version(path)
    if actual < MINIMUM:
        return Diagnosis(
            "Node", "missing", f"{path} is older than {minimum}", "unset JSII_NODE, or set it to a newer Node"
        )
    return Diagnosis("Node", "ok", f"{'.'.join(map(str, actual))} ({path})")


def _terraform(root: Path) -> Diagnosis:
    from terrace.deployment.binary import NoTerraform, locate

    try:
        return Diagnosis("Terraform", "ok", str(locate(root)))
    except NoTerraform as error:
        return Diagnosis("Terraform", "missing", str(error), error.hint)


def _provider(root: Path, provider_mirror: Path | None, cloud: str) -> Diagnosis:
    """Where Terraform would install the provider of a cloud from, and whether its version was tried."""
    from terrace.deployment import provider_lock
    from terrace.deployment.binary import NoTerraform, locate
    from terrace.deployment.mirror import choose
    from terrace.errors import TerraceError

    name = f"{cloud} provider"
    known = facts(cloud)
    provider, tried = known.provider, ", ".join(known.tried_provider_versions)
    try:
        host = locate(root).registry_host
    except NoTerraform:
        host = "registry.terraform.io"
    try:
        source = choose(requested=provider_mirror, providers=[provider], host=host)
    except TerraceError as error:
        return Diagnosis(name, "missing", str(error), error.hint)
    lock = provider_lock.committed(root, cloud, "foundation")
    text = lock.read_text(encoding="utf-8") if lock.is_file() else ""
    locked = provider_lock.versions(text).get(provider, "")
    if not locked:
        newest = f"without a provider lock, the newest version of {known.provider_versions}; tried: {tried}"
        return Diagnosis(name, "ok", f"{provider}: {source}; {newest}")
    if sentence := provider_lock.untried(text, cloud):
        hint = f"{sentence}; run `terrace plan`, and read its warnings"
        return Diagnosis(name, "untried", f"{provider} {locked}: {source}", hint)
    return Diagnosis(name, "ok", f"{provider} {locked}: {source}")


def _credentials(cloud: str) -> Diagnosis:
    """Whether this shell has credentials for a cloud. They are neither used nor printed."""
    status = implementation("terrace.calls", cloud).look()
    return Diagnosis(f"{cloud} credentials", status.status, status.detail, status.hint)


def _extra(name: str) -> Diagnosis:
    distributions = distribution.extras().get(name, ())
    missing = distribution.missing(name)
    if missing or not distributions:
        hint = f"{_EXTRAS[name]}; run {distribution.install(name)}"
        return Diagnosis(f"{name} extra", "absent", f"not installed: {', '.join(missing) or name}", hint)
    return Diagnosis(f"{name} extra", "ok", ", ".join(f"{one} {version(one)}" for one in distributions))
