"""Namespaces with Pod Security labels, quotas and limit ranges.

Sources: Kubernetes documentation, "Pod Security Admission", "Resource Quotas", "Limit Ranges".
"""

from collections.abc import Iterable, Sequence
from math import ceil
from typing import Any, NamedTuple

from terrace.capabilities.spec import present
from terrace.errors import ContractError
from terrace.modules.enabled import EnabledModule
from terrace.workloads.context import Context, Object
from terrace.workloads.policy_scope import pods_in

CLUSTER_OWN = ("kube-system",)
"""Namespaces of the cluster's own pods, which Terrace neither creates nor limits."""

_LEVELS = ("restricted", "baseline", "privileged")
_STORAGE_HEADROOM = 1.5  # volumes that grow
_MIB, _GIB = 1, 1024


class _Total(NamedTuple):
    """The sum of the resources of pods: processor in thousandths, memory in MiB, storage in GiB."""

    pods: int = 0
    cpu: int = 0
    memory: int = 0
    storage: int = 0
    largest_memory: int = 0


def tenants(namespace: str, context: Context) -> list[EnabledModule]:
    """The modules of a namespace, in the order of their installation. The first one creates it."""
    if "tenants" not in context.memo:
        by_namespace: dict[str, list[EnabledModule]] = {}
        for module in context.modules.values():
            by_namespace.setdefault(module.namespace, []).append(module)
        context.memo["tenants"] = by_namespace
    return list(context.memo["tenants"][namespace])


def creates(module: EnabledModule, context: Context) -> bool:
    """Whether the module's base release creates the namespace, with its quota and network policies."""
    return module.namespace not in CLUSTER_OWN and tenants(module.namespace, context)[0].name == module.name


def objects(module: EnabledModule, context: Context) -> list[Object]:
    """Namespace, ResourceQuota and LimitRange, if the module is the first of its namespace.

    Raises ContractError for the namespace `default`.
    """
    if module.namespace == "default":
        raise ContractError(
            f"module {module.name} is in the namespace default, which has no policies",
            where=f"modules.{module.name}.namespace",
            hint="leave it out, and the namespace has the module's name",
        )
    if not creates(module, context):
        return []
    modules = tenants(module.namespace, context)
    level = max((one.contract.pod_security for one in modules), key=_LEVELS.index)
    total = _total(modules, context)
    return [
        namespace(module.namespace, level, context.labels(module) | _mesh(modules, context), context),
        _quota(module, context, total, public=any("gateway" in one.contract.provides for one in modules)),
        *_critical(module, modules, context),
        _limits(module, context, total),
    ]


def namespace(name: str, level: str, labels: dict[str, str], context: Context) -> Object:
    """A namespace that enforces a Pod Security Standard, at the version of the cluster, and warns of restricted."""
    version = f"v{present(context.environment.cluster).version}"
    security = {"enforce": level, "audit": "restricted", "warn": "restricted"}
    pinned = {
        f"pod-security.kubernetes.io/{mode}{suffix}": value
        for mode, standard in security.items()
        for suffix, value in (("", standard), ("-version", version))
    }
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels | pinned}}


def _mesh(modules: Sequence[EnabledModule], context: Context) -> dict[str, str]:
    """Istio's ambient mode, except for the namespace of the mesh itself."""
    mesh = context.provider("mesh")
    return {} if mesh is None or mesh in modules else {"istio.io/dataplane-mode": "ambient"}


def _quota(module: EnabledModule, context: Context, total: _Total, *, public: bool) -> Object:
    """Twice what the components request, for rolling updates, and a margin for jobs and for pods of the chart that no
    component describes."""
    hard: dict[str, str] = {
        "pods": str(2 * total.pods + 10),
        "requests.cpu": f"{2 * total.cpu + 1000}m",
        "requests.memory": f"{2 * total.memory + 2 * _GIB}Mi",
        "limits.memory": f"{2 * total.memory + 4 * _GIB}Mi",
    }
    if total.storage:
        hard["requests.storage"] = f"{ceil(total.storage * _STORAGE_HEADROOM)}Gi"
    if not public:
        hard |= {"services.loadbalancers": "0", "services.nodeports": "0"}
    return _named("ResourceQuota", module, context, {"hard": hard})


def _critical(module: EnabledModule, modules: Sequence[EnabledModule], context: Context) -> list[Object]:
    """A quota for pods of the system's priority classes: GKE has one in kube-system, and Kubernetes then refuses these
    classes in namespaces without. Twice the number of pods, for rolling updates. Source: Kubernetes documentation,
    "Limit Priority Class consumption by default"."""
    classes = sorted({f"system-{name}" for name in _priorities(modules)})
    if not classes:
        return []
    pods = _total(modules, context, only_critical=True).pods
    scope = {"scopeName": "PriorityClass", "operator": "In", "values": classes}
    spec = {"hard": {"pods": str(2 * pods)}, "scopeSelector": {"matchExpressions": [scope]}}
    return [_named("ResourceQuota", module, context, spec, name="critical")]


def undeclared(module: EnabledModule, objects: Iterable[Object]) -> list[str]:
    """Priority classes of the system that the pods of a module's chart have, and no component declares."""
    declared = {f"system-{name}" for name in _priorities([module])}
    found = {str(spec.get("priorityClassName") or "") for one in objects for _, spec in pods_in(one)}
    return [
        f"its pods have the priority class {name}, which no component declares"
        for name in sorted(found - declared)
        if name.startswith("system-")
    ]


def _priorities(modules: Sequence[EnabledModule]) -> set[str]:
    components = (component for one in modules for component in one.contract.components.values())
    return {component.priority for component in components if component.priority}


def _limits(module: EnabledModule, context: Context, total: _Total) -> Object:
    """Requests and a memory limit for containers without; no CPU limit, which throttles without protecting others."""
    container = {
        "type": "Container",
        "defaultRequest": {"cpu": "50m", "memory": "128Mi"},
        "default": {"memory": "256Mi"},
        "max": {"memory": f"{max(2 * total.largest_memory, _GIB)}Mi"},
    }
    return _named("LimitRange", module, context, {"limits": [container]})


def _named(kind: str, module: EnabledModule, context: Context, spec: dict[str, Any], *, name: str = "module") -> Object:
    metadata = {"name": name, "namespace": module.namespace, "labels": context.labels(module)}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": spec}


def _total(modules: Sequence[EnabledModule], context: Context, *, only_critical: bool = False) -> _Total:
    """The sum over all components; a component with one pod a node counts with the largest number of nodes."""
    nodes = sum(pool.max_nodes for pool in context.environment.pools.values())
    pods = cpu = memory = storage = largest = 0
    for module in modules:
        for component in module.contract.components.values():
            size = component.sizes.get(module.size)
            if size is None or (only_critical and not component.priority):
                continue
            count = nodes if component.per_node else size.replicas
            pods += count
            cpu += count * millicores(size.cpu)
            memory += count * mebibytes(size.memory)
            storage += count * (size.storage_gb or 0)
            largest = max(largest, mebibytes(size.memory))
    return _Total(pods, cpu, memory, storage, largest)


def millicores(quantity: str) -> int:
    """A quantity of processor time in thousandths: 100m, 0.5 or 2."""
    return int(quantity[:-1]) if quantity.endswith("m") else round(float(quantity) * 1000)


def mebibytes(quantity: str) -> int:
    """A quantity of memory in MiB: 256Mi or 4Gi."""
    return int(quantity[:-2]) * (_GIB if quantity.endswith("Gi") else _MIB)
