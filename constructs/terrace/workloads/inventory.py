"""The inventory of a module: the kinds and names of what its chart renders to, in `inventory.json` beside module.yaml.

It is the union over all clouds and tiers. A change of the chart's version without a new inventory is noticed even where
the chart is not at hand. Custom resource definitions in a chart's crds/ folder are not rendered and not listed.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from terrace.modules.contract import ChartSpec
from terrace.modules.loading import LoadedModule
from terrace.workloads.context import Object

FILE = "inventory.json"
WRITE = "write it with `terrace modules check --write`"
_SHOWN = 4

Names = dict[str, set[str]]
"""Kind to the names of its objects."""


def names(objects: Iterable[Object]) -> Names:
    """The kinds and names of objects."""
    found: Names = {}
    for one in objects:
        found.setdefault(one["kind"], set()).add(str(one["metadata"].get("name", "")))
    return found


def document(chart: ChartSpec, found: Mapping[str, Iterable[str]]) -> dict[str, Any]:
    """The content of the file."""
    objects = {kind: sorted(found[kind]) for kind in sorted(found)}
    return {"chart": chart.name, "version": chart.version, "objects": objects}


def read(module: LoadedModule) -> dict[str, Any] | None:
    """The module's inventory; None if it has none."""
    path = module.folder / FILE
    if not path.is_file():
        return None
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def write(module: LoadedModule, found: Mapping[str, Iterable[str]]) -> bool:
    """Write the module's inventory, and return whether it has changed."""
    assert module.contract.chart is not None
    text = json.dumps(document(module.contract.chart, found), indent=1) + "\n"
    path = module.folder / FILE
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    path.write_text(text, encoding="utf-8")
    return True


def version_problem(module: LoadedModule) -> str | None:
    """What is wrong with the inventory, known without the chart."""
    chart, known = module.contract.chart, read(module)
    if chart is None or known is None:
        return None
    if (known["chart"], known["version"]) != (chart.name, chart.version):
        return f"{FILE} is of {known['chart']} {known['version']}, but module.yaml pins {chart.name} {chart.version}"
    return None


def problems(module: LoadedModule, found: Mapping[str, Iterable[str]]) -> list[str]:
    """Differences between the inventory and what the chart rendered to on all clouds and tiers."""
    known = read(module)
    if known is None:
        return [f"{FILE} is missing"]
    before, now = known["objects"], {kind: set(names) for kind, names in found.items()}
    result = []
    for kind in sorted({*before, *now}):
        expected, actual = set(before.get(kind, ())), now.get(kind, set())
        for words, differing in (("no longer renders", expected - actual), ("also renders", actual - expected)):
            if differing:
                shown = ", ".join(sorted(differing)[:_SHOWN]) + (", ..." if len(differing) > _SHOWN else "")
                result.append(f"its chart {words} {kind} {shown}, compared with {FILE}")
    return result
