"""The table of edits, and an environment with some of them."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from terrace.capabilities.cloud import CLOUDS
from terrace.documents import fields
from terrace.environment import load
from terrace.environment.schema import Environment
from tests.conftest import ROOT

EXPECTATIONS = ("refused", "replaces", "kept", "unused", "workloads", "bootstrap")


@dataclass(frozen=True, eq=False)
class Edit:
    """One field with another value. `expected` is one of EXPECTATIONS with its text, or "": the foundation changes.
    `back` is part of the message that refuses to change it back, or "loses" and the type that this would replace with
    the loss of its data: the edit is one-way."""

    path: str
    values: Mapping[str, Any]
    expected: str = ""
    text: str = ""
    back: str = ""


@cache
def _table() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "edits.yaml").read_text())
    return content


def edits(cloud: str) -> list[Edit]:
    """The edits to make on a cloud."""
    found = []
    for path, entry in _table()["edits"].items():
        entry = entry if isinstance(entry, dict) else {"to": entry}
        own = entry.get(cloud, {})
        if any(name in own for name in EXPECTATIONS):
            entry = {key: value for key, value in entry.items() if key not in EXPECTATIONS}
        entry = {**entry, **own}
        section = path.partition(".")[0]
        if section in CLOUDS and section != cloud:
            continue
        expected = next((name for name in EXPECTATIONS if entry.get(name)), "")
        text = entry.get(expected, "")
        found.append(Edit(path, {**entry.get("with", {}), path: entry["to"]}, expected, text, entry.get("back", "")))
    return found


def edited_fields() -> set[str]:
    """The paths of all edits in the table, for every cloud."""
    return set(_table()["edits"])


@cache
def _deployed(cloud: str) -> dict[str, Any]:
    return with_values(load("dev", project=ROOT, cloud=cloud).document, _table()["deployed"])


def document(cloud: str, made: Sequence[Edit] = ()) -> dict[str, Any]:
    """The whole file of the environment, with some edits made."""
    values: dict[str, Any] = {}
    for edit in made:
        values |= edit.values
    return with_values(_deployed(cloud), values)


def with_values(document: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy with the values at dotted paths; None removes."""
    result = copy.deepcopy(dict(document))
    for path, value in values.items():
        *sections, name = path.split(".")
        at: Any = result
        for section in sections:
            at = at[int(section)] if isinstance(at, list) else at.setdefault(section, {})
        if value is None:
            at.pop(name, None)
        else:
            at[name] = copy.deepcopy(value)
    return result


def schema_fields() -> list[str]:
    """Each field of an environment file; * for a name that users choose, or a position in a list."""
    whole = fields.schema(Environment)
    return list(dict.fromkeys(".".join(path) for path in _leaves(whole, whole, ())))


def _leaves(whole: fields.Schema, node: fields.Schema, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if "$ref" in node:
        node = whole["$defs"][node["$ref"].rpartition("/")[2]]
    branches = [branch for branch in node.get("anyOf", ()) if branch.get("type") != "null"]
    branches += [{"$ref": ref} for ref in node.get("discriminator", {}).get("mapping", {}).values()]
    inner = [node[key] for key in ("additionalProperties",) if isinstance(node.get(key), dict)]
    inner += node.get("patternProperties", {}).values()
    inner += [node["items"]] if "$ref" in node.get("items", {}) else []
    if branches:
        for branch in branches:
            yield from _leaves(whole, branch, path)
    elif "properties" in node:
        for name, below in node["properties"].items():
            yield from _leaves(whole, below, (*path, name))
    elif inner:
        yield from _leaves(whole, inner[0], (*path, "*"))
    else:
        yield path


def write(project: Path, cloud: str, made: Sequence[Edit] = ()) -> None:
    """Make `project` a project whose dev has some edits."""
    (project / "environments").mkdir(parents=True, exist_ok=True)
    for name in ("cdktf.json", "modules", "policies", "stacks"):
        if not (project / name).exists():
            (project / name).symlink_to(ROOT / name)
    (project / "environments" / "dev.yaml").write_text(yaml.safe_dump(document(cloud, made), sort_keys=False))
