"""`terrace env list|show|explain|diff|new|reap|migrate|schema`: environments, and the line behind each value."""

from typing import Any

import click

from terrace.cli import env_life
from terrace.cli.options import cloud_option, environment_argument, json_option, load, project_of
from terrace.errors import AnswerIsNo, InvalidEnvironment


@click.group("env")
def command() -> None:
    """List, show, explain and compare environments; make and reap short-lived ones."""


command.add_command(env_life.new_command)
command.add_command(env_life.reap_command)


@command.command("list")
@json_option
@click.pass_context
def list_command(ctx: click.Context, as_json: bool) -> None:
    """List the project's environments and the files that each is merged from."""
    from terrace.cli.console import table, write, write_json
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
        write_json(rows)
    elif rows:
        write(table(["name", "tier", "cloud", "region", "files"], [_row(row) for row in rows]))


def _row(row: dict[str, Any]) -> list[object]:
    if "problems" in row:
        return [row["name"], "invalid", "", "", f"run `terrace validate {row['name']}`"]
    return [row["name"], row["tier"], row["cloud"], row["region"], " < ".join(reversed(row["files"]))]


@command.command("show")
@environment_argument
@cloud_option
@click.option("--origins", is_flag=True, help="Add the file and line that set each value.")
@click.option("--defaults", is_flag=True, help="Include the schema's defaults.")
@json_option
@click.pass_context
def show_command(
    ctx: click.Context, environment: str, cloud: str | None, origins: bool, defaults: bool, as_json: bool
) -> None:
    """Print an environment as YAML, merged with what it extends."""
    from terrace.cli.console import write, write_json

    loaded = load(ctx, environment, cloud)
    if as_json:
        whole = loaded.environment.model_dump(mode="json")
        write_json(whole if defaults else loaded.document)
        return
    from terrace.environment.rendering import yaml_of

    write(yaml_of(loaded.root, loaded.environment if defaults else None, origins=origins), newline=False)


@command.command("explain")
@environment_argument
@click.argument("path")
@cloud_option
@json_option
@click.pass_context
def explain_command(ctx: click.Context, environment: str, path: str, cloud: str | None, as_json: bool) -> None:
    """Explain one setting: where it is set, what it overrides, what it means and which values it accepts.

    PATH is dotted: cluster.pools.system.size. The environment may be invalid.
    """
    from terrace.cli.console import write, write_json
    from terrace.environment.explanation import explain
    from terrace.environment.loading import merge

    explanation = explain(merge(environment, project=project_of(ctx).root, cloud=cloud).root, path)
    if as_json:
        write_json(explanation.as_data())
    else:
        write("\n".join(explanation.lines()))


@command.command("diff")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@cloud_option
@json_option
@click.pass_context
def diff_command(ctx: click.Context, first: str, second: str, cloud: str | None, as_json: bool) -> None:
    """Show the settings that differ between two environments, defaults included."""
    from terrace.cli.console import table, write, write_json
    from terrace.environment import Environment
    from terrace.environment.rendering import as_text, leaves

    left, right = (leaves(load(ctx, name, cloud).environment) for name in (first, second))
    sections = list(Environment.model_fields)
    paths = [path for path in {**left, **right} if left.get(path) != right.get(path)]
    paths.sort(key=lambda path: sections.index(path.partition(".")[0]))
    if as_json:
        write_json({path: {first: left.get(path), second: right.get(path)} for path in paths})
        return
    if not paths:
        write(f"{first} and {second} do not differ.")
        return

    def cell(side: dict[str, Any], path: str) -> str:
        return as_text(side[path]) if path in side else "-"

    write(table(["path", first, second], [[path, cell(left, path), cell(right, path)] for path in paths]))


@command.command("migrate")
@click.argument("environments", nargs=-1, metavar="[ENV]...")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 when a file would change.")
@click.pass_context
def migrate_command(ctx: click.Context, environments: tuple[str, ...], check: bool) -> None:
    """Move lake, database and cache of modules from environment files to modules/NAME/module.yaml.

    Without ENV, of all environments. Comments and formatting stay. A module that does not exist is created, with
    CHANGEME where a person must describe it.
    """
    from terrace.cli.console import write
    from terrace.environment.migration import changes, placeholders
    from terrace.environment.migration import write as write_changes

    planned = changes(project_of(ctx).root, environments)
    for change in planned:
        write(f"{change.shown}: {change.note}")
    if not planned:
        write("nothing to migrate")
    elif check:
        raise AnswerIsNo("environments declare needs of modules", hint="run `terrace env migrate`")
    else:
        write_changes(planned)
        if files := placeholders(planned):
            write(f"Replace each CHANGEME in {', '.join(files)}, then run `terrace validate`.")


@command.command("schema")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 when a file is out of date.")
@click.option("--print", "to_stdout", is_flag=True, help="Write schema.json to standard output.")
@click.pass_context
def schema_command(ctx: click.Context, check: bool, to_stdout: bool) -> None:
    """Generate environments/schema.json and clouds/*.schema.json, which editors read, from the models."""
    from terrace.cli.console import write
    from terrace.environment.schema_json import texts

    if to_stdout:
        write(texts()["schema.json"], newline=False)
        return
    project = project_of(ctx)
    for name, text in texts().items():
        path = project.root / "environments" / name
        current = path.is_file() and path.read_text(encoding="utf-8") == text
        if check and not current:
            raise AnswerIsNo("the schema is out of date", where=project.display(path), hint="run `terrace env schema`")
        if not current:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        write(f"{project.display(path)}: {'up to date' if current else 'written'}")
