"""To what a Kyverno policy applies: kinds, namespaces, and the pod templates of controllers. Needs no CEL."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from terrace.workloads.context import Object

_PLURALS = {"Ingress": "ingresses", "IngressClass": "ingressclasses", "StorageClass": "storageclasses",
            "PriorityClass": "priorityclasses", "Gateway": "gateways"}  # fmt: skip
_WITHOUT_NAMESPACE = """
    Namespace Node PersistentVolume ClusterRole ClusterRoleBinding CustomResourceDefinition APIService StorageClass
    VolumeSnapshotClass CSIDriver PriorityClass RuntimeClass IngressClass ValidatingWebhookConfiguration
    MutatingWebhookConfiguration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding GatewayClass ClusterIssuer
    ClusterSecretStore ClusterExternalSecret ValidatingPolicy MutatingPolicy GeneratingPolicy ImageValidatingPolicy
    ClusterPolicy CiliumClusterwideNetworkPolicy ClusterTriggerAuthentication
"""
CLUSTER_SCOPED = frozenset(_WITHOUT_NAMESPACE.split())
"""Kinds of objects that are in no namespace."""
_CONTROLLERS = dict.fromkeys(("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"), "spec.template")
TEMPLATES: Mapping[str, str] = {**_CONTROLLERS, "CronJob": "spec.jobTemplate.spec.template"}
"""Kinds of pod controllers, and the path of their pod template."""


def supports_controllers(spec: Object) -> bool:
    """Whether Kyverno applies the policy to the templates of pod controllers too."""
    match = spec["matchConstraints"]
    rules = match["resourceRules"]
    return (
        not match.get("objectSelector")
        and not match.get("excludeResourceRules")
        and len(rules) == 1
        and (rules[0]["apiGroups"], rules[0]["apiVersions"], rules[0]["resources"]) == ([""], ["v1"], ["pods"])
        and not rules[0].get("resourceNames")
    )


def spec_for(spec: Object, document: Object, namespace: Object | None = None) -> Object | None:
    """The spec as it applies to the object: rewritten for a pod controller; None if it does not apply."""
    constraints = spec["matchConstraints"]
    if not _selects_namespace(constraints, document, namespace):
        return None
    if _matches(constraints, document):
        return spec
    template = TEMPLATES.get(document["kind"])
    if template is None or not supports_controllers(spec):
        return None
    return _rewritten(json.dumps(spec), template)


@lru_cache(maxsize=512)
def _rewritten(spec: str, template: str) -> Object:
    """A spec as JSON text, for a pod template. Callers must not change it."""
    rewritten: Object = json.loads(in_template(spec, template))
    return rewritten


def in_template(text: str, template: str) -> str:
    """CEL for a pod, rewritten for the pod template at a path of a controller."""
    for part in ("spec", "metadata"):
        text = re.sub(rf"\b(object|oldObject)\.{part}(?!\.namespace\b)", rf"\1.{template}.{part}", text)
    return text


def title_of(document: Object) -> str:
    """`Kind namespace/name`, or `Kind name`."""
    namespace = document["metadata"].get("namespace")
    name = document["metadata"].get("name") or document["metadata"].get("generateName", "")
    return f"{document['kind']} {namespace}/{name}" if namespace else f"{document['kind']} {name}"


def resource_of(kind: str) -> str:
    """The plural name of a kind: pods for Pod."""
    lower = kind.lower()
    return _PLURALS.get(kind) or (
        f"{lower[:-1]}ies" if lower.endswith("y") and lower[-2] not in "aeiou" else f"{lower}s"
    )


def _matches(constraints: Object, document: Object) -> bool:
    group, _, version = document["apiVersion"].rpartition("/")
    return any(
        group in rule["apiGroups"]
        and version in rule["apiVersions"]
        and resource_of(document["kind"]) in rule["resources"]
        and "CREATE" in rule["operations"]
        for rule in constraints["resourceRules"]
    )


def _selects_namespace(constraints: Object, document: Object, namespace: Object | None) -> bool:
    """Whether the namespace selector selects the object. It never leaves out cluster-scoped objects."""
    if document["kind"] in CLUSTER_SCOPED and document["kind"] != "Namespace":
        return True
    home = document if document["kind"] == "Namespace" else namespace or {}
    labels = {"kubernetes.io/metadata.name": namespace_of(document), **home.get("metadata", {}).get("labels", {})}
    selector = constraints.get("namespaceSelector") or {}
    tests: dict[str, Callable[[Object], bool]] = {
        "In": lambda one: labels.get(one["key"]) in one["values"],
        "NotIn": lambda one: labels.get(one["key"]) not in one["values"],
        "Exists": lambda one: one["key"] in labels,
        "DoesNotExist": lambda one: one["key"] not in labels,
    }
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items()) and all(
        tests[one["operator"]](one) for one in selector.get("matchExpressions", [])
    )


def namespace_of(document: Object) -> str:
    """The namespace of an object; of a Namespace, its name."""
    metadata = document["metadata"]
    return str(metadata.get("name" if document["kind"] == "Namespace" else "namespace") or "")


def pods_in(document: Object) -> Iterator[tuple[Object, Object]]:
    """The pod of an object: (metadata, spec) of a Pod or of a controller's template; nothing for other kinds."""
    place: Any = document
    for part in TEMPLATES.get(document["kind"], "").split("."):
        place = place.get(part, {}) if part else place
    if document["kind"] == "Pod" or document["kind"] in TEMPLATES:
        yield place.get("metadata") or {}, place.get("spec") or {}
