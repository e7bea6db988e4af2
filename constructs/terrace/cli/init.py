"""`terrace init`: make a project, or bring one to the template of this version."""

import sys
from pathlib import Path

import click

from terrace.capabilities.ci import CI_SYSTEMS
from terrace.capabilities.cloud import CLOUDS


@click.command("init")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", required=False)
@click.option(
    "--cloud",
    "clouds",
    type=click.Choice(CLOUDS),
    multiple=True,
    help="A cloud of the project; repeatable. The environments are on the first one.",
)
@click.option("--name", metavar="NAME", help="Prefix of every resource name.  [default: the directory's name]")
@click.option("--ci", type=click.Choice(CI_SYSTEMS), help="CI system whose jobs plan and apply.")
@click.option("--repository", metavar="PATH", help="Repository whose jobs may plan and apply, such as acme/data.")
@click.option("--domain", metavar="DOMAIN", help="Domain of the platform's user interfaces.")
@click.option("--yes", is_flag=True, help="Ask nothing: what no option sets has the default.")
@click.option("--update", is_flag=True, help="Bring the project in DIR to this version's template by a merge.")
@click.pass_context
def command(
    ctx: click.Context,
    directory: Path | None,
    clouds: tuple[str, ...],
    name: str | None,
    ci: str | None,
    repository: str | None,
    domain: str | None,
    yes: bool,
    update: bool,
) -> None:
    """Make a project in DIR: environments, stacks, policies, pipelines, and the pinned version of the kit.

    Asks for what no option sets, unless --yes is given. Needs no network.

    --update merges what changed between the template that made the project and the one of this version into the
    project's files, as git merges branches. Exit code 1 when files have conflicts.
    """
    from terrace.errors import UsageError

    answers = {"project": name, "clouds": list(clouds), "ci": ci, "repository": repository, "domain": domain}
    given: dict[str, object] = {key: value for key, value in answers.items() if value}
    if update:
        if given:
            raise UsageError("--update keeps the project's answers", hint="omit the other options")
        _update(directory or Path.cwd())
        return
    if directory is None:
        raise UsageError("no directory given", hint="name one, such as `terrace init data-platform`")
    _create(directory, given, ask=not yes and sys.stdin.isatty())


def _create(directory: Path, given: dict[str, object], *, ask: bool) -> None:
    from terrace.cli.console import info, write
    from terrace.project import template

    answers = template.create(directory, given, ask=ask)
    _generate(directory)
    write(f"{directory}: a project on {', '.join(map(str, _list(answers['clouds'])))}")
    info(f"next: cd {directory}, then `make demo`; README.md says more")


def _update(directory: Path) -> None:
    from terrace.cli.console import info, write
    from terrace.errors import AnswerIsNo
    from terrace.project import template

    conflicts = template.update(directory)
    if conflicts:
        raise AnswerIsNo(
            f"conflicts in {', '.join(conflicts)}",
            where=str(directory),
            hint="edit what is between <<<<<<< and >>>>>>>, then `git add` the files and run `terrace ci render`",
        )
    _generate(directory)
    write(f"{directory}: as the template of this version")
    info("review the changes with `git diff`, run `make test`, and commit")


def _generate(directory: Path) -> None:
    """Write what follows from the environments: their schemas, and the pipelines."""
    from terrace.environment import load, names
    from terrace.environment.schema_json import texts
    from terrace.pipelines import rendering

    for name, text in texts().items():
        (directory / "environments" / name).write_text(text, encoding="utf-8")
    system = load(names(directory)[0], project=directory).environment.identity.ci
    for name, text in rendering.render(directory, system).items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]
