"""`terrace modules schema`: the JSON Schema of module.yaml."""

import click

from terrace.cli.options import project_of
from terrace.errors import AnswerIsNo


@click.command("schema")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 when the file is out of date.")
@click.option("--print", "to_stdout", is_flag=True, help="Write it to standard output.")
@click.pass_context
def command(ctx: click.Context, check: bool, to_stdout: bool) -> None:
    """Generate modules/schema.json, which editors read, from the model of module.yaml."""
    from terrace.cli.console import write
    from terrace.modules.schema_json import text

    if to_stdout:
        write(text(), newline=False)
        return
    project = project_of(ctx)
    path = project.root / "modules" / "schema.json"
    current = path.is_file() and path.read_text(encoding="utf-8") == text()
    if check and not current:
        raise AnswerIsNo("the schema is out of date", where=project.display(path), hint="run `terrace modules schema`")
    if not current:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text(), encoding="utf-8")
    write(f"{project.display(path)}: {'up to date' if current else 'written'}")
