"""`terrace ci render`: the workflow files of a project."""

from pathlib import Path

import click

from terrace.capabilities.ci import CI_SYSTEMS, CiName
from terrace.cli.options import project_of


@click.command("render")
@click.argument("system", type=click.Choice(CI_SYSTEMS))
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write below this directory instead of the project.",
)
@click.option("--check", is_flag=True, help="Write nothing; exit code 1 if the files differ.")
@click.pass_context
def command(ctx: click.Context, system: CiName, output: Path | None, check: bool) -> None:
    """Write the files that plan, apply and compare the project's environments on a CI system.

    Environments with local state are left out, because a runner does not keep it.
    """
    from terrace.cli.console import info, write
    from terrace.environment import names
    from terrace.errors import AnswerIsNo
    from terrace.pipelines import deployments, rendering

    root = project_of(ctx).root
    directory = output or root
    files = rendering.render(root, system)
    left_out = sorted(set(names(root)) - {one.environment.name for one in deployments.environments(root)})
    if left_out:
        info(f"left out, because the state is local: {', '.join(left_out)}")
    differing = rendering.differences(directory, files)
    if check:
        if differing:
            raise AnswerIsNo(
                "\n".join(map(str, differing)), hint=f"run `terrace ci render {system}` and commit what it writes"
            )
        return
    for difference in differing:
        path = directory / difference.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[difference.path], encoding="utf-8")
        write(difference.path)
    if not differing:
        info("all files are as rendered")
