"""`terrace verify`: read the live deployment and prove its guarantees."""

import json
from typing import TYPE_CHECKING

import click

from terrace.cli.options import cloud_option, environment_argument, json_option

if TYPE_CHECKING:
    from terrace.assurance.evaluation import Result

_WORDS = {"holds": "holds", "broken": "BROKEN", "unproven": "UNPROVEN", "not_required": "not required"}
_COLOURS = {"broken": "red", "unproven": "yellow", "holds": "green"}
_WIDEST = 110


@click.command("verify")
@environment_argument
@cloud_option
@json_option
@click.option("--only", metavar="ID", multiple=True, help="Read this guarantee only (DB-2); repeat for more.")
@click.pass_context
def command(ctx: click.Context, environment: str, cloud: str | None, as_json: bool, only: tuple[str, ...]) -> None:
    """Read what ENV has deployed, through the cloud's own API, and compare it with what ENV asks for.

    Terraform and its state are not asked. Exit code 1 when a guarantee is broken, or could not be read: what nobody
    saw is not proven.
    """
    from terrace import live
    from terrace.cli.options import load
    from terrace.environment import target

    loaded = load(ctx, environment, cloud)
    ids = [part.strip().upper() for text in only for part in text.split(",") if part.strip()]
    results = live.verify(loaded.environment, target(loaded.environment), only=ids)
    passed = bool(results) and all(result.passes for result in results)
    if as_json:
        click.echo(json.dumps(as_data(loaded.environment.name, loaded.environment.cloud, results), indent=2))
    else:
        click.echo(text(results))
        click.echo(f"\n{loaded.environment.name} on {loaded.environment.cloud}: {summary(results)}")
    if not passed:
        ctx.exit(1)


def summary(results: "list[Result]") -> str:
    """How many of each, in words."""
    counts = {status: sum(1 for result in results if result.status == status) for status in _WORDS}
    parts = [f"{counts['holds']} of {len(results)} guarantees hold"]
    parts += [f"{counts['broken']} broken"] * bool(counts["broken"])
    parts += [f"{counts['unproven']} unproven"] * bool(counts["unproven"])
    parts += [f"{counts['not_required']} not required"] * bool(counts["not_required"])
    return ", ".join(parts)


def text(results: "list[Result]") -> str:
    """A block a capability, a line a guarantee; below those that do not hold, why."""
    lines: list[str] = []
    for capability in dict.fromkeys(result.guarantee.capability for result in results):
        lines += ["", capability] if lines else [capability]
        for result in results:
            if result.guarantee.capability == capability:
                lines += _told(result)
    return "\n".join(lines)


def _told(result: "Result") -> list[str]:
    from terrace.cli.console import coloured

    word = _WORDS[result.status].ljust(max(map(len, _WORDS.values())))
    word = coloured(word, fg=_COLOURS.get(result.status), bold=not result.passes)
    lines = [f"  {result.guarantee.id.ljust(8)} {word}  {result.guarantee.sentence}"]
    if result.passes:
        detail = result.evidence if result.status == "holds" else result.reason
        lines.append(f"           {detail if len(detail) <= _WIDEST else detail[: _WIDEST - 1] + '…'}")
    else:
        lines += [f"           {part}" for part in result.reason.split("; ")]
    return lines


def as_data(environment: str, cloud: str, results: "list[Result]") -> dict[str, object]:
    """For machines: what was read of each guarantee."""
    return {
        "environment": environment,
        "cloud": cloud,
        "passed": bool(results) and all(result.passes for result in results),
        "guarantees": [
            {
                "guarantee": result.guarantee.id,
                "sentence": result.guarantee.sentence,
                "status": result.status,
                "evidence": result.evidence,
                "resource": result.resource,
                "capability": result.guarantee.capability,
                "reason": result.reason,
            }
            for result in results
        ],
    }
