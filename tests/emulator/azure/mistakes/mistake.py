"""A wrong configuration: what of the world is written how, and what it is refused with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.emulator.azure.bodies import Body

Change = Callable[[Body], None]


@dataclass(frozen=True)
class Mistake:
    """`name` of the world is written with `changes`, to its own path or to `at`; `rule` answers with `code`."""

    rule: str
    name: str
    code: str
    changes: tuple[Change, ...]
    at: str

    def __init__(self, rule: str, name: str, code: str, *changes: Change, at: str = "") -> None:
        for word, value in {"rule": rule, "name": name, "code": code, "changes": changes, "at": at}.items():
            object.__setattr__(self, word, value)


def set_(path: str, value: Any) -> Change:
    """Put `value` at a dotted path; numbers are positions in a list. None takes it away."""

    def change(body: Body) -> None:
        place: Any = body
        *steps, last = path.split(".")
        for step in steps:
            place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
        if value is None:
            place.pop(last)
        elif isinstance(place, list):
            place[int(last)] = value
        else:
            place[last] = value

    return change


def p(path: str, value: Any) -> Change:
    """The same, below `properties`."""
    return set_(f"properties.{path}", value)
