"""Hand-made changes of a deployment, and the edges by which the access model shows each."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from terrace.assurance import access
from terrace.assurance.access.model import Access, Differences
from terrace.assurance.checks import Subject
from terrace.assurance.view import View
from terrace.environment import target
from terrace.live import Unlisted
from terrace.live import access as live
from tests.live.record import synthesized
from tests.live.recording import environment

_GENERATED = re.compile(r"\b(?:ID|TABLE|REMOTE|SERVICE|PROJECT|USER|BUCKET|PRINCIPAL|ADDRESS)\b")
"""What stands for a text that the cloud generates, or that is long."""


class Change(NamedTuple):
    """A change that someone makes through the cloud's API; `shown` are the lines that it adds to the differences."""

    make: Callable[[Any], None]
    shown: tuple[str, ...]


Changes = dict[str, Change]


class Found(NamedTuple):
    """What a deployment allows, what of it is not declared, and which listings failed."""

    access: Access
    differences: Differences
    unread: tuple[Unlisted, ...]


def changes() -> tuple[Changes, Callable[..., Callable[[Callable[[Any], None]], Callable[[Any], None]]]]:
    """An empty table, and a decorator that adds a change with the lines that show it."""
    table: Changes = {}

    def shown_as(*lines: str) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
        def added(make: Callable[[Any], None]) -> Callable[[Any], None]:
            table[make.__name__] = Change(make, lines)
            return make

        return added

    return table, shown_as


def read(site: Any) -> Found:
    """The access of a deployment."""
    found = live.of(site.deployment, site.environment, site.target)
    return Found(access.read(found.subject), access.differences(found.subject), found.unread)


def lines(found: Differences) -> list[str]:
    """The undeclared edges with the last resource that allows them, and what the model does not know."""
    edges = [f"{edge}, by {edge.by[-1] if edge.by else 'nothing'}" for edge in found.undeclared]
    return [*edges, *(f"{one.text}, in {one.by}" for one in found.unknown)]


def same(shown: Sequence[str], found: Sequence[str]) -> bool:
    """Whether lines are as expected, in any order."""
    patterns = sorted(_GENERATED.sub(r"\\S+", re.escape(line)) for line in shown)
    pairs = zip(patterns, sorted(found), strict=False)
    return len(patterns) == len(found) and all(re.fullmatch(pattern, line) for pattern, line in pairs)


def of_stack(cloud: str, directory: Path) -> Access:
    """What the recorded prod's stack allows."""
    written = synthesized(cloud, ["prod"], directory) / "prod" / "cdk.tf.json"
    described = environment(cloud)
    return access.read(Subject(View(json.loads(written.read_text())), described, target(described)))


def assert_equals_stack(found: Found, cloud: str, directory: Path) -> None:
    """The deployment allows what its stack allows, and everything of it was read and understood."""
    stack = of_stack(cloud, directory)
    assert found.unread == ()
    assert set(found.access.paths) == set(stack.paths)
    assert set(found.access.grants) == set(stack.grants)
    assert found.access.unknown == ()


def assert_shows(found: Found, change: Change) -> None:
    """The differences are the lines of the change, and no others."""
    assert found.unread == ()
    assert same(change.shown, lines(found.differences)), lines(found.differences)
    assert found.differences.missing == ()
