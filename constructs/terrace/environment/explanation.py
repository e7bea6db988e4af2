"""Explain a setting: where it is set, what it overrides, what it means and which values are allowed."""

import copy
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import ValidationError

from terrace.capabilities.cloud import CLOUDS
from terrace.capabilities.effects import without_effect
from terrace.capabilities.spec import Size
from terrace.documents import suggestions
from terrace.documents.document import Node, along, plain
from terrace.documents.fields import Field, field, key_options
from terrace.environment.loading import path_words
from terrace.environment.rendering import as_text
from terrace.environment.schema import Environment
from terrace.environment.sizes import Kind, machine
from terrace.errors import UsageError


@dataclass(frozen=True)
class Explanation:
    """`value` is plain data, None when no file sets it and it has no default. `chain` is newest first."""

    path: str
    value: Any
    chain: tuple[tuple[str, Any], ...]
    description: str
    allowed: str
    required: bool
    default: Any
    machine: str = ""
    no_effect: str = ""

    def as_data(self) -> dict[str, Any]:
        """For --json."""
        return {
            "path": self.path,
            "value": self.value,
            "set": [{"where": where, "value": value} for where, value in self.chain],
            "description": self.description,
            "allowed": self.allowed,
            "required": self.required,
            "default": self.default,
            "no_effect": self.no_effect,
        }

    def lines(self) -> list[str]:
        """For the terminal."""
        lines = [f"{self.path} = {_short(self.value)}" if self.value is not None else f"{self.path} is not set"]
        if self.chain:
            (where, value), *older = self.chain
            lines.append(f"  {'removed' if value is None else 'set'} in {where}")
            lines += [f"  overrides {_short(value)} in {where}" for where, value in older]
        elif self.default is not None:
            lines.append("  default; not set in any file")
        if self.machine:
            lines.append(f"  {self.machine}")
        if self.no_effect:
            lines.append(f"  no effect on this cloud: {self.no_effect}")
        if self.description:
            lines += ["", f"  {self.description}"]
        if self.allowed:
            lines.append(f"  {self.allowed[:1].upper()}{self.allowed[1:]}.")
        if not self.required and self.default is not None:
            lines.append(f"  Default: {_short(self.default).rstrip('.')}.")
        elif self.required:
            lines.append("  Required.")
        return lines


def explain(root: Node, path: str) -> Explanation:
    """Explain a dotted path of a merged environment. Raises UsageError for a path that cannot be set."""
    words = path_words(path)
    document = plain(root)
    setting = field(Environment, words, document)
    if setting is None or not words:
        raise _unknown(words, document)
    nodes = along(root, words)
    node = nodes[-1] if len(nodes) == len(words) + 1 else None
    chain = []
    link = node
    while link is not None:
        chain.append((link.where if link.value is not None else link.key_at, _plain(link)))
        link = link.replaced
    value = _plain(node) if node is not None and node.value is not None else _default(words, document, setting)
    keys = key_options(setting)
    return Explanation(
        path=".".join(words),
        value=value,
        chain=tuple(chain),
        description=setting.description,
        allowed=f"keys: {', '.join(keys)}" if keys else setting.expected,
        required=setting.required,
        default=None if setting.required else _default(words, document, setting),
        machine=_machine(words, value, document),
        no_effect=_no_effect(".".join(words), document),
    )


def _plain(node: Node) -> Any:
    return None if node.value is None else plain(node)


def _default(words: list[str], document: Any, setting: Field) -> Any:
    """The models' value for a key that no file sets; some defaults depend on other keys of the section."""
    data: Any = copy.deepcopy(document)
    section = data
    for word in words[:-1]:
        section = section.get(word) if isinstance(section, dict) else None
    if isinstance(section, dict):
        section.pop(words[-1], None)
    try:
        value: Any = Environment.of(data).model_dump(mode="json")
    except ValidationError:
        return setting.default
    for word in words:
        value = value.get(word) if isinstance(value, dict) else None
    return value


def _machine(words: list[str], value: Any, document: dict[str, Any]) -> str:
    """The machine type of a size on the environment's cloud."""
    cloud: Any = document.get("cloud")
    if words[-1] != "size" or value not in get_args(Size) or cloud not in CLOUDS:
        return ""
    kind: Kind = "cache" if words[0] == "cache" else "database"
    if words[0] == "cluster":
        kind = "gpu" if document["cluster"]["pools"][words[2]].get("kind") == "gpu" else "node"
    type = machine(cloud, kind, value)
    return f"on {cloud}: {type.name}, {type.vcpu:g} vCPU, {type.memory_gb:g} GB"


def _no_effect(path: str, document: dict[str, Any]) -> str:
    """Why the setting changes nothing on the environment's cloud."""
    cloud: Any = document.get("cloud")
    return without_effect(cloud).get(path, "") if cloud in CLOUDS else ""


def _unknown(words: list[str], document: Any) -> UsageError:
    """Names the first unknown word of a path, with the keys that exist there."""
    known = 0
    while known < len(words) and field(Environment, words[: known + 1], document):
        known += 1
    parent: Field | None = field(Environment, words[:known], document)
    options = list(key_options(parent)) if parent else []
    if not words:
        return UsageError("no setting given; for example `terrace env explain dev database.size`")
    path = ".".join(words[: known + 1])
    return UsageError(f"unknown setting {path}", hint=suggestions.hint(words[known], options))


def _short(value: Any) -> str:
    text = as_text(value)
    return text if len(text) <= 100 else f"{text[:97].rstrip('.')}..."
