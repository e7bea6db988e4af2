"""A plan (`terraform show -json`) as the stack that it is: what View reads.

Everything comes from the plan: its own configuration, which has each argument as it was written, and the planned
values. Planned values decide; a reference of the configuration stays one where the planned value is what it refers to,
or is unknown until the apply. Only what a plan does not contain comes from the synthesized stack: construct paths, by
address, and `lifecycle`.

Source: Terraform documentation, JSON Output Format; of a configuration in JSON, `constant_value` has the text of an
expression too.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_REFERENCE = re.compile(r"\$\{([a-z][a-z0-9_]*\.[A-Za-z0-9_-]+)((?:\.[A-Za-z0-9_-]+|\[\d+\])+)\}")
_STEP = re.compile(r"[A-Za-z0-9_-]+")
_INDEX = re.compile(r"\[\d+\]")
_FROM_STACK = ("//", "lifecycle")
_META = ("provider", "count", "for_each", "depends_on", "provisioner")
_IDS = ("id", "arn", "self_link")
_IDENTIFIER = re.compile(r"[/:@]|[0-9a-f]{8}")
"""An ARN, a path, a link, an address or a generated id, as opposed to a name, which several resources may have."""
_WRITE_ONLY = "_wo"  # the end of the name of an argument whose value no plan contains


class Unknown(str):
    """A value that is unknown until the apply. Its text names the attribute."""


class _Absent:
    """No value, as opposed to null."""

    def __bool__(self) -> bool:
        return False


ABSENT = _Absent()


def document_of(plan: Mapping[str, Any], stack: Mapping[str, Any]) -> dict[str, Any]:
    """The plan in the format of a synthesized stack. Raises LookupError, AttributeError, TypeError for no plan."""
    configured = {entry["address"]: entry for entry in plan["configuration"]["root_module"].get("resources", [])}
    changes = {change["address"]: change["change"] for change in plan["resource_changes"]}
    planned = {entry["address"]: entry for entry in _managed(plan)}
    values = {address: entry.get("values") or {} for address, entry in planned.items()}
    singles = {type: set(_single(group.values())) for type, group in stack.get("resource", {}).items()}
    merged: dict[str, dict[str, Any]] = {}
    for address, entry in planned.items():
        type, name = entry["type"], entry["name"]
        kept = stack.get("resource", {}).get(type, {}).get(name, {})
        written = _written(configured[f"{type}.{name}"])
        body = _Merge(address, values, changes[address], _ignored(kept), singles.get(type, set())).body(written)
        merged.setdefault(type, {})[name] = {key: kept[key] for key in _FROM_STACK if key in kept} | body
    return {
        **stack,
        "resource": merged,
        "data": _grouped(entry for entry in configured.values() if entry["mode"] == "data"),
        "provider": _providers(plan["configuration"].get("provider_config", {})),
    }


def document_before(plan: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The stack that a plan changes, in the same format; `after` is the plan's own (`document_of`).

    What the plan changes or deletes has its former values, in which the id of another resource is a reference to it.
    """
    changes = [change for change in plan["resource_changes"] if change.get("mode", "managed") == "managed"]
    references = _identifying(changes, after["resource"])
    former: dict[str, dict[str, Any]] = {}
    for entry in changes:
        type, name, change = entry["type"], entry["name"], entry["change"]
        before, planned = change.get("before"), change.get("after") or {}
        if before is None or change.get("actions") == ["forget"]:  # it remains, in the state of another stack
            continue
        kept: Mapping[str, Any] = after["resource"].get(type, {}).get(name, {}) if planned else {}
        changed = {key: value for key, value in before.items() if not kept or value != planned.get(key)}
        body = {key: value for key, value in kept.items() if key not in changed and key not in planned.keys() - before}
        body |= {key: _referring(value, references) for key, value in changed.items() if value is not None}
        former.setdefault(type, {})[name] = body
    outputs = dict(after.get("output", {}))
    for name, change in plan.get("output_changes", {}).items():
        if name in outputs and change.get("before") not in (None, change.get("after")):
            outputs[name] = {**outputs[name], "value": _referring(change["before"], references)}
    return {**after, "resource": former, "output": outputs}


def _identifying(changes: Sequence[Mapping[str, Any]], resources: Mapping[str, Any]) -> dict[str, str]:
    """The values that identify an existing resource, to references: ids, paths, and what the stack refers to."""
    referred: dict[str, list[str]] = {}
    for address, steps in _REFERENCE.findall(json.dumps(resources)):
        referred.setdefault(address, []).append(steps.removeprefix("."))
    found: dict[str, str] = {}
    for entry in changes:
        before, address = entry["change"].get("before") or {}, f"{entry['type']}.{entry['name']}"
        set_by_stack = resources.get(entry["type"], {}).get(entry["name"], {})
        others = [name for name in before if name.endswith("_id") and set_by_stack and "/" in str(before[name])]
        for attribute in dict.fromkeys((*_IDS, *referred.get(address, ()), *others)):
            value = before.get(attribute)
            if attribute not in set_by_stack and isinstance(value, str) and _IDENTIFIER.search(value):
                found.setdefault(value, f"${{{address}.{attribute}}}")
    return found


def _referring(value: Any, references: Mapping[str, str]) -> Any:
    """A value with references in place of ids."""
    if isinstance(value, Mapping):
        return {key: _referring(inner, references) for key, inner in value.items()}
    if isinstance(value, list):
        return [_referring(inner, references) for inner in value]
    if isinstance(value, str) and value[:1] in ("{", "["):  # a policy
        for identifier in sorted((one for one in references if one in value), key=len, reverse=True):
            value = value.replace(f'"{identifier}', f'"{references[identifier]}')
        return value
    return references.get(value, value) if isinstance(value, str) else value


def differing(plan: Mapping[str, Any]) -> Iterator[str]:
    """The addresses whose planned values are not the ones after their change: the plan is not as Terraform wrote it."""
    values = {entry["address"]: entry.get("values") or {} for entry in _managed(plan)}
    for change in plan["resource_changes"]:
        if change["address"] in values and (change["change"].get("after") or {}) != values[change["address"]]:
            yield change["address"]


def _managed(plan: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    resources = plan["planned_values"]["root_module"].get("resources", [])
    return [entry for entry in resources if entry.get("mode", "managed") == "managed"]


def _grouped(entries: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for entry in entries:
        found.setdefault(entry["type"], {})[entry["name"]] = _written(entry)
    return found


def _providers(configured: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The provider blocks, by name."""
    found: dict[str, list[dict[str, Any]]] = {}
    for block in configured.values():
        alias = {"alias": block["alias"]} if block.get("alias") else {}
        found.setdefault(block["name"], []).append(alias | _expressions(block.get("expressions", {})))
    return found


def _single(blocks: Iterable[Any], path: str = "") -> Iterator[str]:
    """The dotted names of what is an object in any of the blocks."""
    for block in blocks:
        for name, value in block.items() if isinstance(block, Mapping) else ():
            below = f"{path}.{name}" if path else name
            if isinstance(value, Mapping):
                yield below
            yield from _single(value if isinstance(value, list) else [value], below)


def _ignored(body: Mapping[str, Any]) -> set[str]:
    """The attributes whose changes Terraform ignores; `all` is one of them."""
    ignored = body.get("lifecycle", {}).get("ignore_changes", [])
    return {_STEP.match(str(name))[0] for name in ([ignored] if isinstance(ignored, str) else ignored)}  # type: ignore[index]


def _written(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A resource's arguments as its configuration has them."""
    more: dict[str, Any] = {}
    if "." in entry.get("provider_config_key", ""):
        more["provider"] = entry["provider_config_key"]
    for key, name in (("count_expression", "count"), ("for_each_expression", "for_each")):
        if key in entry:
            more[name] = _expression(entry[key])
    for key, name in (("depends_on", "depends_on"), ("provisioners", "provisioner")):
        if key in entry:
            more[name] = entry[key]
    return more | _expressions(entry.get("expressions", {}))


def _expressions(expressions: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _expression(one) for name, one in expressions.items()}


def _expression(one: Any) -> Any:
    """An expression as written; of one whose text the plan does not have, its only reference, else nothing."""
    if isinstance(one, list):
        return [_expressions(block) for block in one]
    if "constant_value" in one:
        return one["constant_value"]
    if isinstance(one.get("references"), list):
        full = _complete(one["references"])
        return f"${{{full[0]}}}" if len(full) == 1 else ""
    return _expressions(one)


def _complete(references: Sequence[str]) -> list[str]:
    """The references without the shorter forms that follow each: x.y.arn, x.y."""
    found: list[str] = []
    for reference in references:
        if not (found and found[-1].startswith((f"{reference}.", f"{reference}["))):
            found.append(reference)
    return found


@dataclass(frozen=True)
class _Merge:
    """The arguments of one resource: as configured, with the planned values.

    `values` are the known planned values by address, `change` is the resource's entry in `resource_changes`. Of a
    resource that exists, an attribute that the plan does not change has the cloud's spelling of what is configured.
    `singles` are the blocks that are an object in stacks, and a list of one in plans.
    """

    address: str
    values: Mapping[str, Mapping[str, Any]]
    change: Mapping[str, Any]
    ignored: set[str]
    singles: set[str]

    def body(self, written: Mapping[str, Any]) -> dict[str, Any]:
        """The merged arguments."""
        planned = self.values[self.address]
        unknown = self.change["after_unknown"]
        before = None if "create" in self.change["actions"] else self.change.get("before") or {}
        found = {}
        for name in dict.fromkeys((*written, *planned)):
            value = planned.get(name, ABSENT)
            same = before is not None and before.get(name) == planned.get(name) and not {name, "all"} & self.ignored
            argument = written.get(name, ABSENT)
            if same and argument is ABSENT:
                continue  # what the cloud computed, and provider defaults
            merged = argument if name in _META else self.value(argument, value, unknown.get(name), name, same)
            if merged is not ABSENT and not (merged is None and argument is ABSENT):
                found[name] = merged
        return found

    def value(self, written: Any, planned: Any, unknown: Any, name: str, same: bool) -> Any:
        """One value. `written` and `planned` may be ABSENT; `same`: the plan does not change it."""
        if planned is ABSENT:
            if written is ABSENT or unknown is not True:
                return ABSENT
            return written if "${" in json.dumps(written) else Unknown(f"{self.address}.{name}")
        if isinstance(planned, dict):
            return self._mapping(written, planned, unknown, name, same)
        if isinstance(planned, list):
            merged = self._list(written, planned, unknown, name, same)
            return merged[0] if len(merged) == 1 and _INDEX.sub("", name) in self.singles else merged
        if written is ABSENT or isinstance(written, Mapping | list):
            return planned
        if planned is None and name.endswith(_WRITE_ONLY):
            return written
        if _equal(self.rendered(written), planned) or (same and isinstance(planned, str) and isinstance(written, str)):
            return written
        return planned

    def _mapping(self, written: Any, planned: Mapping[str, Any], unknown: Any, name: str, same: bool) -> Any:
        argument: Mapping[str, Any] = written if isinstance(written, Mapping) else {}
        below: Mapping[str, Any] = unknown if isinstance(unknown, dict) else {}
        found = {}
        for key in dict.fromkeys((*argument, *planned)):
            if same and key not in argument and argument:
                continue
            value = self.value(
                argument.get(key, ABSENT), planned.get(key, ABSENT), below.get(key), f"{name}.{key}", same
            )
            if value is not ABSENT and not (value is None and key not in argument):
                found[key] = value
        return found

    def _list(self, written: Any, planned: Sequence[Any], unknown: Any, name: str, same: bool) -> list[Any]:
        """Each planned element with the written one that it agrees with most, in the order of these: providers sort
        sets, and some checks read the first element.
        """
        left = list(written) if isinstance(written, list) else []
        flags = unknown if isinstance(unknown, list) else []
        scores = [
            (-self._agreement(one, element), at, index)
            for at, element in enumerate(planned)
            for index, one in enumerate(left)
        ]
        pairs: dict[int, int] = {}
        for _, at, index in sorted(scores):
            if at not in pairs and index not in pairs.values():
                pairs[at] = index
        merged = []
        for at, element in sorted(enumerate(planned), key=lambda one: pairs.get(one[0], len(left))):
            flag = flags[at] if at < len(flags) else None
            known = ABSENT if element is None and flag is True else element  # null is in place of what is unknown
            value = self.value(left[pairs[at]] if at in pairs else ABSENT, known, flag, f"{name}[{at}]", same)
            merged.append(None if value is ABSENT else value)
        return merged

    def _agreement(self, written: Any, planned: Any) -> int:
        """How many values of an element are as written."""
        if isinstance(planned, dict) and isinstance(written, Mapping):
            return sum(self._agreement(one, planned[key]) for key, one in written.items() if key in planned)
        if isinstance(planned, list) and isinstance(written, list | Mapping):
            several = written if isinstance(written, list) else [written]
            return sum(max((self._agreement(one, other) for other in planned), default=0) for one in several)
        return 2 if _equal(self.rendered(written), planned) else 0

    def rendered(self, written: Any) -> Any:
        """A written value with its references replaced by known planned values; ABSENT if one is unknown."""
        if not isinstance(written, str) or "${" not in written:
            return written
        if whole := _REFERENCE.fullmatch(written):
            return self._target(whole)
        known = {found[0]: self._target(found) for found in _REFERENCE.finditer(written)}
        if ABSENT in known.values():
            return ABSENT
        text = _REFERENCE.sub(lambda found: str(known[found[0]]), written)
        return ABSENT if "${" in text else text

    def _target(self, found: re.Match[str]) -> Any:
        value: Any = self.values.get(found[1], {})
        for step in _STEP.findall(found[2]):
            if isinstance(value, list):
                position = int(step) if step.isdigit() else 0
                value = value[position] if position < len(value) else ABSENT
                if step.isdigit():
                    continue
            value = value.get(step, ABSENT) if isinstance(value, Mapping) else ABSENT
        return ABSENT if value is None else value


def _equal(first: Any, second: Any) -> bool:
    """Whether two values are the same to a provider: 1 and "1", and two spellings of one JSON document."""
    if first is ABSENT or second is ABSENT or isinstance(first, Mapping | list) or isinstance(second, Mapping | list):
        return False
    if first == second or str(_plain(first)) == str(_plain(second)):
        return True
    if isinstance(first, str) and isinstance(second, str) and first[:1] in ("{", "[") and second[:1] == first[:1]:
        try:
            return bool(json.loads(first) == json.loads(second))
        except ValueError:
            return False
    return False


def _plain(value: Any) -> Any:
    """A truth value as providers write it in text."""
    return str(value).lower() if isinstance(value, bool) else value
