"""`terrace report write`: write evidence for auditors, by framework and requirement, and compare two reports."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from terrace.capabilities.cloud import CLOUDS
from terrace.cli.options import json_option, trust_config_option

if TYPE_CHECKING:
    from terrace.assurance.report.model import Report

_MOST_NAMED = 6  # guarantees that fail for the same reason; more are counted
_PATH = click.Path(path_type=Path)


@click.command("write")
@click.option(
    "--framework",
    "frameworks",
    multiple=True,
    metavar="NAME",
    help="Framework, such as soc2; repeatable.  [default: all]",
)
@click.option("--env", "environments", multiple=True, metavar="ENV", help="Environment; repeatable.")
@click.option(
    "--cloud",
    "clouds",
    type=click.Choice([*CLOUDS, "all"]),
    multiple=True,
    help="Cloud; repeatable.  [default: the environment's own]",
)
@click.option("--out", type=_PATH, metavar="DIR", help="Directory to write to.")
@click.option(
    "--live",
    type=_PATH,
    multiple=True,
    metavar="FILE",
    help="Add live evidence: the output of `terrace verify ENV --json`; repeatable.",
)
@click.option("--evidence", is_flag=True, help="Add the evidence over time that is beside the environment's state.")
@click.option(
    "--plan",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="Check this plan, in the format of `terraform show -json`, instead of the stack.",
)
@click.option(
    "--sign",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="KEY",
    help="Sign the report with this Ed25519 private key (PEM).",
)
@click.option(
    "--sigstore",
    is_flag=True,
    help="Sign the report with the identity of the CI job, or with the key of --sign if there is none.",
)
@trust_config_option
@click.option("--diff", nargs=2, type=_PATH, metavar="OLD NEW", help="Compare two reports instead of writing one.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    frameworks: tuple[str, ...],
    environments: tuple[str, ...],
    clouds: tuple[str, ...],
    out: Path | None,
    live: tuple[Path, ...],
    evidence: bool,
    plan: Path | None,
    sign: Path | None,
    sigstore: bool,
    trust_config: Path | None,
    diff: tuple[Path, Path] | None,
    as_json: bool,
) -> None:
    """Run the gate on the environments, and write the outcome and evidence of each requirement as HTML, OSCAL, CSV and
    JSON.

    The report is evidence about configuration before deployment, not an attestation. The same inputs and the same
    SOURCE_DATE_EPOCH give the same bytes. Exit code 1 when a guarantee is broken or unproven or the gate fails; with
    --diff, when an outcome is worse.
    """
    from terrace.cli.console import write, write_json
    from terrace.errors import UsageError

    if diff:
        if frameworks or environments or clouds or out or live or evidence or plan or sign or sigstore:
            raise UsageError("--diff cannot be combined with other options", hint="terrace report --diff OLD NEW")
        _compare(ctx, *diff, as_json=as_json)
        return
    if trust_config and not sigstore:
        raise UsageError("--trust-config requires --sigstore", hint="terrace report --sigstore --trust-config FILE ...")
    if not environments or out is None:
        raise UsageError("--env and --out are required", hint="terrace report --env prod --out DIR")

    from terrace import live as reader
    from terrace.assurance.report import build as making
    from terrace.cli.options import project_of, state_home_of
    from terrace.cli.progress import working

    on = list(project_of(ctx).clouds) if "all" in clouds else list(dict.fromkeys(clouds))
    chosen = list(dict.fromkeys(environments))
    if plan and len(chosen) * max(len(on), 1) != 1:
        raise UsageError(
            "--plan requires exactly one environment and one cloud",
            hint="terrace report --env ENV --plan FILE --out DIR",
        )
    with working(f"evaluating {', '.join(chosen)}"):
        report = making.make(
            project_of(ctx),
            frameworks,
            chosen,
            on,
            live,
            plan,
            readable=reader.readable,
            parameters=_parameters(ctx),
            home_of=partial(state_home_of, ctx) if evidence else None,
        )
        paths = making.write(report, out)
    if sign or sigstore:
        paths += _signed(out, sign, trust_config, by_identity=sigstore)
    if as_json:
        write_json({"passed": report.passes, "files": [str(path) for path in paths], **_counts(report)})
    else:
        write(_text(report, paths))
    if not report.passes:
        ctx.exit(1)


def _parameters(ctx: click.Context) -> list[str]:
    """The options that decide what is in the report, as typed."""
    given = [
        (option.opts[0], ctx.params[str(option.name)])
        for option in ctx.command.params
        if option.name not in ("out", "sign", "sigstore", "trust_config", "diff") and ctx.params.get(str(option.name))
    ]
    return [
        f"{name} {one}" if one is not True else name
        for name, value in given
        for one in (value if isinstance(value, tuple) else (value,))
    ]


def _signed(out: Path, key: Path | None, trust_config: Path | None, *, by_identity: bool) -> list[Path]:
    """Sign by the identity of the CI job, or with the key. Raises NoIdentity if there is neither, TerraceError."""
    from terrace.assurance.report import signature, sigstore_bundle
    from terrace.cli.console import info, warn

    if by_identity:
        try:
            signed = sigstore_bundle.sign(out, trust_config)
        except sigstore_bundle.NoIdentity as error:
            if not key:
                raise
            warn(f"{error.message}; signed with the key")
        else:
            info(f"signed by {signed.subject} of {signed.issuer}")
            return signed.paths
    assert key
    return signature.sign(out, key)


def _compare(ctx: click.Context, old: Path, new: Path, *, as_json: bool) -> None:
    from terrace.assurance.report import difference
    from terrace.cli.console import write, write_json

    changes = difference.difference(difference.read(old), difference.read(new))
    if as_json:
        write_json(changes.as_data())
    else:
        write(difference.text(changes))
    if changes.worse:
        ctx.exit(1)


def _counts(report: "Report") -> dict[str, object]:
    return {
        "frameworks": {
            framework.name: {str(stack): dict(report.counts(framework, stack)) for stack in report.stacks}
            for framework in report.frameworks
        }
    }


def _text(report: "Report", paths: list[Path]) -> str:
    """Requirements by outcome for each framework and stack; failing guarantees with the reason; the files."""
    from terrace.assurance.report.labels import OUTCOMES as TITLES
    from terrace.assurance.report.labels import STATUSES, limits
    from terrace.assurance.report.model import FAILING, OUTCOMES
    from terrace.cli.console import table

    counts = [
        (framework, stack, report.counts(framework, stack))
        for framework in report.frameworks
        for stack in report.stacks
    ]
    present = [outcome for outcome in OUTCOMES if any(count[outcome] for _, _, count in counts)]
    rows = [[framework.short, stack, *(count[outcome] for outcome in present)] for framework, stack, count in counts]
    parts = [table(["framework", "stack", *(TITLES[outcome].lower() for outcome in present)], rows)]
    failing: dict[tuple[str, str, str], list[str]] = {}
    for evidence in report.evidence.values():
        if evidence.status in FAILING:
            reason = (STATUSES[evidence.status], str(evidence.stack), evidence.reason)
            failing.setdefault(reason, []).append(evidence.guarantee.id)
    failures = [
        f"{status}: {', '.join(ids) if len(ids) <= _MOST_NAMED else f'{len(ids)} guarantees'} on {stack}: {reason}"
        for (status, stack, reason), ids in failing.items()
    ]
    failures += [
        f"Gate: {finding.id} on {finding.environment}/{finding.cloud}: {finding.sentence}"
        for result in report.results
        for finding in result.blocking
        if not finding.guarantee
    ]
    if failures:
        parts.append("\n".join(failures))
    parts.append("\n".join(f"Scans of {stack}: {scans}" for stack, scans in report.scans.items()))
    parts.append(limits(report)[0])
    parts.append("\n".join(str(path) for path in paths))
    return "\n\n".join(parts)
