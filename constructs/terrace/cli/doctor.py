"""`terrace doctor`: what is installed, what is missing, and how to get it."""

import json
import platform
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal

import click

from terrace.capabilities.cloud import CLOUDS, facts, implementation
from terrace.cli.options import json_option, mirror_option

# What each extra of the package is for; those called as a cloud are asked for with that cloud.
_EXTRAS = {
    "emulator": "`make demo` and `terrace emulator` need it",
    "assurance": "`terrace gate` and the compliance report need it",
    "azure": "reading a live deployment on Azure needs it",
    "gcp": "reading a live deployment on Google Cloud needs it",
}


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `missing` is needed for everything; `absent` only for what `hint` says."""

    name: str
    status: Literal["ok", "absent", "missing"]
    detail: str
    hint: str = ""


@click.command("doctor")
@click.option(
    "--cloud",
    "clouds",
    type=click.Choice(CLOUDS),
    multiple=True,
    help="This cloud instead of those of the project's environments; repeat for more.",
)
@mirror_option
@json_option
@click.pass_context
def command(ctx: click.Context, clouds: tuple[str, ...], provider_mirror: Path | None, as_json: bool) -> None:
    """Look at this machine: Python, Node, Terraform; each cloud's provider, credentials and SDK; the extras.

    Exit code 1 when something is missing that every deployment needs. Nothing is changed, and no cloud is asked.
    """
    root = _root(ctx)
    findings = examine(root, provider_mirror, clouds or _used(root))
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        width = max(len(finding.name) for finding in findings)
        for finding in findings:
            click.echo(f"{finding.status:8}{finding.name:{width}}  {finding.detail}")
            if finding.hint and finding.status != "ok":
                click.echo(f"{'':8}{'':{width}}  → {finding.hint}")
    if any(finding.status == "missing" for finding in findings):
        ctx.exit(1)


def examine(root: Path, provider_mirror: Path | None, clouds: Sequence[str]) -> list[Finding]:
    """All findings, in the order in which a deployment needs the things."""
    extras = _extras()
    looks: list[Callable[[], Finding]] = [_python, _node, partial(_terraform, root)]
    for cloud in clouds:
        looks += [partial(_provider, root, provider_mirror, cloud), partial(_credentials, cloud)]
    wanted = [extra for extra in _EXTRAS if extra not in CLOUDS or extra in clouds]
    return [look() for look in looks] + [_extra(extra, extras.get(extra, [])) for extra in wanted]


def _root(ctx: click.Context) -> Path:
    """The project if there is one; doctor also serves those who are only about to have one."""
    from terrace.cli.options import project_of, settings_of
    from terrace.errors import UsageError

    try:
        return project_of(ctx).root
    except UsageError:
        return settings_of(ctx).project or Path.cwd()


def _used(root: Path) -> list[str]:
    """The clouds that the project's environments name; all of them where that cannot be said."""
    from terrace.environment import load, names
    from terrace.errors import TerraceError

    try:
        found = {load(name, project=root).environment.cloud for name in names(root)}
    except TerraceError:  # `terrace validate` says what is wrong with a file
        found = set()
    return [cloud for cloud in CLOUDS if cloud in found] or list(CLOUDS)


def _python() -> Finding:
    return Finding("Python", "ok", f"{platform.python_version()} ({sys.executable})")  # older ones cannot import this


def _node() -> Finding:
    from terrace.node import MINIMUM, NodeMissing, node, version

    wanted = ".".join(map(str, MINIMUM))
    try:
        found = node()
    except NodeMissing as error:
        return Finding("Node", "missing", error.message, error.hint)
    actual = version(found)
    if actual < MINIMUM:
        return Finding("Node", "missing", f"{found} is not {wanted} or newer", "unset JSII_NODE, or name a newer one")
    return Finding("Node", "ok", f"{'.'.join(map(str, actual))} ({found})")


def _terraform(root: Path) -> Finding:
    from terrace.deployment.binary import NoTerraform, locate

    try:
        return Finding("Terraform", "ok", str(locate(root)))
    except NoTerraform as error:
        return Finding("Terraform", "missing", str(error), error.hint)


def _provider(root: Path, provider_mirror: Path | None, cloud: str) -> Finding:
    """Where the provider of a cloud's stacks would come from."""
    from terrace.deployment.binary import NoTerraform, locate
    from terrace.deployment.mirror import choose
    from terrace.errors import TerraceError

    name = f"{cloud} provider"
    provider = facts(cloud).provider
    try:
        host = locate(root).registry_host
    except NoTerraform:
        host = "registry.terraform.io"
    try:
        source = choose(requested=provider_mirror, providers=[provider], host=host)
    except TerraceError as error:
        return Finding(name, "missing", str(error), error.hint)
    return Finding(name, "ok", f"{provider}: {source}")


def _credentials(cloud: str) -> Finding:
    """What the cloud's own reader finds in this shell. They are not tried out, and not shown."""
    look = implementation("terrace.live", cloud, "credentials").look()
    return Finding(f"{cloud} credentials", look.status, look.detail, look.hint)


def _extras() -> dict[str, list[str]]:
    """The package's extras, and the distributions of each, as its own metadata says."""
    found: dict[str, list[str]] = {}
    for requirement in requires("terrace") or []:
        if match := re.match(r"([A-Za-z0-9._-]+).*extra == ['\"]([\w-]+)['\"]", requirement):
            found.setdefault(match[2], []).append(match[1])
    return found


def _extra(name: str, distributions: Sequence[str]) -> Finding:
    there, missing = [], []
    for distribution in distributions:
        try:
            there.append(f"{distribution} {version(distribution)}")
        except PackageNotFoundError:
            missing.append(distribution)
    if missing or not there:
        hint = f"{_EXTRAS[name]}: pip install 'terrace[{name}]'"
        return Finding(f"{name} extra", "absent", f"not installed: {', '.join(missing) or name}", hint)
    return Finding(f"{name} extra", "ok", ", ".join(there))
