"""Kyverno's evaluation of a ValidatingPolicy, on a CEL engine for Python.

As in Kyverno 1.19, a policy for pods also applies to the pod templates of controllers (`object.spec` and
`object.metadata` are replaced in its text); match conditions come first; the first validation that is not true denies
the request. An expression that fails yields a value of type ERROR, which denies as well (failurePolicy Fail).
"""

import copy
import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_optional

Document = dict[str, Any]

_RESOURCES = {
    "Pod": "pods", "Service": "services", "PersistentVolumeClaim": "persistentvolumeclaims",
    "ServiceAccount": "serviceaccounts", "Deployment": "deployments", "StatefulSet": "statefulsets",
    "DaemonSet": "daemonsets", "ReplicaSet": "replicasets", "Job": "jobs", "CronJob": "cronjobs", "Role": "roles",
    "ClusterRole": "clusterroles", "RoleBinding": "rolebindings", "ClusterRoleBinding": "clusterrolebindings",
}  # fmt: skip
_CONTROLLERS = dict.fromkeys(("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"), "spec.template")
_TEMPLATES = {**_CONTROLLERS, "CronJob": "spec.jobTemplate.spec.template"}
_DEVELOPER = {"operation": "CREATE", "userInfo": {"username": "developer", "groups": ["system:authenticated"]}}
_ENVIRONMENT = cel.NewEnv(
    variables=dict.fromkeys(("object", "oldObject", "request", "namespaceObject", "variables"), cel.Type.DYN),
    extensions=[ext_optional.ExtOptional()],
)


def denial(policy: Document, document: Document, request: Mapping[str, Any] = _DEVELOPER) -> str | None:
    """The message that the policy denies the document with; None if it admits it or does not apply to it."""
    spec = _spec_for(policy["spec"], document)
    if spec is None:
        return None
    data = {"object": _without_nulls(document), "oldObject": None, "request": request, "variables": {}}
    for condition in spec.get("matchConditions", []):
        matches = _evaluate(condition["expression"], data)
        if isinstance(matches, Exception):
            return f"error in match condition {condition['name']}: {matches}"
        if matches is False:
            return None
    for variable in spec.get("variables", []):
        value = _evaluate(variable["expression"], data)
        if not isinstance(value, Exception):  # a missing variable is an error where it is used
            data = {**data, "variables": {**data["variables"], variable["name"]: value}}
    for validation in spec["validations"]:
        value = _evaluate(validation["expression"], data)
        if isinstance(value, Exception):
            return f"error: {value}"
        if value is not True:
            return str(validation["message"])
    return None


def supports_controllers(spec: Document) -> bool:
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


def in_controllers(pod: Document) -> list[Document]:
    """The pod as the template of a Deployment and of a CronJob."""
    metadata = {key: value for key, value in pod["metadata"].items() if key in ("labels", "annotations")}
    name = {key: value for key, value in pod["metadata"].items() if key in ("name", "namespace")}
    template = {**({"metadata": metadata} if metadata else {}), "spec": copy.deepcopy(pod["spec"])}
    return [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": name, "spec": {"template": template}},
        {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": name,
            "spec": {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": template}}},
        },
    ]


def _spec_for(spec: Document, document: Document) -> Document | None:
    if _matches(spec["matchConstraints"], document):
        return spec
    template = _TEMPLATES.get(document["kind"])
    if template is None or not supports_controllers(spec):
        return None
    text = json.dumps(spec)
    for part in ("spec", "metadata"):
        text = re.sub(rf"\b(object|oldObject)\.{part}(?!\.namespace\b)", rf"\1.{template}.{part}", text)
    result: Document = json.loads(text)
    return result


def _matches(constraints: Document, document: Document) -> bool:
    group, _, version = document["apiVersion"].rpartition("/")
    return any(
        group in rule["apiGroups"]
        and version in rule["apiVersions"]
        and _RESOURCES[document["kind"]] in rule["resources"]
        and "CREATE" in rule["operations"]
        for rule in constraints["resourceRules"]
    )


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


@cache
def _compiled(expression: str) -> Any:
    return _ENVIRONMENT.compile(expression)


def _evaluate(expression: str, data: Mapping[str, Any]) -> Any:
    """The expression's value; an exception, not raised, if it has none."""
    value = _compiled(expression).eval(data=data)
    return RuntimeError(str(value.value())) if value.type() == cel.Type.ERROR else value.plain_value()
