"""`terrace ci post-comment`: the one comment of a pull request."""

from pathlib import Path

import click


@click.command("post-comment")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--pull-request", type=int, required=True, metavar="NUMBER", help="Number of the pull request.")
def command(file: Path, pull_request: int) -> None:
    """Write the Markdown in FILE as a comment to a pull request on GitHub, or replace the text of the earlier one.

    GITHUB_TOKEN needs `pull-requests: write`.
    """
    from terrace.cli.console import write
    from terrace.errors import UsageError
    from terrace.pipelines.github import GitHub
    from terrace.pipelines.messages import post_comment

    text = file.read_text(encoding="utf-8")
    if not text.strip():
        raise UsageError("the file is empty", where=str(file))
    posted = post_comment(GitHub.of(), pull_request, text)
    write(f"comment {posted.done}: {posted.url}")
