"""`terrace env list|show|explain|diff|schema`: what the environments say, and which line says it."""

import json
from typing import Any

import click

from terrace.cli.options import cloud_option, environment_argument, json_option, load, project_of
from terrace.errors import AnswerIsNo, InvalidEnvironment


@click.group("env")
def command() -> None:
    """List, show, explain and compare environments."""


@command.command("list")
@json_option
@click.pass_context
def list_command(ctx: click.Context, as_json: bool) -> None:
    """The project's environments, and the files that each is made of."""
    from terrace.environment.loading import load as load_environment
    from terrace.environment.loading import names

    project = project_of(ctx).root
    rows: list[dict[str, Any]] = []
    for name in names(project):
        try:
            loaded = load_environment(name, project=project)
            environment = loaded.environment
            rows.append(
                {
                    "name": name,
                    "tier": environment.tier,
                    "cloud": environment.cloud,
                    "region": environment.region,
                    "files": list(loaded.files),
                }
            )
        except InvalidEnvironment as error:
            rows.append({"name": name, "problems": len(error.problems)})
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    elif rows:
        from terrace.cli.console import table

        click.echo(table(["name", "tier", "cloud", "region", "files"], [_row(row) for row in rows]))


def _row(row: dict[str, Any]) -> list[object]:
    if "problems" in row:
        return [row["name"], "not valid", "", "", f"terrace validate {row['name']} shows why"]
    return [row["name"], row["tier"], row["cloud"], row["region"], " < ".join(reversed(row["files"]))]


@command.command("show")
@environment_argument
@cloud_option
@click.option("--origins", is_flag=True, help="Behind each value the file and line that set it.")
@click.option("--defaults", is_flag=True, help="What the schema adds, too.")
@json_option
@click.pass_context
def show_command(
    ctx: click.Context, environment: str, cloud: str | None, origins: bool, defaults: bool, as_json: bool
) -> None:
    """An environment as YAML, with all that it extends merged in."""
    loaded = load(ctx, environment, cloud)
    if as_json:
        whole = loaded.environment.model_dump(mode="json")
        click.echo(json.dumps(whole if defaults else loaded.document, indent=2, ensure_ascii=False))
        return
    from terrace.environment.rendering import yaml_of

    click.echo(yaml_of(loaded.root, loaded.environment if defaults else None, origins=origins), nl=False)


@command.command("explain")
@environment_argument
@click.argument("path")
@cloud_option
@json_option
@click.pass_context
def explain_command(ctx: click.Context, environment: str, path: str, cloud: str | None, as_json: bool) -> None:
    """One value: where it was set, what it replaced, what it means and what else it could be.

    PATH is dotted, as cluster.pools.system.size. Works for environments that are not valid, too.
    """
    from terrace.environment.explanation import explain
    from terrace.environment.loading import merge

    found = explain(merge(environment, project=project_of(ctx).root, cloud=cloud).root, path)
    if as_json:
        click.echo(json.dumps(found.as_data(), indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(found.lines()))


@command.command("diff")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@cloud_option
@json_option
@click.pass_context
def diff_command(ctx: click.Context, first: str, second: str, cloud: str | None, as_json: bool) -> None:
    """What differs between two environments, defaults included."""
    from terrace.environment import Environment
    from terrace.environment.rendering import as_text, leaves

    left, right = (leaves(load(ctx, name, cloud).environment) for name in (first, second))
    sections = list(Environment.model_fields)
    paths = [path for path in {**left, **right} if left.get(path) != right.get(path)]
    paths.sort(key=lambda path: sections.index(path.partition(".")[0]))
    if as_json:
        rows = {path: {first: left.get(path), second: right.get(path)} for path in paths}
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    if not paths:
        click.echo(f"{first} and {second} are the same.")
        return
    from terrace.cli.console import table

    def cell(side: dict[str, Any], path: str) -> str:
        return as_text(side[path]) if path in side else "-"

    click.echo(table(["path", first, second], [[path, cell(left, path), cell(right, path)] for path in paths]))


@command.command("schema")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when a file is not current.")
@click.option("--print", "to_stdout", is_flag=True, help="Write schema.json to standard output.")
@click.pass_context
def schema_command(ctx: click.Context, check: bool, to_stdout: bool) -> None:
    """Write environments/schema.json and clouds/*.schema.json, which editors read, from the models."""
    from terrace.environment.schema_json import texts

    if to_stdout:
        click.echo(texts()["schema.json"], nl=False)
        return
    project = project_of(ctx)
    for name, text in texts().items():
        path = project.root / "environments" / name
        current = path.is_file() and path.read_text(encoding="utf-8") == text
        if check and not current:
            raise AnswerIsNo("is not what the models say", where=project.shown(path), hint="run `terrace env schema`")
        if not current:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        click.echo(f"{project.shown(path)} {'is current' if current else 'was written'}.")
