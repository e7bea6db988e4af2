"""Why a value is what it is: the line that set it, the lines it replaced, what it means, what else it could be."""

import copy
import json
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import ValidationError

from terrace.capabilities.spec import Size
from terrace.environment.document import Node, along, plain
from terrace.environment.fields import Field, field, key_options
from terrace.environment.loading import path_words
from terrace.environment.rendering import said
from terrace.environment.schema import Environment
from terrace.environment.sizes import Cloud, Kind, machine
from terrace.environment.suggestions import hint
from terrace.errors import UsageError


@dataclass(frozen=True)
class Explanation:
    """`value` is plain data, None when nothing is set and there is no default. `chain` is newest first."""

    path: str
    value: Any
    chain: tuple[tuple[str, Any], ...]
    description: str
    allowed: str
    required: bool
    default: Any
    machines: str = ""

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
        }

    def lines(self) -> list[str]:
        """For people."""
        lines = [f"{self.path} = {_short(self.value)}" if self.value is not None else f"{self.path} is not set"]
        if self.chain:
            (where, value), *older = self.chain
            lines.append(f"  {'removed' if value is None else 'set'} in {where}")
            lines += [f"  instead of {_short(value)} in {where}" for where, value in older]
        elif self.default is not None:
            lines.append("  by default; no file sets it")
        if self.machines:
            lines.append(f"  {self.machines}")
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
    """Explain a dotted path of a merged environment. Raises UsageError when no such thing can be set."""
    words = path_words(path)
    document = plain(root)
    here = field(words, document)
    if here is None or not words:
        raise _unknown(words, document)
    nodes = along(root, words)
    node = nodes[-1] if len(nodes) == len(words) + 1 else None
    chain = []
    under = node
    while under is not None:
        chain.append((under.where if under.value is not None else under.key_at, _plain(under)))
        under = under.under
    value = _plain(node) if node is not None and node.value is not None else _default(words, document, here)
    keys = key_options(here)
    return Explanation(
        path=".".join(words),
        value=value,
        chain=tuple(chain),
        description=here.description,
        allowed=f"keys: {', '.join(keys)}" if keys else here.expected,
        required=here.required,
        default=None if here.required else _default(words, document, here),
        machines=_machine(words, value, document),
    )


def _plain(node: Node) -> Any:
    return None if node.value is None else plain(node)


def _default(words: list[str], document: Any, here: Field) -> Any:
    """What the models make of a key that no file sets; some defaults depend on their neighbours."""
    data: Any = copy.deepcopy(document)
    section = data
    for word in words[:-1]:
        section = section.get(word) if isinstance(section, dict) else None
    if isinstance(section, dict):
        section.pop(words[-1], None)
    try:
        value: Any = Environment.model_validate_json(json.dumps(data), strict=True).model_dump(mode="json")
    except ValidationError:
        return here.default
    for word in words:
        value = value.get(word) if isinstance(value, dict) else None
    return value


def _machine(words: list[str], value: Any, document: dict[str, Any]) -> str:
    """What a size is on the environment's cloud."""
    cloud: Any = document.get("cloud")
    if words[-1] != "size" or value not in get_args(Size) or cloud not in get_args(Cloud):
        return ""
    kind: Kind = "cache" if words[0] == "cache" else "database"
    if words[0] == "cluster":
        kind = "gpu" if document["cluster"]["pools"][words[2]].get("kind") == "gpu" else "node"
    found = machine(cloud, kind, value)
    return f"on {cloud}: {found.name}, {found.vcpu:g} vCPU, {found.memory_gb:g} GB"


def _unknown(words: list[str], document: Any) -> UsageError:
    """The first word that leads nowhere, and what could stand there."""
    known = 0
    while known < len(words) and field(words[: known + 1], document):
        known += 1
    parent: Field | None = field(words[:known], document)
    options = list(key_options(parent)) if parent else []
    if not words:
        return UsageError("name a value, as in `terrace env explain dev database.size`")
    at = ".".join(words[: known + 1])
    return UsageError(f"{at} is nothing that can be set", hint=hint(words[known], options))


def _short(value: Any) -> str:
    text = said(value)
    return text if len(text) <= 100 else f"{text[:97].rstrip('.')}..."
