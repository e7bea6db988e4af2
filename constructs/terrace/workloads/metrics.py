"""Metrics that a module's alerts, dashboards and objective read, but no module exposes."""

import json
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from terrace.documents.document import plain
from terrace.documents.reading import read
from terrace.errors import Problem
from terrace.modules.enabled import EnabledModule
from terrace.workloads import dashboards, promql


def unknown(module: EnabledModule, known: Iterable[str]) -> Iterator[Problem]:
    """A problem per file and metric. `known` are the names of `promql.known`; names that a rule of the module records
    are known too."""
    files = dict(_expressions(module))
    names = {*known, *_recorded(module)}
    for file, expressions in files.items():
        for name in sorted(promql.unknown(expressions, names)):
            if not name.startswith("terrace:slo_"):
                near = get_close_matches(name, sorted(names), n=1, cutoff=0.85)
                hint = (
                    f"Did you mean {near[0]!r}?" if near else "If one does, add it to its metrics.txt with its source."
                )
                yield Problem(f"no module exposes the metric {name!r}.", file, hint=hint)


def _expressions(module: EnabledModule) -> Iterator[tuple[str, list[str]]]:
    """The PromQL of each file of the module."""
    own = module.folder.name
    slo = module.contract.observability.slo
    if slo is not None:
        yield f"{own}/module.yaml", [slo.good.replace("$window", "5m"), slo.total.replace("$window", "5m")]
    for path in sorted((module.folder / "alerts").glob("*.yaml")):
        shown = f"{own}/alerts/{path.name}"
        yield shown, [str(rule["expr"]) for rule in _rules(path, shown)]
    for path in sorted((module.folder / "dashboards").glob("*.json")):
        dashboard = json.loads(path.read_text(encoding="utf-8"))
        yield f"{own}/dashboards/{path.name}", list(dashboards.expressions(dashboard))


def _recorded(module: EnabledModule) -> Iterator[str]:
    for path in sorted((module.folder / "alerts").glob("*.yaml")):
        for rule in _rules(path, f"{module.folder.name}/alerts/{path.name}"):
            if "record" in rule:
                yield str(rule["record"])


def _rules(path: Path, shown: str) -> Iterator[dict[str, Any]]:
    for group in plain(read(path, shown).root).get("groups", []):
        yield from group.get("rules", [])
