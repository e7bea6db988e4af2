"""An invalid request: a changed sample resource, and the code that refuses it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.emulator.azure.bodies import Body

Change = Callable[[Body], None]


@dataclass(frozen=True)
class InvalidRequest:
    """The sample `name` is written with `changes` to its own path or to `path`; `rule` refuses it with `code`."""

    rule: str
    name: str
    code: str
    changes: tuple[Change, ...]
    path: str

    def __init__(self, rule: str, name: str, code: str, *changes: Change, path: str = "") -> None:
        for word, value in {"rule": rule, "name": name, "code": code, "changes": changes, "path": path}.items():
            object.__setattr__(self, word, value)


def set_field(path: str, value: Any) -> Change:
    """Set the value at a dotted path, where numbers are list indexes. None removes it."""

    def change(body: Body) -> None:
        target: Any = body
        *steps, last = path.split(".")
        for step in steps:
            target = target[int(step)] if isinstance(target, list) else target.setdefault(step, {})
        if value is None:
            target.pop(last)
        elif isinstance(target, list):
            target[int(last)] = value
        else:
            target[last] = value

    return change


def set_property(path: str, value: Any) -> Change:
    """Set a value below `properties`."""
    return set_field(f"properties.{path}", value)
