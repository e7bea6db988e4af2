"""The metadata of the objects of a module."""

from collections.abc import Mapping
from typing import Any

from terrace.modules.enabled import EnabledModule
from terrace.workloads.context import Context


def metadata(
    name: str,
    module: EnabledModule,
    context: Context,
    *,
    namespace: str | None = "",
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Name, namespace (by default the module's; None: cluster-scoped), the labels of the module, and further ones."""
    result: dict[str, Any] = {"name": name, "labels": context.labels(module) | dict(labels or {})}
    if namespace is not None:
        result["namespace"] = namespace or module.namespace
    if annotations:
        result["annotations"] = dict(annotations)
    return result
