"""`terrace validate`: check environment files, in milliseconds. No Node, network, credentials or CDK."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from terrace.cli.options import cloud_option, json_option, project_of
from terrace.errors import InvalidEnvironment, Problem

if TYPE_CHECKING:
    from terrace.environment import Loaded


@dataclass
class Validation:
    """The valid environments, and the problems of the others."""

    valid: dict[str, str] = field(default_factory=dict)  # name to "tier, cloud, region"
    invalid: dict[str, list[Problem]] = field(default_factory=dict)
    project: list[Problem] = field(default_factory=list)  # between environments, or in a file that is not used

    @property
    def problems(self) -> list[Problem]:
        """Each problem once; a problem in a shared base appears in every environment."""
        own = [problem for problems in self.invalid.values() for problem in problems]
        return list(dict.fromkeys([*own, *self.project]))


@click.command("validate")
@click.argument("environments", nargs=-1, metavar="[ENV]...")
@cloud_option
@json_option
@click.pass_context
def command(ctx: click.Context, environments: tuple[str, ...], cloud: str | None, as_json: bool) -> None:
    """Check the given environments, or all in environments/; given ones also against the others.

    Prints one line for each valid environment, and every problem of the others with its file, line and column. Exit
    code 1 when there is a problem.
    """
    from terrace.cli.console import wrapped, write, write_json

    result = validate(ctx, environments, cloud)
    if as_json:
        write_json(_as_data(result))
    else:
        for name, summary in result.valid.items():
            write(f"{name}: valid ({summary})")
        for problem in result.problems:
            write(wrapped(str(problem)))
        if not result.valid and not result.problems:
            write("no environments in environments/")
    ctx.exit(1 if result.problems or not result.valid else 0)


def validate(ctx: click.Context, environments: tuple[str, ...], cloud: str | None) -> Validation:
    """Load the given environments, or all. Raises UsageError when one does not exist."""
    from terrace.environment.loading import Loaded, between, load, names, unused

    project = project_of(ctx).root
    result, loaded = Validation(), list[Loaded]()
    for name in dict.fromkeys(environments) or names(project):
        try:
            loaded.append(load(name, project=project, cloud=cloud))
            environment = loaded[-1].environment
            result.valid[name] = f"{environment.tier}, {environment.cloud}, {environment.region}"
        except InvalidEnvironment as error:
            result.invalid[name] = error.problems
    checked = {*environments, *(one.environment.name for one in loaded)}
    others = _readable(sorted(set(names(project)) - checked), project) if environments else []
    of_others = between(others)
    result.project = [problem for problem in between([*others, *loaded]) if problem not in of_others]
    result.project += [] if environments else unused(project)
    return result


def _readable(names: Sequence[str], project: Path) -> "list[Loaded]":
    """The environments of these names that are valid."""
    from terrace.environment.loading import load

    found = []
    for name in names:
        with suppress(InvalidEnvironment):
            found.append(load(name, project=project))
    return found


def _as_data(result: Validation) -> dict[str, object]:
    problems = {name: [asdict(problem) for problem in each] for name, each in result.invalid.items()}
    return {
        "valid": not result.problems and bool(result.valid),
        "environments": {name: [] for name in result.valid} | problems,
        "project": [asdict(problem) for problem in result.project],
    }
