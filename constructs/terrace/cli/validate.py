"""`terrace validate`: is every environment right? In milliseconds; no Node, no network, no credentials, no CDK."""

import json
from dataclasses import asdict, dataclass, field

import click

from terrace.cli.options import cloud_option, json_option, project_of
from terrace.errors import InvalidEnvironment, Problem


@dataclass
class Verdict:
    """What is to be said of the environments that were asked for."""

    valid: dict[str, str] = field(default_factory=dict)  # name to cloud, region and tier
    invalid: dict[str, list[Problem]] = field(default_factory=dict)
    project: list[Problem] = field(default_factory=list)  # between environments, or of a file that is none

    @property
    def problems(self) -> list[Problem]:
        """Each once: a fault of a shared base is every environment's."""
        return list(dict.fromkeys([*(each for found in self.invalid.values() for each in found), *self.project]))


@click.command("validate")
@click.argument("environments", nargs=-1, metavar="[ENV]...")
@cloud_option
@json_option
@click.pass_context
def command(ctx: click.Context, environments: tuple[str, ...], cloud: str | None, as_json: bool) -> None:
    """Check the environments named, or all of environments/.

    Prints a line for each that is valid and every problem of each that is not, as file:line:column. Exit code 1: one
    is not.
    """
    verdict = judged(ctx, environments, cloud)
    if as_json:
        click.echo(json.dumps(_report(verdict), indent=2))
    else:
        for name, summary in verdict.valid.items():
            click.echo(f"{name}: valid ({summary})")
        for problem in verdict.problems:
            click.echo(str(problem))
        if not verdict.valid and not verdict.problems:
            click.echo("environments/ holds no environment.")
    ctx.exit(1 if verdict.problems or not verdict.valid else 0)


def judged(ctx: click.Context, environments: tuple[str, ...], cloud: str | None) -> Verdict:
    """Load what was asked for. Raises UsageError when there is no such environment."""
    from terrace.environment.loading import Loaded, between, load, names, unused

    project = project_of(ctx).root
    verdict, loaded = Verdict(), list[Loaded]()
    for name in environments or names(project):
        try:
            loaded.append(load(name, project=project, cloud=cloud))
            environment = loaded[-1].environment
            verdict.valid[name] = f"{environment.tier}, {environment.cloud}, {environment.region}"
        except InvalidEnvironment as error:
            verdict.invalid[name] = error.problems
    verdict.project = between(loaded) + ([] if environments else unused(project))
    return verdict


def _report(verdict: Verdict) -> dict[str, object]:
    problems = {name: [asdict(problem) for problem in found] for name, found in verdict.invalid.items()}
    return {
        "valid": not verdict.problems and bool(verdict.valid),
        "environments": {name: [] for name in verdict.valid} | problems,
        "project": [asdict(problem) for problem in verdict.project],
    }
