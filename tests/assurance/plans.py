"""Plans as Terraform writes them (`terraform show -json`) of a stack in JSON, in which everything is created."""

import copy
import json
import re
from collections.abc import Mapping
from typing import Any

from terrace.assurance.view import Resource, View

_REFERENCE = re.compile(r"\$\{((?:data\.|ephemeral\.)?[a-z][a-z0-9_]*\.[A-Za-z0-9_-]+)((?:\.[A-Za-z0-9_-]+|\[\d+\])*)")
_WHOLE = re.compile(r"\$\{([a-z][a-z0-9_]*\.[A-Za-z0-9_-]+)\.([A-Za-z0-9_]+)\}")
_MAPS = ("tags", "labels")  # the names of maps; every other object is a block
_META = ("//", "lifecycle", "depends_on", "provider", "count", "for_each", "provisioner")


def planned(document: Mapping[str, Any]) -> dict[str, Any]:
    """The plan of a stack: every reference is unknown until the apply, and blocks are lists."""
    values, changes, configuration = [], [], []
    for one in View(document):
        head = {"address": one.address, "mode": "managed", "type": one.type, "name": one.name}
        body = {name: value for name, value in one.raw.items() if name not in _META}
        known, unknown, expressions = _block(body)
        for instance in _instances(one):
            values.append({**head, "address": instance, "values": known})
            change = {"actions": ["create"], "before": None, "after": copy.deepcopy(known), "after_unknown": unknown}
            changes.append({**head, "address": instance, "change": change})
        provider = one.raw.get("provider", "")
        configuration.append({**head, "provider_config_key": provider, "expressions": expressions, **_meta(one)})
    for type, group in document.get("data", {}).items():
        for name, body in group.items():
            head = {"address": f"data.{type}.{name}", "mode": "data", "type": type, "name": name}
            configuration.append({**head, "expressions": _block(body)[2]})
    return {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": values}},
        "resource_changes": changes,
        "configuration": {"provider_config": _providers(document), "root_module": {"resources": configuration}},
        "complete": True,
        "errored": False,
    }


def _instances(resource: Resource) -> list[str]:
    """The addresses of what is planned of a resource."""
    if "count" in resource.raw:
        return [f"{resource.address}[{index}]" for index in range(resource.raw["count"])]
    if "for_each" in resource.raw:
        return [f'{resource.address}["{key}"]' for key in resource.raw["for_each"]]
    return [resource.address]


def _meta(resource: Resource) -> dict[str, Any]:
    """The meta-arguments that a plan's configuration has; `lifecycle` is not one of them."""
    written = resource.raw
    expressions = {
        f"{name}_expression": {"constant_value": written[name]} for name in ("count", "for_each") if name in written
    }
    provisioners = [
        {"type": type, "expressions": _block(arguments)[2]}
        for one in written.get("provisioner", [])
        for type, arguments in one.items()
    ]
    return expressions | ({"provisioners": provisioners} if provisioners else {})


def _providers(document: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for name, block in View(document).providers:
        alias = block.get("alias", "")
        expressions = _block({key: value for key, value in block.items() if key != "alias"})[2]
        found[f"{name}.{alias}" if alias else name] = {
            "name": name,
            **({"alias": alias} if alias else {}),
            "expressions": expressions,
        }
    return found


def _block(body: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The known values, what is unknown, and the expressions of a block."""
    known: dict[str, Any] = {}
    unknown: dict[str, Any] = {}
    expressions: dict[str, Any] = {}
    for name, value in body.items():
        several = value if isinstance(value, list) else [value]
        if any(isinstance(one, Mapping) for one in several) and not name.endswith(_MAPS):
            parts = [_block(one) for one in several]
            known[name], unknown[name], expressions[name] = (list(part) for part in zip(*parts, strict=True))
            continue
        references = [name for one in several for name in _references(one)]
        expressions[name] = {"constant_value": value} | ({"references": references} if references else {})
        if not isinstance(value, list) and references:
            if name.endswith("_wo"):  # no plan contains the value of a write-only argument
                known[name] = None
            else:
                unknown[name] = True
        elif isinstance(value, list):
            known[name] = [None if _references(one) else one for one in value]
            unknown[name] = [bool(_references(one)) for one in value]
        else:
            known[name] = value
    return known, unknown, expressions


def _references(value: object) -> list[str]:
    """Each reference with the shorter form that follows it, as Terraform lists them."""
    found = _REFERENCE.findall(value) if isinstance(value, str) else []
    return [name for address, rest in found for name in dict.fromkeys((address + rest, address))]


def replanned(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The plan of a stack over a deployment of another one: everything that exists has values without references."""
    plan = planned(after)
    old, new = _deployed(before), _deployed(after)
    values = {entry["address"]: entry for entry in plan["planned_values"]["root_module"]["resources"]}
    for entry in plan["resource_changes"]:
        address = entry["address"]
        if address in old:
            same = old[address] == new[address]
            values[address]["values"] = new[address]
            entry["change"] = {
                "actions": ["no-op"] if same else ["update"],
                "before": old[address],
                "after": new[address],
                "after_unknown": {},
            }
    for one in View(before):
        if one.address not in new:
            change = {"actions": ["delete"], "before": old[one.address], "after": None, "after_unknown": {}}
            head = {"address": one.address, "mode": "managed", "type": one.type, "name": one.name}
            plan["resource_changes"].append({**head, "change": change})
    plan["output_changes"] = {
        name: {"before": before.get("output", {}).get(name, {}).get("value"), "after": output["value"]}
        for name, output in after.get("output", {}).items()
    }
    return plan


def _deployed(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The values of every resource as after an apply: what others refer to and the stack does not set is a text of its
    own, such as `aws_vpc.main/id`.
    """
    written = {
        one.address: {name: value for name, value in one.raw.items() if name not in _META} for one in View(document)
    }
    found = {address: {"id": f"{address}/id", **_literal(body, written)} for address, body in written.items()}
    for address, attribute in _WHOLE.findall(json.dumps(document["resource"])):
        if address in found:
            found[address].setdefault(attribute, f"{address}/{attribute}")
    return found


def _literal(value: Any, written: Mapping[str, Mapping[str, Any]]) -> Any:
    if isinstance(value, dict):
        return {key: _literal(inner, written) for key, inner in value.items()}
    if isinstance(value, list):
        return [_literal(inner, written) for inner in value]
    return _WHOLE.sub(lambda found: _target(found, written), value) if isinstance(value, str) else value


def _target(found: re.Match[str], written: Mapping[str, Mapping[str, Any]]) -> str:
    address, attribute = found.groups()
    known = written.get(address, {}).get(attribute)
    return known if isinstance(known, str) and "${" not in known else f"{address}/{attribute}"
