"""Which resource types the emulators are asked to carry: those of the stacks, by capability and cloud."""

from collections.abc import Iterable, Mapping
from typing import Any

from terrace.capabilities.cloud import TITLES


def table(stacks: Mapping[str, Iterable[Mapping[str, Any]]]) -> str:
    """A Markdown table for docs/emulators.md, from each cloud's synthesized stacks (the content of cdk.tf.json)."""
    types: dict[str, dict[str, set[str]]] = {}
    for cloud, documents in stacks.items():
        for document in documents:
            for kind, resources in document.get("resource", {}).items():
                for body in resources.values():
                    capability = body["//"]["metadata"]["path"].split("/")[1]
                    types.setdefault(capability, {}).setdefault(cloud, set()).add(kind.partition("_")[2])
    rows = [f"| capability | {' | '.join(TITLES[cloud] for cloud in stacks)} |", "|---" * (len(stacks) + 1) + "|"]
    for capability, by_cloud in sorted(types.items()):
        cells = (", ".join(f"`{kind}`" for kind in sorted(by_cloud.get(cloud, ()))) or "-" for cloud in stacks)
        rows.append(f"| {capability} | {' | '.join(cells)} |")
    counts = (str(len(set().union(*(by_cloud.get(cloud, set()) for by_cloud in types.values())))) for cloud in stacks)
    rows.append(f"| types in all | {' | '.join(counts)} |")
    return "\n".join(rows)
