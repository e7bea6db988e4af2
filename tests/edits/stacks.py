"""What edits change in the foundation's stack."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from terrace.deployment.values import changed_paths
from terrace.environment import load, target
from tests.edits import table
from tests.edits.table import Edit

Resources = Mapping[str, Mapping[str, Any]]
"""Address to arguments; `provider.aws` has the tags of all resources."""
Touched = frozenset[tuple[str, str]]
"""Address and path of an argument; "" if the resource is added or removed."""

_PROTECTION = "deletion_protection"
_ALONE = "database_version"
_WITHOUT_PLAN = ("depends_on", "lifecycle", "//")
"""What no plan shows."""


def resources(project: Path, cloud: str, made: Sequence[Edit] = (), *, bootstrap: bool = False) -> Resources:
    """The resources of a project's dev, after it was written with some edits: of the foundation or the bootstrap."""
    table.write(project, cloud, made)
    loaded = load("dev", project=project).environment
    from terrace import engine

    app = engine.app(str(project / "unused"))
    from stacks.bootstrap import Bootstrap
    from stacks.foundation import Foundation

    account = target(loaded)
    stack = Bootstrap(app, "bootstrap", loaded, account) if bootstrap else Foundation(app, loaded, account)
    document = stack.to_terraform()
    found = {
        f"{type}.{name}": {key: value for key, value in body.items() if key not in _WITHOUT_PLAN}
        for type, group in document["resource"].items()
        for name, body in group.items()
    }
    return found | {f"provider.{name}": default_tags(blocks[0]) for name, blocks in document["provider"].items()}


def default_tags(provider: Mapping[str, Any]) -> Mapping[str, Any]:
    """The tags that a provider sets on all resources."""
    return {name: value for name, value in provider.items() if name in ("default_tags", "default_labels")}


def touched(before: Resources, after: Resources) -> Touched:
    """What differs between two stacks."""
    found = set()
    for address in before.keys() | after.keys():
        old, new = before.get(address), after.get(address)
        if old is None or new is None:
            found.add((address, ""))
        else:
            found |= {(address, without_indices(path)) for path in changed_paths({"before": old, "after": new})}
    return frozenset(found)


def without_indices(path: Sequence[Any]) -> str:
    """A path as in tables of effects: `rule.port`."""
    return ".".join(step for step in path if isinstance(step, str))


def groups(edits: Mapping[Edit, Touched], valid: Callable[[Sequence[Edit]], bool]) -> list[list[Edit]]:
    """Edits that can be made at the same time: their values do not contradict, none removes what another one changes or
    protects what another one adds, none changes what is changed in an apply of its own, and the environment with all of
    them is valid. Those that protect are in the last groups, so that no later one removes what is protected."""
    found: list[list[Edit]] = []
    for edit in sorted(edits, key=lambda edit: (-len(edit.values), -len(edits[edit]), edit.path)):
        for group in found:
            if all(_independent(edit, other, edits) for other in group) and valid([*group, edit]):
                group.append(edit)
                break
        else:
            found.append([edit])
    return sorted(found, key=lambda group: any(_protected(edits[edit]) for edit in group))


def _independent(edit: Edit, other: Edit, edits: Mapping[Edit, Touched]) -> bool:
    for path, value in edit.values.items():
        for its, given in other.values.items():
            if (path == its and value != given) or path.startswith(f"{its}.") or its.startswith(f"{path}."):
                return False
    both = ((edits[edit], edits[other]), (edits[other], edits[edit]))
    return not any(_hides(*pair) or _protects(*pair) or _is_alone(*pair) for pair in both)


def _hides(first: Touched, second: Touched) -> bool:
    """Whether an edit adds or removes resources of which another one changes arguments."""
    whole = {address for address, name in first if not name}
    return any(name and address in whole for address, name in second)


def _protects(first: Touched, second: Touched) -> bool:
    """Whether an edit protects resources of a type that another one adds: these could not be removed at once."""
    protected = _protected(first)
    return any(not name and _type(address) in protected for address, name in second)


def _is_alone(first: Touched, second: Touched) -> bool:
    """Whether an edit changes what is changed in an apply of its own, of a resource that another one touches."""
    alone = {address for address, name in first if name == _ALONE}
    return any(address in alone for address, _ in second)


def _protected(touched: Touched) -> set[str]:
    """The types of which an edit protects resources from deletion."""
    return {_type(address) for address, name in touched if _PROTECTION in name}


def _type(address: str) -> str:
    return address.partition(".")[0]
