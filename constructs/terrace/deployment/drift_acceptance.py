"""Which settings of an environment file adopt a drift, found by trying them.

A setting counts only if the stack synthesized with it has the live value at the drifted attribute. No table says which
setting an attribute comes from: a wrong guess costs a synthesis and changes nothing.
"""

import difflib
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from terrace.deployment.deployment import Deployment
from terrace.deployment.drift import AttributeDrift, Drift
from terrace.deployment.values import HIDDEN
from terrace.documents import fields
from terrace.documents.setting import Scalar, with_value
from terrace.environment import Environment, Loaded, load
from terrace.environment.loading import DIRECTORY, path_words
from terrace.errors import TerraceError
from terrace.project import synthesis
from terrace.project.discovery import Project
from terrace.project.source_map import section_of

MOST_TRIALS = 8
"""Syntheses for one attribute; each takes seconds."""
_ACCEPTED = timedelta(days=30)
_TOKEN = re.compile(r"[a-z]+")
Path_ = tuple[str, ...]


@dataclass(frozen=True)
class Adopted:
    """A setting with its new value, and the attributes whose live value the stack has with it."""

    setting: str
    old: Scalar | None
    new: Scalar
    attributes: tuple[str, ...]


@dataclass(frozen=True)
class Acceptance:
    """`text` is the environment's file with the adopted settings, `old` as it is. `also` are what else of the stack
    changes by them, as `address attribute`. `refused` are the attributes that no setting adopts, with the reason."""

    file: Path
    old: str
    text: str
    adopted: tuple[Adopted, ...] = ()
    also: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)

    @property
    def diff(self) -> str:
        """The change of the file in the unified format; empty if nothing changes."""
        name = f"{DIRECTORY}/{self.file.name}"
        lines = difflib.unified_diff(self.old.splitlines(True), self.text.splitlines(True), name, name)
        return "".join(lines)

    def as_data(self) -> dict[str, Any]:
        return {
            "file": f"{DIRECTORY}/{self.file.name}",
            "adopted": [{**vars(one), "attributes": list(one.attributes)} for one in self.adopted],
            "also_changes": list(self.also),
            "refused": dict(self.refused),
            "diff": self.diff,
        }


def accept(
    deployment: Deployment,
    loaded: Loaded,
    drifts: Sequence[Drift],
    *,
    on_trial: Callable[[str], None] = lambda sentence: None,
) -> Acceptance:
    """Find the settings that adopt these drifts. Writes nothing to the project. Raises SynthesisFailed."""
    file = deployment.project.root / DIRECTORY / f"{loaded.environment.name}.yaml"
    old = file.read_text(encoding="utf-8")
    with _Trials(deployment, loaded) as trials:
        stacks = [trials.synthesized(old)]
        text, adopted, refused = old, list[Adopted](), dict[str, str]()
        for drift, attribute in _attributes(drifts):
            name = f"{drift.address} {attribute.path}".strip()
            if reason := _not_adoptable(drift, attribute):
                refused[name] = reason
                continue
            # A setting that was found for another attribute may set this one too.
            known = next((at for at, stack in enumerate(stacks[1:]) if _has(stack, drift.address, attribute)), None)
            if known is not None:
                adopted[known] = replace(adopted[known], attributes=(*adopted[known].attributes, name))
                continue
            tried = []
            for candidate in candidates(loaded, drift, attribute, {one.setting for one in adopted}):
                on_trial(f"trying {candidate.setting}: {json.dumps(candidate.new)} for {name}")
                tried.append(candidate.setting)
                written, stack = trials.with_setting(text, candidate)
                if stack is not None and _has(stack, drift.address, attribute):
                    text = written
                    stacks.append(stack)
                    adopted.append(Adopted(candidate.setting, candidate.old, candidate.new, (name,)))
                    break
            else:
                reason = f"tried {', '.join(dict.fromkeys(tried))}" if tried else "no setting has its former value"
                refused[name] = f"no setting of the environment sets it to {json.dumps(attribute.after)}: {reason}"
    attributes = {f"{drift.address} {attribute.path}" for drift, attribute in _attributes(drifts)}
    also = tuple(one for one in sorted(_differences(stacks[0], stacks[-1])) if not _covered(one, attributes))
    return Acceptance(file, old, text, tuple(adopted), also, refused)


def ignore_entry(
    address: str, attributes: Sequence[str], environment: Environment, reason: str, today: date
) -> dict[str, Any]:
    """An entry of policies/drift.yaml that accepts the drift of these attributes for 30 days."""
    return {
        "address": address,
        "attributes": list(attributes),
        "environments": [environment.name],
        "clouds": [environment.cloud],
        "reason": reason,
        "owner": environment.ownership.owner,
        "until": today + _ACCEPTED,
    }


@dataclass(frozen=True)
class Candidate:
    """A setting, its value, and a value to try."""

    setting: str
    old: Scalar | None
    new: Scalar


def candidates(loaded: Loaded, drift: Drift, attribute: AttributeDrift, taken: set[str]) -> list[Candidate]:
    """The settings to try, the likeliest first: those that have the attribute's former value, or a multiple of it, and
    within the construct's section also enumerations and exact values that are not set."""
    environment = loaded.environment
    section = path_words(section_of(drift.construct))
    words = set(_TOKEN.findall(f"{drift.address} {drift.construct} {attribute.path}".lower()))
    found: list[tuple[tuple[int, ...], Candidate]] = []
    for path, value in _leaves(environment.model_dump(mode="json")):
        setting, own = ".".join(path), list(path[: len(section)]) == section
        if setting in taken:
            continue
        common = len(words & set(_TOKEN.findall(setting)))
        for rank, new in _values(loaded, path, value, attribute, own=own, common=common):
            found.append(((rank, not own, -common), Candidate(setting, value, new)))
    return [candidate for _, candidate in sorted(found, key=lambda one: one[0])][:MOST_TRIALS]


def _values(
    loaded: Loaded, path: Path_, value: Scalar | None, attribute: AttributeDrift, *, own: bool, common: int
) -> Iterator[tuple[int, Scalar]]:
    """Values to try, with a rank: 0 is the likeliest."""
    before, after = attribute.before, attribute.after
    if isinstance(after, dict | list) or after is None:
        return
    if value is not None and _equal(value, before):
        if (new := _typed(after, value)) is not None:
            yield 0, new
    elif own and (factor := _factor(value, before)) and _number(after) is not None:
        new_number = (_number(after) or 0) / factor
        if new_number.is_integer():
            yield 1, int(new_number)
    elif isinstance(before, str) and (own or (path[0] == loaded.environment.cloud and value is None and common)):
        described = fields.field(Environment, list(path), loaded.document)
        for option in described.options if described and own else ():
            if isinstance(option, str) and option != value:
                yield 2, option
        pattern = described.schema.get("pattern") if described and value is None else None
        if pattern and re.search(str(pattern), str(after)):
            yield 3, str(after)


def _leaves(value: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Scalar | None]]:
    """Scalars at paths of keys; a list replaces that of the extended file as a whole, so its values cannot be set."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _leaves(child, (*path, str(key)))
    elif not isinstance(value, list) and path[:1] not in (("name",), ("cloud",), ("project",)):
        yield path, value


def _attributes(drifts: Sequence[Drift]) -> Iterator[tuple[Drift, AttributeDrift]]:
    for drift in drifts:
        if drift.kind == "deleted":
            yield drift, AttributeDrift("", None, None)
        for attribute in drift.attributes:
            if attribute.reverted:
                yield drift, attribute


def _not_adoptable(drift: Drift, attribute: AttributeDrift) -> str:
    if drift.kind == "deleted":
        return "it was deleted: recreate it with --repair, or remove it from the stack"
    return "its value is sensitive" if HIDDEN in (attribute.before, attribute.after) else ""


class _Trials:
    """Synthesizes the stack in a copy of the project, with other texts of the environment's file."""

    def __init__(self, deployment: Deployment, loaded: Loaded) -> None:
        self._deployment, self._name = deployment, loaded.environment.name
        self._folder = tempfile.TemporaryDirectory(prefix="terrace-drift-")

    def __enter__(self) -> "_Trials":
        self._root = Path(self._folder.name) / "project"
        self._root.mkdir()
        source = self._deployment.project.root
        for entry in source.iterdir():
            if entry.name not in (DIRECTORY, "cdktf.out", ".terrace", ".git"):
                (self._root / entry.name).symlink_to(entry)
        shutil.copytree(source / DIRECTORY, self._root / DIRECTORY)  # a link to a file outside is not read
        return self

    def __exit__(self, *error: object) -> None:
        self._folder.cleanup()

    def with_setting(self, text: str, candidate: Candidate) -> tuple[str, dict[str, Any] | None]:
        """The text with a setting, and the stack of it; None if that is not a valid environment."""
        try:
            written = with_value(text, candidate.setting.split("."), candidate.new, self._name)
            return written, self.synthesized(written)
        except (ValueError, TerraceError):
            return text, None

    def synthesized(self, text: str) -> dict[str, Any]:
        file = self._root / DIRECTORY / f"{self._name}.yaml"
        file.unlink(missing_ok=True)
        file.write_text(text, encoding="utf-8")
        deployment = self._deployment
        load(self._name, project=self._root, cloud=deployment.cloud)  # quicker than a synthesis that fails
        (directory,) = synthesis.synthesize(
            Project(self._root), deployment.stack_id, cloud=deployment.cloud, state=deployment.state
        )
        stack: dict[str, Any] = json.loads((directory / "cdk.tf.json").read_text(encoding="utf-8"))
        return stack


def _has(stack: Mapping[str, Any], address: str, attribute: AttributeDrift) -> bool:
    """Whether a synthesized stack sets the attribute to the live value."""
    type, _, name = re.sub(r"\[.*\]$", "", address).partition(".")
    value: Any = stack.get("resource", {}).get(type, {}).get(name)
    for word in path_words(attribute.path):
        if isinstance(value, list) and word.isdigit() and int(word) < len(value):
            value = value[int(word)]
        elif isinstance(value, dict) and word in value:
            value = value[word]
        elif not (isinstance(value, dict) and word == "0"):  # a block is an object in stacks, and a list in plans
            return False
    return value is not None and _equal(value, attribute.after)


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """What differs between two stacks, as `address attribute`."""

    def walk(old: Any, new: Any, path: Path_) -> Iterator[str]:
        if isinstance(old, dict) and isinstance(new, dict):
            for key in sorted(old.keys() | new.keys()):
                yield from walk(old.get(key), new.get(key), (*path, str(key)))
        elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
            for index, (one, other) in enumerate(zip(old, new, strict=True)):
                yield from walk(one, other, (*path, f"[{index}]"))
        elif old != new:
            start = 3 if path[0] == "resource" else 0
            address = ".".join(path[1:3]) if start else ""
            attribute = ".".join(path[start:]).replace(".[", "[")
            yield f"{address} {attribute}".strip()

    for key in sorted(before.keys() | after.keys()):
        if key != "//":
            yield from walk(before.get(key), after.get(key), (key,))


def _covered(difference: str, attributes: set[str]) -> bool:
    """Whether a difference of stacks is one of the drifted attributes, which plans write with indices of blocks."""
    return difference in {one for name in attributes for one in (name, name.replace("[0]", ""))}


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    numbers = _number(one), _number(other)
    return one == other or (None not in numbers and numbers[0] == numbers[1])


def _number(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def _factor(value: Scalar | None, before: Any) -> float | None:
    """What a number is multiplied by to be the attribute; None if that is no whole factor above one."""
    setting, actual = _number(value), _number(before)
    if not setting or not actual or isinstance(value, str):
        return None
    factor = actual / setting
    return factor if factor > 1 and factor.is_integer() else None


def _typed(after: Any, value: Scalar) -> Scalar | None:
    """The live value in the type of the setting; None if it has no such value."""
    if isinstance(value, bool):
        return after if isinstance(after, bool) else None
    if isinstance(value, str):
        return after if isinstance(after, str) else None
    number = _number(after)
    if number is None:
        return None
    return int(number) if number.is_integer() else number
