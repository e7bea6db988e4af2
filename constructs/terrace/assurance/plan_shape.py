"""A view in the format of `terraform show -json PLAN`, which checkov's `terraform_plan` framework reads.

A value that is only a reference is under `configuration`, as in a real plan, so that checkov sees connections between
resources. A reference inside text (a policy that names a bucket) is resolved where the stack has the value, and becomes
the address otherwise: policies stay readable, which a real plan hides until their values are known.
"""

import json
import re
from typing import Any

from terrace.assurance.plan_document import Unknown
from terrace.assurance.view import Reference, View

FORMAT = "1.2"
_REFERENCE = re.compile(r"\$\{((?:data\.)?[a-z][a-z0-9_]*\.[A-Za-z0-9_-]+)((?:\.[A-Za-z0-9_-]+|\[[^\]]*\])*)\}")
_META = ("//", "provider", "depends_on", "lifecycle", "count", "for_each", "connection", "provisioner")


def plan_of(view: View) -> dict[str, Any]:
    """The plan document of a view: every resource, and the data sources of the stack."""
    values: list[dict[str, Any]] = []
    configuration: list[dict[str, Any]] = []
    blocks = [("managed", one.type, one.name, one.raw) for one in view] + [
        ("data", type, name, body)
        for type, group in view.document.get("data", {}).items()
        for name, body in group.items()
    ]
    for mode, type, name, body in blocks:
        address = f"{'data.' if mode == 'data' else ''}{type}.{name}"
        head = {"address": address, "mode": mode, "type": type, "name": name}
        known, expressions = _split({key: value for key, value in body.items() if key not in _META}, view)
        values.append({**head, "values": known})
        configuration.append({**head, "expressions": expressions})
    return {
        "format_version": FORMAT,
        "terraform_version": "1.11.0",
        "planned_values": {"root_module": {"resources": values}},
        "resource_changes": [],
        "configuration": {"provider_config": _providers(view), "root_module": {"resources": configuration}},
    }


def _providers(view: View) -> dict[str, Any]:
    """The provider blocks, by name and alias; only plain values."""
    found = {}
    for name, block in view.providers:
        alias = block.get("alias")
        plain = {key: value for key, value in block.items() if isinstance(value, str | int | float | bool)}
        found[f"{name}.{alias}" if alias else name] = {
            "name": name,
            **({"alias": alias} if alias else {}),
            "expressions": {key: {"constant_value": value} for key, value in plain.items() if key != "alias"},
        }
    return found


def _split(block: dict[str, Any], view: View) -> tuple[dict[str, Any], dict[str, Any]]:
    """The known values of a block, and the references of the others."""
    known: dict[str, Any] = {}
    expressions: dict[str, Any] = {}
    for key, value in block.items():
        if isinstance(value, Unknown) or value == []:  # an empty list is how providers write what is not set
            continue
        if isinstance(value, dict):
            inner, below = _split(value, view)
            # A single block: checkov reads its references only in a list.
            known[key], found = ([inner], [below]) if below else (inner, None)
            if found:
                expressions[key] = found
        elif isinstance(value, list) and any(isinstance(entry, dict) for entry in value):
            pairs = [_split(entry, view) if isinstance(entry, dict) else (entry, {}) for entry in value]
            known[key] = [inner for inner, _ in pairs]
            if any(below for _, below in pairs):
                expressions[key] = [below for _, below in pairs]
        elif isinstance(value, list):
            references = [address for entry in value for address in _whole(entry)]
            known[key] = [None if _whole(entry) else _text(entry, view) for entry in value]
            if references:
                expressions[key] = {"references": references}
        elif references := _whole(value):
            expressions[key] = {"references": references}
        else:
            known[key] = _text(value, view)
    return known, expressions


def _whole(value: object) -> list[str]:
    """The addresses, the longest first, of a value that is only a reference."""
    found = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
    return [found[1] + found[2], found[1]] if found else []


def _text(value: object, view: View) -> object:
    """Text with its references resolved; any other value unchanged."""
    if not isinstance(value, str) or "${" not in value:
        return value

    def resolved(found: re.Match[str]) -> str:
        inner = view.resolved(found[0])
        text = view.text(inner) if isinstance(inner, Reference) else str(inner)
        known = not isinstance(inner, Reference) or text != str(inner)
        # Within JSON text the inserted value must not end the string that contains it.
        return json.dumps(text)[1:-1] if known else found[1] + found[2]

    return _REFERENCE.sub(resolved, value)
