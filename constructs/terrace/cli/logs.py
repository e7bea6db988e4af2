"""`terrace logs`: what Terraform printed in the last runs on this machine."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import click

from terrace.cli.options import cloud_option, stack_argument


@click.command("logs")
@stack_argument
@cloud_option
@click.option("--list", "listed", is_flag=True, help="List the logs of the stack instead, the newest first.")
@click.pass_context
def command(ctx: click.Context, stack: str, cloud: str | None, listed: bool) -> None:
    """Print what Terraform printed in the last run on STACK, with times.

    Logs are on the machine that ran the command, in .terrace/logs. Terraform masks sensitive values in them.
    Exit code 1 if there is none.
    """
    from terrace.cli.console import write
    from terrace.cli.options import deployment_of, load_stack
    from terrace.errors import AnswerIsNo

    loaded, layer = load_stack(ctx, stack, cloud)
    deployment = deployment_of(ctx, loaded, layer=layer)
    named = re.compile(rf"\w+Z-\d+-{re.escape(deployment.name)}(-emulated)?-[a-z]+-\d+\.jsonl")
    logs = deployment.project.logs.glob("*.jsonl")
    found = sorted((path for path in logs if named.fullmatch(path.name)), reverse=True)
    if not found:
        raise AnswerIsNo(f"no log of {deployment.stack_id} on {deployment.cloud} on this machine")
    if listed:
        write("\n".join(deployment.project.display(path) for path in found))
        return
    write(f"{deployment.project.display(found[0])}:")
    for line in _readable(found[0]):
        write(line)


def _readable(path: Path) -> Iterator[str]:
    """The lines of a log: time and message of Terraform's JSON, other lines as they are."""
    from terrace.cli.redaction import redacted

    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            record = json.loads(line)
            moment, message = str(record["@timestamp"])[11:19], str(record["@message"])
        except (ValueError, KeyError, TypeError):
            yield redacted(line)
            continue
        yield redacted(f"{moment}  {message}")
        detail = record.get("diagnostic", {}).get("detail", "")
        yield from (redacted(f"          {part}") for part in detail.splitlines())
