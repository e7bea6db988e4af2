"""`terrace output`: show the outputs of a deployment."""

import json
from typing import Any

import click

from terrace.cli.options import cloud_option, environment_argument, json_option

HIDDEN = "(sensitive)"


@click.command("output")
@environment_argument
@click.argument("name", required=False)
@cloud_option
@json_option
@click.pass_context
def command(ctx: click.Context, environment: str, name: str | None, cloud: str | None, as_json: bool) -> None:
    """Show the outputs of ENV, or the output NAME. Sensitive values are never printed.

    Also writes them to .terrace/outputs, where the workloads stack of ENV reads them; an apply does so by itself.
    --json prints the same format as `terraform output -json`: value, type and sensitive for each name.
    """
    from terrace.cli.console import table, write, write_json
    from terrace.cli.options import deployment_of, load
    from terrace.deployment.outputs import save
    from terrace.errors import AnswerIsNo, UsageError

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
    if name is not None:
        if name not in outputs:
            raise UsageError(f"no output {name!r}", hint=f"expected one of: {', '.join(sorted(outputs))}")
        value = outputs[name]["value"]
        if as_json or not isinstance(value, str):
            write_json(value)
        else:
            write(value)
    elif as_json:
        write_json(outputs)
    else:
        write(table(["output", "value"], [row for key in sorted(outputs) for row in _rows(key, outputs[key]["value"])]))


def _rows(name: str, value: Any) -> list[list[object]]:
    """A value as rows; of a mapping, one row for each leaf."""
    if isinstance(value, dict) and value:
        return [row for key in sorted(value) for row in _rows(f"{name}.{key}", value[key])]
    if isinstance(value, str):
        return [[name, value]]
    return [[name, json.dumps(value)]]
