"""`terrace ci check`: the trust in pipelines, evaluated for their tokens and for forged ones."""

import os
from typing import TYPE_CHECKING

import click

from terrace.cli.options import cloud_option, json_option

if TYPE_CHECKING:
    from terrace.assurance.sign_in import SignIn
    from terrace.pipelines.settings import Setting


@click.command("check")
@click.argument("environment", metavar="ENV|FILE")
@cloud_option
@click.option("--environment", "of", metavar="ENV", help="The environment of FILE.")
@json_option
@click.pass_context
def command(ctx: click.Context, environment: str, cloud: str | None, of: str | None, as_json: bool) -> None:
    """Evaluate the trust that the foundation of ENV puts in pipelines, as its cloud would.

    The tokens are those of the repository's own jobs, and those that others can get: forks, other repositories,
    branches and environments, other issuers and audiences, a later owner of the name. Nothing is sent anywhere.

    With a token of the CI system, the settings of the repository that the pipelines rely on are read too (`terrace ci
    setup`).

    Exit code 1 when a token of others is accepted, one of the own jobs is refused, or a setting is missing. A
    token is excepted when the cloud cannot compare what distinguishes it, such as the branch on Azure.
    """
    from terrace.assurance import sign_in
    from terrace.assurance.sign_in.tokens import compensation
    from terrace.cli.access.source import subject
    from terrace.cli.ci.setup import text
    from terrace.cli.console import info, table, write, write_json

    stack = subject(ctx, environment, cloud, of)
    found = sign_in.evaluate(stack)
    settings = _settings(ctx, environment, cloud) if of is None and "@" not in environment else None
    if as_json:
        data = [
            {
                "token": one.token.title,
                "claims": dict(one.token.claims),
                "accepted": sorted(one.accepted),
                "expected": sorted(one.token.expected),
                "excepted": bool(one.excepted),
                "reason": one.excepted,
                "passes": one.passes,
            }
            for one in found
        ]
        read = (
            {} if settings is None else {"settings": [{"name": one.name, "missing": one.missing} for one in settings]}
        )
        write_json({"environment": stack.environment.name, "cloud": stack.environment.cloud, "tokens": data, **read})
    else:
        rows: list[list[object]] = [
            [one.token.title, _words(one.accepted), _words(one.token.expected), _answer(one)] for one in found
        ]
        write(table(["token", "may", "expected", "as expected"], rows))
        if any(one.excepted for one in found):
            for reason in dict.fromkeys(one.excepted for one in found if one.excepted):
                info(f"excepted: {reason}, so {compensation(stack.environment)}")
        if settings is not None:
            write("\n" + text(settings))
    ctx.exit(0 if all(one.passes for one in found) and not any(one.missing for one in settings or ()) else 1)


def _settings(ctx: click.Context, environment: str, cloud: str | None) -> "list[Setting] | None":
    """The settings of the environment's repository; None without a token for the CI system."""
    from terrace.capabilities import ci
    from terrace.cli.options import load

    loaded = load(ctx, environment, cloud)
    identity = loaded.environment.identity
    own = ci.system("terrace.pipelines", identity.ci)
    if not any(os.environ.get(name) for name in own.TOKENS):
        return None
    rules = ci.system("terrace.pipelines", identity.ci, "settings")
    return list(rules.settings(own.client(identity=identity), [loaded]))


def _answer(found: "SignIn") -> str:
    return "excepted" if found.excepted else "yes" if found.passes else "NO"


def _words(pipelines: frozenset[str]) -> str:
    return " and ".join(sorted(pipelines)) or "nothing"
