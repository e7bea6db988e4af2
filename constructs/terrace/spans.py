"""Spans: named parts of a command's work with a start and an end.

Nothing is recorded unless `terrace.cli.telemetry` has set a recorder, so that the code that names a part needs no
OpenTelemetry.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

Recorder = Callable[[str, dict[str, str]], AbstractContextManager[None]]
"""Records a span with a name and attributes while its context is entered."""

_recorder: Recorder | None = None


@contextmanager
def span(name: str, **attributes: str) -> Iterator[None]:
    """Record the block as a span. Attributes name things, such as a stack; they never hold values."""
    if _recorder is None:
        yield
        return
    with _recorder(name, {f"terrace.{key}": value for key, value in attributes.items()}):
        yield


def record_with(recorder: Recorder | None) -> None:
    """Record spans from now on, or no longer."""
    global _recorder
    _recorder = recorder
