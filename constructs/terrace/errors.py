"""What Terrace says when it cannot go on: what is wrong, where, and how to mend it.

The class fixes the exit code: 1 the answer is no, 2 wrong usage, 3 it broke. An error lives beside what raises it;
this file holds only the shapes.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing wrong with what a user wrote. `where` is `file:line:column` (1-based), `path` the dotted key in it."""

    message: str
    where: str = ""
    path: str = ""
    hint: str = ""

    def __str__(self) -> str:
        head = " ".join(part for part in (self.where, f"{self.path}:" if self.path else "") if part)
        text = f"{head} {self.message}" if head else self.message
        return f"{text} {self.hint}" if self.hint else text


class TerraceError(Exception):
    """Base of everything the command prints as a sentence instead of a traceback. Something broke: exit code 3."""

    exit_code = 3

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class AnswerIsNo(TerraceError):
    """The question was answered, and the answer is no (not valid, drift found, guarantee broken): exit code 1."""

    exit_code = 1


class UsageError(TerraceError):
    """The command was asked something it cannot do: exit code 2."""

    exit_code = 2


class InvalidEnvironment(AnswerIsNo):
    """An environment file is not valid. Carries every problem found, not the first one."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class ContractError(TerraceError):
    """A capability was given something it cannot build on its cloud; a fault of the composition, not of the user."""
