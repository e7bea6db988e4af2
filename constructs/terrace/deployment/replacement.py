"""Node pools of which the new one is made before the old one is deleted, and plans in which that fails.

Terraform also makes what such a pool depends on first, if the plan replaces it: a cluster, say, whose name is taken
until the old one is deleted. So does a pool whose name stays, because something outside its name forces the
replacement. Such a plan is made once more, with an override that deletes pools first.

Source: Terraform documentation, "The lifecycle Meta-Argument", on create_before_destroy and dependencies.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from terrace.capabilities.cloud import facts
from terrace.deployment import adoption
from terrace.deployment.deployment import Deployment
from terrace.deployment.terraform import Terraform

_FILE = "replacement_override.tf.json"
_NAMES = ("node_group_name", "name")


@contextmanager
def ordered(
    deployment: Deployment, terraform: Terraform, path: Path, content: Mapping[str, Any], adopted: Mapping[str, str]
) -> Iterator[Mapping[str, Any]]:
    """The plan's content; planned again if it has to delete pools first. Plans made in this context do so too.

    `adopted` is what the plan imports. Raises what a plan raises.
    """
    stack = json.loads(terraform.stack_file.read_text(encoding="utf-8"))
    pools = _pools(stack, facts(deployment.cloud).autoscaled)
    reason = _obstacle(content, stack, pools)
    if not reason:
        yield content
        return
    file = terraform.directory / _FILE
    try:
        adoption.write_imports(terraform.directory, adopted)
        file.write_text(json.dumps(_override(pools), indent=2) + "\n", encoding="utf-8")
        terraform.plan(path, on_event=deployment.on_event)
        deployment.on_message(f"node pools are deleted before new ones are made: {reason}")
        yield terraform.show(path)
    finally:
        file.unlink(missing_ok=True)
        adoption.write_imports(terraform.directory, {})


def _pools(stack: Mapping[str, Any], types: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Type and name of the pools in the stack that are made first."""
    return [
        (type, name)
        for type in types
        for name, body in stack.get("resource", {}).get(type, {}).items()
        if _made_first(body)
    ]


def _made_first(body: Mapping[str, Any]) -> bool:
    return bool(body.get("lifecycle", {}).get("create_before_destroy"))


def _obstacle(plan: Mapping[str, Any], stack: Mapping[str, Any], pools: list[tuple[str, str]]) -> str:
    """Why new pools cannot be made first; empty if they can."""
    for record in plan.get("resource_changes", []) if pools else ():
        change, type, name = record["change"], record["type"], record["name"]
        if change["actions"] != ["create", "delete"]:
            continue
        if (type, name) in pools:
            before, after = change["before"], change["after"]
            if any(before.get(one) and before.get(one) == after.get(one) for one in _NAMES):
                return f"{record['address']} is replaced and keeps its name"
        elif not _made_first(stack.get("resource", {}).get(type, {}).get(name, {})):
            return f"{record['address']}, which they depend on, is replaced"
    return ""


def _override(pools: list[tuple[str, str]]) -> dict[str, Any]:
    resources: dict[str, dict[str, Any]] = {}
    for type, name in pools:
        # a whole argument of `lifecycle` is merged, the others stay
        resources.setdefault(type, {})[name] = {"lifecycle": {"create_before_destroy": False}}
    return {"resource": resources}
