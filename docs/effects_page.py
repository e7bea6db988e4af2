"""The page docs/reference/effects.md: what an edit of each field of an environment does, on each cloud.

What an edit changes is in tests/edits; what that does, and the source of it, in the clouds' tables of effects.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from terrace.capabilities import effects
from terrace.capabilities.cloud import CLOUDS, TITLES, facts
from terrace.capabilities.effects import CREATED_FIRST, REPLACED, KnownEffect
from tests.edits import record, table
from tests.edits.table import Edit

TITLE = "# What an edit does\n"
INTRO = """\
What an edit of each field of a deployed environment does, before you plan it. `terrace plan` shows the same for your
edit, with the values; [Review a plan](../guides/review-a-plan.md) explains it.

| effect | users notice |
|---|---|
| none | nothing |
| restart | connections break and can be opened again at once |
| downtime | something is unavailable for minutes or longer, or is refused from then on |
| data loss | what is replaced loses what it stores |
| unknown | no table has it; it counts as a downtime |
| kept | nothing: what is deployed keeps the setting for life, and the plan says so |
| no effect | nothing: the setting has no meaning on this cloud, and the plan says so |
| refused | the edit is refused before anything changes |

The effect is the worst of all that the edit changes in `dev` of this repository; the tables below name the changes with
their sources. *Resources come or go*: the plan names them, and what of it stores data. *One-way*: the edit cannot be
changed back. *Replaces*: most of the platform would be made again, so a new environment is the better way. *Bootstrap*
and *workloads*: that stack changes.
"""
_INDEX = re.compile(r"\[[^]]*\]")
_NAMES = {"data-loss": "data loss"}
_SECTIONS = {"aws": "AWS", "azure": "Azure", "gcp": "Google Cloud"}


@dataclass(frozen=True)
class _Change:
    """A change of a type of resource: the entry of the table of effects that has it, or None."""

    type: str
    name: str
    known: KnownEffect | None


def page(note: str) -> str:
    """The whole page."""
    fields: dict[str, dict[str, Edit]] = {}
    for cloud in CLOUDS:
        for edit in table.edits(cloud):
            fields.setdefault(edit.path, {})[cloud] = edit
    sections: dict[str, list[str]] = {}
    for path in fields:
        section, _, below = path.partition(".")
        sections.setdefault(section if below else "", []).append(path)
    touched = {cloud: record.read(cloud) for cloud in CLOUDS}
    parts = [TITLE, note, INTRO]
    for section, paths in sections.items():
        parts += [f"## {_SECTIONS.get(section, section) or 'Environment'}\n", *_section(paths, fields, touched)]
    return "\n".join(parts)


def _section(
    paths: list[str], fields: Mapping[str, Mapping[str, Edit]], touched: Mapping[str, Mapping[str, list[str]]]
) -> Iterator[str]:
    """The table of a section's fields, and that of what they change."""
    clouds = [cloud for cloud in CLOUDS if any(cloud in fields[path] for path in paths)]
    yield f"| field | {' | '.join(TITLES[cloud] for cloud in clouds)} |"
    yield "|---" * (len(clouds) + 1) + "|"
    sources: dict[str, dict[tuple[str, str], KnownEffect]] = {}
    for path in paths:
        cells = []
        for cloud in clouds:
            edit = fields[path].get(cloud)
            lines = touched[cloud][path] if edit and _changes_foundation(cloud, edit) else []
            changes = list(_changes(lines))
            cells.append(_cell(cloud, edit, lines, changes) if edit else "-")
            found = {(one.type, one.name): one.known for one in changes if one.known and one.type != "*"}
            sources.setdefault(cloud, {}).update(found)
        yield f"| `{path}` | {' | '.join(cells)} |"
    yield ""
    if any(sources.values()):
        yield "| what changes | effect | why | source |"
        yield "|---|---|---|---|"
        for found in sources.values():
            for (type, name), known in sorted(found.items()):
                shown = {"*": "any argument", REPLACED: "replaced", CREATED_FIRST: "replaced, the new one first"}
                what = shown.get(name, f"`{name}`")
                cells = [f"`{type}`: {what}", _NAMES.get(known.effect, known.effect), known.detail, known.source]
                yield f"| {' | '.join(one.replace('|', '/') for one in cells)} |"
        yield ""


def _changes_foundation(cloud: str, edit: Edit) -> bool:
    return not edit.expected and edit.path not in effects.without_effect(cloud)


def _changes(lines: list[str]) -> Iterator[_Change]:
    """What the lines of a record change in place or replace, without what resources keep, come or go."""
    tables = effects.tables()
    kept = {
        type: [_INDEX.sub("", one.path) for one in found]
        for cloud in CLOUDS
        for type, found in facts(cloud).kept.items()
    }
    for line in lines:
        type, _, argument = line.partition(" ")
        if not argument or type.startswith("provider"):
            continue
        if any(f"{argument}.".startswith(f"{path}.") for path in kept.get(type, ())):
            continue
        own = tables.get(type, {})
        if known := effects.effect_of(type, argument):
            steps = argument.split(".")
            names = [".".join(steps[:end]) for end in range(len(steps), 0, -1)] + ["*"]
            name = next((one for one in names if one in own), "")
            yield _Change(type if name else "*", name, known)
        elif replaced := next((one for one in (CREATED_FIRST, REPLACED) if one in own), ""):
            yield _Change(type, replaced, own[replaced])
        else:
            yield _Change(type, argument, None)


def _cell(cloud: str, edit: Edit, lines: list[str], changes: list[_Change]) -> str:
    if edit.path in effects.without_effect(cloud):
        return f"no effect: {effects.without_effect(cloud)[edit.path]}"
    if edit.expected == "unused":
        return f"none: {edit.text}"
    if edit.expected in ("kept", "replaces", "bootstrap", "workloads"):
        return f"{edit.expected}: {edit.text}"
    if edit.expected:
        return edit.expected
    found = effects.worst(one.known.effect if one.known else "unknown" for one in changes)
    more = ["resources come or go"] if any(" " not in line for line in lines) else []
    more += ["one-way"] if edit.back else []
    return ", ".join([_NAMES.get(found, found), *more])
