"""The base classes of errors. A command prints `error: where: message`, then a blank line and `hint: hint`.

A message names the value, then the rule, in lower case and without a period: "invalid id 'DB-2x'; expected e.g. DB-2".
A hint names the fix: a command, a setting or a file. The class sets the exit code: 1 negative result, 2 wrong usage,
3 failure. A specific error is defined next to the code that raises it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in a file. `where` is `file:line:column` (1-based), `path` the dotted key of the
    setting."""

    message: str
    where: str = ""
    path: str = ""
    hint: str = ""

    def __str__(self) -> str:
        head = " ".join(part for part in (self.where, f"{self.path}:" if self.path else "") if part)
        text = f"{head} {self.message}" if head else self.message
        return f"{text} {self.hint}" if self.hint else text


class TerraceError(Exception):
    """An error that a command prints without a traceback. As is, a failure: exit code 3."""

    exit_code = 3

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class AnswerIsNo(TerraceError):
    """The command ran, and its result is negative (invalid file, drift, broken guarantee): exit code 1."""

    exit_code = 1


class UsageError(TerraceError):
    """Wrong arguments or options: exit code 2."""

    exit_code = 2


class InvalidFile(AnswerIsNo):
    """A file is invalid. `problems` has all of them, not only the first."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class InvalidEnvironment(InvalidFile):
    """An environment file, or a file that it extends, is invalid."""


class InvalidModules(InvalidFile):
    """A module's folder is invalid, or modules cannot be found."""


class ContractError(TerraceError):
    """A capability cannot be built from its spec and handles on this cloud."""
