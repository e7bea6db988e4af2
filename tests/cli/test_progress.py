"""What a long command shows while it works."""

import os
import pty
import subprocess
import sys

import pytest

from tests.cli.conftest import Command
from tests.deployment.test_lifecycle import two


def on_terminal(terrace: Command, *arguments: str) -> str:
    """What the command prints on standard error, which is a terminal."""
    ours, theirs = pty.openpty()
    command = subprocess.Popen(
        [sys.executable, "-m", "terrace.cli.main", *arguments],
        cwd=terrace.small.root,
        env=terrace.environment(TERM="xterm"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    )
    os.close(theirs)
    parts = []
    try:
        while part := os.read(ours, 65536):
            parts.append(part)
    except OSError:  # Linux reports the end of a terminal as EIO
        pass
    os.close(ours)
    command.wait(timeout=60)
    return b"".join(parts).decode()


@pytest.mark.parametrize(("arguments", "shown"), [(("plan", "dev"), True), (("plan", "dev", "-q"), False)])
def test_a_terminal_shows_that_a_plan_is_being_made(terrace: Command, arguments: tuple[str, ...], shown: bool) -> None:
    terrace.small.stack(two())
    printed = on_terminal(terrace, *arguments)
    assert ("planning dev" in printed) == shown
    assert "the plan does not pass the gate" in printed


def test_a_pipe_gets_no_display(terrace: Command) -> None:
    terrace.small.stack(two())
    assert "planning dev" not in terrace.run("plan", "dev").stderr
