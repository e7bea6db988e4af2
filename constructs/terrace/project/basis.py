"""What a foundation rests on: the resources of its environment's bootstrap stack, beside its own in `cdk.tf.json`.

Checks read both as one, since the guarantees are those of the environment. Terraform does not read them: they are in a
comment (`//`). A foundation that had them in its own state forgets them (`removed`), so that no apply destroys the
identities of the pipelines.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_KEY = "bootstrap"
Resources = dict[str, dict[str, Any]]
"""By type and name."""


def add(foundation: Path, bootstrap: Path) -> None:
    """Write the bootstrap's resources into the foundation's `cdk.tf.json`."""
    document, basis = (json.loads(path.read_text(encoding="utf-8")) for path in (foundation, bootstrap))
    joined = with_basis(document, basis["resource"])
    joined["removed"] = [
        {"from": f"{type}.{name}", "lifecycle": {"destroy": False}}
        for type, group in sorted(basis["resource"].items())
        for name in sorted(group)
        if name not in document["resource"].get(type, {})
    ]
    foundation.write_text(json.dumps(joined, indent=2, ensure_ascii=False), encoding="utf-8")


def with_basis(document: Mapping[str, Any], basis: Mapping[str, Any]) -> dict[str, Any]:
    """A foundation that rests on other resources."""
    return {**document, "//": {**document.get("//", {}), _KEY: {"resource": basis}}}


def joined(document: Mapping[str, Any]) -> dict[str, Any]:
    """A foundation and what it rests on as one stack."""
    comment = {key: value for key, value in document.get("//", {}).items() if key != _KEY}
    kept = {key: value for key, value in document.items() if key != "removed"}
    return {**kept, "//": comment, "resource": resources(document)}


def resources(document: Mapping[str, Any]) -> Resources:
    """The resources of a foundation and of what it rests on; of any other stack, its own."""
    own, below = document.get("resource", {}), basis(document)
    return {type: {**below.get(type, {}), **own.get(type, {})} for type in dict.fromkeys((*own, *below))}


def basis(document: Mapping[str, Any]) -> Resources:
    """The resources that a foundation rests on; of any other stack, none."""
    found: Resources = document.get("//", {}).get(_KEY, {}).get("resource", {})
    return found
