"""`terrace ci post-comment`: the one comment of a pull request."""

from pathlib import Path

import click


@click.command("post-comment")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--pull-request", type=int, required=True, metavar="NUMBER", help="Number of the pull request.")
def command(file: Path, pull_request: int) -> None:
    """Write the Markdown in FILE as a comment to a pull request, or replace the text of the earlier one.

    On GitHub, GITHUB_TOKEN needs `pull-requests: write`; on GitLab, GITLAB_TOKEN the role Reporter; on Azure DevOps,
    SYSTEM_ACCESSTOKEN the right to contribute to pull requests.
    """
    from terrace.cli.console import write
    from terrace.errors import UsageError
    from terrace.pipelines import running
    from terrace.pipelines.messages import post_comment

    text = file.read_text(encoding="utf-8")
    if not text.strip():
        raise UsageError("the file is empty", where=str(file))
    posted = post_comment(running().client(), pull_request, text)
    write(f"comment {posted.done}: {posted.url}")
