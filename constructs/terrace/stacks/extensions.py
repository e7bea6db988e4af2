"""The own resources of a project: each function of `extensions`, called with a scope of its own."""

import traceback
from importlib import import_module
from pathlib import Path

from constructs import Construct

from terrace.capabilities.extension import EXTENSIONS, Handles
from terrace.capabilities.target import Target
from terrace.environment.extensions import file_of
from terrace.environment.schema import Environment
from terrace.errors import AnswerIsNo


class ExtensionFailed(AnswerIsNo):
    """The function of an extension cannot be imported, or it raised."""


def add(scope: Construct, environment: Environment, handles: Handles, target: Target) -> None:
    """Call each extension's function; its resources are below extensions/NAME. Raises ExtensionFailed."""
    if not environment.extensions:
        return
    under = Construct(scope, EXTENSIONS)
    for name, spec in environment.extensions.items():
        module, _, function = spec.function.partition(":")
        try:
            getattr(import_module(module), function)(Construct(under, name), handles, target)
        except Exception as error:  # whatever the project's own code raises is one sentence with its line
            file = file_of(spec.function)
            raise ExtensionFailed(
                f"the extension {name} failed: {type(error).__name__}: {_first_line(error)}",
                where=f"{file}:{_line(error, Path(file))}",
                hint=f"the function gets a scope, the handles and the target; it makes what is below extensions/{name}",
            ) from error


def _line(error: Exception, file: Path) -> int:
    """The last line of the extension's file that the error passed."""
    own = file.resolve()
    lines = [
        frame.lineno or 1
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).resolve() == own
    ]
    if not lines and isinstance(error, SyntaxError):
        return error.lineno or 1
    return lines[-1] if lines else 1


def _first_line(error: Exception) -> str:
    """jsii's errors contain a trace of Node's calls after the message."""
    text = str(error).strip()
    return text.splitlines()[0] if text else "no message"
