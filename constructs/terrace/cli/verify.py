"""`terrace verify`: check the guarantees of a live deployment."""

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from terrace.cli.options import cloud_option, environment_argument, json_option

if TYPE_CHECKING:
    from terrace.assurance.evaluation import Result
    from terrace.assurance.guarantees import Guarantee
    from terrace.assurance.report.scans import Scans

_WORDS = {
    "holds": "holds",
    "broken": "BROKEN",
    "unproven": "UNPROVEN",
    "prepared": "prepared",
    "by_owner": "by owner",
    "excepted": "excepted",
    "not_required": "not required",
}
_COLOURS = {"broken": "red", "unproven": "yellow", "holds": "green"}
_INDENT = " " * 11


@click.command("verify")
@environment_argument
@cloud_option
@json_option
@click.option("--only", metavar="ID", multiple=True, help="Check this guarantee only, such as DB-2; repeatable.")
@click.option(
    "--save",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also write the result as JSON to FILE.",
)
@click.pass_context
def command(
    ctx: click.Context, environment: str, cloud: str | None, as_json: bool, only: tuple[str, ...], save: Path | None
) -> None:
    """Read the live resources of ENV through the cloud's API, and check the guarantees of ENV on them.

    Uses neither Terraform nor its state. Exit code 1 when a guarantee is broken or unproven. It also says when
    `terrace bootstrap ENV` is due, if the stack was synthesized here.

    Without --only, the reports of the image scanner in the cluster are read too, if this machine reaches it. They are
    evidence for `terrace report` and decide nothing.
    """
    from terrace import live
    from terrace.cli.console import warn, wrapped, write, write_json
    from terrace.cli.options import deployment_of, load, state_home_of
    from terrace.cli.progress import working
    from terrace.deployment import bootstrapped
    from terrace.environment import target

    loaded = load(ctx, environment, cloud)
    ids = [part.strip().upper() for text in only for part in text.split(",") if part.strip()]
    with working(f"reading {environment} through the cloud's API"):
        installed = partial(_installed, ctx, environment, cloud)
        results = live.verify(loaded.environment, target(loaded.environment), only=ids, installed=installed)
        scans = None if ids else _scans(ctx, environment, cloud)
    passed = bool(results) and all(result.passes for result in results)
    outdated = bootstrapped.known_outdated(deployment_of(ctx, loaded), partial(state_home_of, ctx, loaded))
    data = as_data(loaded.environment.name, loaded.environment.cloud, results, scans)
    data |= {"bootstrap_outdated": True} if outdated else {}
    if save:
        save.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    if as_json:
        write_json(data)
    else:
        write(wrapped(text(results)))
        if scans:
            write(f"\nscans in the cluster\n  {scans}")
        for one in _stack_only(ids):
            write(f"\nnot read from a deployment: {one.id}. {one.stack_only}")
        write(f"\n{loaded.environment.name} on {loaded.environment.cloud}: {summary(results)}")
        if outdated:
            warn(f"\n{bootstrapped.sentence(loaded.environment.name)}")
    if not passed:
        ctx.exit(1)


def _scans(ctx: click.Context, environment: str, cloud: str | None) -> "Scans":
    from terrace.assurance.report.scans import unread
    from terrace.cli.options import cluster_of, workloads_of
    from terrace.errors import TerraceError
    from terrace.live import scans

    try:
        context = workloads_of(ctx, environment, cloud)
    except TerraceError as error:  # such as outputs of another environment, which no guarantee reads
        return unread(str(error))
    return scans.of(context, lambda: cluster_of(context))


def _installed(ctx: click.Context, environment: str, cloud: str | None) -> set[str]:
    """The modules whose charts are all in the cluster. Raises TerraceError if the cluster cannot be read."""
    from terrace.cli.options import cluster_of, workloads_of
    from terrace.live import cluster

    context = workloads_of(ctx, environment, cloud)
    releases = {name: module.chart_releases or (f"{name}-base",) for name, module in context.modules.items()}
    names = {release for each in releases.values() for release in each}
    found = {one.name for one in cluster.deployed(cluster_of(context), names).values() if one.status == "deployed"}
    return {name for name, each in releases.items() if found.issuperset(each)}


def _stack_only(ids: "list[str]") -> "list[Guarantee]":
    """The guarantees about how a stack is written, which no deployment shows."""
    from terrace.assurance.guarantees import GUARANTEES

    return [] if ids else [one for one in GUARANTEES if one.stack_only]


def summary(results: "list[Result]") -> str:
    """The number of guarantees of each status."""
    counts = {status: sum(1 for result in results if result.status == status) for status in _WORDS}
    parts = [f"{counts['holds']} of {len(results)} guarantees hold"]
    parts += [f"{counts['broken']} broken"] * bool(counts["broken"])
    parts += [f"{counts['unproven']} unproven"] * bool(counts["unproven"])
    parts += [f"{counts['prepared']} prepared"] * bool(counts["prepared"])
    parts += [f"{counts['by_owner']} by the owner"] * bool(counts["by_owner"])
    parts += [f"{counts['excepted']} excepted"] * bool(counts["excepted"])
    parts += [f"{counts['not_required']} not required"] * bool(counts["not_required"])
    return ", ".join(parts)


def text(results: "list[Result]") -> str:
    """The guarantees by capability, each with its status, sentence and evidence."""
    lines: list[str] = []
    for capability in dict.fromkeys(result.guarantee.capability for result in results):
        lines += ["", capability] if lines else [capability]
        for result in results:
            if result.guarantee.capability == capability:
                lines += _lines(result)
    return "\n".join(lines)


def _lines(result: "Result") -> list[str]:
    from terrace.cli.console import shortened, styled, width

    word = _WORDS[result.status].ljust(max(map(len, _WORDS.values())))
    word = styled(word, fg=_COLOURS.get(result.status), bold=not result.passes)
    lines = [f"  {result.guarantee.id.ljust(8)} {word}  {result.guarantee.sentence}"]
    if result.passes:
        detail = result.evidence if result.status in ("holds", "by_owner") else result.reason
        lines.append(_INDENT + shortened(detail, width() - len(_INDENT)))
    else:
        lines += [_INDENT + part for part in result.reason.split("; ")]
    return lines


def as_data(environment: str, cloud: str, results: "list[Result]", scans: "Scans | None" = None) -> dict[str, object]:
    """The results for --json; the scans only if they were read."""
    return ({"scans": scans.model_dump(mode="json")} if scans else {}) | {
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
