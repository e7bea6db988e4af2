"""`terrace doctor`: what is installed, what is missing, and how to get it."""

import json
import platform
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

import click

from scripts.options import json_option, mirror_option


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `missing` is needed for everything; `absent` only for what `hint` says."""

    name: str
    status: Literal["ok", "absent", "missing"]
    detail: str
    hint: str = ""


@click.command("doctor")
@mirror_option
@json_option
@click.pass_context
def command(ctx: click.Context, provider_mirror: Path | None, as_json: bool) -> None:
    """Look at this machine: Python, Node, Terraform, providers, credentials, emulator.

    Exit code 1 when something is missing that every deployment needs. Nothing is changed, and no cloud is asked.
    """
    findings = examine(_root(ctx), provider_mirror)
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


def examine(root: Path, provider_mirror: Path | None) -> list[Finding]:
    """All findings, in the order in which a deployment needs the things."""
    looks: list[Callable[[], Finding]] = [
        _python,
        _node,
        lambda: _terraform(root),
        lambda: _providers(root, provider_mirror),
        _aws_credentials,
        _emulator,
    ]
    return [look() for look in looks]


def _root(ctx: click.Context) -> Path:
    """The project if there is one; doctor also serves those who are only about to have one."""
    from scripts.options import project_of, settings_of
    from terrace.errors import UsageError

    try:
        return project_of(ctx).root
    except UsageError:
        return settings_of(ctx).project or Path.cwd()


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


def _providers(root: Path, provider_mirror: Path | None) -> Finding:
    from terrace.deployment.binary import NoTerraform, locate
    from terrace.deployment.mirror import choose
    from terrace.errors import TerraceError

    try:
        host = locate(root).registry_host
    except NoTerraform:
        host = "registry.terraform.io"
    try:
        return Finding(
            "providers", "ok", str(choose(requested=provider_mirror, providers=["hashicorp/aws"], host=host))
        )
    except TerraceError as error:
        return Finding("providers", "missing", str(error), error.hint)


def _aws_credentials() -> Finding:
    """Whether boto3 finds any, and where. They are not tried out, and not shown."""
    import botocore.session
    from botocore.exceptions import BotoCoreError

    hint = (
        "only a real account needs them: `aws sso login`, AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    )
    try:
        session = botocore.session.get_session()
        # The metadata service of a machine is left out: asking it takes seconds where there is none.
        session.get_component("credential_provider").remove("iam-role")
        credentials = session.get_credentials()
        region = session.get_config_variable("region")
    except BotoCoreError as error:
        return Finding("AWS credentials", "absent", str(error), hint)
    if credentials is None:
        return Finding("AWS credentials", "absent", "none found", hint)
    return Finding("AWS credentials", "ok", f"from {credentials.method}, region {region or 'not set'}")


def _emulator() -> Finding:
    missing = []
    for package in ("moto", "cryptography", "flask", "werkzeug"):
        try:
            version(package)
        except PackageNotFoundError:
            missing.append(package)
    if missing:
        hint = "`make demo` and `terrace emulator` need it: pip install 'terrace[emulator]'"
        return Finding("emulator", "absent", f"not installed: {', '.join(missing)}", hint)
    return Finding("emulator", "ok", f"moto {version('moto')}")
