"""Checks of pods: the restricted standard (WL-1), images (WL-2, WL-3), resources and spread (WL-8, WL-9)."""

from collections.abc import Iterator
from datetime import date

from terrace.assurance.checks.workloads.lookup import admitted, per_object, spec_of
from terrace.assurance.evaluation import NotRequired, Observation, check, empty, equal, includes
from terrace.assurance.workloads_view import Workloads
from terrace.workloads import bootstrap
from terrace.workloads.policies import SIGNED, repositories

_ENFORCE = "pod-security.kubernetes.io/enforce"
_PROD_POLICIES = ("replicated-in-prod", "spread-over-zones-in-prod", "disruption-budget-in-prod")


@check("WL-1")
def restricted_namespaces(workloads: Workloads) -> Iterator[Observation]:
    """Each namespace enforces restricted; less only where a module declares it, with exceptions of policies."""
    found = {one["metadata"]["name"]: one["metadata"].get("labels", {}) for one in workloads.kind("Namespace")}
    for namespace in workloads.namespaces:
        modules = [one for one in workloads.modules if one.namespace == namespace]
        level = found.get(namespace, {}).get(_ENFORCE)
        declared = {one.contract.pod_security for one in modules if one.contract.exceptions}
        yield Observation(
            f"Namespace {namespace}",
            f"{_ENFORCE} = {level}",
            level == "restricted" or level in declared,
            "restricted, or the level of a module with policy exceptions",
        )


@check("WL-1")
def restricted_pods(workloads: Workloads) -> Iterator[Observation]:
    """No pod violates a policy of the Pod Security Standards, except as declared."""
    yield from per_object(workloads, workloads.pods, workloads.of_category("Pod Security"))
    yield from admitted(workloads)


@check("WL-1")
def exceptions_dated(workloads: Workloads) -> Iterator[Observation]:
    """Each exception is one that a module declares, for its own namespace, with its end date."""
    declared: dict[tuple[str, str], set[date]] = {}
    for module in workloads.modules:
        for exception in module.contract.exceptions:
            declared.setdefault((module.namespace, exception.policy), set()).add(exception.until)
    known = {policy["metadata"]["name"] for policy in workloads.policies}
    found = workloads.kind("PolicyException")
    if not found and not declared:
        raise NotRequired("no module declares a policy exception")
    for one in found:
        name, namespace = f"PolicyException {one['metadata']['name']}", one["metadata"].get("namespace", "")
        names = {ref["name"] for ref in spec_of(one).get("policyRefs", [])}
        yield includes(name, "policies of the project", known, names)
        until = str(spec_of(one).get("expiresAt", ""))[:10]
        ends = [until in map(str, declared.get((namespace, policy), ())) for policy in names]
        yield Observation(name, f"expires {until or 'never'}", bool(ends) and all(ends), "as a module declares")
        yield Observation(name, "has not expired", bool(until) and until >= workloads.today.isoformat(), "a later date")


@check("WL-2")
def images_pinned(workloads: Workloads) -> Iterator[Observation]:
    """Each image that a module declares has a digest, or the module an exception; and pods use it."""
    for module in workloads.modules:
        excepted = any(one.policy == "images-pinned-by-digest" for one in module.contract.exceptions)
        for image in module.contract.images:
            yield Observation(
                f"{module.name}/{image.repository}:{image.tag}",
                f"digest = {image.digest or ('unset, with a policy exception' if excepted else 'unset')}",
                bool(image.digest) or excepted,
                "a digest in module.yaml, or an exception with an end date",
            )
    yield from per_object(workloads, workloads.pods, ["images-pinned-by-digest"])


@check("WL-2")
def images_declared(workloads: Workloads) -> Iterator[Observation]:
    """Pods pull declared images only, and the cluster admits no others."""
    declared = {image.repository for module in workloads.modules for image in module.contract.images}
    own_repositories = repositories(workloads.context)
    declared |= {image.repository for image in bootstrap.IMAGES}
    for one, spec in workloads.pods:
        containers = [*spec.get("containers", []), *(spec.get("initContainers") or [])]
        used = {_repository(str(container.get("image", ""))) for container in containers}
        own = {image for image in used if any(image.startswith(prefix) for prefix in own_repositories)}
        yield includes(f"{one['kind']} {one['metadata'].get('name')}", "declared images", declared | own, used)
    yield from per_object(workloads, workloads.pods, ["images-from-our-registry"])
    yield from admitted(workloads)


@check("WL-3")
def images_signed(workloads: Workloads) -> Iterator[Observation]:
    """The cluster verifies signatures with the keys of the environment."""
    signatures = workloads.context.environment.registry.signatures
    if signatures is None:
        raise NotRequired("registry.signatures is not set")
    name = f"policy {SIGNED}"
    policies = [one for one in workloads.kind("ImageValidatingPolicy") if one["metadata"]["name"] == SIGNED]
    yield equal(name, "installed", len(policies), 1)
    for policy in policies:
        keys = [one["cosign"]["key"]["data"] for one in spec_of(policy)["attestors"]]
        yield Observation(name, f"{len(keys)} keys", keys == list(signatures.keys), "the keys of registry.signatures")
        unchecked = [kind for kind in ("containers", "initContainers", "ephemeralContainers")
                     if kind not in str(spec_of(policy)["validations"])]  # fmt: skip
        yield empty(name, "unchecked images", unchecked)


@check("WL-8")
def resources_limited(workloads: Workloads) -> Iterator[Observation]:
    """Each namespace has a quota and a limit range, and each container requests and a memory limit."""
    for namespace in workloads.namespaces:
        for kind in ("ResourceQuota", "LimitRange"):
            found = workloads.kind(kind, namespace=namespace)
            yield Observation(f"Namespace {namespace}", f"{kind}: {len(found)}", bool(found), "one")
    yield from per_object(workloads, workloads.pods, ["resources-set"])


@check("WL-9")
def disruption_limited(workloads: Workloads) -> Iterator[Observation]:
    """Each component with several pods has a budget; in prod, all replicated workloads spread over zones."""
    budgets = workloads.kind("PodDisruptionBudget")
    missing = {one.release.name for one in workloads.missing}
    replicated = False
    for module in workloads.modules:
        own = [one for one in budgets if one["metadata"]["namespace"] == module.namespace]
        selectors = [spec_of(one).get("selector", {}).get("matchLabels", {}) for one in own]
        for name, component in module.contract.components.items():
            size = component.sizes.get(module.size)
            if size is None or size.replicas < 2 or component.per_node or component.jobs:
                continue
            replicated = True
            if not component.pods and module.name in missing:
                yield Observation(f"{module.name}/{name}", "budget: left to its chart, which is not at hand", True)
                continue
            selected = dict(component.pods) in selectors if component.pods else bool(own)
            fact = f"{size.replicas} pods, budget: {selected}"
            yield Observation(f"{module.name}/{name}", fact, selected, "a budget")
    if workloads.context.environment.tier == "prod":
        yield from per_object(workloads, workloads.pods, _PROD_POLICIES)
    elif not replicated:
        raise NotRequired("no component has several pods; replicas are required in prod")


def _repository(image: str) -> str:
    """An image without its tag and digest."""
    path = image.partition("@")[0]
    head, _, tag = path.rpartition(":")
    return head if head and "/" not in tag else path
