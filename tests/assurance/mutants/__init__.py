"""Mutants: stacks with one deliberate error, each of which has to break exactly the guarantees that it names.

They are data, one folder per cloud. A mutant that survives shows a gap in the checks.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Stack = dict[str, Any]
Edit = Callable[[Stack], None]
ENVIRONMENTS = ("dev", "prod")


@dataclass(frozen=True)
class Mutant:
    """One deliberate error. `breaks` are the guarantees that it has to break, and no others; most break one.

    `environments` are those whose stacks it is applied to.
    """

    breaks: tuple[str, ...]
    error: str
    edit: Edit
    environments: tuple[str, ...] = ENVIRONMENTS

    def __str__(self) -> str:
        return f"{'+'.join(self.breaks)} {self.error}"


def mutant(breaks: str, error: str, edit: Edit, *, only: str = "") -> Mutant:
    """A mutant that breaks guarantees ("DB-1" or "DB-1 NET-4"), in all environments or in one."""
    return Mutant(tuple(breaks.split()), error, edit, (only,) if only else ENVIRONMENTS)


def put(type: str, path: str, attribute: str, value: Any) -> Edit:
    """Set an attribute, by dotted name: `rule.0.status`, `vpc_config.endpoint_public_access`."""

    def edit(stack: Stack) -> None:
        holder, last = _holder(body(stack, type, path), attribute)
        holder[last] = value

    return edit


def drop(type: str, path: str, attribute: str) -> Edit:
    """Remove an attribute or a block, which has to exist."""

    def edit(stack: Stack) -> None:
        holder, last = _holder(body(stack, type, path), attribute)
        del holder[last]

    return edit


def remove(type: str, path: str) -> Edit:
    """Remove a resource."""

    def edit(stack: Stack) -> None:
        del stack["resource"][type][_name(stack, type, path)]

    return edit


def add(type: str, path: str, attributes: dict[str, Any]) -> Edit:
    """Add a resource; `to(...)` in its attributes refers to another one."""

    def edit(stack: Stack) -> None:
        stack["resource"].setdefault(type, {})[path.replace("/", "_")] = {
            "//": {"metadata": {"path": f"stack/{path}"}},
            **{name: _resolved(value, stack) for name, value in attributes.items()},
        }

    return edit


def _resolved(value: Any, stack: Stack) -> Any:
    if isinstance(value, dict):
        return {key: _resolved(inner, stack) for key, inner in value.items()}
    if isinstance(value, list):
        return [_resolved(inner, stack) for inner in value]
    return value(stack) if callable(value) else value


def point(type: str, path: str, attribute: str, to: tuple[str, str], what: str = "arn") -> Edit:
    """Set an attribute to a reference to another resource, given by type and path."""

    def edit(stack: Stack) -> None:
        holder, last = _holder(body(stack, type, path), attribute)
        holder[last] = reference(stack, *to, what)

    return edit


def to(type: str, path: str, attribute: str) -> Callable[[Stack], str]:
    """A reference to a resource of the stack, for the attributes of `add`."""
    return lambda stack: reference(stack, type, path, attribute)


def inside(type: str, path: str, attribute: str, change: Callable[[Any], None]) -> Edit:
    """Change the JSON document in an attribute."""

    def edit(stack: Stack) -> None:
        holder, last = _holder(body(stack, type, path), attribute)
        document = json.loads(holder[last])
        change(document)
        holder[last] = json.dumps(document)

    return edit


def statement(number: int, **changes: Any) -> Any:
    """Change one statement of a policy; None removes a member."""

    def change(document: Any) -> None:
        for member, value in changes.items():
            if value is None:
                del document["Statement"][number][member]
            else:
                document["Statement"][number][member] = value

    return change


def without(number: int) -> Any:
    """Remove one statement from a policy."""

    def change(document: Any) -> None:
        del document["Statement"][number]

    return change


def also(**statement: Any) -> Any:
    """Add one statement to a policy."""

    def change(document: Any) -> None:
        document["Statement"].append({"Effect": "Allow", **statement})

    return change


def words(old: str, new: str) -> Any:
    """Replace text anywhere in a document."""

    def change(document: Any) -> None:
        text = json.dumps(document).replace(old, new)
        document.clear()
        document.update(json.loads(text))

    return change


def parameter(type: str, path: str, name: str, value: str | None) -> Edit:
    """Set the value of a named `parameter` block, or remove the block."""

    def edit(stack: Stack) -> None:
        parameters = body(stack, type, path)["parameter"]
        parameter = next(block for block in parameters if block["name"] == name)
        if value is None:
            parameters.remove(parameter)
        else:
            parameter["value"] = value

    return edit


def every(edits: Sequence[Edit]) -> Edit:
    """Combine several edits."""

    def edit(stack: Stack) -> None:
        for part in edits:
            part(stack)

    return edit


def body(stack: Stack, type: str, path: str) -> dict[str, Any]:
    """The attributes of a resource."""
    attributes: dict[str, Any] = stack["resource"][type][_name(stack, type, path)]
    return attributes


def reference(stack: Stack, type: str, path: str, attribute: str) -> str:
    """A Terraform reference to an attribute of a resource."""
    return f"${{{type}.{_name(stack, type, path)}.{attribute}}}"


def _name(stack: Stack, type: str, path: str) -> str:
    for name, written in stack["resource"].get(type, {}).items():
        if written["//"]["metadata"]["path"].partition("/")[2] == path:
            return str(name)
    raise KeyError(f"no {type} at {path}")


def _holder(written: Any, attribute: str) -> tuple[Any, Any]:
    """The block that contains a dotted attribute, and the last part of its name. A list of one block is entered."""
    *words, last = attribute.split(".")
    for word in words:
        if isinstance(written, list):
            written = written[int(word)] if word.isdigit() else written[0][word]
        else:
            written = written[word]
    if isinstance(written, list):
        return (written, int(last)) if last.isdigit() else (written[0], last)
    return written, last
