"""`terrace synth`: write the stacks, without Terraform, credentials or network."""

import json
import time
from dataclasses import replace
from pathlib import Path

import click

from scripts.options import cloud_option, json_option


@click.command("synth")
@click.argument("environments", nargs=-1, metavar="[ENV]...")
@cloud_option
@click.option("--out", type=click.Path(path_type=Path), help="Where to write; default cdktf.out.")
@json_option
@click.pass_context
def command(
    ctx: click.Context, environments: tuple[str, ...], cloud: str | None, out: Path | None, as_json: bool
) -> None:
    """Write the stacks of the environments named, or of all: cdktf.out/stacks/ENV/cdk.tf.json.

    The same input gives the same bytes, on any machine.
    """
    from scripts.options import project_of
    from terrace.deployment.synthesis import synthesize
    from terrace.environment import names

    project = project_of(ctx)
    if out:
        project = replace(project, synthesized_to=out.resolve())
    started = time.monotonic()
    written = synthesize(project, *(environments or names(project.root)), cloud=cloud or "")
    rows = []
    for directory in written:
        stack = json.loads((directory / "cdk.tf.json").read_text())
        rows.append((directory.name, sum(len(group) for group in stack["resource"].values()), directory))
    if as_json:
        click.echo(json.dumps([{"environment": n, "resources": r, "directory": project.shown(d)} for n, r, d in rows]))
        return
    for name, resources, directory in rows:
        click.echo(f"{name}: {resources} resources in {project.shown(directory)}")
    click.echo(f"{time.monotonic() - started:.1f} s", err=True)
