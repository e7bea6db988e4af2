"""Checks of the logs of pods: how they reach the module that stores them, and how long it keeps them (OBS-1).

Both read the values of the modules' charts, which are known whether or not the charts are at hand. Sources: Vector,
sources `kubernetes_logs`, transforms `remap`, sinks `elasticsearch`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from terrace.assurance.checks.workloads.lookup import at, values_of
from terrace.assurance.evaluation import NotRequired, Observation, check, empty, equal
from terrace.assurance.workloads_view import Workloads
from terrace.calls import Absent
from terrace.modules.enabled import EnabledModule
from terrace.workloads import values
from terrace.workloads.context import Object
from terrace.workloads.policy_scope import pods_in, title_of

_SELECTING = (
    "extra_field_selector", "extra_label_selector", "extra_namespace_label_selector",
    "include_paths_glob_patterns", "exclude_paths_glob_patterns",
)  # fmt: skip
"""Options of the source by which it reads some pods only."""


@check("OBS-1")
def logs_shipped(workloads: Workloads) -> Iterator[Observation]:
    """The logs of all pods reach the module that stores logs: from every node, encrypted, and with secrets redacted."""
    store = _store(workloads)
    shippers = [
        (module, pipeline) for module in workloads.modules if (pipeline := _Pipeline.of(workloads, module)).pod_logs
    ]
    if not shippers:
        raise Absent(f"no enabled module ships the logs of pods to {store.name}")
    for module, pipeline in shippers:
        given = values_of(workloads, module)
        per_node = any(one.per_node for one in module.contract.components.values()) and given.get("role") == "Agent"
        everywhere = per_node and {"operator": "Exists"} in (given.get("tolerations") or [])
        yield Observation(
            module.name, f"runs on every node: {everywhere}", everywhere, "a pod on each, tainted ones too"
        )
        own = [name for name, sink in pipeline.sinks.items() if _is_store(sink, store)]
        for name, source in pipeline.pod_logs.items():
            yield empty(f"{module.name}/{name}", "pods left out by", [key for key in _SELECTING if source.get(key)])
            to = [sink for sink in own if pipeline.delivers(name, pipeline.sinks[sink])]
            yield Observation(f"{module.name}/{name}", f"sinks in {store.name}: {', '.join(to) or 'none'}", bool(to),
                              f"a sink with TLS in {store.name} that drops nothing")  # fmt: skip
        for name, sink in pipeline.sinks.items():
            raw = [one for one in sink.get("inputs", []) if pipeline.raw(one)]
            yield empty(f"{module.name}/{name}", "inputs without the module's redaction", raw)


@check("OBS-1")
def logs_retained(workloads: Workloads) -> Iterator[Observation]:
    """The module that stores logs deletes them after the environment's retention, and keeps them on volumes of the
    platform's class, which are encrypted with the environment's key."""
    store = _store(workloads)
    jobs = [
        (one, variables)
        for one in _objects(workloads, store)
        if one["kind"] == "CronJob" and "DAYS" in (variables := _variables(one))
    ]
    if not jobs:
        raise Absent(f"nothing in {store.name} deletes logs after their retention")
    for one, variables in jobs:
        days = workloads.context.environment.observability.retention_days
        yield equal(title_of(one), "days kept", variables["DAYS"], str(days))
        yield equal(title_of(one), "suspended", bool(one["spec"].get("suspend")), False)
    disk = values_of(workloads, store).get("persistence") or {}
    yield equal(store.name, "persistence", disk.get("enabled", True), True)
    yield equal(store.name, "class of its volumes", disk.get("storageClass"), workloads.context.cloud.STORAGE_CLASS)
    classes = [one["metadata"]["name"] for one in workloads.kind("StorageClass")]
    yield Observation(
        store.name, f"classes of the stack: {', '.join(classes)}", disk.get("storageClass") in classes, "its class"
    )


def _store(workloads: Workloads) -> EnabledModule:
    store = workloads.context.provider("logs")
    if store is None:
        raise NotRequired("no enabled module provides logs; the cloud's own store has them")
    return store


@dataclass(frozen=True)
class _Pipeline:
    """Vector's configuration. `declared` are the transforms as the module has them, without an environment's values."""

    sources: Mapping[str, Any]
    transforms: Mapping[str, Any]
    sinks: Mapping[str, Any]
    declared: Mapping[str, Any]

    @classmethod
    def of(cls, workloads: Workloads, module: EnabledModule) -> "_Pipeline":
        config = at(values_of(workloads, module), "customConfig") or {}
        sources, transforms, sinks = (config.get(part) or {} for part in ("sources", "transforms", "sinks"))
        own = values.values(replace(module, values={}), workloads.context) if config else {}
        return cls(sources, transforms, sinks, at(own, "customConfig.transforms") or {})

    @property
    def pod_logs(self) -> Mapping[str, Any]:
        """The sources that read the logs of pods."""
        return {name: one for name, one in self.sources.items() if one.get("type") == "kubernetes_logs"}

    def raw(self, output: str) -> bool:
        """Whether events of an output may be logs that no transform has redacted. A transform redacts if it is as the
        module has it and drops what it cannot process; its output `.dropped` has those events."""
        name, _, port = output.partition(".")
        if name in self.sources:
            return bool(self.sources[name].get("type") != "internal_metrics")
        transform = self.transforms.get(name)
        if transform is None:
            return True
        source = str(transform.get("source", ""))
        redacts = (
            transform.get("type") == "remap"
            and transform.get("drop_on_error") is True
            and bool(re.search(r"\.message\s*=\s*redact\(", source))
            and source == at(self.declared, f"{name}.source")
        )
        return not (redacts and port != "dropped") and any(self.raw(one) for one in transform.get("inputs", []))

    def delivers(self, source: str, part: Mapping[str, Any]) -> bool:
        """Whether every event of a source reaches a sink or transform: through `remap` only, which neither filters nor
        samples."""
        inputs: Sequence[str] = part.get("inputs", [])
        return source in inputs or any(
            one.get("type") == "remap" and self.delivers(source, one)
            for name in inputs
            if (one := self.transforms.get(name))
        )


def _is_store(sink: Mapping[str, Any], store: EnabledModule) -> bool:
    """Whether a sink writes to Services of the module, over TLS with a verified certificate."""
    addresses = [urlsplit(one) for one in sink.get("endpoints", [])]
    tls = sink.get("tls") or {}
    return (
        bool(addresses)
        and all(one.scheme == "https" for one in addresses)
        and all((one.hostname or "").split(".")[1:2] == [store.namespace] for one in addresses)
        and tls.get("verify_certificate", True) is True
        and tls.get("verify_hostname", True) is True
    )


def _objects(workloads: Workloads, module: EnabledModule) -> list[Object]:
    """The objects of a module's namespace, and those in the values of a chart that is not at hand."""
    rendered = [one for one in workloads.objects if one["metadata"].get("namespace") == module.namespace]
    if module.name in {one.release.name for one in workloads.missing}:
        return [*rendered, *(values_of(workloads, module).get("extraObjects") or [])]
    return rendered


def _variables(workload: Object) -> dict[str, str]:
    """The environment variables of a workload's containers that have a value."""
    return {
        one["name"]: str(one["value"])
        for _, spec in pods_in(workload)
        for container in spec.get("containers", [])
        for one in container.get("env") or []
        if "value" in one
    }
