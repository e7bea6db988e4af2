"""`terrace output`: show the outputs of a deployment."""

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import click

from terrace.cli.options import cloud_option, environment_argument, json_option


@click.command("output")
@environment_argument
@click.argument("name", required=False)
@cloud_option
@click.option("--shell", is_flag=True, help='Print assignments for a shell: eval "$(terrace output ENV --shell)".')
@json_option
@click.pass_context
def command(
    ctx: click.Context, environment: str, name: str | None, cloud: str | None, shell: bool, as_json: bool
) -> None:
    """Show the outputs of ENV, or the output NAME, such as cluster.endpoint. Sensitive values are never printed.

    Also writes them to .terrace/outputs, where the workloads stack of ENV reads them; an apply does so by itself.
    --json prints the same format as `terraform output -json`: value, type and sensitive for each name. --shell prints
    one assignment for each value: OUTPUT_CLUSTER_ENDPOINT=...
    """
    from terrace.cli.console import table, write, write_json
    from terrace.cli.options import deployment_of, load
    from terrace.deployment.outputs import save
    from terrace.deployment.values import HIDDEN, rows
    from terrace.errors import AnswerIsNo, UsageError

    if shell and as_json:
        raise UsageError("--shell cannot be combined with --json", hint="omit one of them")
    loaded = load(ctx, environment, cloud)
    deployment = deployment_of(ctx, loaded)
    outputs = deployment.terraform().output()
    save(deployment, outputs)
    for output in outputs.values():
        if output.get("sensitive"):
            output["value"] = HIDDEN
    if not outputs:
        raise AnswerIsNo(
            f"{deployment.environment} on {deployment.cloud} has no outputs: nothing has been applied",
            hint=f"run `terrace plan {deployment.environment}`, then `terrace apply {deployment.environment}`",
        )
    values = {key: output["value"] for key, output in outputs.items()}
    if name is not None:
        value = _at(values, name)
        if shell:
            write(_assignments(rows(value, name)))
        elif as_json or not isinstance(value, str):
            write_json(value)
        else:
            write(value)
    elif shell:
        write(_assignments(rows(values)))
    elif as_json:
        write_json(outputs)
    else:
        write(table(["output", "value"], rows(values)))


def _at(values: Mapping[str, Any], name: str) -> Any:
    """The value at a dotted name. Raises UsageError, which lists the names at the place where it fails."""
    from terrace.errors import UsageError

    found: Any = values
    for index, step in enumerate(steps := name.split(".")):
        if not isinstance(found, Mapping) or step not in found:
            above = ".".join(steps[:index])
            expected = ", ".join(sorted(found)) if isinstance(found, Mapping) else ""
            hint = f"expected one of: {expected}" if expected else f"`{above}` has nothing below it"
            raise UsageError(f"no output {name!r}", hint=hint)
        found = found[step]
    return found


def _assignments(rows: Sequence[Sequence[object]]) -> str:
    """Values as assignments to variables, quoted for a POSIX shell; sensitive ones are left out."""
    from terrace.deployment.values import HIDDEN

    return "\n".join(
        f"OUTPUT_{re.sub(r'[^A-Za-z0-9]+', '_', str(name)).upper()}={shlex.quote(str(value))}"
        for name, value in rows
        if value != HIDDEN
    )
