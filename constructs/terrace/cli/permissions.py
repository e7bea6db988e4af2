"""`terrace permissions`: the least rights that applying takes, as files."""

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from terrace.cli.options import CLOUDS

if TYPE_CHECKING:
    from terrace.project.discovery import Project


@click.command("permissions")
@click.option("--check", is_flag=True, help="Write nothing; exit code 1 when a file is not what it should be.")
@click.pass_context
def command(ctx: click.Context, check: bool) -> None:
    """Write policies/deploy: on each cloud, what applying the project's stacks takes, and nothing more.

    The types of resources come from the stacks of all environments, what each takes from types.yaml in each cloud's
    folder there.
    """
    from terrace.assurance import permissions
    from terrace.cli.options import project_of
    from terrace.errors import AnswerIsNo

    project = project_of(ctx)
    types = _types(project)
    made = {path: text for on in CLOUDS for path, text in permissions.files(project.root, on, types[on]).items()}
    stale = [path for path, text in made.items() if _read(project.root / path) != text]
    if check and stale:
        raise AnswerIsNo(f"not as the stacks want it: {', '.join(map(str, stale))}", hint="run `terrace permissions`")
    for path in stale:
        (project.root / path).write_text(made[path])
        click.echo(f"written: {path}")


def _types(project: "Project") -> dict[str, set[str]]:
    """Each cloud's types of resources in all environments' stacks. Raises SynthesisFailed."""
    from terrace.environment import names
    from terrace.project.synthesis import synthesize_on_clouds

    found: dict[str, set[str]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        apart = replace(project, synthesized_to=Path(scratch))
        for made in synthesize_on_clouds(apart, names(project.root), CLOUDS, state="local"):
            if made.failure:
                raise made.failure
            stacks = [json.loads((stack / "cdk.tf.json").read_text()) for stack in made.stacks.values()]
            found[made.cloud] = {type for stack in stacks for type in stack["resource"]}
    return found


def _read(path: Path) -> str:
    return path.read_text() if path.is_file() else ""
