"""`terrace evidence record`: add the result of a run."""

import hashlib
import json
from pathlib import Path
from typing import Any

import click

from terrace.assurance.evidence import AUTOMATIC, KINDS
from terrace.cli.options import cloud_option, environment_argument, json_option, load, project_of, state_home_of


@click.command("record")
@environment_argument
@click.argument("kind", type=click.Choice([kind for kind in KINDS if kind not in AUTOMATIC]))
@click.argument("output", type=click.Path(path_type=Path, dir_okay=False, exists=True), metavar="FILE")
@click.option("--failed", is_flag=True, help="The run failed; its exit code was not 0.")
@cloud_option
@json_option
@click.pass_context
def command(
    ctx: click.Context, environment: str, kind: str, output: Path, failed: bool, cloud: str | None, as_json: bool
) -> None:
    """Add a run of ENV to its evidence: its time, result and operator, and the SHA-256 sum of its output in FILE.

    \b
    terrace gate prod --output json > gate.json && terrace evidence record prod gate gate.json
    terrace verify prod --json > verify.json || terrace evidence record prod verify verify.json --failed

    The records are beside the state; `terrace apply` and `terrace destroy` record themselves. The command prints the
    hash of the last record: a copy of it elsewhere shows later that no record was cut off.
    """
    from terrace.assurance import evidence
    from terrace.assurance.report.provenance import created, provenance
    from terrace.cli.console import write, write_json

    loaded = load(ctx, environment, cloud)
    source = provenance(project_of(ctx).root, [])
    content = output.read_bytes()
    chain = evidence.Chain(state_home_of(ctx, loaded), loaded.environment.name, loaded.environment.cloud)
    record = chain.append(
        {
            "at": created(),
            "kind": kind,
            "environment": chain.environment,
            "cloud": chain.cloud,
            "passed": not failed,
            "summary": _summary(content),
            "output": hashlib.sha256(content).hexdigest(),
            "commit": source.commit,
            "modified": source.modified,
            "operator": source.operator,
            "run": source.run,
        }
    )
    if as_json:
        write_json({**record.model_dump(mode="json"), "hash": record.hash})
    else:
        write(f"record {record.number} of {chain.name}: {kind} {'failed' if failed else 'passed'}, {record.hash}")


def _summary(content: bytes) -> dict[str, int]:
    """The numbers at the top of a JSON output, and the lengths of its lists; none for another format."""
    try:
        document: Any = json.loads(content)
    except ValueError:
        return {}
    members = document.items() if isinstance(document, dict) else ()
    counts = {str(name): len(value) for name, value in members if isinstance(value, list)}
    numbers = {str(name): value for name, value in members if isinstance(value, int) and not isinstance(value, bool)}
    return counts | numbers
