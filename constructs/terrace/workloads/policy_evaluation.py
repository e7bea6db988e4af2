"""Evaluates Kyverno's policies over Kubernetes objects, on a CEL engine for Python.

As in Kyverno 1.19: mutating policies change an object first. A policy for pods also applies to the pod templates of
controllers (`object.spec` and `object.metadata` are replaced in its text). Exceptions and match conditions come before
the validations; the first validation that is not true denies the object. An expression that fails yields a value of
type ERROR, which denies as well (failurePolicy Fail).

Image signatures need a registry, and generating policies create objects: these kinds are not evaluated.
"""

import copy
import re
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_optional, ext_strings

from terrace.workloads.context import Object
from terrace.workloads.policy_scope import namespace_of, resource_of, spec_for, title_of

_USER = {"operation": "CREATE", "userInfo": {"username": "developer", "groups": ["system:authenticated"]}}
_VARIABLES = ("object", "oldObject", "request", "namespaceObject", "variables")

_cluster: ContextVar[Sequence[Object]] = ContextVar("_cluster", default=())
"""The objects that `resource.List` finds."""


@dataclass(frozen=True)
class Violation:
    """An object that a policy denies. `object` is `Kind namespace/name`."""

    policy: str
    object: str
    message: str

    def __str__(self) -> str:
        return f"{self.object}: {self.message} ({self.policy})"


def violations(
    objects: Sequence[Object],
    policies: Sequence[Object],
    exceptions: Sequence[Object] = (),
    *,
    today: date | None = None,
) -> list[Violation]:
    """What the policies deny when all `objects` are in one cluster, with their namespaces set.

    `exceptions` are Kyverno's PolicyExceptions; those that expire are used until they do (`today`: the current day in
    UTC). Namespaces are found among the objects.
    """
    mutating = [policy for policy in policies if policy["kind"] == "MutatingPolicy"]
    validating = [policy for policy in policies if policy["kind"] == "ValidatingPolicy"]
    namespaces = {one["metadata"]["name"]: one for one in objects if one["kind"] == "Namespace"}
    now = today or datetime.now(UTC).date()
    in_force = [one for one in exceptions if not _expired(one, now)]
    token = _cluster.set(objects)
    try:
        found = []
        for given in objects:
            namespace = namespaces.get(namespace_of(given))
            mutated = after_mutation(given, mutating, namespace)
            data = _data(mutated, _USER, namespace)
            for policy in validating:
                message = _denial(policy, mutated, data, namespace, in_force)
                if message:
                    found.append(Violation(policy["metadata"]["name"], title_of(given), message))
        return found
    finally:
        _cluster.reset(token)


def denial(
    policy: Object,
    document: Object,
    request: Mapping[str, Any] = _USER,
    *,
    namespace: Object | None = None,
    cluster: Sequence[Object] | None = None,
    exceptions: Iterable[Object] = (),
) -> str | None:
    """The message that the policy denies the object with; None if it admits it or does not apply to it.

    `namespace` is the object's Namespace, `cluster` what `resource.List` finds.
    """
    token = _cluster.set(cluster) if cluster is not None else None
    try:
        return _denial(policy, document, _data(document, request, namespace), namespace, exceptions)
    finally:
        if token is not None:
            _cluster.reset(token)


def _denial(
    policy: Object,
    document: Object,
    data: Mapping[str, Any],
    namespace: Object | None,
    exceptions: Iterable[Object],
) -> str | None:
    spec = spec_for(policy["spec"], document, namespace)
    if spec is None or any(_excepts(one, policy, data) for one in exceptions):
        return None
    matches = _meets(spec, data)
    if matches is not True:
        return matches or None
    data = {**data, "variables": _variables(spec, data)}
    for validation in spec["validations"]:
        value = evaluate(validation["expression"], data)
        if isinstance(value, Exception):
            return f"error: {value}"
        if value is not True:
            return str(validation["message"])
    return None


def after_mutation(document: Object, policies: Iterable[Object], namespace: Object | None = None) -> Object:
    """The object as the mutating policies leave it. They use JSON patches, with the operation `add` only.

    Raises ValueError for a policy that fails or uses anything else.
    """
    mutated = document
    for policy in policies:
        spec = spec_for(policy["spec"], mutated, namespace)
        if spec is None:
            continue
        for mutation in spec["mutations"]:
            data = _data(mutated, _USER, namespace)
            matches = _meets(spec, data)
            if isinstance(matches, str):
                raise ValueError(f"{policy['metadata']['name']}: {matches}")
            if not matches:
                break
            expression = _as_maps(mutation["jsonPatch"]["expression"])
            patches = evaluate(expression, {**data, "variables": _variables(spec, data)})
            if isinstance(patches, Exception):
                raise ValueError(f"{policy['metadata']['name']}: {patches}")
            mutated = _patched(mutated, patches)
    return mutated


def evaluate(expression: str, data: Mapping[str, Any]) -> Any:
    """The expression's value; an exception, not raised, if it has none."""
    try:
        value = _compiled(expression).eval(data=data)
    except Exception as error:  # an expression that does not compile
        return error
    return RuntimeError(str(value.value())) if value.type() == cel.Type.ERROR else value.plain_value()


def _data(document: Object, request: Mapping[str, Any], namespace: Object | None) -> dict[str, Any]:
    return {
        "object": without_nulls(document),
        "oldObject": None,
        "request": request,
        "namespaceObject": without_nulls(namespace) if namespace else {"metadata": {}},
        "variables": {},
        "resource": {},
    }


def _meets(spec: Object, data: Mapping[str, Any]) -> bool | str:
    """Whether all match conditions hold; the error of one that fails as text."""
    for condition in spec.get("matchConditions", []):
        matches = evaluate(condition["expression"], data)
        if isinstance(matches, Exception):
            return f"error in match condition {condition['name']}: {matches}"
        if matches is not True:
            return False
    return True


def _variables(spec: Object, data: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the variables. One that fails is left out: it is an error where it is used."""
    values: dict[str, Any] = {}
    for variable in spec.get("variables", []):
        value = evaluate(variable["expression"], {**data, "variables": values})
        if not isinstance(value, Exception):
            values = {**values, variable["name"]: value}
    return values


def _excepts(exception: Object, policy: Object, data: Mapping[str, Any]) -> bool:
    """Whether an exception frees the object from the policy. Only exceptions of whole objects do; not of images."""
    spec = exception["spec"]
    refers = {"kind": policy["kind"], "name": policy["metadata"]["name"]} in spec["policyRefs"]
    whole = not spec.get("images") and not spec.get("allowedValues")
    return refers and whole and _meets(spec, data) is True


def _expired(exception: Object, today: date) -> bool:
    until = exception["spec"].get("expiresAt")
    return bool(until) and datetime.fromisoformat(str(until)).date() < today


def without_nulls(value: Any) -> Any:
    """A copy without null values, as the API server stores it."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def _as_maps(expression: str) -> str:
    """A mutation with its JSONPatch messages, which the engine does not have, written as maps."""
    text = re.sub(r"\bJSONPatch\s*\{", "{", expression)
    return re.sub(r"([{,]\s*)(op|path|value)\s*:", r"\1'\2':", text)


def _patched(document: Object, patches: Sequence[Mapping[str, Any]]) -> Object:
    result = copy.deepcopy(document)
    for patch in patches:
        if patch["op"] != "add":
            raise ValueError(f"unknown operation {patch['op']!r} in a JSON patch; expected add")
        *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in patch["path"].split("/")[1:]]
        place = result
        for part in parents:
            place = place[part]
        place[last] = patch["value"]
    return result


def _list(receiver: Mapping[str, Any], api_version: str, resource: str, namespace: str) -> dict[str, Any]:
    """Kyverno's `resource.List`: the objects of a resource in a namespace, or in all ("")."""
    items = [
        without_nulls(one)
        for one in _cluster.get()
        if one["apiVersion"] == api_version
        and resource_of(one["kind"]) == resource
        and namespace in ("", one["metadata"].get("namespace"))
    ]
    return {"items": items}


def _environment() -> cel.Env:
    text, mapping = cel.Type.STRING, cel.Type.Map(cel.Type.STRING, cel.Type.DYN)
    overload = cel.Overload("resource_list", cel.Type.DYN, [mapping, text, text, text], is_member=True, impl=_list)
    return cel.NewEnv(
        variables={**dict.fromkeys(_VARIABLES, cel.Type.DYN), "resource": mapping},
        extensions=[ext_optional.ExtOptional(), ext_strings.ExtStrings()],
        functions=[cel.FunctionDecl("List", [overload])],
    )


_ENVIRONMENT = _environment()


@cache
def _compiled(expression: str) -> Any:
    return _ENVIRONMENT.compile(expression)
