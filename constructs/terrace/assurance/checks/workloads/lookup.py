"""What several checks of the workloads read."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from terrace.assurance.evaluation import Observation
from terrace.assurance.workloads_view import Workloads
from terrace.modules.enabled import EnabledModule
from terrace.workloads.context import Object
from terrace.workloads.policy_scope import title_of


def spec_of(one: Object) -> Object:
    """The spec of an object; empty if it has none."""
    found: Object = one.get("spec") or {}
    return found


def per_object(
    workloads: Workloads, objects: Iterable[tuple[Object, Object]] | Sequence[Object], names: Iterable[str]
) -> Iterator[Observation]:
    """An observation for each object: what policies deny of it, or that they admit it."""
    checked = list(names)
    denied: dict[str, list[str]] = {}
    for one in workloads.denied(checked):
        denied.setdefault(one.object, []).append(f"{one.message} ({one.policy})")
    for given in objects:
        title = title_of(given[0] if isinstance(given, tuple) else given)
        messages = denied.get(title, [])
        fact = "; ".join(messages) if messages else f"admitted by {len(checked)} policies"
        yield Observation(title, fact, not messages)


def admitted(workloads: Workloads) -> Iterator[Observation]:
    """Charts that are not at hand: their objects are checked when the cluster admits them, if a module does that."""
    provider = workloads.context.provider("admission")
    for one in workloads.missing:
        fact = f"{one.skipped}: checked when it is admitted" if provider else one.skipped
        yield Observation(f"release {one.release.name}", fact, provider is not None, "a module that provides admission")


def values_of(workloads: Workloads, module: EnabledModule) -> Mapping[str, Any]:
    """The values of the module's first chart, which are known whether or not the chart is at hand."""
    name = next(iter(module.chart_releases), None)
    return next((one.release.values for one in workloads.rendered if one.release.name == name), {})


def at(values: Any, path: str) -> Any:
    """The value at a dotted path; None where there is none."""
    for key in path.split("."):
        values = values.get(key) if isinstance(values, Mapping) else None
    return values


def alerts_in(objects: Iterable[Object]) -> list[Object]:
    """The alerts of PrometheusRules."""
    return [rule for rule in rules_in(objects) if "alert" in rule]


def rules_in(objects: Iterable[Object]) -> list[Object]:
    """The rules of PrometheusRules, recording ones too."""
    return [
        rule
        for one in objects
        if one["kind"] == "PrometheusRule"
        for group in spec_of(one).get("groups", [])
        for rule in group.get("rules", [])
    ]
