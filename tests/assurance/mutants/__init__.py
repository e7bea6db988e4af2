"""Mutants: small faults put into a synthesized stack, each of which has to break exactly the guarantees it names.

They are data, one file a cloud; a mutant that no check notices is a hole in the checks.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Stack = dict[str, Any]
Edit = Callable[[Stack], None]
SHAPES = ("dev", "prod")


@dataclass(frozen=True)
class Mutant:
    """`breaks` are the guarantees that must break, all of them and no other; `shapes` the environments it is tried in.

    Most break one. Where one attribute carries several, they are all named.
    """

    breaks: tuple[str, ...]
    fault: str
    edit: Edit
    shapes: tuple[str, ...] = SHAPES

    def __str__(self) -> str:
        return f"{'+'.join(self.breaks)} {self.fault}"


def mutant(breaks: str, fault: str, edit: Edit, *, only: str = "") -> Mutant:
    """A mutant of the guarantees named ("DB-1" or "DB-1 NET-4"), in one shape or in all."""
    return Mutant(tuple(breaks.split()), fault, edit, (only,) if only else SHAPES)


def put(type: str, path: str, attribute: str, value: Any) -> Edit:
    """Write an attribute, or what is in a block: `rule.0.status`, `vpc_config.endpoint_public_access`."""

    def edit(stack: Stack) -> None:
        holder, last = _holder(body(stack, type, path), attribute)
        holder[last] = value

    return edit


def drop(type: str, path: str, attribute: str) -> Edit:
    """Leave an attribute or a block out. It has to be there."""

    def edit(stack: Stack) -> None:
        holder, last = _holder(body(stack, type, path), attribute)
        del holder[last]

    return edit


def remove(type: str, path: str) -> Edit:
    """Leave a resource out."""

    def edit(stack: Stack) -> None:
        del stack["resource"][type][_name(stack, type, path)]

    return edit


def add(type: str, path: str, attributes: dict[str, Any]) -> Edit:
    """Make a resource that the stack has not; `to(...)` in its attributes points at another one."""

    def edit(stack: Stack) -> None:
        stack["resource"].setdefault(type, {})["mutant"] = {
            "//": {"metadata": {"path": f"stack/{path}"}},
            **{name: value(stack) if callable(value) else value for name, value in attributes.items()},
        }

    return edit


def point(type: str, path: str, attribute: str, to: tuple[str, str], what: str = "arn") -> Edit:
    """Point an attribute at another resource, given by type and path."""

    def edit(stack: Stack) -> None:
        holder, last = _holder(body(stack, type, path), attribute)
        holder[last] = reference(stack, *to, what)

    return edit


def to(type: str, path: str, attribute: str) -> Callable[[Stack], str]:
    """In the attributes of `add`: a reference to a resource of the stack."""
    return lambda stack: reference(stack, type, path, attribute)


def inside(type: str, path: str, attribute: str, change: Callable[[Any], None]) -> Edit:
    """Change the document that an attribute holds as JSON text."""

    def edit(stack: Stack) -> None:
        holder, last = _holder(body(stack, type, path), attribute)
        document = json.loads(holder[last])
        change(document)
        holder[last] = json.dumps(document)

    return edit


def statement(number: int, **changes: Any) -> Any:
    """A change of one statement of a policy; None leaves a member out."""

    def change(document: Any) -> None:
        for member, value in changes.items():
            if value is None:
                del document["Statement"][number][member]
            else:
                document["Statement"][number][member] = value

    return change


def without(number: int) -> Any:
    """A change that leaves one statement of a policy out."""

    def change(document: Any) -> None:
        del document["Statement"][number]

    return change


def also(**statement: Any) -> Any:
    """A change that puts one statement more into a policy."""

    def change(document: Any) -> None:
        document["Statement"].append({"Effect": "Allow", **statement})

    return change


def words(old: str, new: str) -> Any:
    """A change of words anywhere in a document."""

    def change(document: Any) -> None:
        text = json.dumps(document).replace(old, new)
        document.clear()
        document.update(json.loads(text))

    return change


def parameter(type: str, path: str, name: str, value: str | None) -> Edit:
    """Give another value to a named parameter of a `parameter` block, or leave it out."""

    def edit(stack: Stack) -> None:
        parameters = body(stack, type, path)["parameter"]
        found = next(one for one in parameters if one["name"] == name)
        if value is None:
            parameters.remove(found)
        else:
            found["value"] = value

    return edit


def every(edits: Sequence[Edit]) -> Edit:
    """Several edits as one."""

    def edit(stack: Stack) -> None:
        for one in edits:
            one(stack)

    return edit


def body(stack: Stack, type: str, path: str) -> dict[str, Any]:
    """The attributes of a resource as written."""
    found: dict[str, Any] = stack["resource"][type][_name(stack, type, path)]
    return found


def reference(stack: Stack, type: str, path: str, attribute: str) -> str:
    """What Terraform calls a resource's attribute."""
    return f"${{{type}.{_name(stack, type, path)}.{attribute}}}"


def _name(stack: Stack, type: str, path: str) -> str:
    for name, written in stack["resource"].get(type, {}).items():
        if written["//"]["metadata"]["path"].partition("/")[2] == path:
            return str(name)
    raise KeyError(f"no {type} at {path}")


def _holder(written: Any, attribute: str) -> tuple[Any, Any]:
    """What holds the last word of a dotted attribute, and that word; a block given once is stepped into."""
    *words, last = attribute.split(".")
    for word in words:
        if isinstance(written, list):
            written = written[int(word)] if word.isdigit() else written[0][word]
        else:
            written = written[word]
    if isinstance(written, list):
        return (written, int(last)) if last.isdigit() else (written[0], last)
    return written, last
