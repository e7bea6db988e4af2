"""The functions of `extensions`: where each one is in the project. Nothing is imported: that needs the CDK."""

import ast
from collections.abc import Iterator
from pathlib import Path

from terrace.documents import suggestions
from terrace.environment.schema import Environment
from terrace.errors import Problem
from terrace.words import counted

PARAMETERS = 3
"""Of a function: the scope, the handles and the target."""
_EXPECTED = "Expected `def NAME(scope, handles, target)`."


def places(environment: Environment, project: Path) -> tuple[dict[str, str], list[Problem]]:
    """`file:line:column` of the function of each extension, and the problems of those without one."""
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for name, spec in environment.extensions.items():
        place = _place(spec.function, f"extensions.{name}.function", project)
        if isinstance(place, Problem):
            problems.append(place)
        else:
            found[name] = place
    return found, problems


def file_of(function: str) -> str:
    """The file of a function, relative to the project: stacks/exports.py of stacks.exports:add."""
    return f"{function.partition(':')[0].replace('.', '/')}.py"


def _place(function: str, path: str, project: Path) -> str | Problem:
    shown, name = file_of(function), function.partition(":")[2]
    try:
        tree = ast.parse((project / shown).read_bytes())
    except FileNotFoundError:
        return Problem(f"{shown} does not exist.", path=path, hint="Write the file, or correct the name.")
    except OSError as error:
        return Problem(f"{shown} cannot be read: {error.strerror}.", path=path)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        return Problem(f"{shown}:{line} is not valid Python: {getattr(error, 'msg', error)}.", path=path)
    functions = {one.name: one for one in tree.body if isinstance(one, ast.FunctionDef)}
    one = functions.get(name)
    if one is None:
        hint = suggestions.hint(name, tuple(functions)) or "The file has no functions."
        return Problem(f"{shown} has no function {name}.", path=path, hint=hint)
    if wrong := "; ".join(_signature(one.args)):
        return Problem(f"{name} at {shown}:{one.lineno} {wrong}.", path=path, hint=_EXPECTED)
    return f"{shown}:{one.lineno}:{one.col_offset + 1}"


def _signature(arguments: ast.arguments) -> Iterator[str]:
    positional = [*arguments.posonlyargs, *arguments.args]
    if not arguments.vararg and not len(positional) - len(arguments.defaults) <= PARAMETERS <= len(positional):
        yield f"has {counted(len(positional), 'parameter')}, not {PARAMETERS}"
    if any(default is None for default in arguments.kw_defaults):
        yield "has a keyword parameter without a default"
