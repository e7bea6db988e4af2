"""`terrace permissions`: write the least permissions that an apply needs on each cloud."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from terrace.capabilities.cloud import CLOUDS

if TYPE_CHECKING:
    from terrace.project.discovery import Project


@click.command("permissions")
@click.option(
    "--cloud", "clouds", type=click.Choice(CLOUDS), multiple=True, help="Write those of this cloud only; repeatable."
)
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 when a file is out of date.")
@click.pass_context
def command(ctx: click.Context, clouds: tuple[str, ...], check: bool) -> None:
    """Generate policies/deploy: the permissions that applying the project's stacks needs, and no others.

    The resource types come from the stacks of all environments; types.yaml in each cloud's folder, or else Terrace's
    own, lists the permissions of each type.
    """
    from terrace.assurance import permissions
    from terrace.cli.console import write
    from terrace.cli.options import project_of
    from terrace.errors import AnswerIsNo

    project = project_of(ctx)
    types = _types(project, clouds or project.clouds)
    files = {
        path: text for cloud in types for path, text in permissions.files(project.root, cloud, types[cloud]).items()
    }
    stale = [path for path, text in files.items() if _read(project.root / path) != text]
    if check and stale:
        raise AnswerIsNo(f"out of date: {', '.join(map(str, stale))}", hint="run `terrace permissions`")
    for path in stale:
        (project.root / path).parent.mkdir(parents=True, exist_ok=True)
        (project.root / path).write_text(files[path])
        write(f"{path}: written")


def _types(project: "Project", clouds: Sequence[str]) -> dict[str, set[str]]:
    """The resource types in the stacks of all environments, by cloud. Raises SynthesisFailed."""
    from terrace.environment import names
    from terrace.project import basis
    from terrace.project.synthesis import synthesize_on_clouds

    types: dict[str, set[str]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        copy = replace(project, synthesized_to=Path(scratch))
        for run in synthesize_on_clouds(copy, names(project.root), clouds, state="local"):
            if run.failure:
                raise run.failure
            stacks = [json.loads((stack / "cdk.tf.json").read_text()) for stack in run.stacks.values()]
            types[run.cloud] = {type for stack in stacks for type in basis.resources(stack)}
    return types


def _read(path: Path) -> str:
    return path.read_text() if path.is_file() else ""
