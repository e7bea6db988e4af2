"""Settings that an edit of the environment cannot change in what is deployed: a change would replace the resource.

The stack ignores changes of them, because a replacement loses what the resource stores. A plan names each setting that
therefore has no effect.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from terrace.capabilities.cloud import Facts, Kept
from terrace.deployment.autoscaling import value_at
from terrace.words import counted


def sentences(plan: Mapping[str, Any], stack: Mapping[str, Any], known: Facts) -> Iterator[str]:
    """A sentence for each setting that differs from what a plan (JSON plan format) keeps."""
    found: dict[tuple[str, Kept], list[str]] = {}
    for record in plan.get("resource_changes", []):
        type, before = record["type"], record["change"].get("before")
        written = stack.get("resource", {}).get(type, {}).get(record["name"])
        if not before or not written or record["change"]["actions"] not in (["no-op"], ["update"]):
            continue
        for one in known.kept.get(type, ()):
            if not _agree(value_at(written, one.path), value_at(before, one.path)):
                found.setdefault((type, one), []).append(record["address"])
    for (_, one), addresses in found.items():
        others = f" and {counted(len(addresses) - 1, 'other')}" if len(addresses) > 1 else ""
        yield (
            f"`{one.setting}` does not change {addresses[0]}{others}: {one.reason}. Set it back, or make what needs "
            "another value in a new environment and move the data"
        )


def _agree(written: Any, deployed: Any) -> bool:
    """Whether a resource has what the stack has; a reference is not compared, and neither is what the stack leaves
    out."""
    if written is None or (isinstance(written, str) and "${" in written):
        return True
    if isinstance(deployed, list):
        each = written if isinstance(written, list) else [written]
        return len(each) == len(deployed) and all(map(_agree, each, deployed))
    if isinstance(written, Mapping):
        return isinstance(deployed, Mapping) and all(_agree(one, deployed.get(name)) for name, one in written.items())
    return bool(written == deployed)
