"""What the commands print, and where: tables, sentences, errors, progress."""

import os
import sys
from collections.abc import Iterator

import click
import pytest

from terrace.cli import console
from terrace.cli.options import Settings
from terrace.cli.progress import Progress
from terrace.deployment.estimate import Estimate
from terrace.deployment.events import Diagnostic, ResourceEvent
from terrace.words import counted

HEADERS = ["name", "count", "files"]
ROWS = [["dev", 3, "environments/base.yaml " * 6], ["prod", 12, "[bold]x[/bold]"]]


LONG = "  K8S-6    holds  " + "one two-parts three " * 20


def quiet_context() -> click.Context:
    return click.Context(click.Command("plan"), obj=Settings(quiet=True))


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "90")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_a_piped_table_is_neither_cut_nor_wrapped_nor_coloured() -> None:
    lines = console.table(HEADERS, ROWS).splitlines()
    assert lines == [
        "name  count  files",
        "dev       3  " + ("environments/base.yaml " * 6).rstrip(),
        "prod     12  [bold]x[/bold]",
    ]


@pytest.mark.parametrize(("columns", "width"), [("90", 90), ("20", 80), ("500", 200)])
def test_a_table_fits_the_terminal_between_80_and_200_columns(
    terminal: None, monkeypatch: pytest.MonkeyPatch, columns: str, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert console.width() == width
    text = click.unstyle(console.table(["text"], [["word " * 100]]))
    assert max(map(len, text.splitlines())) <= width
    assert text.count("word") == 100


def test_no_color_disables_styles(terminal: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[" in console.table(HEADERS, ROWS) and "\x1b[" in console.styled("x", fg="red")
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in console.table(HEADERS, ROWS) + console.styled("x", fg="red")


def test_quiet_silences_info_only(capsys: pytest.CaptureFixture[str]) -> None:
    with quiet_context():
        console.info("progress")
        console.warn("warning")
        console.error("failed", where="a.yaml:1", hint="fix it")
        console.write("data")
    out, err = capsys.readouterr()
    assert (out, err) == ("data\n", "warning\nerror: failed\n  at a.yaml:1\n\nhint: fix it\n")


def test_counts_have_the_right_plural() -> None:
    assert [counted(number, "resource") for number in (0, 1, 2)] == ["0 resources", "1 resource", "2 resources"]


@pytest.fixture
def progress() -> Iterator[Progress]:
    with Progress() as progress:
        yield progress


def event(moment: str, seconds: float = 0, action: str = "create") -> ResourceEvent:
    return ResourceEvent("apply", moment, "aws_x.a", action, seconds)  # type: ignore[arg-type]


@pytest.mark.parametrize("columns", [80, 120, 200])
def test_long_lines_of_text_are_continued_below_their_beginning(
    terminal: None, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    first, *more = console.wrapped(f"{LONG}\nshort").split("\n")
    assert first.startswith("  K8S-6    holds  one") and more[-1] == "short"
    assert all(len(line) <= columns and line.startswith("      ") for line in more[:-1])
    assert " ".join([first, *more[:-1]]).split() == LONG.split()
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False)
    assert console.wrapped(LONG) == LONG


def test_the_rest_of_an_apply_is_estimated(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress() as progress:
        progress.expect(2, Estimate({"aws_x.a": ("create",), "aws_y.b": ("create",)}, {("aws_x", "create"): 600.0}))
    assert capsys.readouterr().err == "about 10 min left, without 1 other\n"


def test_without_a_terminal_each_resource_gets_a_line(progress: Progress, capsys: pytest.CaptureFixture[str]) -> None:
    progress.expect(2)
    for moment, seconds in (("start", 0), ("progress", 10), ("progress", 40), ("complete", 42)):
        progress.listen(event(moment, seconds))
    progress.listen(event("errored", action="update"))
    progress.listen(Diagnostic("warning", "deprecated", address="aws_x.a"))
    assert capsys.readouterr().err.splitlines() == [
        "still creating aws_x.a (40 s)",
        "[1/2] created aws_x.a (42 s)",
        "failed: aws_x.a",
        "warning: deprecated (aws_x.a)",
    ]


def test_a_step_gets_one_line_with_its_seconds_and_resources(
    progress: Progress, capsys: pytest.CaptureFixture[str]
) -> None:
    progress.begin("apply")
    progress.listen(event("complete"))
    progress.info("a sentence")
    progress.begin("plan")
    progress.end()
    lines = [line.strip() for line in capsys.readouterr().err.splitlines()]
    assert lines == ["a sentence", "0.0 s  apply  (1 resource)", "0.0 s  plan"]


def test_quiet_progress_prints_warnings_only(capsys: pytest.CaptureFixture[str]) -> None:
    with quiet_context(), Progress() as progress:
        progress.expect(1)
        progress.info("a sentence")
        progress.listen(event("complete"))
        progress.listen(Diagnostic("warning", "deprecated"))
    assert capsys.readouterr().err == "warning: deprecated\n"


def test_a_terminal_shows_the_active_resources(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setitem(os.environ, "COLUMNS", "100")
    with Progress() as progress:
        progress.expect(10)
        for number in range(10):
            progress.listen(ResourceEvent("apply", "start", f"aws_x.n{number}", "create"))
        for number in range(10):
            progress.listen(ResourceEvent("apply", "complete", f"aws_x.n{number}", "create"))
    printed = click.unstyle(capsys.readouterr().err)
    assert "[10/10] created aws_x.n9" in printed and "creating aws_x.n1" in printed
